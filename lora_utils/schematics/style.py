"""How schematics look: one palette for light paper, one for dark, and what tells parts apart without any color.

What is frozen is hatched, what is trained is solid with a heavy outline; a legend says so in words. Fonts are the
reader's own, since a font in each file would be larger than the drawing.
"""

from lora_utils.plots import COLORS

SANS = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
_, PINK, BLUE, ORANGE, _, SKY, _ = COLORS
DARK_INK = "#1f2328"

# paper: the ground; ink: words and outlines; soft: remarks; frozen, hatch, edge: fill, lines and outline of what is
# frozen; on: words on a solid fill, which is the same by day and by night.
LIGHT = {"paper": "#ffffff", "ink": DARK_INK, "soft": "#59636e", "frozen": "#eef2f5", "hatch": "#aebcc8",
         "edge": "#5f7485", "trained": ORANGE, "gradient": BLUE, "optimizer": PINK, "gradients": SKY,
         "on": DARK_INK}  # fmt: skip
DARK = LIGHT | {"paper": "#0d1117", "ink": "#e6edf3", "soft": "#9da7b3", "frozen": "#1c242d", "hatch": "#45545f",
                "edge": "#8ea2b3", "gradient": SKY}  # fmt: skip

KINDS = ("frozen", "trained", "state", "work", "gradients", "optimizer", "activations")
SOLID = ("trained", "gradients", "optimizer")
HATCHED = {"frozen": "hatch", "activations": "dotted"}  # the pattern over the fill

_FIXED = f"""
text{{font:13px {SANS}}}
.code{{font-family:{MONO};font-size:12px}}
.small{{font-size:12px}}
.name,.head{{font-weight:600}}
.head{{font-size:16px}}
.flow,.gradient,.edge,.group{{fill:none;stroke-width:1.5}}
.gradient,.group{{stroke-dasharray:5 4}}
.group{{stroke-width:1}}
.tip{{stroke:none}}
.state,.work,.frozen,.gradients,.optimizer,.activations{{stroke-width:1.25}}
.trained{{stroke-width:2}}
.bare{{stroke-width:0}}
.halo{{paint-order:stroke;stroke-width:5px;stroke-linejoin:round}}
"""


def _colored(color: dict[str, str]) -> str:
    """The rules that depend on the palette."""
    return f"""
.paper{{fill:{color["paper"]}}}
text{{fill:{color["ink"]}}}
.soft{{fill:{color["soft"]}}}
.on{{fill:{color["on"]}}}
.halo{{stroke:{color["frozen"]}}}
.flow,.edge{{stroke:{color["ink"]}}}
.tip{{fill:{color["ink"]}}}
.gradient{{stroke:{color["gradient"]}}}
.gradient-tip{{stroke:none;fill:{color["gradient"]}}}
.group{{stroke:{color["edge"]}}}
.state,.activations{{fill:{color["paper"]};stroke:{color["ink"]}}}
.activations.bare{{fill:{color["edge"]}}}
.work{{fill:{color["paper"]};stroke:{color["edge"]}}}
.frozen{{fill:{color["frozen"]};stroke:{color["edge"]}}}
.strip{{fill:{color["frozen"]}}}
.lines{{stroke:{color["hatch"]};stroke-width:1.5}}
.dots{{fill:{color["edge"]}}}
.trained{{fill:{color["trained"]};stroke:{color["ink"]}}}
.gradients{{fill:{color["gradients"]};stroke:{color["ink"]}}}
.optimizer{{fill:{color["optimizer"]};stroke:{color["ink"]}}}
"""


def style_sheet(*, follows_reader: bool) -> str:
    """The rules of a drawing.

    Args:
        follows_reader: whether it turns dark where the reader's system is; else it is light everywhere
    """
    rules = _FIXED + _colored(LIGHT)
    return rules + f"@media (prefers-color-scheme:dark){{{_colored(DARK)}}}\n" if follows_reader else rules
