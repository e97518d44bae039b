"""The progress bar: silent for two seconds, then on standard output, and never on standard error."""

import itertools

import pytest

from lora_utils.progress import progress


@pytest.mark.parametrize(("step", "shown"), [(0.1, False), (1.5, True)])
def test_it_appears_after_two_seconds_on_standard_output(monkeypatch, capfd, step, shown):
    clock = itertools.count(0, step)
    monkeypatch.setattr("tqdm.std.time", lambda: next(clock))
    assert list(progress(range(5), "counting")) == [0, 1, 2, 3, 4]
    out, err = capfd.readouterr()
    assert err == ""
    assert ("counting" in out) is shown
