"""A question to click through: it prints the line to type, and stores nothing.

The answer that counts is the text in the notebook's cell, so that it can be read, saved, graded and changed without
any widget. Needs ipywidgets, which is imported only here. Used in lab 10_quiz.
"""

from __future__ import annotations

from html import escape

from lora_utils.quiz import Question, plain_text


def question_widget(question: Question):
    """Return a labelled group of check boxes, or of radio buttons where one choice is right, and the line to type.

    Args:
        question: one with choices.

    Returns:
        An ipywidgets.VBox; every control is reached by Tab and set by the space bar or the arrow keys.

    Raises:
        ValueError: if the question asks for a number.
    """
    import ipywidgets

    if not question.choices:
        raise ValueError(f"{question.id} asks for a number; type it: {question.answer_name} = ...")
    labels = {letter: f"{letter}) {_first_line(text)}" for letter, text in question.lettered().items()}
    line = ipywidgets.HTML()

    def show(chosen: str) -> None:
        text = f'{question.answer_name} = "{chosen}"' if chosen else "nothing chosen yet"
        line.value = f'<p role="status">Type this line: <code>{escape(text, quote=False)}</code></p>'

    wide = ipywidgets.Layout(width="auto")
    if question.several:
        boxes = {
            letter: ipywidgets.Checkbox(value=False, description=label, indent=False, layout=wide)
            for letter, label in labels.items()
        }
        for box in boxes.values():
            box.observe(lambda change: show("".join(k for k, b in boxes.items() if b.value)), names="value")
        controls = list(boxes.values())
    else:
        options = [(label, letter) for letter, label in labels.items()]
        radio = ipywidgets.RadioButtons(options=options, value=None, layout=ipywidgets.Layout(width="max-content"))
        radio.observe(lambda change: show(change["new"] or ""), names="value")
        controls = [radio]
    heading = ipywidgets.HTML(
        f"<p><strong>Question {question.number}</strong>: {escape(plain_text(question.text))}</p>"
    )
    show("")
    return ipywidgets.VBox([heading, *controls, line])


def _first_line(text: str) -> str:
    """Return what fits beside a box; a block of code is named by its first line."""
    lines = plain_text(text).split("\n")
    return lines[0].strip() + (" ..." if len(lines) > 1 else "")
