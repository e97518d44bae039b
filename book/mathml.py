"""Equations as MathML, which browsers set by themselves: no script, no fonts, no CDN, and screen readers read them."""

from __future__ import annotations

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx


def to_mathml(tex: str, *, block: bool) -> str:
    r"""Return an equation as a `<math>` element.

    Args:
        tex: LaTeX as it stands between the dollars. `\_` is how names of the code are written in it.
        block: whether it stands on lines of its own.
    """
    return convert(tex, display="block" if block else "inline").replace(r"\_", "_")


def _inline(translator, node: nodes.math) -> None:
    translator.body.append(to_mathml(node.astext(), block=False))
    raise nodes.SkipNode


def _block(translator, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="equation" tabindex="0">{to_mathml(node.astext(), block=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict:
    """Register the renderer under the name that `html_math_renderer` takes."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True}
