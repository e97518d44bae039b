"""Trusted processes that never run a student's code: the judge of graded cells, and the reader of texts.

May import student and what lies below.
"""

# Nothing is handed on here: the engine enters each process by its name, judging.serve and reader.serve.
