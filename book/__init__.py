"""The course as a static site: pages made of the labs' notebooks, their texts, the catalogue and the docstrings.

`python -m book` writes the pages' sources and has Sphinx build them; nothing of the labs is executed.
"""
