"""Pretrained weights from a file or an address: size and hash are checked before anything is read out of them."""

import hashlib
import io
import json
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from torch import Tensor

SHIPPED = Path(__file__).parent / "pretrained" / "newsgroups_fc.safetensors"


class WeightsError(RuntimeError):
    """Weights could not be had or are not the expected ones; the message is one sentence."""


def load_weights(
    url_or_path: str | Path, *, sha256: str | None = None, max_bytes: int = 100_000_000
) -> dict[str, Tensor]:
    """State dict from a safetensors file on disk or at an http, https or file address.

    The bytes go through a buffer in memory. Only safetensors is read: a pickle, which is what `torch.save` writes by
    default, can run any program while it is loaded.

    Args:
        url_or_path: a path, or an address that starts with http://, https:// or file://
        sha256: of the whole file, hexadecimal; None accepts any (for files of your own)
        max_bytes: stop reading past this size (default 100 MB)

    Returns:
        name -> tensor, as `Module.load_state_dict` takes it

    Raises:
        WeightsError: not found, too large, another hash, or not a safetensors file
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    buffer = io.BytesIO()
    try:
        with _open(url_or_path) as source:
            while part := source.read(min(1 << 20, max_bytes + 1 - buffer.tell())):
                buffer.write(part)
                if buffer.tell() > max_bytes:
                    raise WeightsError(
                        f"{url_or_path} is larger than {max_bytes:,} bytes: raise max_bytes if you expected that."
                    )
    except (OSError, URLError) as error:
        why = getattr(error, "reason", None) or error.strerror or error
        raise WeightsError(f"The weights {url_or_path} could not be read ({why}): check the place.") from error
    content = buffer.getvalue()
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and found != sha256.lower():
        raise WeightsError(
            f"{url_or_path} has the SHA-256 {found[:12]}…, expected {sha256[:12]}…: another file, or a damaged one."
        )
    try:
        return load(content)
    except SafetensorError as error:
        raise WeightsError(f"{url_or_path} is not a safetensors file, and no other kind is read.") from error


def newsgroups_weights() -> dict[str, Tensor]:
    """Weights of `TextClassifier(num_classes=4)` trained on newsgroups: fc1 and fc2, 7,044 numbers.

    The word vectors were frozen in that training, so they are the public GloVe vectors that every `TextClassifier`
    starts with, and are not stored again. Load with `strict=False`:

        model.load_state_dict(newsgroups_weights(), strict=False)   # missing: embedding.weight

    The JSON file beside the weights says how they were made (`lora-utils pretrain`) and how good they are.
    """
    facts = json.loads(SHIPPED.with_suffix(".json").read_text(encoding="utf-8"))
    return load_weights(SHIPPED, sha256=facts["sha256"], max_bytes=1_000_000)


def _open(url_or_path: str | Path):
    text = str(url_or_path)
    if urlsplit(text).scheme in ("http", "https", "file"):
        return urlopen(text, timeout=30)
    if "://" in text:
        raise WeightsError(f"Weights come from a path or an http, https or file address, got {text!r}.")
    return Path(text).expanduser().open("rb")
