"""What a probe showed and saw, as a text of limited length, whatever came."""

from __future__ import annotations

import pytest
import torch

from grader.judge.probe_log import LONGEST, MOST_PROBES, ProbeLog, told
from lora_utils.checks.framework.draw import probe_seed
from lora_utils.checks.framework.probes import call
from lora_utils.checks.framework.subject import StudentRaised


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"args": [2.5, -1], "which": "full"}, "args=[2.5, -1], which='full'"),
        ({"x": torch.arange(8.0).reshape(2, 4) / 3}, "x=(2, 4) [0, 0.333333, 0.666667, 1, 1.33333, 1.66667, …]"),
        ({"x": torch.tensor([[3]])}, "x=(1, 1) int64 [3]"),
        ({"x": torch.zeros(0, 3, dtype=torch.float16)}, "x=(0, 3) float16 []"),
        ({"a": None, "b": True, "c": {"d": (1, float("nan"))}}, "a=None, b=True, c={d: [1, nan]}"),
        ({"deep": [[[[[[[1]]]]]]]}, "deep=[[[[[…]]]]]"),
    ],
)
def test_data_is_told(value, text):
    assert told(value) == text


def test_a_text_has_an_end():
    assert len(told({"x": "y" * 10_000})) == len(told({"x": [list(range(999))] * 999})) == LONGEST


def test_each_probe_goes_to_its_check_also_one_that_raises_or_never_answers():
    log = ProbeLog(on=True)
    with log.asking(call, {"args": [1]}, probe_seed("double", "right")) as note:
        note({"value": 2})
    with pytest.raises(StudentRaised), log.asking(call, {"args": [3]}, probe_seed("double", "of-zero")):
        raise StudentRaised("TypeError", "no")
    with log.asking(call, {"args": [4]}, 7):
        pass
    assert log.by_check({"exercise": "double", "checks": [{"id": "right"}, {"id": "of-zero"}]}) == [
        {"check": "right", "probe": "call", "inputs": "args=[1]", "seen": "value=2"},
        {"check": "of-zero", "probe": "call", "inputs": "args=[3]", "seen": "raised TypeError: no"},
        {"check": "", "probe": "call", "inputs": "args=[4]", "seen": "no answer"},
    ]
    assert [one["check"] for one in log.by_check({})] == ["", "", ""]


def test_ordinary_grading_keeps_nothing_and_a_long_log_ends():
    for on, kept in ((False, 0), (True, MOST_PROBES)):
        log = ProbeLog(on=on)
        for _ in range(MOST_PROBES + 3):
            with log.asking(call, {}, 1) as note:
                note({})
        assert len(log.by_check({})) == kept
