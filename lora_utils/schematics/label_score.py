"""Scoring a label with a language model: which scores speak about which token, and which of them count."""

from __future__ import annotations

from lora_utils.schematics.drawing import Drawing

PROMPT = ("Review:", "superb", "Sentiment:")
LABEL = ("quite", "wonderful")
LEFT, CELL, WIDE = 160, 107, 96  # where the columns begin, how far apart they are, how wide a box is


def label_score() -> Drawing:
    """A row of tokens, the model's scores over it, and the two log-probabilities that are added."""
    row = (*PROMPT, *LABEL, "padding")
    first = len(PROMPT)
    d = Drawing(
        "The scores over a place speak about the next token; only the label's count",
        f"A row of {len(row)} tokens goes into the frozen decoder: the prompt {', '.join(PROMPT)}, the label "
        f"{', '.join(LABEL)}, and padding. Over each place t stand scores of all v tokens for place t + 1. Those over "
        f"the prompt's last token give log p of {LABEL[0]}, those over {LABEL[0]} give log p of {LABEL[1]}. The two "
        "are added; what the scores say about the prompt and about padding is left out.",
        height=470,
    )
    columns = [LEFT + number * CELL for number in range(len(row))]
    rows = {
        86: "the score",
        150: "`log p`",
        220: "`logits (b, s, v)`",
        340: "`ids (b, s)`",
        376: "`is_label`",
        402: "place t",
    }
    for y, words in rows.items():
        d.text(24, y, words, anchor="start")
    decoder = d.box(
        LEFT, 266, columns[-1] + WIDE - LEFT, 36, "decoder: each place reads the tokens up to itself", kind="frozen"
    )
    picked = []
    for t, (x, word) in enumerate(zip(columns, row, strict=True)):
        middle, counts = x + WIDE / 2, first <= t + 1 < first + len(LABEL)
        token = d.box(x, 325, WIDE, 30, word, kind="state" if word in LABEL else "work")
        d.text(middle, 376, str(word in LABEL), kind="small", on="" if word in LABEL else "soft")
        d.text(middle, 402, str(t), kind="small")
        d.arrow(token.top, (middle, decoder.y + decoder.height))
        scores = d.box(x, 205, WIDE, 30, f"for t = {t + 1}", kind="state" if counts else "work")
        d.arrow((middle, decoder.y), scores.bottom)
        if counts:
            picked.append(d.box(x, 135, WIDE, 30, row[t + 1], kind="state"))
            d.arrow(scores.top, picked[-1].bottom)
        else:
            d.text(middle, 150, "left out", kind="small", on="soft")
    total = d.box(picked[0].x, 71, CELL + WIDE, 30, "their sum", kind="state")
    for one in picked:
        d.arrow(one.top, (one.top[0], total.y + total.height))
    d.legend("frozen")
    return d
