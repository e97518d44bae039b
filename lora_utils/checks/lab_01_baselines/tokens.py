"""Checks of lab 01: cutting a text into tokens.

The judge cuts a text letter by letter where answers replace or match patterns. Each rule of the lab's table is tried on
a text of its own first, so that what comes back says which rule was broken.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, explained, first_wrong
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_01_baselines.lists import judge_lists, shown

tokenize = Exercise("tokenise")

NAMES = ("Casablanca", "Alien", "Metropolis", "Vertigo", "Rashomon", "Amelie")
WORDS = ("dull", "fine", "slow", "odd", "loud", "warm", "clever")
OWN, SPACES, DROPPED = ".,()!?'", ";:", '"'


def cut(text: str, *, lower: bool = True, tag: str = " ") -> list[str]:
    """The tokens of a text by one walk over its letters; the arguments make two of the usual mistakes."""
    text = "".join(letter for letter in (text.lower() if lower else text) if letter not in DROPPED)
    tokens, word = [], ""
    for letter in text.replace("<br />", tag) + " ":
        if letter in OWN or letter in SPACES or letter.isspace():
            tokens += [word] * bool(word) + [letter] * (letter in OWN)
            word = ""
        else:
            word += letter
    return tokens


def marks_joined(text: str) -> list[str]:
    """The tokens by a pattern that takes several marks for one."""
    text = "".join(letter for letter in text.lower() if letter not in DROPPED).replace("<br />", " ")
    return re.sub(r"([.,()!?']+)", r" \1 ", re.sub("[;:]", " ", text)).split()


def few_spaces(text: str, few: str) -> list[str]:
    """The tokens where no other white space than these letters separates."""
    others = sorted({letter for letter in text if letter.isspace()} - set(few))
    there = {letter: chr(0xE000 + k) for k, letter in enumerate(others)}
    back = str.maketrans({hidden: letter for letter, hidden in there.items()})
    return [token.translate(back) for token in cut(text.translate(str.maketrans(there)))]


# --------------------------------------------------------------------------------------------- one rule, one small text
def expect_rule(value: list, text: str) -> None:
    """Raise a Failure that names the broken rule, for a text that holds nothing but two words and one mark."""
    (mark,) = (letter for letter in text if not letter.isalnum())
    left, right = text.split(mark)
    said = f"the tokens of {text!r} must be {shown(cut(text))}, got {shown(value)}"
    kept, lost = value in ([text], [left, mark, right]), value == [left + right]
    apart, whole = value == [left, right], value == [text]
    apostrophe, hyphen = mark == "'", mark == "-"
    if mark in OWN and whole:
        raise Failure("apostrophe-kept" if apostrophe else "not-split-off", f"{said}: {mark} stays in the word",
                      f"{mark} is a token of its own, wherever it stands. Has the text that you split spaces around "
                      "it? replace returns a new text and leaves the old one as it is.")  # fmt: skip
    if mark in OWN and (lost or apart):
        raise Failure("apostrophe-lost" if apostrophe else "punctuation-lost", f"{said}: {mark} is thrown away",
                      f"{mark} is a token of its own, and keeps its place between the words.")  # fmt: skip
    if mark in OWN and value in ([left, mark + right], [left + mark, right]):
        raise Failure("half-split", f"{said}: {mark} is cut off on one side only", f"{mark} is a token of its own: it "
                      "needs white space before it and behind it.")  # fmt: skip
    if mark in SPACES and (kept or lost):
        what = "is kept" if kept else "is removed without leaving a space"
        raise Failure("colon-kept" if kept else "words-joined", f"{said}: {mark} {what}", "; and : become spaces.")
    if mark in DROPPED and (kept or apart):
        what = "is kept" if kept else "cuts a word in two"
        raise Failure("quotation-mark-kept" if kept else "quotation-mark-spaced", f"{said}: the quotation mark {what}",
                      "Quotation marks vanish without leaving a space.")  # fmt: skip
    if mark not in OWN + SPACES + DROPPED:
        what = "cuts its word" if len(value) > 1 else "does not stay where it is"
        raise Failure("hyphen-split" if hyphen else "mark-split", f"{said}: {mark} {what}",
                      "Only the marks of the table "
                      "cut or vanish; all others stay in their word. A pattern such as \\w+ does more.")  # fmt: skip
    raise Failure("wrong-tokens", said, TABLE)


TABLE = "Go through the table of rules: what becomes of each sign in this text?"
ORDER = "Keep the tokens in the order of the text, repetitions included."
RULES = (
    Rule("case-kept", lambda text: cut(text, lower=False), "capital letters are kept", "All letters become small."),
    Rule("case-kept", lambda text: [token.upper() for token in cut(text)], "all letters are capitals",
         "All letters become small."),
    Rule("order-lost", lambda text: sorted(set(cut(text))), "the tokens are sorted, each once", ORDER),
    Rule("order-lost", lambda text: sorted(cut(text)), "the tokens are sorted", ORDER),
    Rule("order-lost", lambda text: list(dict.fromkeys(cut(text))), "a token that occurs again is left out", ORDER),
    Rule("order-lost", lambda text: cut(text)[::-1], "the tokens stand in reverse order", ORDER),
    Rule("joined-again", lambda text: [" ".join(cut(text))], "the tokens are one text again",
         "Each is a text of its own."),
    Rule("letters", lambda text: list(text.lower()), "it cuts the text into letters", "split() cuts at white space."),
    Rule("marks-last", lambda text: [t for t in cut(text) if t not in OWN] + [t for t in cut(text) if t in OWN],
         "words and marks stand apart", ORDER),
    Rule("tag-kept", lambda text: cut(text, tag=" <br\0/> "), "", ""),
    Rule("tag-kept", lambda text: [part for token in cut(text, tag=" <br\0/> ") for part in token.split("\0")],
         "the line break <br /> is kept as words", "<br /> is layout, not text: it becomes a space."),
    Rule("tag-kept", lambda text: [part for token in cut(text, tag="<br\0/>") for part in token.split("\0")],
         "the line break <br /> is kept as words", "<br /> is layout, not text: it becomes a space."),
    Rule("words-joined", lambda text: cut(text, tag=""), "<br /> is removed without leaving a space: two words become "
         "one", "<br /> becomes a space."),
    Rule("tags-removed", lambda text: cut(re.sub("<[^>]*>", " ", text)), "everything in angle brackets is removed",
         "Only <br />, written exactly so, becomes a space; all else stays."),
    Rule("tags-removed", lambda text: cut(re.sub("<[^>]*>", "", text)), "everything in angle brackets is removed",
         "Only <br />, written exactly so, becomes a space; all else stays."),
    Rule("tags-removed", lambda text: cut(re.sub("<br */?>", " ", text)), "other ways of writing a line break are "
         "removed too", "Only <br />, written exactly so, becomes a space; all else stays."),
    Rule("numbers-lost", lambda text: [t for t in cut(text) if not t.isdigit()], "numbers are left out",
         "All else stays, digits too."),
    Rule("lines-lost", lambda text: cut(text.split("\n")[0]), "only the first line is cut", "White space is more than "
         "the space: new lines and tabs separate tokens too."),
    Rule("accents-lost", lambda text: cut(unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()),
         "letters lose their accents", "All else stays, accents too."),
    Rule("letters-folded", lambda text: cut(text.casefold()), "letters are replaced, as casefold() does",
         "Small letters are what text.lower() makes."),
    Rule("numbers-lost", lambda text: cut(re.sub(r"\d+", "0", text)), "every number has become 0", "Digits stay."),
    Rule("marks-joined", marks_joined, "marks that follow each other are one token",
         "Each mark is a token of its own."),
    *(Rule("white-space-kept", lambda text, few=few: few_spaces(text, few), f"white space other than {name} does not "
           "separate tokens", "split() without an argument cuts at white space of every kind.")
      for few, name in ((" ", "the space"), (" \t\n\r\f\v", "ASCII's"))),
    Rule("accents-lost", lambda text: cut(text.encode("ascii", "ignore").decode()), "letters outside ASCII are lost",
         "All else stays, accents too."),
)  # fmt: skip


def judge_tokens(subject: Subject, texts: Sequence[str], small: Sequence[str] = ()) -> None:
    """Compare small texts first, each for its own rule, then whole ones; hidden checks use it with other texts."""
    cases = [(text,) for text in (*small, *texts)]
    values = ask(subject, cases, lambda text: f"the text {text!r}")["values"]
    place = first_wrong(values[: len(small)], cases[: len(small)], cut)
    if place is not None and type(values[place]) is list and not explained(values, cases, cut, RULES):
        expect_rule(values[place], small[place])
    place = first_wrong(values, cases, cut)
    if place is not None and [str(token).lower() for token in values[place] or ()] == cut(*cases[place]):
        text = f"in the tokens of {cases[place][0]!r} there are capital letters: {shown(values[place])}"
        raise Failure("case-kept", text, "All letters become small, wherever they stand.")
    judge_lists(values, cases, cut, told=lambda text: f"the tokens of {text!r}", id="wrong-tokens", hint=TABLE,
                rules=RULES)  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- checks
@tokenize.check
def lowers_and_splits(subject: Subject, draw: Draw) -> None:
    """Words are lower-cased, and the marks . , ( ) ! ? are tokens of their own."""
    name, a, b = draw.choice(NAMES), draw.choice(WORDS[:3]), draw.choice(WORDS[3:])
    small = [f"{a}{mark}{b}" for mark in ".,()!?"]
    texts = [f"{name} is {a}, very {a}! Is it  {b} (or not)? It is. The end.", f"  ({b.upper()}!!)  ", f"{name} {a}."]
    judge_tokens(subject, texts, small)


@tokenize.check
def treats_the_rest(subject: Subject, draw: Draw) -> None:
    """The apostrophe is a token; quotation marks vanish; <br />, ; and : become spaces; other marks stay in words."""
    name, a, b = draw.choice(NAMES), draw.choice(WORDS[:3]), draw.choice(WORDS[3:])
    texts = [f"{a}<br />{b}", f"{a} <br /><br /> {b}", f"{name}'s 12\"disc:\n{a};{b}<br />well-known, don't 'miss' it",
             f'{a}\t{b}\n{name}: 3.5 of "10"',
             f"{a}\u00a0{b}\u2003{a}\x0b{b}", f"{a} - {b} -- -{a}- cafe\u0301 B&amp;W"]  # fmt: skip
    judge_tokens(subject, texts, [f"{a}{mark}{b}" for mark in "';:\"-/%&*_"])
