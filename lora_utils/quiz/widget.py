"""A question to click through: it prints the line to type, and stores nothing.

The answer that counts is the text in the notebook's cell, so that it can be read, saved, graded and changed without
any widget. Needs ipywidgets, which is imported only here. Used in lab 10_quiz.

Source: ipywidgets, whose widgets send 110 characters of their `repr` as the text for front ends without widgets.
"""

from __future__ import annotations

from html import escape


def choices_widget(heading: str, labels: dict[str, str], several: bool, answer_name: str):
    """Return a labelled group of check boxes, or of radio buttons where one choice is right, and the line to type.

    Args:
        heading: the question, as HTML.
        labels: for each letter what stands beside it.
        several: whether several choices may be right.
        answer_name: the name that the answer is given in the notebook.

    Returns:
        An ipywidgets.VBox; every control is reached by Tab and set by the space bar or the arrow keys.
    """
    import ipywidgets

    class Choices(ipywidgets.VBox):
        """The group; what it stands for where no widget is shown is a sentence, not its parts."""

        def __repr__(self) -> str:
            return f'No boxes are shown here; type the answer: {answer_name} = "..."'

    line = ipywidgets.HTML()

    def show(chosen: str) -> None:
        text = f'{answer_name} = "{chosen}"' if chosen else "nothing chosen yet"
        line.value = f'<p role="status">Type this line: <code>{escape(text, quote=False)}</code></p>'

    wide = ipywidgets.Layout(width="auto")
    if several:
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
    show("")
    return Choices([ipywidgets.HTML(heading), *controls, line])
