"""Checks of lab 01 about text: tokens, the vocabulary, padded batches.

Letters: b texts of a batch, s tokens. The judge cuts a text letter by letter where answers replace or match patterns.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from lora_utils.checks.framework.compare import Mistake, expect_close
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import call
from lora_utils.checks.framework.subject import StudentRaised, Subject

tokenize = Exercise("tokenise")
vocabulary = Exercise("vocabulary")
padded_batch = Exercise("padded-batch")


class Known(NamedTuple):
    """A recognisable wrong list."""

    id: str
    value: list
    text: str
    hint: str


def expect_list(value, right: list, *, what: str, id: str, hint: str, mistakes: tuple[Known, ...]) -> None:
    """Raise a Failure unless the value is the right list; a recognised mistake has its own message."""
    if type(value) is not list:
        came, told = ("None", "Is a return missing?") if value is None else (f"a {type(value).__name__}", "")
        raise Failure("not-a-list", f"{what} must be a list, got {came}", f"{told} Return one list.".strip())
    if value == right:
        return
    for mistake in mistakes:
        if mistake.value != right and value == mistake.value:
            raise Failure(mistake.id, mistake.text, mistake.hint)
    place = next((i for i, (a, b) in enumerate(zip(value, right, strict=False)) if a != b), min(len(value), len(right)))
    came, want = (repr(one[place]) if place < len(one) else "nothing" for one in (value, right))
    raise Failure(id, f"{what}: number {place} of the list must be {want}, got {came}", hint)


# -------------------------------------------------------------------------------------------------------- tokenise
NAMES = ("Casablanca", "Alien", "Metropolis", "Vertigo", "Rashomon", "Amelie")
WORDS = ("dull", "fine", "slow", "odd", "loud", "warm", "clever")


def cut(text: str, *, lower=True, tag=True, dropped='"', spaces=";:", own=".,()!?'") -> list[str]:
    """The tokens of a text by one walk over its letters; the arguments make the usual mistakes."""
    text = text.lower() if lower else text
    text = "".join(letter for letter in text if letter not in dropped)
    text = text.replace("<br />", " ") if tag else text
    tokens, word = [], ""
    for letter in text + " ":
        if letter in own or letter in spaces or letter.isspace():
            tokens += [word] * bool(word) + [letter] * (letter in own)
            word = ""
        else:
            word += letter
    return tokens


@tokenize.check
def lowers_and_splits(subject: Subject, draw: Draw) -> None:
    """Words are lower-cased, and the marks . , ( ) ! ? are tokens of their own."""
    name, a, b = draw.choice(NAMES), draw.choice(WORDS[:3]), draw.choice(WORDS[3:])
    judge_tokens(subject, f"{name} is {a}, very {a}! Is it  {b} (or not)? It is. The end.")


@tokenize.check
def treats_the_rest(subject: Subject, draw: Draw) -> None:
    """The apostrophe is a token; quotation marks vanish; <br />, ; and : become spaces; other marks stay in words."""
    name, a, b = draw.choice(NAMES), draw.choice(WORDS[:3]), draw.choice(WORDS[3:])
    judge_tokens(subject, f"{name}'s 12\"disc:\n{a};{b}<br />well-known, don't 'miss' it")


def judge_tokens(subject: Subject, text: str) -> None:
    """Compare with the walk over the letters; hidden checks use it with other texts."""
    value = subject.probe(call, args=[text])["value"]
    right = cut(text)
    order = ("Go down the table: is each line of it in your code, a space on both sides of what becomes a token, and "
             "each result kept (text = text.replace(...))? Replace first, split last.")  # fmt: skip
    apart = "Put spaces around each mark before you split, and keep the result: text = text.replace('.', ' . ')."
    mistakes = (
        Known("case-kept", cut(text, lower=False), "capital letters are kept", "Start with text.lower()."),
        Known("not-split-off", cut(text, own="", tag=True, spaces=""), "punctuation stays attached to the words",
              apart),
        Known("not-split-off", text.lower().split(), "it only splits at white space: punctuation stays attached",
              apart),
        Known("not-split-off", text.split(), "it only splits at white space",
              "Lower-case first: text = text.lower() makes a new text, the old one stays as it is. " + apart),
        Known("punctuation-lost", cut(text, spaces=";:.,()!?'", own=""), "punctuation marks are thrown away",
              "The marks . , ( ) ! ? and ' are tokens of their own: an exclamation mark says something about a film."),
        Known("punctuation-lost", cut(text, spaces=";:.,()!?", own="'"), "the marks . , ( ) ! ? are thrown away",
              "They are tokens of their own: replace '.' by ' . ', not by ' '."),
        Known("punctuation-lost", cut(text, dropped="\"'.,()!?;:", own="", spaces=""), "punctuation is thrown away",
              "The marks . , ( ) ! ? and ' are tokens of their own."),
        Known("apostrophe-kept", cut(text, own=".,()!?"), "an apostrophe stays inside its word",
              "basic_english cuts don't into don ' t: replace \"'\" by \" ' \"."),
        Known("apostrophe-lost", cut(text, own=".,()!?", dropped="\"'"), "apostrophes are removed",
              "The apostrophe is a token of its own: don't becomes don ' t."),
        Known("apostrophe-lost", cut(text, own=".,()!?", spaces=";:'"), "apostrophes are removed",
              "The apostrophe is a token of its own: don't becomes don ' t."),
        Known("quotation-mark-kept", cut(text, dropped="", own=".,()!?'\""), "a quotation mark becomes a token",
              'Quotation marks vanish: text.replace(\'"\', "").'),
        Known("quotation-mark-kept", cut(text, dropped=""), "quotation marks stay in the words",
              'Quotation marks vanish: text.replace(\'"\', "").'),
        Known("quotation-mark-spaced", cut(text, dropped="", spaces=';:"'), "a quotation mark cuts a word in two",
              'Quotation marks vanish without a space: text.replace(\'"\', "").'),
        Known("colon-kept", cut(text, spaces="", own=".,()!?';:"), "the semicolon and the colon become tokens",
              "Replace ; and : by a space."),
        Known("colon-kept", cut(text, spaces=""), "the semicolon and the colon stay attached",
              "Replace ; and : by a space."),
        Known("tag-kept", cut(text, tag=False), "the line break <br /> is kept as words",
              "Replace '<br />' by a space: it is layout, not text."),
        Known("words-joined", cut(text.replace("<br />", "")), "<br /> is removed without leaving a space: two words "
              "become one", "Replace '<br />' by a space."),
        Known("words-joined", cut(text, dropped='";:', spaces=""), "the semicolon and the colon are removed without "
              "leaving a space: two words become one", "Replace ; and : by a space."),
        Known("hyphen-split", cut(text, own=".,()!?'-"), "a hyphen cuts its word", "Other marks stay in words."),
        Known("hyphen-split", cut(text, spaces=";:-"), "a hyphen cuts its word",
              "Other marks stay in their words: a pattern such as \\w+ cuts too much."),
        Known("order-lost", sorted(set(right)), "the tokens are sorted, each once", "Keep order and repetitions."),
    )  # fmt: skip
    if type(value) is list and "" in value and [token for token in value if token] == right:
        raise Failure("empty-tokens", "some tokens are empty texts", "split(' ') finds an empty text between two "
                      "spaces; split() does not.")  # fmt: skip
    expect_list(value, right, what=f"the tokens of {text!r}", id="wrong-tokens", hint=order, mistakes=mistakes)


# ------------------------------------------------------------------------------------------------------ vocabulary
SPECIALS = ["<pad>", "<unk>"]
POOL = ("bird", "cat", "dog", "eel", "fox", "gnu", "hen", "ibis", "jay", "kite", "lynx", "mole")


def vocabulary_call(build, numbers, *, which: str, args: list) -> dict:
    """Probe: call one of the two functions."""
    return {"value": {"build": build, "numbers": numbers}[which](*args)}


def corpus_case(draw: Draw, *, special_inside: bool = False) -> list[list[str]]:
    """Texts whose tokens tell frequency, order of appearance, alphabet and number of texts apart."""
    start = draw.integer(0, 4)
    a, b, c, d, e, f, g, h = POOL[start : start + 8]
    texts = [[h, h, h, h, h, h, h, e, d], [f, e, d, a, b], [f, e, d, a], [f, g, c, f, b]]
    if special_inside:
        texts[1] += ["<unk>", "<unk>", "<unk>"]
    return texts


@vocabulary.check
def orders(subject: Subject, draw: Draw) -> None:
    """Specials come first, then the tokens from frequent to rare, equally frequent ones in alphabetical order."""
    judge_vocabulary(subject, corpus_case(draw), 1)


@vocabulary.check
def cuts(subject: Subject, draw: Draw) -> None:
    """Tokens that occur less than min_freq times are left out."""
    judge_vocabulary(subject, corpus_case(draw), 2)
    judge_vocabulary(subject, corpus_case(draw), 3)


def judge_vocabulary(subject: Subject, texts: list[list[str]], least: int) -> None:
    """Compare the list of tokens; hidden checks use it with a special token that occurs in the texts."""
    value = subject.probe(vocabulary_call, which="build", args=[texts, list(SPECIALS), least])["value"]
    flat = [token for text in texts for token in text]
    seen = [token for token in dict.fromkeys(flat) if token not in SPECIALS]  # in order of appearance
    often = {token: flat.count(token) for token in set(flat)}
    held = {token: sum(token in text for text in texts) for token in set(flat)}

    def ordered(key, tokens=None, floor=least) -> list[str]:
        return sorted([t for t in (seen if tokens is None else tokens) if often[t] >= floor], key=key)

    right = SPECIALS + ordered(lambda t: (-often[t], t))
    ties = "Sort by two things at once: key=lambda token: (-count[token], token)."
    mistakes = (
        Known("rare-first", SPECIALS + ordered(lambda t: (often[t], t)), "rare tokens come first",
              "Frequent tokens get low numbers: sort by the negative count."),
        Known("ties-by-appearance", SPECIALS + ordered(lambda t: -often[t]), "equally frequent tokens stand in the "
              "order of their appearance: another order of the texts would give another vocabulary", ties),
        Known("ties-reversed", SPECIALS + sorted(ordered(lambda t: t), key=lambda t: (often[t], t), reverse=True),
              "equally frequent tokens stand in reverse alphabetical order",
              "reverse=True turns the alphabet too. " + ties),
        Known("alphabetical", SPECIALS + ordered(lambda t: t), "the tokens are sorted by the alphabet alone", ties),
        Known("not-sorted", SPECIALS + ordered(lambda t: 0), "the tokens stand in the order of appearance", ties),
        Known("texts-counted", SPECIALS + sorted([t for t in seen if held[t] >= least], key=lambda t: (-held[t], t)),
              "it counts the texts that hold a token, not its occurrences",
              "Count every occurrence: Counter.update(tokens), not update(set(tokens))."),
        Known("specials-last", right[2:] + SPECIALS, "the specials stand at the end",
              "Padding is number 0 and the unknown token 1 by convention: specials first."),
        Known("specials-missing", right[2:], "the specials are missing", "Start with them: specials + tokens."),
        Known("off-by-one", SPECIALS + ordered(lambda t: (-often[t], t), floor=least + 1),
              f"tokens that occur exactly min_freq = {least} times are left out", "Keep count >= min_freq."),
        Known("rare-kept", SPECIALS + ordered(lambda t: (-often[t], t), floor=1), "rare tokens are kept",
              f"With min_freq={least}, leave out what occurs less often."),
        Known("special-twice", SPECIALS + ordered(lambda t: (-often[t], t), dict.fromkeys(flat)),
              "a special that occurs in the texts is listed twice", "Skip tokens that are specials."),
    )  # fmt: skip
    expect_list(value, right, what=f"the vocabulary with min_freq={least}", id="wrong-vocabulary", hint=ties,
                mistakes=mistakes)  # fmt: skip


@vocabulary.check
def numbers_tokens(subject: Subject, draw: Draw) -> None:
    """A token's number is its place in the vocabulary; a token that is not there gets the number of <unk>."""
    words = [POOL[i] for i in draw.order(9)]
    known, strange = words[:6], words[6:]
    listed = [*SPECIALS, *known]
    tokens = [known[3], strange[0], known[0], known[3], strange[1], known[5]]
    right = [5, 1, 2, 5, 1, 7]
    stays = "Every token keeps its place: look up with numbers.get(token, the number of <unk>)."
    try:
        value = subject.probe(vocabulary_call, which="numbers", args=[tokens, listed])["value"]
    except StudentRaised as error:
        if error.kind == "KeyError" or "not in list" in error.text:
            raise Failure("unknown-raises", f"for an unlisted token your code raised {error}", stays) from None
        raise
    mistakes = (
        Known("unknown-dropped", [5, 2, 5, 7], "unknown tokens are dropped", stays),
        Known("unknown-is-padding", [n if n != 1 else 0 for n in right], "unknown tokens get number 0, the padding",
              "Padding is masked away later; an unknown word is a word. " + stays),
        Known("unknown-is-none", [n if n != 1 else None for n in right], "unknown tokens give None", stays),
        Known("unknown-is-negative", [n if n != 1 else -1 for n in right], "unknown tokens get -1",
              "An embedding has no row -1. " + stays),
        Known("unknown-beyond", [n if n != 1 else len(listed) for n in right], "unknown tokens get a number beyond "
              "the vocabulary", "An embedding has no such row. " + stays),
        Known("specials-not-counted", [n - 2 if n != 1 else 1 for n in right], "numbers start after the specials",
              "A token's number is its place in the whole list, specials included."),
        Known("counted-from-one", [n + 1 for n in right], "numbers start at 1", "The first place is number 0."),
    )  # fmt: skip
    expect_list(value, right, what=f"the numbers of {tokens} in {listed}", id="wrong-numbers", hint=stays,
                mistakes=mistakes)  # fmt: skip


# ---------------------------------------------------------------------------------------------------- padded-batch
def rows_case(draw: Draw, lengths: tuple[int, ...], pad_id: int) -> list[list[int]]:
    """Rows of drawn ids; one real token has the number of the padding."""
    rows = [draw.integers(10, 99, length).tolist() for length in lengths]
    rows[0][0] = pad_id
    return rows


@padded_batch.check
def pads(subject: Subject, draw: Draw) -> None:
    """ids (b, s) holds each row from the left and pad_id after it, s being the longest row."""
    judge_padding(subject, rows_case(draw, (3, 5, 2, 4), draw.integer(3, 9)), 0)


@padded_batch.check
def masks(subject: Subject, draw: Draw) -> None:
    """mask (b, s) is True for real tokens and False for padding, whatever number a real token has."""
    judge_padding(subject, rows_case(draw, (3, 5, 2, 4), draw.integer(3, 9)), 1)


def judge_padding(subject: Subject, rows: list[list[int]], which: int) -> None:
    """Compare ids (0) or mask (1); the first token of the first row has the number of the padding."""
    pad_id = rows[0][0]
    try:
        value = subject.probe(call, args=[rows, pad_id])["value"]
    except StudentRaised as error:
        if error.kind == "ValueError" and "expected sequence of length" in error.text:
            raise Failure("rows-unequal", f"your code raised {error}", "torch.tensor takes rows of equal length only: "
                          "make the full tensor first and write each row into it.") from None  # fmt: skip
        raise
    if type(value) is not list or len(value) != 2 or not all(isinstance(v, torch.Tensor) for v in value):
        raise Failure("not-a-pair", "expected two tensors, (ids, mask)", "Write return ids, mask. Both are tensors.")
    ids, mask = value
    long, short = max(map(len, rows)), min(map(len, rows))

    def filled(width: int, pad: int, left: bool = False) -> torch.Tensor:
        fill = [[pad] * (width - len(row)) for row in rows]
        return torch.tensor([(f + r if left else r + f)[:width] for f, r in zip(fill, rows, strict=True)])

    real = torch.tensor([[1] * len(row) + [0] * (long - len(row)) for row in rows])
    if which == 0:
        if ids.is_floating_point():
            raise Failure("ids-float", "ids holds floating-point numbers, which an embedding refuses",
                          "Make it of integers: torch.full(..., dtype=torch.long).")  # fmt: skip
        mistakes = (
            Mistake("padded-left", filled(long, pad_id, left=True), "the padding stands on the left",
                    "Start each row at place 0: ids[i, :len(row)] = torch.tensor(row)."),
            Mistake("pad-id-ignored", filled(long, 0), f"padding is 0 where pad_id={pad_id} was asked for",
                    "Fill with pad_id: torch.full((b, s), pad_id)."),
            Mistake("cut-to-shortest", filled(short, pad_id), "rows are cut to the shortest",
                    "s is the length of the longest row: nothing is cut."),
            Mistake("column-too-many", filled(long + 1, pad_id), "there is a column of padding too many",
                    "s is the length of the longest row, not one more."),
            Mistake("swapped", real, "the mask comes first", "ids first: return ids, mask."),
        )  # fmt: skip
        hint = "Make a tensor full of pad_id and write each row into its beginning."
        expect_close(ids, filled(long, pad_id), what="ids", id="wrong-ids", hint=hint, mistakes=mistakes)
        return
    from_ids = (filled(long, pad_id) != pad_id).long()
    lengths = "Take the mask from the lengths of the rows: mask[i, :len(row)] = True."
    mistakes = (
        Mistake("mask-inverted", 1 - real, "the mask is True for padding", "True means: a real token."),
        Mistake("mask-from-ids", from_ids, f"a real token that has the number {pad_id} of the padding is masked away",
                lengths),
        Mistake("mask-inverted", 1 - from_ids, "the mask is True where ids equal pad_id", "True means: a real token."),
        Mistake("mask-all-true", torch.ones_like(real), "the mask is True everywhere", lengths),
        Mistake("mask-all-false", torch.zeros_like(real), "the mask is False everywhere", lengths),
        Mistake("mask-off-by-one", torch.tensor([([1] * (len(r) - 1) + [0] * long)[:long] for r in rows]),
                "the last real token of each row is masked away", lengths),
        Mistake("mask-off-by-one", (torch.arange(long) <= torch.tensor([[len(r)] for r in rows])).long(),
                "the first padding of each row counts as real", "Places are counted from 0: place < length."),
        Mistake("mask-left", real.flip(1), "the mask has its padding on the left", lengths),
        Mistake("mask-is-lengths", torch.tensor([len(r) for r in rows]), "it holds the lengths of the rows, (b,)",
                "The mask has a truth value for every place, (b, s)."),
        Mistake("mask-for-scores", (real - 1) * float("1e9"), "it holds 0 and a huge negative number",
                "That is the form that is added to attention scores. Here: True and False."),
    )  # fmt: skip
    expect_close(mask, real, what="mask", id="wrong-mask", hint=lengths, mistakes=mistakes)
