"""Every schematic: a file that needs nothing but itself, with words for who cannot see it, the same each time."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch

from lora_utils.schematics import SCHEMATICS, schematic

ROOT = Path(__file__).parents[3]
SVG = "{http://www.w3.org/2000/svg}"
BYTES = 30_000
ALLOWED = {"svg", "title", "desc", "style", "defs", "pattern", "rect", "path", "polygon", "circle", "text"}
every = pytest.mark.parametrize("name", SCHEMATICS)


@every
def test_a_schematic_is_a_small_picture_that_needs_nothing_else(name):
    text = schematic(name).svg()
    root = ElementTree.fromstring(text)
    assert len(text.encode()) < BYTES
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= ALLOWED
    assert re.findall(r"https?://[^\"' ]+", text) == ["http://www.w3.org/2000/svg"]
    assert re.search(r"@import|@font-face|href|url\((?!#)", text) is None
    defined = {one.get("id") for one in root.iter() if one.get("id")}
    assert set(re.findall(r"url\(#(\w+)\)", text)) <= defined


@every
def test_it_says_in_words_what_it_shows(name):
    root = ElementTree.fromstring(schematic(name).svg())
    finding, description = root.find(f"{SVG}title").text, root.find(f"{SVG}desc").text
    assert 20 < len(finding) < 79
    assert description.endswith(".")
    assert len(description.split()) > 20
    assert root.find(f"{SVG}text").text == finding


@every
def test_every_class_it_uses_is_in_its_style_sheet(name):
    text = schematic(name).svg()
    root = ElementTree.fromstring(text)
    used = {word for one in root.iter() for word in one.get("class", "").split()}
    assert used - set(re.findall(r"\.([a-z-]+)[,{]", root.find(f"{SVG}style").text)) == set()


@every
def test_it_is_the_same_each_time_and_draws_no_random_number_of_the_reader(name):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first = schematic(name).svg()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(4)
    assert schematic(name).svg() == first


@every
def test_frozen_and_trained_differ_without_color_and_are_explained(name):
    root = ElementTree.fromstring(schematic(name).svg())
    boxes = root.findall(f"{SVG}rect")
    words = [one.text for one in root.findall(f"{SVG}text")]
    hatched = {(b.get("x"), b.get("y")) for b in boxes if b.get("fill") == "url(#hatch)"}
    frozen = {(b.get("x"), b.get("y")) for b in boxes if b.get("class") == "frozen"}
    assert hatched == frozen
    for kind in ("frozen", "trained"):
        assert (kind in words) is any(b.get("class") == kind for b in boxes)


def test_every_file_of_the_room_that_draws_is_in_the_gallery():
    room = ROOT / "lora_utils" / "schematics"
    drawing = {path.stem for path in room.glob("*.py") if "-> Drawing:\n" in path.read_text()} - {"gallery"}
    assert drawing == set(SCHEMATICS.values())


def test_a_name_that_there_is_not_is_answered_with_those_that_there_are():
    with pytest.raises(ValueError, match=r"name must be one of .*text_classifier, .*how_a_check_works, got 'lora'\."):
        schematic("lora")


def test_the_picture_in_the_readme_is_the_one_that_the_code_draws():
    drawn = schematic("insertion_points")
    kept = (ROOT / "figures" / "insertion_points.svg").read_text(encoding="utf-8")
    command = "run `lora-utils schematic insertion_points --out figures/insertion_points.svg`"
    assert kept == drawn.svg(), f"figures/insertion_points.svg has drifted from the code; {command}"
    assert f"![{drawn.finding}" in (ROOT / "README.md").read_text(encoding="utf-8")
