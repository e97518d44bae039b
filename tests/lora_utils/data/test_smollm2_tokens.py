"""The tokeniser that a gguf file carries, and the chat template against the file's own."""

import importlib.util

import gguf_file
import pytest

from lora_utils.data.assets import asset_path
from lora_utils.data.smollm2_tokens import chat, read_tokenizer, smollm2_tokenizer

TEXTS = [
    "hello hello, he said",
    "  two spaces, don't\n\n\nthree lines\t\ttabs",
    "In 2024: 3.14159 and 10_345",
    "naïve café 😀 日本語",
    "<|im_end|> inside a text",
    "",
]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("gguf") / "small.gguf"
    gguf_file.write(path)
    return path


def test_merges_digits_and_control_tokens(small):
    tokenizer = read_tokenizer(small)
    assert tokenizer.get_vocab_size() == 263
    assert tokenizer.encode("hello").tokens == ["hello"]
    assert tokenizer.encode("he 12he").tokens == ["he", "Ġ", "1", "2", "he"]
    assert tokenizer.encode("hell<|im_end|>he").ids == [260, 1, 258]


@pytest.mark.parametrize("text", TEXTS)
def test_decoding_gives_the_text_again(small, text):
    tokenizer = read_tokenizer(small)
    assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text


def test_another_kind_of_tokenizer_is_refused(tmp_path):
    gguf_file.write(tmp_path / "a.gguf", pre="llama-bpe")
    with pytest.raises(ValueError, match="of the kind 'smollm', got 'llama-bpe'"):
        read_tokenizer(tmp_path / "a.gguf")


def test_a_question_becomes_a_turn_with_the_usual_system_message():
    assert chat("Why?") == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_messages_are_checked_and_left_as_they_are():
    with pytest.raises(ValueError, match="at least one message"):
        chat([])
    with pytest.raises(ValueError, match="'system', 'user' or 'assistant', got 'robot'"):
        chat([("user", "a"), ("robot", "b")])
    messages = [("user", "a")]
    chat(messages)
    assert messages == [("user", "a")]


@pytest.mark.assets("smollm2")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # inside transformers' imports
def test_the_published_tokenizer_equals_transformers():
    ours = smollm2_tokenizer()
    for text in TEXTS:
        assert ours.decode(ours.encode(text).ids, skip_special_tokens=False) == text
    assert ours.encode("The capital of France is").tokens == ["The", "Ġcapital", "Ġof", "ĠFrance", "Ġis"]
    if importlib.util.find_spec("transformers") is None:
        pytest.skip("the rest needs transformers, which comes with peft: current environment only")
    from transformers import AutoTokenizer

    path = asset_path("smollm2")
    theirs = AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
    assert [ours.encode(text).ids for text in TEXTS] == [theirs(text)["input_ids"] for text in TEXTS]


@pytest.mark.assets("smollm2")
def test_chat_equals_the_template_in_the_file():
    from gguf import GGUFReader
    from jinja2 import Environment

    template = Environment().from_string(GGUFReader(asset_path("smollm2")).fields["tokenizer.chat_template"].contents())
    for turns in (
        [("user", "Why?")],
        [("system", "Be brief."), ("user", "Why?"), ("assistant", "So."), ("user", "And\nthen?")],
    ):
        messages = [{"role": role, "content": content} for role, content in turns]
        assert chat(turns) == template.render(messages=messages, add_generation_prompt=True)
