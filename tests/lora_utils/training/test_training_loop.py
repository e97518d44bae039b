"""The training loop: one step against AdamW's formula, exact repetition, and what it must leave alone."""

import math

import pytest
import torch
from torch import nn

from lora_utils.data.batches import Examples
from lora_utils.training.seeds import seed_everything
from lora_utils.training.training_loop import train


@pytest.fixture
def data():
    """Two classes that a line separates."""
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(50, 4, generator=generator)
    return Examples(inputs, (inputs[:, 0] - inputs[:, 2] > 0).long())


def model(seed=0, dropout=0.0):
    seed_everything(seed)
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(dropout), nn.Linear(6, 2))


def test_one_step_is_adamw(data):
    """AdamW's first step moves each number by lr * g / (|g| + eps), whatever the betas."""
    net = nn.Linear(4, 2)
    before, bias = net.weight.detach().clone().double(), net.bias.detach().double()
    x, y = data.inputs.double(), data.labels
    scores = x @ before.T + bias
    error = torch.softmax(scores, dim=1) - torch.nn.functional.one_hot(y, 2)
    gradient = error.T @ x / len(y)
    history = train(net, data, epochs=1, lr=0.01, batch_size=50)
    expected = before - 0.01 * gradient / (gradient.abs() + 1e-8)
    torch.testing.assert_close(net.weight.detach().double(), expected, rtol=1e-4, atol=1e-6)
    loss = (scores.logsumexp(dim=1) - scores[torch.arange(50), y]).mean()
    assert history.loss == pytest.approx([float(loss)], rel=1e-5)


def test_it_learns_and_tells_how(data):
    net = model()
    history = train(net, data, epochs=30, lr=0.02, batch_size=16, valid=data)
    assert len(history.loss) == 30 * 4
    assert len(history.accuracy) == 30
    assert history.accuracy[-1] > 0.95 > history.accuracy[0]
    assert history.seconds > 0
    assert net.training


def test_the_same_seed_repeats_exactly_even_with_dropout(data):
    runs = []
    for seed in (5, 5, 6):
        net = model(dropout=0.3)
        torch.manual_seed(len(runs))  # the generator outside must not matter
        history = train(net, data, epochs=3, lr=0.01, batch_size=16, seed=seed, valid=data)
        runs.append((history.loss, history.accuracy, [p.detach().clone() for p in net.parameters()]))
    assert runs[0][:2] == runs[1][:2]
    assert all(torch.equal(a, b) for a, b in zip(runs[0][2], runs[1][2], strict=True))
    assert runs[0][0] != runs[2][0]


def test_the_seed_orders_the_examples(data):
    losses = []
    for seed in (5, 5, 6):
        losses.append(train(model(), data, epochs=2, lr=0.01, batch_size=16, seed=seed).loss)
    assert losses[0] == losses[1]
    assert losses[0][0] != losses[2][0]  # another first batch, from the same weights and without dropout


def test_every_epoch_is_in_training_mode(data):
    """Validation in between must not leave batch statistics switched off."""
    net = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 2)).eval()
    train(net, data, epochs=3, lr=0.01, batch_size=25, valid=data)
    assert net[0].num_batches_tracked == 3 * 2


def test_the_generator_outside_is_left_alone(data):
    torch.manual_seed(8)
    expected = torch.rand(3)
    torch.manual_seed(8)
    train(nn.Linear(4, 2), data, epochs=1, lr=0.01)
    torch.manual_seed(8)
    net = nn.Linear(4, 2)
    torch.manual_seed(8)
    train(net, data, epochs=1, lr=0.01)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("without", [torch.no_grad, torch.inference_mode])
def test_it_trains_where_the_caller_goes_without_gradients(data, without):
    one, two = model(), model()
    train(one, data, epochs=1, lr=0.01)
    with without():
        train(two, data, epochs=1, lr=0.01, valid=data)
        assert not torch.is_grad_enabled()
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


def test_frozen_parameters_stay_bit_equal(data):
    net = model()
    net[0].requires_grad_(False)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    train(net, data, epochs=2, lr=0.01, weight_decay=0.5)
    moved = [name for name, value in net.state_dict().items() if not torch.equal(value, before[name])]
    assert moved == ["3.weight", "3.bias"]


def test_other_losses_and_optimizers_fit(data):
    """One step of plain gradient descent on squared error, from zero: w = lr * 2 * mean(y * x)."""
    target = data.inputs[:, :1] * 3
    net = nn.Linear(4, 1, bias=False)
    nn.init.zeros_(net.weight)
    train(
        net,
        Examples(data.inputs, target),
        epochs=1,
        lr=0.1,
        batch_size=50,
        loss_fn=nn.functional.mse_loss,
        optimizer=torch.optim.SGD,
    )
    torch.testing.assert_close(net.weight.detach(), 0.2 * (target * data.inputs).mean(dim=0, keepdim=True))


def test_no_epoch_changes_nothing(data):
    net = model()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    assert train(net, data, epochs=0, lr=0.1).loss == []
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_nothing_is_printed_for_a_short_run(data, capfd):
    train(model(), data, epochs=1, lr=0.01)
    assert capfd.readouterr() == ("", "")


def test_mistakes_are_told(data):
    frozen = model().requires_grad_(False)
    with pytest.raises(ValueError, match="No parameter of the model has requires_grad"):
        train(frozen, data, epochs=1, lr=0.01)
    with pytest.raises(ValueError, match="lr must be above 0, got 0"):
        train(model(), data, epochs=1, lr=0)
    with pytest.raises(ValueError, match="train needs at least one example, got none"):
        train(model(), data.first(0), epochs=1, lr=0.01)
    broken = Examples(data.inputs * math.inf, data.labels)
    with pytest.raises(ValueError, match="The loss became nan. Try a learning rate below 0.01."):
        train(model(), broken, epochs=1, lr=0.01)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"batch_size": 0}, "batch_size must be an integer of at least 1, got 0"),
     ({"epochs": -1}, "epochs must be an integer of at least 0, got -1"),
     ({"lr": float("nan")}, "lr must be above 0, got nan")],
)  # fmt: skip
def test_numbers_out_of_range_are_refused(wrong, said):
    data = Examples(torch.randn(4, 3), torch.tensor([0, 1, 0, 1]))
    with pytest.raises(ValueError, match=said):
        train(nn.Linear(3, 2), data, **{"epochs": 1, "lr": 0.1, **wrong})
