"""Label scores against the definition, one row and one token at a time, and against transformers; calibration."""

import importlib.util

import numpy as np
import pytest
import torch
from torch import nn

from lora_utils.experiments.prompting import (
    CONTENT_FREE,
    accuracy_of,
    calibrated,
    fit_threshold,
    label_scores,
    prompt_of,
)
from lora_utils.models.decoder import Decoder

needs_transformers = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None, reason="transformers comes with peft: current environment only"
)
SIZES = {"vocabulary": 31, "width": 24, "blocks": 2, "heads": 6, "kv_heads": 2, "inner": 40}


class Letters:
    """A tokenizer with a number for each letter; the space is 0."""

    def encode(self, text):
        return self.Ids([0 if letter == " " else 1 + ord(letter) - ord("a") for letter in text])

    class Ids:
        def __init__(self, ids):
            self.ids = ids


@pytest.fixture
def tiny():
    torch.manual_seed(2)
    model = Decoder(**SIZES)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.4)
    return model


@torch.no_grad()
def by_definition(model, prompt, label):
    """Sum over the label's tokens of the log of their share in the softmax, a call of the model for each."""
    text, total = list(Letters().encode(prompt).ids), 0.0
    for token in Letters().encode(label).ids:
        odds = model(torch.tensor([text]))[0, -1].double().exp()
        total += float((odds[token] / odds.sum()).log())
        text.append(token)
    return total


PROMPTS = {
    "unlike": ["abc", "zebra crossing", "m"],
    "shots in front": ["good a bad b then c", "good a bad b well", "good a bad b thin ice is"],
    "one inside the other": ["ab", "abcd"],
    "single": ["hello"],
    "equal": ["same", "same", "other"],
}


@pytest.mark.parametrize("labels", [[" p", " n", "x"], [" yes", " no", " y", "m"]], ids=["one token", "several"])
@pytest.mark.parametrize("prompts", PROMPTS.values(), ids=PROMPTS.keys())
def test_scores_equal_the_definition(tiny, prompts, labels):
    want = torch.tensor([[by_definition(tiny, prompt, label) for label in labels] for prompt in prompts])
    for batch_size in (1, 2, 8):
        torch.testing.assert_close(label_scores(tiny, Letters(), prompts, labels, batch_size), want, atol=1e-5, rtol=0)


def test_an_average_is_the_sum_by_the_number_of_tokens(tiny):
    prompts, labels = ["abc", "xyz"], ["no", "maybe", "y"]
    total = label_scores(tiny, Letters(), prompts, labels)
    mean = label_scores(tiny, Letters(), prompts, labels, average=True)
    torch.testing.assert_close(mean, total / torch.tensor([2, 5, 1]))


def test_all_labels_of_one_token_share_the_probability_that_there_is(tiny):
    alphabet = [chr(ord("a") + n) for n in range(26)] + [" "]
    rest = tiny(torch.tensor([Letters().encode("abc").ids]))[0, -1].softmax(0)[27:].sum()
    together = label_scores(tiny, Letters(), ["abc"], alphabet).exp().sum()
    torch.testing.assert_close(together + rest, torch.tensor(1.0))


def test_scores_leave_no_trace(tiny):
    tiny.train()
    scores = label_scores(tiny, Letters(), ["abc", "abd"], [" p", " qq"])
    assert not scores.requires_grad
    assert scores.device.type == "cpu"
    assert tiny.training
    assert all(parameter.grad is None for parameter in tiny.parameters())


@needs_transformers
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # inside its imports
def test_scores_equal_the_loss_of_transformers_with_the_prompt_masked(tmp_path):
    import gguf_file
    from transformers import AutoModelForCausalLM

    from lora_utils.models.smollm2 import read_decoder

    path = tmp_path / "small.gguf"
    gguf_file.write(path)
    theirs = AutoModelForCausalLM.from_pretrained(str(tmp_path), gguf_file=path.name, dtype=torch.float32).eval()
    prompt, label = Letters().encode("a fine film").ids, Letters().encode(" good").ids
    ids = torch.tensor([prompt + label])
    with torch.no_grad():  # -100: their loss skips the prompt; it is a mean over the label's tokens
        loss = theirs(ids, labels=torch.tensor([[-100] * len(prompt) + label])).loss
    ours = label_scores(read_decoder(path), Letters(), ["a fine film"], [" good"], average=True)
    torch.testing.assert_close(ours[0, 0], -loss, atol=1e-4, rtol=1e-4)


def test_arguments_are_checked(tiny):
    with pytest.raises(ValueError, match="batch_size must be an integer of at least 1, got 0"):
        label_scores(tiny, Letters(), ["a"], ["b"], 0)
    with pytest.raises(ValueError, match=r"labels must be texts of at least one token, got \[\]"):
        label_scores(tiny, Letters(), ["a"], [])
    with pytest.raises(ValueError, match="at least one token"):
        label_scores(tiny, Letters(), ["a"], ["b", ""])
    with pytest.raises(ValueError, match="must not end in a space, got 'a '"):
        label_scores(tiny, Letters(), ["a "], ["b"])
    with pytest.raises(ValueError, match="got an empty one"):
        label_scores(tiny, Letters(), [""], ["b"])
    assert label_scores(tiny, Letters(), [], ["b", "c"]).shape == (0, 2)


def test_prompts_hold_the_solved_examples_first():
    assert prompt_of("so so", template="T {text} L") == "T so so L"
    shots = [("fine {text}", " yes"), ("dull", " no")]
    assert prompt_of("so so", shots, "T {text} L") == "T fine {text} L yes\n\nT dull L no\n\nT so so L"
    assert prompt_of("so so") == "Review: so so\nSentiment:"
    with pytest.raises(ValueError, match='must hold "{text}" once'):
        prompt_of("so so", template="T {texts} L")


def test_calibration_divides_by_the_preference():
    p, free = torch.tensor([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]]), torch.tensor([[0.7, 0.2, 0.1], [0.3, 0.4, 0.3]])
    q = p / torch.tensor([0.5, 0.3, 0.2])
    want = q / q.sum(dim=1, keepdim=True)
    torch.testing.assert_close(calibrated(p.log(), free.log()).exp(), want)
    # Log-probabilities of labels leave room for other tokens: a common factor of a row changes nothing.
    torch.testing.assert_close(calibrated(p.log() - 3, free.log() - torch.tensor([[1.0], [5.0]])).exp(), want)


def test_content_without_content_ends_undecided():
    free = torch.tensor([-1.0, -4.0])
    torch.testing.assert_close(calibrated(free[None], free).exp(), torch.tensor([[0.5, 0.5]]))
    with pytest.raises(ValueError, match=r"got the shapes \(1, 2\) and \(3,\)"):
        calibrated(free[None], torch.zeros(3))


def test_accuracy_counts_the_highest_scores():
    scores = torch.tensor([[0.0, -1.0], [-2.0, -1.0], [-3.0, -4.0]])
    assert accuracy_of(scores, [0, 0, 0]) == pytest.approx(2 / 3)
    assert accuracy_of(scores, torch.tensor([0, 1, 0])) == 1.0
    with pytest.raises(ValueError, match="got 3 rows and 2 labels"):
        accuracy_of(scores, [0, 1])
    with pytest.raises(ValueError, match="got 0 rows"):
        accuracy_of(scores[:0], [])


@pytest.mark.assets("smollm2")
def test_the_labels_of_the_course_are_one_token_and_join_the_prompt_as_they_would_be_read():
    from lora_utils.data.smollm2_tokens import smollm2_tokenizer

    tokenizer = smollm2_tokenizer()
    for label in (" negative", " positive"):
        assert len(tokenizer.encode(label).ids) == 1
        for text in ("A fine film.", *CONTENT_FREE):
            apart = tokenizer.encode(prompt_of(text)).ids + tokenizer.encode(label).ids
            assert tokenizer.encode(prompt_of(text) + label).ids == apart


@pytest.mark.parametrize("seed", range(20))
def test_no_threshold_gets_more_labels_right(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(1, 12))
    odds, labels = random.integers(-4, 4, n) / 2.0, random.integers(0, 2, n)  # many equal odds
    cut = fit_threshold(odds.tolist(), labels.tolist())
    every = np.append(np.unique(odds), -np.inf)  # each split of the sorted values, by its upper end on the left
    most = ((odds > every[:, None]) == labels).sum(1).max()
    assert ((odds > cut) == labels).sum() == most
    assert cut not in odds, "no text lies on the threshold"


def test_a_threshold_lies_in_the_middle_and_near_zero():
    assert fit_threshold([-3.0, -2.0, -1.0, 0.5], [0, 0, 1, 1]) == -1.5
    assert fit_threshold([-5.0, -2.0, 4.0, 8.0], [0, 1, 0, 1]) == -3.5, "-3.5 and 6 are as good"
    assert fit_threshold([2.0, 3.0], [1, 1]) == 1, "below all"
    assert fit_threshold([-2.0, -3.0], [0, 0]) == -1, "above all"
    with pytest.raises(ValueError, match="got 2 log-odds and 1 labels"):
        fit_threshold([1.0, 2.0], [1])
    with pytest.raises(ValueError, match="got 0 log-odds"):
        fit_threshold([], [])
