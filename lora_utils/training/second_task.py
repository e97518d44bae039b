"""Forgetting: what fine-tuning on a second task took away from the first."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from lora_utils.data.batches import Examples
from lora_utils.training.evaluate import accuracy


def forgetting(before: nn.Module, after: nn.Module, data: Examples, *, head: str = "fc2") -> float:
    """Accuracy on the first task before fine-tuning minus after it, with the first task's own head both times.

        forgetting = accuracy(before) - accuracy(after's body under before's head)

    The second task usually brought a new head, which answers another question. So the old head is put back on the
    changed body for the measurement, and the new one returns to its place afterwards.

    Args:
        before: the model as the first task left it
        after: the same architecture after fine-tuning on the second task; left as it is
        data: test examples of the first task
        head: dotted name of the layer that gives the scores (default "fc2")

    Returns:
        from -1 to 1; positive where the first task has become worse, exactly 0 where only the head was trained

    Raises:
        ValueError: one of the models has no module of that name

    Source: the measure of Chaudhry et al., "Riemannian Walk for Incremental Learning", ECCV 2018, arXiv:1801.10112,
    section 2, for two tasks with a head each. Explained in lab 02_full_fine_tuning.
    """
    with old_head(after, _module(before, head), head=head):
        now = accuracy(after, data)
    return accuracy(before, data) - now


@contextmanager
def old_head(model: nn.Module, layer: nn.Module, *, head: str = "fc2") -> Iterator[nn.Module]:
    """Within the with block the model has `layer` as its head; afterwards its own one again, also after an error.

    Args:
        model: any module with a submodule called `head`
        layer: what takes its place
        head: dotted name (default "fc2")

    Raises:
        ValueError: the model has no module of that name

    Explained in lab 02_full_fine_tuning.
    """
    own = _module(model, head)
    parent_name, _, child = head.rpartition(".")
    parent = model.get_submodule(parent_name)
    setattr(parent, child, layer)
    try:
        yield model
    finally:
        setattr(parent, child, own)


def _module(model: nn.Module, name: str) -> nn.Module:
    found = dict(model.named_modules()).get(name)
    if found is None or not name:
        children = ", ".join(child for child, _ in model.named_children()) or "none"
        raise ValueError(f"{type(model).__name__} has no head called {name!r}; its modules are {children}.")
    return found
