"""A warm process does without torch's compiler, and whoever asks for it gets the real one."""

import subprocess
import sys

import pytest

BEGIN = """
import sys, torch
from grader.engine.no_compiler import NoCompiler, do_without_compiler
do_without_compiler()
def absent():
    return isinstance(sys.modules["torch._dynamo"], NoCompiler) and isinstance(torch._dynamo, NoCompiler)
assert absent()
"""
WITHOUT = """
from torch.utils.checkpoint import checkpoint
weight = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop, torch.optim.LBFGS):
    stepper = kind([weight], lr=0.1)
    def closure():
        stepper.zero_grad()
        loss = (weight * weight).sum()
        loss.backward()
        return loss
    before = weight.detach().clone()
    stepper.step(closure)
    stepper.load_state_dict(stepper.state_dict())
    assert (weight.abs() < before.abs()).all(), kind
x = torch.tensor([1.0, 2.0], requires_grad=True)
checkpoint(lambda y: y.exp(), x, use_reentrant=False).sum().backward()
assert torch.equal(x.grad, x.detach().exp())
import inspect
for module in list(sys.modules.values()):
    hasattr(module, "__warningregistry__")
inspect.getmodule(closure)
assert absent()
"""
WITH = {
    "torch.compile": "assert torch.compile(lambda x: x + 1, backend='eager')(torch.ones(2)).tolist() == [2, 2]",
    "a part": "import torch._dynamo.utils; assert len(torch._dynamo.utils.counters) == 0",
    "a name": "from torch._dynamo import explain; assert callable(explain)",
    "settings": (
        "torch._dynamo.reset()\n"
        "with torch._dynamo.config.patch(verbose=True): assert torch._dynamo.config.verbose\n"
        "import torch._dynamo.config as config; assert config is torch._dynamo.config"
    ),
}


def run(code: str) -> None:
    """Run it in a fresh interpreter, in which a failed assertion is an error."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", BEGIN + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.kernel
def test_training_and_checkpointing_need_no_compiler():
    run(WITHOUT)


@pytest.mark.kernel
@pytest.mark.parametrize("what", WITH)
def test_the_real_one_takes_over(what):
    run(WITH[what] + "\nassert not absent() and hasattr(torch._dynamo, 'optimize')")


@pytest.mark.kernel
def test_one_that_was_imported_before_stays():
    run("sys.modules.pop('torch._dynamo'); del torch._dynamo\nimport torch._dynamo as real\ndo_without_compiler()\n"
        "assert sys.modules['torch._dynamo'] is real and not absent()")  # fmt: skip
