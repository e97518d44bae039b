"""bitsandbytes' layer made from ours: the same numbers, nothing on stderr, loaded only on use."""

import os
import subprocess
import sys
from importlib.metadata import version

import pytest
import torch
from torch import nn

from lora_utils.quantization.linear4bit import dequantize_linear4bit, load_bitsandbytes, to_linear4bit
from lora_utils.quantization.quantized_linear import QuantizedLinear

OLD = version("bitsandbytes").startswith("0.49")  # its CPU kernel stores the smallest scale of a group wrongly
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # inside bitsandbytes


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("double", [True, False])
def test_it_holds_the_weight_that_is_computed_by_hand(bias, double):
    torch.manual_seed(0)
    linear = nn.Linear(128, 24, bias)
    layer = to_linear4bit(linear, double)
    ours = QuantizedLinear(linear, double=double)
    if not (OLD and double):
        torch.testing.assert_close(dequantize_linear4bit(layer), ours.dequantize(), rtol=0, atol=1e-6)
    x = torch.randn(3, 128)
    torch.testing.assert_close(layer(x), ours(x), rtol=1e-4, atol=1e-3 if OLD else 1e-4)
    assert layer.weight.dtype == torch.uint8
    assert not any(p.requires_grad for p in layer.parameters())
    assert linear.weight.requires_grad


def test_the_type_of_the_product_can_be_chosen():
    linear = nn.Linear(128, 24)
    assert to_linear4bit(linear).compute_dtype == torch.float32
    assert to_linear4bit(linear, compute_dtype=torch.bfloat16).compute_dtype == torch.bfloat16


def test_what_is_no_linear_layer_is_refused():
    with pytest.raises(TypeError, match="to_linear4bit stores an nn.Linear, got Embedding"):
        to_linear4bit(nn.Embedding(3, 2))


def test_a_library_that_does_not_load_gives_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(ImportError, match="does not load .*; QuantizedLinear works without it"):
        load_bitsandbytes()


def test_it_is_loaded_on_use_and_silently():
    code = (
        "import sys, logging, lora_utils.quantization.linear4bit as l, lora_utils.methods.qlora\n"
        "print('bitsandbytes' in sys.modules)\n"
        "from torch import nn\n"
        "l.to_linear4bit(nn.Linear(64, 4))\n"
        "print('bitsandbytes' in sys.modules, logging.root.manager.disable)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "True", "0"]
    assert out.stderr == ""


def test_the_bias_is_a_copy():
    linear = nn.Linear(64, 4)
    layer = to_linear4bit(linear)
    before = layer.bias.clone()
    with torch.no_grad():
        linear.bias.zero_()
    assert torch.equal(layer.bias, before)


@pytest.mark.parametrize(
    ("ending", "said"), [("", "bitsandbytes"), ("raise RuntimeError('no CUDA')", "ImportError no CUDA")]
)
def test_a_talkative_library_is_kept_quiet_and_a_broken_one_is_an_import_error(tmp_path, ending, said):
    (tmp_path / "bitsandbytes.py").write_text(
        "import logging, sys, warnings\n"
        "print('notice', file=sys.stderr)\n"
        "warnings.warn('old')\n"
        "logging.getLogger('kernels').warning('missing')\n" + ending
    )
    code = (
        "import logging, warnings\n"
        "from lora_utils.quantization.linear4bit import load_bitsandbytes\n"
        "logging.basicConfig()\n"  # a handler that holds the real standard error
        "warnings.simplefilter('error')\n"
        "try:\n"
        "    print(load_bitsandbytes().__name__)\n"
        "except ImportError as error:\n"
        "    print('ImportError', str(error).partition('(')[2].partition(')')[0])\n"
    )
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**os.environ, "PYTHONPATH": path}
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert (out.stdout.strip(), out.stderr) == (said, "")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_one_number_that_is_not_finite_is_refused(value):
    linear = nn.Linear(128, 24)
    with torch.no_grad():
        linear.weight[3, 5] = value
    with pytest.raises(ValueError, match="needs finite numbers"):
        to_linear4bit(linear)
