"""Inputs of layers against those of a model taken apart, and errors of outputs against closed forms."""

import pytest
import torch
from torch import nn

from lora_utils.quantization.awq import awq_quantize
from lora_utils.quantization.calibration import layer_inputs, output_error
from lora_utils.quantization.gptq import gptq_quantize


def small() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Sequential(nn.Linear(5, 2)))


def test_inputs_are_what_the_layers_before_computed():
    model, x = small(), torch.randn(4, 6, 3)
    got = layer_inputs(model, ["0", "2.0"], lambda: [model(x), model(2 * x[:1])])
    assert torch.equal(got["0"], torch.cat([x.reshape(24, 3), 2 * x[0]]))
    with torch.no_grad():
        torch.testing.assert_close(got["2.0"], model[1](model[0](got["0"])))
    assert not any(t.requires_grad for t in got.values())


def test_nothing_stays_on_the_model_also_after_an_error():
    model = small()
    layer_inputs(model, ["0"], lambda: model(torch.ones(2, 3)))
    with pytest.raises(RuntimeError, match="stopped"):
        layer_inputs(model, ["0"], lambda: (_ for _ in ()).throw(RuntimeError("stopped")))
    assert not model[0]._forward_pre_hooks


def test_names_of_no_layer_and_layers_that_are_not_called_are_refused():
    model = small()
    with pytest.raises(ValueError, match="no layer called 'head'"):
        layer_inputs(model, ["0", "head"], lambda: None)
    with pytest.raises(ValueError, match=r"'2\.0' was not called"):
        layer_inputs(model, ["0", "2.0"], lambda: model[0](torch.ones(2, 3)))


def test_output_error_is_a_quotient_of_frobenius_norms():
    w, x = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([[3.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
    back = w + torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    # x w.T = [[3, 0], [0, 4], [0, 0]] with norm 5; x (w - back).T has the entries -2 and -3
    assert output_error(w, back, x) == pytest.approx(13**0.5 / 5, rel=1e-12)
    assert output_error(w, w, x) == 0


def test_output_error_refuses_shapes_that_do_not_belong_together():
    for back, x in ((torch.ones(2, 4), torch.ones(5, 3)), (torch.ones(2, 3), torch.ones(5, 2))):
        with pytest.raises(ValueError, match="expected weights"):
            output_error(torch.ones(2, 3), back, x)


@pytest.mark.parametrize("quantize", [gptq_quantize, awq_quantize])
@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"w": torch.ones(4)}, ValueError, r"expected a weight \(o, i\) and inputs \(n, i\), got \(4,\)"),
        ({"x": torch.ones(5, 3)}, ValueError, r"got \(2, 6\) and \(5, 3\)"),
        ({"x": torch.ones(5, 1, 6)}, ValueError, r"got \(2, 6\) and \(5, 1, 6\)"),
        ({"block": 4}, ValueError, "no whole number of blocks of 4"),
        ({"block": 0}, ValueError, "block must be an integer of at least 1"),
        ({"x": torch.zeros(5, 6)}, ValueError, "not all zeros, the largest magnitude of 5 rows is 0.0"),
        ({"x": torch.ones(0, 6)}, ValueError, "of 0 rows"),
        ({"x": torch.full((5, 6), torch.nan)}, ValueError, "is nan"),
        ({"x": torch.full((5, 6), torch.inf)}, ValueError, "is inf"),
        ({"x": torch.ones(5, 6).int()}, TypeError, "calibration inputs must be floating-point"),
        ({"w": torch.ones(2, 6).int()}, TypeError, "weight must be floating-point"),
        ({"bits": 1}, ValueError, "bits must be an integer from 2"),
        ({"w": torch.full((2, 6), torch.inf)}, ValueError, "finite numbers"),
    ],
    ids=str,
)
def test_what_does_not_belong_together_is_refused(quantize, changed, error, message):
    arguments = {"w": torch.ones(2, 6), "x": torch.ones(5, 6), "bits": 4, "block": 3} | changed
    with pytest.raises(error, match=message):
        quantize(**arguments)


def test_inputs_are_copied_as_the_layer_was_given_them():
    layer, given, once = nn.Linear(3, 3), [torch.randn(2, 3), torch.randn(3)], torch.empty(2, 3)
    model = nn.ModuleDict({"10": layer, "1": nn.Linear(3, 3), "0": nn.Linear(3, 3)})

    def run():
        layer(once.copy_(given[0]))
        once.zero_()
        layer(input=given[1])

    recorded = layer_inputs(model, "10", run)
    assert list(recorded) == ["10"]
    assert torch.equal(recorded["10"], torch.cat([given[0], given[1][None]]))
