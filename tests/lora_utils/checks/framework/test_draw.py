"""Inputs repeat for equal names, and nothing that the student's side is told foretells them."""

from __future__ import annotations

import torch

from lora_utils.checks import Draw, Exercise, Subject
from lora_utils.checks.framework.draw import SEED_VARIABLE, probe_seed

seeds = []


def spy(function) -> dict:
    """Probe: the seed that the student's own code can read."""
    seeds.append(torch.initial_seed())
    return {}


spy.__module__ = "lora_utils.checks.spy"


def test_equal_names_give_equal_inputs_and_others_do_not():
    one, two, other = Draw("0", "a", "b"), Draw("0", "a", "b"), Draw("0", "a", "c")
    assert torch.equal(one.normal(3), two.normal(3))
    assert not torch.equal(one.normal(3), other.normal(3))


def test_the_seed_beside_the_students_code_says_nothing_about_the_inputs(monkeypatch):
    exercise, drawn = Exercise("spied"), []

    @exercise.check
    def looks(subject, draw):
        """It is looked at."""
        subject.probe(spy)
        drawn.append(draw.normal(4))

    for seed in ("0", "1"):
        monkeypatch.setenv(SEED_VARIABLE, seed)
        exercise(print, points=1)
    assert seeds == [probe_seed("spied", "looks")] * 2  # the same whatever the course's seed is
    assert not torch.equal(*drawn)
    foretold = torch.randn(4, generator=torch.Generator().manual_seed(seeds[0]), dtype=torch.float64).float()
    assert not any(torch.equal(one, foretold) for one in drawn)


def test_a_value_that_is_read_once_is_kept_under_every_seed():
    seeds.clear()
    subject = Subject(print, seed=1)
    assert subject.read_once(spy) is subject.seeded(2).read_once(spy)
    assert seeds == [1]
