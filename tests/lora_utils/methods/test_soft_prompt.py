"""A soft prompt: what it adds, what it leaves alone, and what PEFT makes of the same numbers."""

import importlib.util

import pytest
import torch
from torch import nn

from lora_utils import count_parameters, trainable_names
from lora_utils.methods.soft_prompt import PromptTuned, SoftPrompt, nearest_words
from lora_utils.models.minilm import MiniLM
from lora_utils.models.sentence_classifier import SentenceClassifier

SIZES = {"vocabulary": 23, "width": 12, "blocks": 2, "heads": 3, "inner": 20, "positions": 11, "segments": 2}
needs_peft = pytest.mark.skipif(
    importlib.util.find_spec("peft") is None, reason="peft needs torch 2.6: current environment only"
)


@pytest.fixture
def classifier():
    torch.manual_seed(3)
    return SentenceClassifier(MiniLM(**SIZES), 5)


@pytest.fixture
def ids():
    """Three texts of 7, 4 and 1 tokens."""
    ids = torch.randint(1, 23, (3, 7), generator=torch.Generator().manual_seed(5))
    return ids * (torch.arange(7) < torch.tensor([[7], [4], [1]]))


def test_the_prompt_stands_in_front_of_every_text():
    torch.manual_seed(1)
    prompt, vectors = SoftPrompt(4, 6), torch.randn(3, 5, 6)
    mask = torch.arange(5) < torch.tensor([[5], [2], [0]])
    longer, real = prompt(vectors, mask)
    for row in range(3):
        assert torch.equal(longer[row], torch.stack([*prompt.vectors, *vectors[row]]))
        assert real[row].tolist() == [True] * 4 + mask[row].tolist()
    assert prompt(vectors, mask.long())[1].dtype == torch.int64
    assert prompt(vectors.bfloat16(), mask)[0].dtype == torch.bfloat16


def test_every_text_trains_the_prompt():
    prompt, vectors = SoftPrompt(4, 6), torch.randn(3, 5, 6, generator=torch.Generator().manual_seed(2))
    weight = torch.randn(3, 9, 6, generator=torch.Generator().manual_seed(3))
    longer, _ = prompt(vectors, torch.ones(3, 5).bool())
    (longer * weight).sum().backward()
    torch.testing.assert_close(prompt.vectors.grad, weight[:, :4].sum(dim=0))


def test_a_start_is_copied():
    words = torch.randn(4, 6, generator=torch.Generator().manual_seed(2))
    prompt, before = SoftPrompt(4, 6, init=words), words.clone()
    assert torch.equal(prompt.vectors, words)
    with torch.no_grad():
        prompt.vectors.zero_()
    assert torch.equal(words, before)
    embedding = nn.Embedding(9, 6)
    assert SoftPrompt(2, 6, init=embedding(torch.tensor([3, 3]))).vectors.is_leaf


def test_a_random_start_has_vectors_of_norm_about_one():
    torch.manual_seed(0)
    assert SoftPrompt(50, 400).vectors.norm(dim=1).mean().item() == pytest.approx(1, abs=0.02)


def test_length_zero_is_the_classifier_bit_for_bit(classifier, ids):
    want = classifier(ids)
    tuned = PromptTuned(classifier, 0)
    assert torch.equal(tuned(ids), want)
    assert count_parameters(tuned).trainable == 12 * 5 + 5


def test_scores_equal_a_loop_over_texts(classifier, ids):
    tuned = PromptTuned(classifier, 4, seed=2)
    encoder, rows = classifier.encoder, []
    for row, length in enumerate((7, 4, 1)):
        vectors = torch.stack([*tuned.prompt.vectors, *encoder.words.weight[ids[row, :length]]])
        rows.append(classifier.head(encoder.hidden(vectors[None])[0, 4:].mean(dim=0)))
    torch.testing.assert_close(tuned(ids), torch.stack(rows))


def test_a_prompt_of_words_is_a_text_that_begins_with_them(classifier, ids):
    encoder, words = classifier.encoder, torch.tensor([8, 2])
    tuned = PromptTuned(classifier, 2, init=encoder.words(words))
    longer = torch.cat((words.expand(3, -1), ids), dim=1)
    hidden = encoder(longer, longer != 0)[:, 2:]
    real = (ids != 0)[..., None]
    torch.testing.assert_close(tuned(ids), classifier.head((hidden * real).sum(1) / real.sum(1)))


def test_only_prompt_and_head_are_trained(classifier, ids):
    tuned = PromptTuned(classifier, 4)
    assert trainable_names(tuned) == ["classifier.head.weight", "classifier.head.bias", "prompt.vectors"]
    assert count_parameters(tuned).trainable == 4 * 12 + 12 * 5 + 5
    tuned(ids).square().sum().backward()
    assert (tuned.prompt.vectors.grad.abs().sum(dim=1) > 0).all()
    assert classifier.encoder.words.weight.grad is None


def test_padding_changes_nothing(classifier, ids):
    tuned = PromptTuned(classifier, 3)
    torch.testing.assert_close(tuned(ids)[1:2], tuned(ids[1:2, :4]))
    torch.testing.assert_close(tuned(ids)[2:3], tuned(ids[2:3, :1]))


def test_folding_changes_no_score(classifier, ids):
    tuned = PromptTuned(classifier, 4, reparameterized=True)
    want = tuned(ids)
    tuned(ids).sum().backward()
    assert all(parameter.grad is not None for parameter in tuned.prompt.parameters())
    tuned.fold()
    assert torch.equal(tuned(ids), want)
    assert trainable_names(tuned)[2:] == ["prompt.vectors"]
    tuned.fold()
    assert torch.equal(tuned(ids), want)


def test_the_seed_decides_the_start_and_leaves_the_generator(classifier):
    before = torch.get_rng_state()
    one, two, other = (PromptTuned(classifier, 4, seed=seed).prompt.vectors for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


@needs_peft
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # inside its imports
def test_hidden_vectors_equal_pefts_prompt_tuning(ids):
    import copy

    from peft import PromptTuningConfig, get_peft_model
    from transformers import BertConfig, BertModel

    from lora_utils.models.minilm import from_bert

    torch.manual_seed(1)
    names = {"vocab_size": 23, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3}
    bert = BertModel(BertConfig(**names, intermediate_size=20, max_position_embeddings=11)).eval()
    for parameter in bert.parameters():
        nn.init.normal_(parameter, std=0.3)
    ours = MiniLM(**SIZES)
    ours.load_state_dict(copy.deepcopy(from_bert(bert.state_dict())))
    config = PromptTuningConfig(task_type="FEATURE_EXTRACTION", num_virtual_tokens=4)
    theirs = get_peft_model(bert, config).eval()
    prompt = SoftPrompt(4, 12, init=theirs.get_prompt(1)[0])
    mask = ids != 0
    longer, real = prompt(ours.words(ids), mask)
    want = theirs(input_ids=ids, attention_mask=mask.long()).last_hidden_state
    torch.testing.assert_close(ours.hidden(longer, real)[real], want[real])


def test_nearest_words_equal_a_loop(classifier):
    vectors = torch.randn(3, 12, generator=torch.Generator().manual_seed(4))
    embedding = classifier.encoder.words.weight.detach() * torch.linspace(0.1, 9, 23)[:, None]
    found = nearest_words(vectors, embedding, 4)
    for row in range(3):
        cosines = [float(vectors[row] @ w / vectors[row].norm() / w.norm()) for w in embedding]
        order = sorted(range(23), key=lambda i: -cosines[i])[:4]
        assert found.ids[row].tolist() == order
        torch.testing.assert_close(found.cosines[row], torch.tensor([cosines[i] for i in order]))
    assert nearest_words(embedding, embedding, 1).ids.flatten().tolist() == list(range(23))


def test_nothing_is_made_on_another_device(classifier, ids):
    """The meta device refuses tensors of the CPU as a GPU does, on every machine."""
    classifier.to("meta")
    for reparameterized in (False, True):
        prompt = PromptTuned(classifier, 4, reparameterized=reparameterized)
        encoder = classifier.encoder
        made = prompt.prompt() if reparameterized else prompt.prompt.vectors
        assert made.device.type == "meta"
    vectors = encoder.words(ids.to("meta"))
    assert SoftPrompt(4, 12).to("meta")(vectors, torch.ones(3, 7, device="meta"))[1].shape == (3, 11)


def test_arguments_are_checked(classifier, ids):
    with pytest.raises(ValueError, match="length must be an integer of at least 0, got -1"):
        SoftPrompt(-1, 3)
    with pytest.raises(ValueError, match=r"init must be \(length, width\) = \(2, 3\), got \(3, 2\)"):
        SoftPrompt(2, 3, init=torch.zeros(3, 2))
    with pytest.raises(ValueError, match=r"vectors must be \(batch, sequence, 3\), got \(4, 3\)"):
        SoftPrompt(2, 3)(torch.zeros(4, 3), torch.ones(4))
    with pytest.raises(ValueError, match=r"mask must be \(2, 4\).*got \(2, 5\)"):
        SoftPrompt(2, 3)(torch.zeros(2, 4, 3), torch.ones(2, 5))
    with pytest.raises(ValueError, match="init is the start of a plain prompt"):
        PromptTuned(classifier, 2, init=torch.zeros(2, 12), reparameterized=True)
    with pytest.raises(ValueError, match="at most 11 tokens here, got 12"):
        PromptTuned(classifier, 5)(ids)
    with pytest.raises(ValueError, match=r"rows of one width, got \(2, 3\) and \(4, 5\)"):
        nearest_words(torch.zeros(2, 3), torch.zeros(4, 5), 1)
    with pytest.raises(ValueError, match="k must be from 1 to 4, the number of words, got 5"):
        nearest_words(torch.zeros(2, 3), torch.zeros(4, 3), 5)


def test_a_prompt_in_float32_finds_its_words_in_an_embedding_of_16_bits():
    embedding = torch.randn(9, 4, generator=torch.Generator().manual_seed(1)).bfloat16()
    assert nearest_words(embedding[[3, 5]].float(), embedding, 1).ids.flatten().tolist() == [3, 5]


@pytest.mark.parametrize("length", [2.5, "2"])
def test_a_length_that_is_no_whole_number_is_refused(length):
    with pytest.raises(ValueError, match="length must be an integer of at least 0"):
        SoftPrompt(length, 4)


@pytest.mark.parametrize("reparameterized", [False, True])
def test_a_prompt_that_was_made_under_inference_mode_trains(classifier, ids, reparameterized):
    with torch.inference_mode():
        model = PromptTuned(classifier, 2, reparameterized=reparameterized)
    model(ids).sum().backward()
    torch.optim.AdamW(model.prompt.parameters(), lr=0.1).step()
    assert all(parameter.grad.any() for parameter in model.prompt.parameters())
