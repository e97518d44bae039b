"""The staff side of the course: build the notebooks, grade a class, report."""
