"""Memory counts against sums done by hand."""

import gc
import weakref
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from lora_utils.methods.inject import inject_lora
from lora_utils.methods.qlora import inject_qlora
from lora_utils.models.decoder import Decoder
from lora_utils.quantization.linear4bit import to_linear4bit
from lora_utils.training.measured_memory import TrainingMemory, training_memory
from lora_utils.training.memory_ledger import parameter_memory

BATCH, IN, HIDDEN, OUT = 6, 5, 7, 3
X, Y = torch.randn(BATCH, IN), torch.tensor([0, 1, 2, 0, 1, 2])


def net():
    return nn.Sequential(nn.Linear(IN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, OUT))


ALL = IN * HIDDEN + HIDDEN + HIDDEN * OUT + OUT
HEAD = HIDDEN * OUT + OUT
# Cross entropy keeps its log-probabilities and one number, the weight of the batch.
LOSS = BATCH * OUT + 1


def test_everything_trained():
    counted = training_memory(net(), X, Y)
    assert counted == TrainingMemory(
        weights=4 * ALL,
        gradients=4 * ALL,
        optimizer=4 * (2 * ALL + 4),  # two moments per number and a step counter per tensor
        activations=4 * (BATCH * HIDDEN + LOSS),  # the output of relu, once, although two layers keep it
    )
    assert counted.total == 4 * (4 * ALL + 4 + BATCH * HIDDEN + LOSS)


def test_a_frozen_layer_has_no_gradient_and_no_optimizer_state():
    model = net()
    model[0].requires_grad_(False)
    counted = training_memory(model, X, Y)
    assert (counted.weights, counted.gradients, counted.optimizer) == (4 * ALL, 4 * HEAD, 4 * (2 * HEAD + 2))
    assert counted.activations == 4 * (BATCH * HIDDEN + LOSS)


def test_training_the_first_layer_only_saves_no_activation():
    """The backward pass has to go through the frozen head: freezing late layers frees gradients, not activations."""
    model = net()
    model[2].requires_grad_(False)
    counted = training_memory(model, X, Y)
    first = IN * HIDDEN + HIDDEN
    assert (counted.gradients, counted.activations) == (4 * first, 4 * (BATCH * HIDDEN + LOSS))


def test_other_optimizers_and_losses():
    plain = training_memory(
        net(), X, torch.randn(BATCH, OUT), loss_fn=nn.functional.mse_loss, optimizer=torch.optim.SGD
    )
    assert plain.optimizer == 0
    assert plain.activations == 4 * (BATCH * HIDDEN + BATCH * OUT)  # the scores themselves; the labels are the batch


@pytest.mark.parametrize("double", [True, False])
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # inside bitsandbytes
def test_the_scales_of_bitsandbytes_are_weights_too(double):
    """It keeps them in an object beside the parameter, where neither parameters() nor buffers() leads."""
    i, o, head = 96, 80, 3
    model = nn.Sequential(to_linear4bit(nn.Linear(i, o), double), nn.Linear(o, head))
    scales, table = i * o // 64, 4 * 16
    in_8_bits = scales + 4 * (scales // 256 + 1) + 4 + 4 * 256  # a byte each; a float a group, the mean, the table
    own = i * o // 2 + 4 * o + table + (in_8_bits if double else 4 * scales)
    counted = training_memory(model, torch.randn(BATCH, i), Y).weights
    assert counted == parameter_memory(model).weights == own + 4 * (o * head + head)


def test_shared_weights_buffers_and_views_count_once():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(IN, IN, bias=False)
            self.second = nn.Linear(IN, IN, bias=False)
            self.second.weight = self.first.weight
            self.register_buffer("scale", torch.ones(2))

        def forward(self, x):
            return self.second(self.first(x))[:, :OUT]

    counted = training_memory(Tied(), X, Y)
    assert counted.weights == 4 * (IN * IN + 2)
    assert counted.gradients == 4 * IN * IN


class Alive(TorchDispatchMode):
    """What every kernel has written and somebody still holds."""

    def __init__(self):
        super().__init__()
        self.written = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        storages = [one.untyped_storage() for one in tree_leaves(out) if isinstance(one, torch.Tensor)]
        self.written += [(weakref.ref(one), one.data_ptr(), one.nbytes()) for one in storages]
        return out

    def held(self):
        """Bytes of each storage by its address."""
        gc.collect()
        return {address: size for storage, address, size in self.written if storage() is not None}


QLORA = partial(inject_qlora, names="*", rank=2, alpha=1.0)
ADAPTED = {
    "full": lambda model: model.requires_grad_(True),
    "LoRA": partial(inject_lora, names="*", rank=2, alpha=1.0),
    "QLoRA": QLORA,
    "QLoRA of bitsandbytes": partial(QLORA, make=to_linear4bit),
}


@pytest.mark.parametrize("adapt", ADAPTED.values(), ids=ADAPTED)
def test_activations_are_all_that_is_held_after_the_forward_pass(adapt):
    model = Decoder(vocabulary=11, width=64, blocks=2, heads=4, kv_heads=2, inner=96, rope_base=1e4, epsilon=1e-5)
    adapt(model.requires_grad_(False))
    ids = torch.randint(11, (3, 7))

    def loss_fn(logits, labels):
        return F.cross_entropy(logits[:, -1], labels[:, 0])

    counted = training_memory(model, ids, ids, loss_fn=loss_fn)
    with Alive() as alive:
        loss = loss_fn(model(ids), ids)
    own = {one.untyped_storage().data_ptr() for one in (*model.parameters(), *model.buffers(), ids, loss)}
    held = {address: size for address, size in alive.held().items() if address not in own}
    assert counted.activations == sum(held.values())


def test_half_precision_weights_take_half():
    model = net().to(torch.bfloat16)
    counted = training_memory(model, X.to(torch.bfloat16), Y)
    assert (counted.weights, counted.gradients) == (2 * ALL, 2 * ALL)


def test_the_model_stays_as_it_is():
    model = nn.Sequential(net(), nn.Dropout(0.5)).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(0)
    training_memory(model, X, Y)
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(1))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert not model.training
    with pytest.raises(ValueError, match="No parameter of the model has requires_grad"):
        training_memory(model.requires_grad_(False), X, Y)


@pytest.mark.gpu
def test_a_gpu_counts_the_same():
    assert training_memory(net().cuda(), X.cuda(), Y.cuda()) == training_memory(net(), X, Y)
