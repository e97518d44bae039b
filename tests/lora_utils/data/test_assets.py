"""Assets: a tiny wheel from a package index on the loopback, whole, broken half-way, wrong, or not there at all."""

import errno
import hashlib
import http.server
import io
import os
import random
import re
import threading
import zipfile
from dataclasses import replace

import pytest

from lora_utils.data import assets, download
from lora_utils.data.assets import ASSETS, Asset, AssetError, asset_path, fetch

FILES = {
    "toy_texts/data/long.bin": random.Random(5).randbytes(300_000),  # random bytes, so that the wheel stays large
    "toy_texts/data/short.txt": b"two words\n",
}


def make_wheel() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in FILES.items():
            archive.writestr(zipfile.ZipInfo(name), content)
        info = "toy_texts-1.2.dist-info"
        archive.writestr(zipfile.ZipInfo(f"{info}/METADATA"), "Metadata-Version: 2.1\nName: toy-texts\nVersion: 1.2\n")
        archive.writestr(zipfile.ZipInfo(f"{info}/WHEEL"), "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "")
    return buffer.getvalue()


WHEEL = make_wheel()
TOY = Asset(
    name="toy",
    wheel="toy-texts",
    version="1.2",
    sha256=hashlib.sha256(WHEEL).hexdigest(),
    members=tuple(FILES),
    megabytes=7,
    license="none",
    about="for tests",
)


class Index(http.server.ThreadingHTTPServer):
    """A package index with one wheel; the first `breaks` transfers of it stop half-way."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.breaks = 0
        self.starts = []  # the first byte of each transfer of the wheel
        self.url = f"http://127.0.0.1:{self.server_port}/simple"

    def handle_error(self, request, client_address):
        """A broken transfer is what some tests want; nothing to print."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/simple/toy-texts/":
            self._send(b'<a href="/toy_texts-1.2-py3-none-any.whl">toy_texts-1.2-py3-none-any.whl</a>', "text/html")
        elif self.path == "/toy_texts-1.2-py3-none-any.whl":
            self._send_wheel()
        else:
            self.send_error(404)

    def _send(self, content, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _send_wheel(self):
        asked = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        self.server.starts.append(start)
        content = WHEEL[start:]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", '"toy"')
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(WHEEL) - 1}/{len(WHEEL)}")
        self.end_headers()
        if self.server.breaks:
            self.server.breaks -= 1
            content = content[: len(content) // 2]
            self.close_connection = True
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def index():
    server = Index()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def toy(monkeypatch, cache, index):
    """The toy asset, from the loopback index, whatever this machine's own pip settings are."""
    monkeypatch.setitem(ASSETS, "toy", TOY)
    for name in list(os.environ):
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return TOY


def without_pip(*_):
    raise AssertionError("pip was called")


def one_sentence(error) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith("`lora-utils assets fetch toy`.")
    assert "'toy' (7 MB)" in text
    assert len(re.findall(r"[.!?](\s|$)", text)) == 1
    return text


def test_fetched_once_then_offline(toy, index, monkeypatch, capfd):
    assert not toy.cached
    assert asset_path("toy", "long.bin").read_bytes() == FILES["toy_texts/data/long.bin"]
    assert asset_path("toy", "short.txt").read_bytes() == b"two words\n"
    assert index.starts == [0]
    assert toy.cached
    out, err = capfd.readouterr()
    assert err == ""  # text on stderr costs points in a graded cell
    assert "Fetching 'toy' (7 MB)" in out
    assert not list(assets.cache_dir().rglob("*.whl"))  # the wheel has served
    monkeypatch.setattr(assets, "pip_download", without_pip)
    assert fetch("toy") == toy.folder


def test_a_broken_transfer_is_resumed(toy, index):
    index.breaks = 2
    assert fetch("toy").joinpath("long.bin").read_bytes() == FILES["toy_texts/data/long.bin"]
    assert len(index.starts) == 3
    if download._pip_version() >= (25, 1):
        assert 0 < index.starts[1] < index.starts[2]  # went on where it had stopped


def test_a_transfer_that_always_breaks_leaves_nothing(toy, index, monkeypatch, capsys):
    index.breaks = 1000
    monkeypatch.setattr(download, "RESUMES", 0)
    monkeypatch.setattr(assets, "TRIES", 2)
    with pytest.raises(AssetError) as error:
        fetch("toy")
    assert re.search("the transfer broke off several times|what came was no whole file", one_sentence(error))
    assert "trying again" in capsys.readouterr().out
    assert not toy.folder.exists()
    index.breaks = 0
    assert fetch("toy") == toy.folder


def test_no_network_is_one_sentence_and_no_second_try(toy, monkeypatch, capsys):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # the discard port, closed
    with pytest.raises(AssetError) as error:
        fetch("toy")
    assert "there is no network" in one_sentence(error)
    assert capsys.readouterr().out.count("Fetching") == 1
    assert not toy.folder.exists()


def test_an_index_without_it_is_one_sentence(toy, monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(AssetError) as error:
        fetch("toy")
    assert "does not offer it" in one_sentence(error)


def test_a_local_folder_of_wheels_serves_too(toy, index, monkeypatch, tmp_path):
    (tmp_path / "toy_texts-1.2-py3-none-any.whl").write_bytes(WHEEL)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert fetch("toy").joinpath("short.txt").read_bytes() == b"two words\n"
    assert index.starts == []


def test_a_wrong_hash_is_refused(toy, monkeypatch):
    wrong = replace(toy, sha256="0" * 64)
    monkeypatch.setitem(ASSETS, "toy", wrong)
    with pytest.raises(AssetError) as error:
        fetch("toy")
    assert "SHA-256" in one_sentence(error)
    assert not wrong.folder.exists()
    assert not list(assets.cache_dir().rglob("*.whl"))


def test_a_full_disk_is_one_sentence_and_the_wheel_is_kept(toy, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(assets.shutil, "copyfileobj", full)
        with pytest.raises(AssetError) as error:
            fetch("toy")
    assert "the disk is full" in one_sentence(error)
    assert not toy.folder.exists()
    monkeypatch.setattr(assets, "pip_download", without_pip)  # the wheel of the first try is used
    assert fetch("toy").joinpath("short.txt").read_bytes() == b"two words\n"


def test_a_cache_that_cannot_be_written_is_one_sentence(toy, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LORA_UTILS_CACHE", str(tmp_path / "file"))
    with pytest.raises(AssetError) as error:
        fetch("toy")
    assert "cannot be written" in one_sentence(error)


def test_half_a_wheel_from_a_killed_run_is_replaced(toy, index):
    partial = assets.cache_dir() / "partial" / "toy-1.2"
    partial.mkdir(parents=True)
    (partial / "toy_texts-1.2-py3-none-any.whl").write_bytes(WHEEL[:1000])
    assert fetch("toy").joinpath("long.bin").read_bytes() == FILES["toy_texts/data/long.bin"]
    assert index.starts == [0]


def test_an_older_folder_that_lacks_a_member_is_replaced(toy):
    toy.folder.mkdir(parents=True)
    (toy.folder / "short.txt").write_bytes(b"old")
    assert not toy.cached
    assert fetch("toy").joinpath("short.txt").read_bytes() == b"two words\n"
    assert toy.cached


def test_two_at_once_download_once(toy, index):
    found = []
    threads = [threading.Thread(target=lambda: found.append(fetch("toy"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [toy.folder] * 2
    assert index.starts == [0]


def test_names_are_checked():
    with pytest.raises(ValueError, match="There is no asset 'imbd'. Choose one of reviews, "):
        fetch("imbd")
    with pytest.raises(ValueError, match="has the files .*glove_6B_50d_emb.npy.*got None"):
        asset_path("glove")
    with pytest.raises(ValueError, match="got 'x.csv'"):
        asset_path("reviews", "x.csv")


def test_the_table_is_sound():
    assert list(ASSETS) == ["reviews", "newsgroups", "glove", "minilm", "smollm2", "trec"]
    for asset in ASSETS.values():
        assert re.fullmatch("[0-9a-f]{64}", asset.sha256)
        assert len({file.name for file in asset.files}) == len(asset.members)
        assert asset.version in asset.folder.name


def test_the_cache_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("LORA_UTILS_CACHE", "~/chosen")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert assets.cache_dir() == tmp_path / "chosen"
    monkeypatch.delenv("LORA_UTILS_CACHE")
    assert assets.cache_dir().name == "lora-utils"
