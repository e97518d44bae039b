"""The schematics of the course by name."""

from __future__ import annotations

from importlib import import_module

from lora_utils.devices import seeded
from lora_utils.schematics.drawing import Drawing

# Which file of this room draws it. A file is read when it is asked for: what a lab asks students to write is not there
# while submissions are graded, and with it the drawings that are made from it.
SCHEMATICS = {
    "label_score": "label_score",
    "text_classifier": "text_classifier",
    "insertion_points": "insertion_points",
    "soft_prompts": "soft_prompts",
    "low_rank_update": "low_rank_update",
    "path_variants": "path_variants",
    "nf4_levels": "nf4_levels",
    "four_bit_storage": "four_bit_storage",
    "qlora_step": "qlora_step",
    "classifier_memory": "step_memory",
    "decoder_memory": "step_memory",
    "how_a_check_works": "how_a_check_works",
}


def schematic(name: str) -> Drawing:
    """A schematic of the course; as the last line of a notebook cell it shows itself.

    Args:
        name: one of SCHEMATICS

    Raises:
        ValueError: there is no schematic of that name
    """
    if name not in SCHEMATICS:
        raise ValueError(f"name must be one of {', '.join(SCHEMATICS)}, got {name!r}.")
    draw = getattr(import_module(f"lora_utils.schematics.{SCHEMATICS[name]}"), name)
    with seeded(0):  # the modules that are drawn start at random, and a lab's own numbers must not depend on it
        return draw()
