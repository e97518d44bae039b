"""One style for every figure of the course: readable in greyscale and with any colour vision.

Lines differ in three ways at once: colour (Okabe and Ito's palette, ordered so that neighbours also differ in
lightness), dash and marker. Every figure has a title that states what it shows, and axes with units.
"""

from collections.abc import Mapping, Sequence

# Okabe and Ito, "Color Universal Design", 2008; the yellow is left out, since thin lines of it vanish on white.
COLORS = ("#000000", "#CC79A7", "#0072B2", "#E69F00", "#D55E00", "#56B4E9", "#009E73")
DASHES = ("-", "--", ":", "-.", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "X", "P")
HATCHES = ("", "//", "..", "xx", "\\\\", "--", "oo")
STYLE = {
    "figure.dpi": 110,
    "savefig.bbox": "tight",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.3,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "svg.hashsalt": "lora-utils",  # the same figure gives the same file
}


def figure(
    finding: str, xlabel: str | Sequence[str], ylabel: str | Sequence[str], *, columns: int = 1, height: float = 3.2
):
    """A figure in the course's style, with one or more panels side by side.

    Args:
        finding: the title: what the reader should see in it, as a sentence
        xlabel, ylabel: what the axes measure, with the unit; one for all panels, or one per panel
        columns: number of panels (default 1)
        height: in inches (default 3.2)

    Returns:
        (figure, axes): one axes object when columns is 1, else a list of them

    Raises:
        ValueError: a title or an axis label is empty, or their number is not that of the panels
    """
    import matplotlib.pyplot as plt
    from matplotlib.rcsetup import cycler

    xlabels, ylabels = ([one] * columns if isinstance(one, str) else list(one) for one in (xlabel, ylabel))
    if not finding.strip():
        raise ValueError("A figure needs a title that states what it shows, got an empty one.")
    for labels in (xlabels, ylabels):
        if len(labels) != columns or not all(label.strip() for label in labels):
            raise ValueError(f"Each of the {columns} panels needs an axis label that is not empty, got {labels!r}.")
    cycle = cycler(color=COLORS) + cycler(linestyle=DASHES) + cycler(marker=MARKERS)
    plt.draw_if_interactive()  # loads Jupyter's backend; loaded inside the context, its settings would end with it
    with plt.rc_context({**STYLE, "axes.prop_cycle": cycle}):
        width = 6.0 if columns == 1 else 4.4 * columns
        made, grid = plt.subplots(1, columns, figsize=(width, height), squeeze=False, layout="constrained")
        made.suptitle(finding, x=0.01, ha="left", fontsize=STYLE["axes.titlesize"])
    axes = list(grid[0])
    for panel, x, y in zip(axes, xlabels, ylabels, strict=True):
        panel.set_xlabel(x)
        panel.set_ylabel(y)
    return made, axes[0] if columns == 1 else axes


def lines(axes, x: Sequence[float], series: Mapping[str, Sequence[float]]) -> None:
    """One line per entry, told apart by colour, dash and marker, with a legend when there are several."""
    for name, values in series.items():
        axes.plot(x, values, label=name, markevery=max(1, len(x) // 8))
    if len(series) > 1:
        axes.legend(frameon=False)


def bars(axes, heights: Mapping[str, float], spread: Mapping[str, float] | None = None) -> None:
    """One bar per entry, told apart by name, colour and hatching; the black line is plus and minus the spread.

    Args:
        axes: from `figure`
        heights: name -> height
        spread: name -> half the length of the error line (default: none)
    """
    for place, (name, value) in enumerate(heights.items()):
        kind = place % len(COLORS)
        axes.bar(name, value, color=COLORS[kind], hatch=HATCHES[kind], edgecolor="white")
        if spread:
            axes.errorbar(name, value, yerr=spread[name], color="black", capsize=4, marker="", linestyle="none")
    axes.grid(axis="x", visible=False)
