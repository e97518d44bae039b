"""The progress bar: silent for two seconds, then on standard output, and never on standard error."""

import itertools

import pytest

from lora_utils.data.progress_bar import progress


@pytest.mark.parametrize(("step", "shown"), [(0.1, False), (1.5, True)])
def test_it_appears_after_two_seconds_on_standard_output(monkeypatch, capfd, step, shown):
    clock = itertools.count(0, step)
    monkeypatch.setattr("tqdm.std.time", lambda: next(clock))
    assert list(progress(range(5), "counting")) == [0, 1, 2, 3, 4]
    out, err = capfd.readouterr()
    assert err == ""
    assert ("counting" in out) is shown


def test_bars_inside_each_other_take_turns_on_one_line_and_leave_nothing(monkeypatch, capfd):
    clock = itertools.count(0, 1.5)
    monkeypatch.setattr("tqdm.std.time", lambda: next(clock))
    for _ in progress(range(3), "a longer label outside"):
        assert list(progress(range(4), "inside")) == [0, 1, 2, 3]
    written = capfd.readouterr().out
    assert "\x1b" not in written, "moves the cursor, which a notebook stores as text"
    assert "\n" not in written
    shown = [part for part in written.split("\r") if part]
    assert {part.partition(":")[0].strip() for part in shown} == {"a longer label outside", "inside", ""}
    assert len({len(part) for part in shown}) == 1, "each covers all of what stood there"
    assert shown[-1].isspace()


def test_time_left_is_told_only_once_something_can_be_known_of_it(monkeypatch, capfd):
    clock = itertools.count(0, 10)
    monkeypatch.setattr("tqdm.std.time", lambda: next(clock))
    for number in progress(range(200), "loading"):
        written = capfd.readouterr().out
        assert ("<" in written) is (number >= 4), written  # a fiftieth of 200
        if number == 8:
            break
