import pytest
import torch
from torch import nn

from lora_utils.data.batches import Examples
from lora_utils.training.nearest_neighbors import head_inputs, nearest_neighbor_accuracy


def test_the_nearest_is_by_angle_and_never_the_text_itself():
    vectors = torch.tensor([[1.0, 0.1], [9.0, 0.0], [0.1, 1.0], [0.0, 7.0], [1.0, 0.6]])
    # Nearest by cosine: 0 <-> 1, 2 <-> 3, and 4 lies nearest to 0.
    assert nearest_neighbor_accuracy(vectors, torch.tensor([0, 0, 1, 1, 0])) == 1.0
    assert nearest_neighbor_accuracy(vectors, torch.tensor([0, 0, 1, 1, 1])) == 0.8
    assert nearest_neighbor_accuracy(vectors, torch.tensor([0, 1, 0, 1, 2])) == 0.0
    assert nearest_neighbor_accuracy(vectors, torch.tensor([0, 1, 1, 1, 0])) == 0.6, "by length 4 would go to 1"


def test_vectors_are_what_the_head_sees_in_order_and_the_mode_is_kept():
    torch.manual_seed(0)
    body, head = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.9)), nn.Linear(3, 2)
    model = nn.Sequential(body, nn.ReLU(), head).train()
    body[1].eval()
    data = Examples(torch.randn(7, 4), torch.zeros(7))
    seen = head_inputs(model, head, data, batch_size=3)
    torch.testing.assert_close(seen, body[0](data.inputs).relu().detach())
    assert model.training
    assert not body[1].training
    assert not head._forward_pre_hooks


def test_a_head_that_is_not_called_and_texts_that_do_not_suffice_are_refused():
    with pytest.raises(ValueError, match="did not call the given head"):
        head_inputs(nn.Linear(4, 3), nn.Linear(3, 2), Examples(torch.randn(2, 4), torch.zeros(2)))
    with pytest.raises(ValueError, match="at least 2 texts"):
        nearest_neighbor_accuracy(torch.randn(1, 3), torch.zeros(1))
    with pytest.raises(ValueError, match="got 3 and 2 labels"):
        nearest_neighbor_accuracy(torch.randn(3, 3), torch.zeros(2))
