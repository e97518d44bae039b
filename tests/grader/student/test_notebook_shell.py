"""Cells in the engine do what they do in the notebook: magics work, figures are shown once, and outputs come out."""

from __future__ import annotations

import base64
import struct

import pytest

from grader.notebooks.restoration import Cell
from grader.scoring.run_submission import Limits, execute
from grader.student.shown_outputs import sound_png

pytestmark = pytest.mark.kernel
LIMITS = Limits(cell_seconds=20, output_bytes=1_000_000)
NOTHING = {"text": "", "figures": [], "left_out": 0}
PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 2]); "


def run(*sources: str, limits: Limits = LIMITS):
    """What became of cells of a student's own, in order."""
    runs = execute([Cell(f"c{i}", "code", source) for i, source in enumerate(sources)], {}, limits)
    return [runs[f"c{i}"] for i in range(len(sources))]


def shown(*sources: str, limits: Limits = LIMITS) -> list[dict]:
    """What they showed; none of them may have failed."""
    found = run(*sources, limits=limits)
    assert [(one.status, one.ename, one.evalue) for one in found] == [("ok", "", "")] * len(sources)
    return [one.shown or NOTHING for one in found]


MAGICS = {
    "%matplotlib inline": "",
    "%matplotlib widget": "",
    "%matplotlib": "inline",
    "%config InlineBackend.figure_format = 'retina'": "",
    "%timeit -n 1 -r 1 sum(range(9))": "1 loop each",
    "%time 1 + 1": "Wall time",
    "%%time\nb = 1": "Wall time",
    "%%capture kept\nprint('unseen')": "",
    "!echo from a command": "from a command\n",
    "!ls /no/such/folder": "No such file or directory",
    "!no-such-command": "not found",
    "files = !ls /\nassert 'usr' in files": "",
    "%pip --version": "pip ",
    "%%bash\necho from bash": "from bash\n",
    "%%writefile note.txt\nhello": "Writing note.txt",
    "get_ipython().system('exit 3'); assert _exit_code == 3": "",
    "name = 'x'\n!echo {name} $name": "x x\n",
}


@pytest.fixture(scope="module")
def magics():
    """What became of each magic, and of the assignment that follows it in its cell or in the next one."""
    cells = []
    for number, magic in enumerate(MAGICS):
        after = f"after{number} = 5"
        cells += [magic, after] if magic.startswith("%%") else [f"{magic}\n{after}", "pass"]
    ended = run(*cells, f"[name for name in range({len(MAGICS)}) if f'after{{name}}' not in globals()]")
    assert ended.pop().shown["text"] == "[]\n"
    return dict(zip(MAGICS, ended[::2], strict=True))


@pytest.mark.parametrize("magic", MAGICS)
def test_a_magic_does_not_break_its_cell(magic, magics):
    assert (magics[magic].status, magics[magic].evalue) == ("ok", "")
    text = (magics[magic].shown or NOTHING)["text"]
    assert MAGICS[magic] in text
    assert bool(text) == bool(MAGICS[magic])


def test_a_command_sees_nothing_to_read_and_no_terminal():
    (only,) = shown("!cat; test -t 1 || echo no terminal")
    assert only["text"] == "no terminal\n"


def test_a_command_that_prints_without_end_is_stopped_like_a_cell_that_does():
    (only,) = run("!yes", limits=Limits(cell_seconds=20, output_bytes=200_000))
    assert (only.status, only.shown["text"][:4]) == ("flood", "y\ny\n")


def test_prints_values_and_displays_come_in_their_order():
    (only,) = shown("import sys\nprint('a')\ndisplay('b', 3)\nprint('c', file=sys.stderr)\n{'d': 4}")
    assert only == {"text": "a\n'b'\n3\nc\n{'d': 4}\n", "figures": [], "left_out": 0}
    assert shown("5;", "None", "x = 5") == [NOTHING] * 3


def test_only_plain_text_comes_out_of_rich_output():
    rich = (
        "class Rich:\n"
        "    def __repr__(self):\n        return 'in words'\n"
        "    def _repr_html_(self):\n        return '<script>alert(1)</script>'\n"
        "    def _repr_svg_(self):\n        return '<svg onload=alert(1) />'\n"
        "    def _repr_javascript_(self):\n        return 'alert(1)'\n"
        "from IPython.display import HTML, Javascript, Markdown, display_html\n"
        "display(Rich(), HTML('<script>alert(2)</script>'), Javascript('alert(3)'), Markdown('# four'))\n"
        "display({'text/html': '<script>', 'image/svg+xml': '<svg>'}, raw=True)\nRich()"
    )
    (only,) = shown(rich)
    assert only["text"].startswith("in words\n<IPython")
    assert only["text"].endswith("in words\n")
    assert [word for word in ("alert", "svg", "script>", "# four") if word in only["text"]] == []
    assert only["figures"] == []


def test_clear_output_takes_back_what_was_shown():
    (only,) = shown(
        f"from IPython.display import clear_output\n{PLOT}plt.show()\nprint('a'); clear_output(); print('b')"
    )
    assert only == {"text": "b\n", "figures": [], "left_out": 0}


FIGURES = {
    "left open": PLOT,
    "plt.show()": PLOT + "plt.show()",
    "display(fig)": PLOT + "fig = plt.gcf(); plt.close(); display(fig)",
    "last expression": PLOT + "fig = plt.gcf(); plt.close()\nfig",
    "after the magic": "%matplotlib inline\n" + PLOT,
    "two in one cell": PLOT + "plt.figure(); plt.plot([3])",
    "one before the other": PLOT + "plt.show(); plt.plot([3])",
    "without pyplot": "from matplotlib.figure import Figure\nfig = Figure(); fig.subplots()\nfig",
}


@pytest.mark.parametrize("way", FIGURES)
def test_a_figure_is_shown_once_and_closed(way):
    first, second, third = shown(FIGURES[way], "import matplotlib.pyplot as plt\nplt.get_fignums()", "1")
    assert len(first["figures"]) == (2 if "one" in way else 1)
    assert (first["left_out"], first["text"]) == (0, "")
    assert second["text"] == "[]\n"
    assert third["figures"] == []
    for figure in first["figures"]:
        png = base64.b64decode(figure)
        assert sound_png(png) == png
        width, height = struct.unpack_from(">2I", png, 16)
        assert (300 < width < 800, 200 < height < 600) == (True, True)


def test_an_empty_figure_a_closed_one_and_one_that_is_only_saved_are_not_shown():
    saved = PLOT + "plt.savefig('a.png'); plt.close('all')"
    assert shown(PLOT + "plt.close()", saved, "plt.figure();", "display(plt.figure())") == [NOTHING] * 4


def test_figures_beyond_the_sixth_are_counted_and_not_drawn():
    counted = (
        "from matplotlib.artist import Artist\ndrawn = []\nclass Counted(Artist):\n"
        "    def draw(self, renderer):\n        drawn.append(1)\n"
    )
    more = PLOT + "plt.gcf().add_artist(Counted()); fig = plt.gcf(); plt.close()\nfor _ in range({}): display(fig)"
    found = shown(
        counted + more.format(5), PLOT + "plt.figure(); plt.plot([3])", "drawn.clear()\n" + more.format(3), "drawn"
    )
    assert [(len(one["figures"]), one["left_out"]) for one in found[:3]] == [(5, 0), (1, 1), (0, 3)]
    assert found[3]["text"] == "[]\n"


def test_a_figure_too_large_or_too_slow_to_draw_is_left_out_and_costs_the_cell_nothing():
    large = PLOT + "plt.gcf().set_size_inches(50, 50)"
    noise = PLOT + "import numpy as np\nplt.imshow(np.random.rand(900, 900, 3)); plt.gcf().set_size_inches(15, 15)"
    slow = "from matplotlib.artist import Artist\nclass Slow(Artist):\n    def draw(self, renderer):\n"
    slow += "        while True: pass\n" + PLOT + "plt.gcf().add_artist(Slow())"
    broken = slow.replace("while True: pass", "raise ValueError('no')").replace("Slow", "Broken")
    found = shown(large, noise, broken, slow, PLOT)
    assert [(len(one["figures"]), one["left_out"]) for one in found] == [(0, 1)] * 5  # the time is spent by then


def test_what_a_cell_showed_before_the_flood_comes_out_and_a_crash_keeps_what_was_shown_above():
    sources = (
        "print('above')",
        "x = 'beginning'\nwhile True:\n    print(x)",
        "print('below')",
        "import os\nos._exit(1)",
    )
    found = run(*sources)
    assert [one.status for one in found] == ["ok", "flood", "ok", "crash"]
    assert found[0].shown["text"] == "above\n"
    assert found[1].shown["text"].startswith("beginning\n")
    assert "characters left out]" in found[1].shown["text"]
    assert len(found[1].shown["text"]) <= 20_000
    assert found[2].shown["text"] == "below\n"
    assert found[3].shown is None


def test_a_long_text_in_small_pieces_keeps_its_beginning_and_end():
    (only,) = shown("print('first')\nfor i in range(30_000): print(i)\nprint('last')")
    assert only["text"].startswith("first\n0\n1\n")
    assert only["text"].endswith("29999\nlast\n")
    assert len(only["text"]) <= 20_000


def test_threads_may_print_and_draw():
    threads = "import threading\nthread = threading.Thread(target=lambda: (print('a'), display(fig)))\n"
    (only,) = shown(PLOT + "fig = plt.gcf(); plt.close()\n" + threads + "thread.start(); thread.join()")
    assert (only["text"], len(only["figures"])) == ("a\n", 1)


def test_a_typing_error_is_told_without_the_shells_name_for_the_cell():
    (only,) = run("x = 1\ndef double(x)\n    return 2 * x")
    assert (only.ename, only.evalue) == ("SyntaxError", "expected ':' (line 2)")
