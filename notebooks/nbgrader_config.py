"""Settings of the Validate button, read when JupyterLab is started in this folder (`make lab` does)."""

c = get_config()  # noqa: F821 - nbgrader defines it

# The button runs the whole notebook while JupyterLab waits; no check needs the cells with this tag (data, training,
# figures).
c.Execute.skip_cells_with_tag = "skip-when-grading"
c.Execute.timeout = 120  # seconds a cell; nbgrader's own 30 s end a check on a slow machine
