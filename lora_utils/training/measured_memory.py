"""What one training step keeps in memory, counted tensor by tensor.

The allocator's own figure depends on the device and on what ran before; the counts here are exact, repeat, and mean
the same on CPU and GPU. They leave out what is short-lived: workspaces inside a kernel and gradients of activations.
"""

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lora_utils.devices import generators_kept
from lora_utils.quantization.stored_weights import constants_of


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes of one training step, by kind.

    Args:
        weights: parameters and buffers, trained or frozen, and the scales of weights in few bits
        gradients: one per trained parameter
        optimizer: what the optimiser remembers; AdamW two numbers per trained parameter and a step counter
        activations: intermediate results that the backward pass needs; weights and the batch itself not counted
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """All four kinds together."""
        return self.weights + self.gradients + self.optimizer + self.activations


def training_memory(
    model: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    *,
    loss_fn: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    optimizer: type[torch.optim.Optimizer] = torch.optim.AdamW,
) -> TrainingMemory:
    """Counts the bytes of one training step on one batch; the step is taken on a copy, the model stays as it is.

    Args:
        model: any module with at least one trainable parameter, on the device to be counted
        inputs, labels: one batch, on the same device
        loss_fn: scores and labels -> one number (default cross entropy)
        optimizer: its class (default AdamW)

    Returns:
        bytes; two tensors that share storage count once

    Raises:
        ValueError: no parameter has `requires_grad`
    """
    model = copy.deepcopy(model)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trained:
        raise ValueError("No parameter of the model has requires_grad. Unfreeze at least one to count a training step.")
    model.train()
    model.zero_grad(set_to_none=True)
    constants = [one for parameter in model.parameters() for one in constants_of(parameter)]
    weights = _storages([*model.parameters(), *model.buffers(), *constants])
    elsewhere = weights | _storages([inputs, labels])
    saved = {}  # storages stay referenced here until they are counted, so that no address is used twice

    def keep(tensor: Tensor) -> Tensor:
        saved.update(_storages([tensor]))
        return tensor

    with generators_kept(inputs.device):
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            loss = loss_fn(model(inputs), labels)
        activations = {address: storage for address, storage in saved.items() if address not in elsewhere}
        loss.backward()
    stepper = optimizer(trained, lr=1e-3)
    stepper.step()
    states = [value for state in stepper.state.values() for value in state.values() if isinstance(value, Tensor)]
    return TrainingMemory(
        weights=_bytes(weights),
        gradients=_bytes(_storages(p.grad for p in trained if p.grad is not None)),
        optimizer=_bytes(_storages(states)),
        activations=_bytes(activations),
    )


def _storages(tensors: Iterable[Tensor]) -> dict[tuple, torch.UntypedStorage]:
    """The storages under some tensors by address, each once; a view keeps all of its storage alive."""
    found = {}
    for tensor in tensors:
        storage = tensor.untyped_storage()
        if storage.nbytes():
            found[(tensor.device, storage.data_ptr())] = storage
    return found


def _bytes(storages: dict[tuple, torch.UntypedStorage]) -> int:
    return sum(storage.nbytes() for storage in storages.values())
