# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # Doubling
#
# Twice $x$ is $2x$, for every $x \in \mathbb{R}$; `double` is the name of it here.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
# %precision 3
import os
import sys

print("in", os.getcwd(), "of", sys.prefix)
print("a notice", file=sys.stderr)
print("set up")

# %% [markdown]
# ### Exercise 1: double
# Write `double`.

# %% nbgrader={"grade": false, "grade_id": "double", "locked": false, "schema_version": 3, "solution": true, "task": false}
def double(x):
    """Return twice x."""
    ### BEGIN SOLUTION
    twice_as_much = x + x
    return twice_as_much
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test-double", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
grade = 3.0 if double(2) == 4 else 0.0
### BEGIN HIDDEN TESTS
grade += 1.0 if double(-7) == -14 else 0.0
### END HIDDEN TESTS
grade

# %% A longer run tags=["skip-when-grading"]
# NBVAL_CHECK_OUTPUT
for n in range(3):
    print(n, double(n))

# %% [markdown] nbgrader={"grade": true, "grade_id": "why", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# **Why does it work?**
#
# ### BEGIN SOLUTION
# Because a sum of two equal terms is twice one of them.
# ### END SOLUTION
