"""Weights from paths and addresses, refused when they are not the expected ones; and the shipped ones."""

import functools
import hashlib
import http.server
import json
import threading

import pytest
import torch
from safetensors.torch import save

from lora_utils.data.batches import EncodedCorpus, Examples, load
from lora_utils.experiments import pretraining as making
from lora_utils.models.classifier import TextClassifier
from lora_utils.models.weights import SHIPPED, WeightsError, load_weights, newsgroups_weights
from lora_utils.training.evaluate import accuracy

STATE = {"fc.weight": torch.arange(6.0).reshape(2, 3), "fc.bias": torch.tensor([7.0, 8.0])}
CONTENT = save(STATE)
HASH = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "some weights.safetensors"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def address(file):
    """The folder of the file, served over http on the loopback."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=file.parent))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def same(found):
    return found.keys() == STATE.keys() and all(torch.equal(found[name], STATE[name]) for name in STATE)


def test_from_a_path_a_file_address_and_http(file, address):
    assert same(load_weights(file, sha256=HASH))
    assert same(load_weights(str(file), sha256=HASH.upper()))
    assert same(load_weights(file.as_uri()))
    assert same(load_weights(address + "some%20weights.safetensors", sha256=HASH, max_bytes=len(CONTENT)))


def test_another_hash_is_refused(file):
    with pytest.raises(WeightsError, match=f"has the SHA-256 {HASH[:12]}…, expected 000000000000…"):
        load_weights(file, sha256="0" * 64)


def test_too_many_bytes_are_refused(file, address):
    for place in (file, address + "some%20weights.safetensors"):
        with pytest.raises(WeightsError, match=f"larger than {len(CONTENT) - 1} bytes"):
            load_weights(place, max_bytes=len(CONTENT) - 1)


def test_a_pickle_is_not_read(tmp_path):
    path = tmp_path / "model.pt"
    torch.save(STATE, path)
    with pytest.raises(WeightsError, match="not a safetensors file"):
        load_weights(path)


def test_what_is_not_there(tmp_path, address):
    with pytest.raises(WeightsError, match="none.safetensors could not be read .No such file or directory."):
        load_weights(tmp_path / "none.safetensors")
    with pytest.raises(WeightsError, match="could not be read .File not found."):
        load_weights(address + "none.safetensors")
    with pytest.raises(WeightsError, match="got 'ftp://x/y'"):
        load_weights("ftp://x/y")


def test_the_shipped_weights_fit_the_classifier():
    state = newsgroups_weights()
    model = TextClassifier(num_classes=4, vectors=torch.zeros(3, 50))
    report = model.load_state_dict(state, strict=False)
    assert (report.missing_keys, report.unexpected_keys) == (["embedding.weight"], [])
    assert sum(value.numel() for value in state.values()) == 7044
    assert SHIPPED.stat().st_size < 30_000


@pytest.mark.assets
def test_the_shipped_weights_are_as_good_as_they_say():
    facts = json.loads(SHIPPED.with_suffix(".json").read_text())
    corpus = load("newsgroups")
    model = TextClassifier(num_classes=4)
    model.load_state_dict(newsgroups_weights(), strict=False)
    assert accuracy(model, corpus.test) == pytest.approx(facts["test_accuracy"], abs=2e-4)
    assert accuracy(model, corpus.valid) == pytest.approx(facts["valid_accuracy"], abs=1.1e-3)
    largest_class = corpus.test.labels.bincount().max().item() / len(corpus.test)
    assert facts["test_accuracy"] > 2 * largest_class


def test_pretrain_writes_what_load_weights_reads(monkeypatch, tmp_path):
    ids = torch.arange(1, 13).repeat(5).reshape(-1, 2)
    part = Examples(ids, (ids[:, 0] - 1) // 3)
    corpus = EncodedCorpus("newsgroups", ("a", "b", "c", "d"), part, part, part.first(8))
    monkeypatch.setattr(making, "load", lambda _: corpus)
    table = torch.randn(13, 50, generator=torch.Generator().manual_seed(0))
    monkeypatch.setattr(making, "TextClassifier", functools.partial(TextClassifier, vectors=table))
    facts = [making.pretrain(tmp_path / name / "w.safetensors") for name in ("one", "two")]
    assert facts[0] == facts[1]  # the same bytes twice
    path = tmp_path / "one" / "w.safetensors"
    state = load_weights(path, sha256=facts[0].sha256)
    assert sorted(state) == ["fc1.bias", "fc1.weight", "fc2.bias", "fc2.weight"]
    assert json.loads(path.with_suffix(".json").read_text())["test_accuracy"] == facts[0].test_accuracy
    model = TextClassifier(4, vectors=table)
    model.load_state_dict(state, strict=False)
    assert accuracy(model, corpus.test) == pytest.approx(facts[0].test_accuracy, abs=1e-4)
    assert facts[0].test_accuracy > 0.9
