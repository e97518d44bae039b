"""The figure style: what must be stated, and that series can be told apart without colour."""

import itertools

import matplotlib
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.colors import to_rgb

from lora_utils.plots import COLORS, DASHES, HATCHES, MARKERS, bars, figure, lines


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def gray(color) -> float:
    """Relative luminance, WCAG 2.1."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_a_figure_states_its_finding_and_its_units():
    made, axes = figure("LoRA comes close", "epoch", "accuracy (share right)")
    assert made.get_suptitle() == "LoRA comes close"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "accuracy (share right)")
    _, (left, right) = figure("Two panels", ["rank", "epoch"], "loss (nats)", columns=2)
    assert [left.get_xlabel(), right.get_xlabel()] == ["rank", "epoch"]
    assert [left.get_ylabel(), right.get_ylabel()] == ["loss (nats)"] * 2


@pytest.mark.parametrize("arguments", [(" ", "x", "y"), ("t", "", "y"), ("t", "x", " ")])
def test_empty_labels_are_refused(arguments):
    with pytest.raises(ValueError, match="got"):
        figure(*arguments)


def test_one_label_per_panel():
    with pytest.raises(ValueError, match="Each of the 2 panels"):
        figure("t", ["only one"], "y", columns=2)


def test_lines_differ_in_color_dash_and_marker():
    _, axes = figure("Seven lines", "x", "y")
    lines(axes, range(4), {name: [0, 1, 2, 3] for name in "abcdefg"})
    drawn = axes.get_lines()
    for attribute in ("get_color", "get_marker"):
        assert len({getattr(line, attribute)() for line in drawn}) == 7
    assert len({str(line._dash_pattern) for line in drawn}) == 7
    assert [entry.get_text() for entry in axes.get_legend().get_texts()] == list("abcdefg")


def test_one_line_needs_no_legend():
    _, axes = figure("One line", "x", "y")
    lines(axes, range(3), {"only": [1, 2, 3]})
    assert axes.get_legend() is None


def test_bars_and_their_spread():
    _, axes = figure("Two bars", "method", "accuracy (share right)")
    bars(axes, {"none": 0.5, "LoRA": 0.75}, spread={"none": 0.0, "LoRA": 0.02})
    assert [bar.get_height() for bar in axes.patches] == [0.5, 0.75]
    assert len({bar.get_hatch() for bar in axes.patches}) == 2
    ends = [segment[:, 1].tolist() for c in axes.collections for segment in c.get_segments()]
    assert ends == [[0.5, 0.5], [pytest.approx(0.73), pytest.approx(0.77)]]


def test_neighboring_colors_differ_in_lightness_and_all_show_on_white():
    """Contrast as WCAG defines it: graphical objects next to each other, and each on the white page."""
    contrast = [(max(a, b) + 0.05) / (min(a, b) + 0.05) for a, b in itertools.pairwise(gray(color) for color in COLORS)]
    assert min(contrast) > 1.4
    assert all(1.05 / (gray(color) + 0.05) > 1.9 for color in COLORS)
    assert len(COLORS) == len(DASHES) == len(MARKERS) == len(HATCHES)


def test_the_style_stays_inside_the_figure():
    before = dict(matplotlib.rcParams)
    figure("t", "x", "y")
    assert dict(matplotlib.rcParams) == before
