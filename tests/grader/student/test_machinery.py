"""A function that is exchanged, or given other code, is named; what only comes along is not."""

from __future__ import annotations

import pytest
import torch

import lora_utils.checks.framework.probes as probes
from grader.student.machinery import changed, machinery, ours
from lora_utils.checks import Subject
from lora_utils.checks.framework import wire


@pytest.mark.parametrize(
    ("holder", "name"),
    [
        (torch, "allclose"),
        (torch.Tensor, "backward"),
        (probes, "call"),
        (Subject, "probe"),
        (wire, "to_wire"),
        (torch.nn.functional, "linear"),
    ],
)
def test_what_is_exchanged_is_named(monkeypatch, holder, name):
    parts = machinery()
    assert changed(parts) == []
    monkeypatch.setattr(holder, name, lambda *a, **k: None)
    assert f"{holder.__name__}.{name}" in changed(parts)


def test_other_code_in_the_same_function_is_seen(monkeypatch):
    parts = machinery()
    monkeypatch.setattr(probes.call, "__code__", (lambda function, *, args, kwargs=None: {"value": 0}).__code__)
    assert "lora_utils.checks.framework.probes.call" in changed(parts)


def test_what_is_taken_away_is_seen_and_what_is_new_is_not(monkeypatch):
    parts = machinery()
    monkeypatch.setattr(torch, "a_new_function", print, raising=False)
    assert changed(parts) == []
    monkeypatch.delattr(torch, "equal")
    assert changed(parts) == ["torch.equal"]


def test_what_a_library_puts_in_the_place_of_another_is_its_own(monkeypatch):
    parts = machinery()
    monkeypatch.setattr(torch, "manual_seed", torch.nn.init.xavier_uniform_)
    assert changed(parts) == []
    monkeypatch.setattr(torch, "manual_seed", lambda seed: None)
    assert changed(parts) == ["torch.manual_seed"]


def test_the_way_of_questions_and_answers_is_short_and_has_what_counts():
    labels = {f"{one.label}.{one.name}" for one in ours(machinery())}
    assert {"lora_utils.checks.framework.wire.to_wire", "Subject.probe"} <= labels
    assert "torch.manual_seed" not in labels
    assert len(labels) < len(machinery()) / 3
