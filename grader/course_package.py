"""Where the package of the course lies, found without importing it: that would import torch, a second and more."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path


@lru_cache
def course_package() -> Path:
    """Return the folder of `lora_utils`."""
    return Path(find_spec("lora_utils").origin).parent
