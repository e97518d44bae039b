"""Checks of lab 01: the vocabulary of some texts, and looking tokens up in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import CaseRaised, Rule, ask, first_wrong
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_01_baselines.lists import judge_lists

vocabulary = Exercise("vocabulary")

SPECIALS = ["<pad>", "<unk>"]
# In alphabetical order, and in no other: neither by length nor by the last letter.
POOL = (
    "a",
    "bird",
    "birds",
    "cat",
    "do",
    "dog",
    "eel",
    "f",
    "fox",
    "gnu",
    "gnus",
    "hen",
    "ibis",
    "jay",
    "kite",
    "lynx",
)


def vocabulary_call(build, numbers, *, which: str, cases: list) -> dict:
    """Probe: call one of the two functions for each case."""
    function = {"build": build, "numbers": numbers}[which]
    return {"values": [function(*case) for case in cases]}


# ------------------------------------------------------------------------------------------------------- the vocabulary
def corpus(draw: Draw, words: int = 8) -> list[list[str]]:
    """Texts whose tokens tell frequency, order of appearance, alphabet and number of texts apart."""
    pool = [POOL[i] for i in draw.order(len(POOL))[:words]]
    often = [[7, 3, 3, 3, 2, 2, 1, 1, 1][i % 9] for i in range(words)]
    texts = [[pool[0]] * often[0], [], [], []]  # the most frequent token stands in one text only
    for word, count in list(zip(pool, often, strict=True))[1:]:
        for _ in range(count):
            texts[draw.integer(1, 3)].append(word)
    return [[text[i] for i in draw.order(len(text))] for text in texts]


class Counts:
    """How often each token occurs in some texts, and in how many of them, by counting each token anew."""

    def __init__(self, texts: list[list[str]], specials: list[str], least: int = 1) -> None:
        self.flat, self.specials, self.least = [token for text in texts for token in text], list(specials), least
        self.often = {token: self.flat.count(token) for token in self.flat}
        self.held = {token: sum(token in text for text in texts) for token in self.flat}
        self.kept = [t for t in self.often if self.often[t] >= least and t not in specials]  # in order of appearance

    def by(self, key: Callable, tokens: list[str] | None = None, **how) -> list[str]:
        """The specials, then the tokens by some key; `key` gets the counts too."""
        return self.specials + sorted(
            self.kept if tokens is None else tokens, key=lambda t: key(self.often[t], t), **how
        )


def right(*case) -> list[str]:
    """The specials, then frequent tokens first, ties by the alphabet."""
    return Counts(*case).by(lambda n, t: (-n, t))


def texts_counted(*case) -> list[str]:
    """The same with the number of texts that hold a token."""
    counts = Counts(*case)
    kept = [t for t in counts.held if counts.held[t] >= counts.least and t not in counts.specials]
    return counts.specials + sorted(kept, key=lambda t: (-counts.held[t], t))


def with_floor(more: Callable[[int], int]) -> Callable[..., list[str]]:
    """The same with another bound than min_freq."""
    return lambda texts, specials, least=1: right(texts, specials, more(least))


def only_special_kept(texts: list[list[str]], specials: list[str], least: int = 1) -> list[str]:
    """The same without those specials that do not occur in the texts."""
    counts = Counts(texts, specials, least)
    return [s for s in specials if counts.often.get(s, 0) >= least] + right(texts, specials, least)[len(specials) :]


def listed_twice(*case) -> list[str]:
    """The same with specials that occur in the texts listed again among the tokens."""
    counts = Counts(*case)
    return counts.by(lambda n, t: (-n, t), [t for t in counts.often if counts.often[t] >= counts.least])


def at_most(texts: list[list[str]], specials: list[str], least: int = 1) -> list[str]:
    """The tokens that occur at most min_freq times."""
    counts = Counts(texts, specials)
    return counts.by(lambda n, t: (-n, t), [t for t in counts.kept if counts.often[t] <= least])


def special_in_place(*case) -> list[str]:
    """The same with specials that occur in the texts among the tokens, and not at the front."""
    counts = Counts(*case)
    return [s for s in counts.specials if counts.often.get(s, 0) < counts.least] + listed_twice(*case)[len(case[1]) :]


TIES = "Tokens of equal frequency stand in alphabetical order: sort by two things at once, frequency and token."
FIRST = "The specials come first, in the order given: padding is number 0 by convention."
RULES = (
    Rule("rare-first", lambda *c: Counts(*c).by(lambda n, t: (n, t)), "rare tokens come first",
         "Frequent tokens get low numbers: sort by the count, falling."),
    Rule("ties-by-appearance", lambda *c: Counts(*c).by(lambda n, t: -n), "equally frequent tokens stand in the "
         "order of their appearance: another order of the texts would give another vocabulary", TIES),
    Rule("ties-reversed", lambda *c: Counts(*c).by(lambda n, t: (n, t), reverse=True), "equally frequent tokens stand "
         "in reverse alphabetical order", "reverse=True turns the alphabet too. " + TIES),
    Rule("ties-by-length", lambda *c: Counts(*c).by(lambda n, t: (-n, len(t), t)), "equally frequent tokens stand by "
         "their length", TIES),
    Rule("alphabetical", lambda *c: Counts(*c).by(lambda n, t: t), "the tokens are sorted by the alphabet alone", TIES),
    Rule("not-sorted", lambda *c: Counts(*c).by(lambda n, t: 0), "the tokens stand in the order of appearance", TIES),
    Rule("texts-counted", texts_counted, "it counts the texts that hold a token, not its occurrences",
         "Count every occurrence, those within one text too."),
    Rule("specials-last", lambda *c: right(*c)[len(c[1]) :] + list(c[1]), "the specials stand at the end", FIRST),
    Rule("specials-missing", lambda *c: right(*c)[len(c[1]) :], "the specials are missing", FIRST),
    Rule("specials-missing", lambda *c: right(c[0], [], *c[2:]), "the specials are not put in front", FIRST),
    Rule("specials-sorted", lambda *c: sorted(c[1]) + right(*c)[len(c[1]) :], "the specials are sorted", FIRST),
    Rule("specials-sorted", lambda *c: list(c[1])[::-1] + right(*c)[len(c[1]) :], "the specials stand in reverse order",
         FIRST),
    Rule("specials-fixed", lambda *c: SPECIALS + right(*c)[len(c[1]) :], "the specials are always <pad> and <unk>",
         "They are an argument: take them as they are given, any number of them."),
    Rule("specials-fixed", lambda *c: SPECIALS + right(c[0], SPECIALS, *c[2:])[2:], "the specials are always <pad> and "
         "<unk>", "They are an argument: take them as they are given, any number of them."),
    Rule("specials-fixed", lambda *c: [*c[1], *[t for t in right(c[0], [], *c[2:]) if t not in SPECIALS]], "only <pad> "
         "and <unk> are taken for specials", "They are an argument: take them as they are given, any number of them."),
    Rule("special-twice", listed_twice, "a special that occurs in the texts is listed twice",
         "A special has one place, at the front."),
    Rule("special-moved", special_in_place, "a special that occurs in the texts is moved among the tokens",
         "A special has one place, at the front."),
    Rule("special-dropped", lambda *c: [s for s in c[1] if s not in Counts(*c).often] + right(*c)[len(c[1]) :],
         "a special that occurs in the texts is left out", "Every special keeps its place at the front."),
    Rule("special-dropped", only_special_kept, "specials that occur less than min_freq times are left out",
         "Every special keeps its place at the front, however often it occurs."),
    Rule("off-by-one", with_floor(lambda least: least + 1), "tokens that occur exactly min_freq times are left out",
         "At least min_freq times: that count itself is enough."),
    Rule("off-by-one", with_floor(lambda least: least - 1), "tokens that occur once less than min_freq are kept",
         "At least min_freq times: one less is too few."),
    Rule("rare-kept", with_floor(lambda least: 1), "rare tokens are kept whatever min_freq says",
         "Leave out what occurs less than min_freq times."),
    Rule("bound-fixed", with_floor(lambda least: 2), "the bound is always 2", "The bound is the argument min_freq."),
    Rule("bound-fixed", lambda *c: right(c[0], c[1], 2 if len(c) < 3 else c[2]), "without min_freq the bound is 2",
         "The default is min_freq=1: every token is kept."),
    Rule("frequent-dropped", at_most, "tokens that occur more than min_freq times are left out, and rarer ones kept",
         "min_freq is a lower bound."),
    Rule("last-text-only", lambda *c: right(c[0][-1:], *c[1:]), "only the last text is counted", "Is there one Counter "
         "for all texts, made before the loop?"),
    Rule("first-text-only", lambda *c: right(c[0][:1], *c[1:]), "only the first text is counted",
         "Is there a return or "
         "a break inside the loop over the texts?"),
    Rule("letters-counted", lambda *c: right([list("".join(text)) for text in c[0]], *c[1:]), "it counts letters",
         "A text is a list of tokens already: count those."),
    Rule("letters-counted", lambda *c: right([list(" ".join(text)) for text in c[0]], *c[1:]), "it counts letters",
         "A text is a list of tokens already: count those."),
    Rule("tokens-repeated", lambda *c: list(c[1]) + [t for t in right(*c)[len(c[1]) :] for _ in
         range(Counts(*c).often[t])], "a token is listed as often as it occurs", "Each token has one place."),
)  # fmt: skip

COUNTED = [["hen"] * 4 + ["cat"] * 3, ["do", "cat", "gnu"], ["do", "fox"]]  # 4, 4, 2, 1 and 1 times
BOUNDS = tuple((COUNTED, SPECIALS, *least) for least in ((), (1,), (2,), (3,), (5,)))


def judge_vocabulary(subject: Subject, cases: Sequence[tuple]) -> None:
    """Compare the lists for all cases; hidden checks use it with other specials, and specials that occur in texts."""

    def told(texts: list[list[str]], specials: list[str], *least: int) -> str:
        bound = f", min_freq={least[0]}" if least else ""
        return f"build_vocabulary({texts}, {specials}{bound})"

    values = ask(subject, cases, told, vocabulary_call, which="build")["values"]
    if first_wrong(values, cases, right) is not None:  # several mistakes agree on one bound alone
        values += subject.tried(vocabulary_call, which="build", cases=[list(case) for case in BOUNDS]).get("values", [])
        cases = [*cases, *BOUNDS][: len(values)]
    judge_lists(values, cases, right, told=told, id="wrong-vocabulary", rules=RULES, hint="The specials as they are "
                "given, then every other token that occurs often enough, frequent ones first.")  # fmt: skip


@vocabulary.check
def orders(subject: Subject, draw: Draw) -> None:
    """Specials come first, then the tokens from frequent to rare, equally frequent ones in alphabetical order."""
    cases = [(corpus(draw, 5 + i % 4), list(SPECIALS)) for i in range(8)] + [(corpus(draw, 16), list(SPECIALS))]
    judge_vocabulary(subject, [*cases, ([*corpus(draw), ["!", "3", "3.", "!!", "!", "-"]], list(SPECIALS))])


@vocabulary.check
def cuts(subject: Subject, draw: Draw) -> None:
    """Tokens that occur less than min_freq times are left out."""
    judge_vocabulary(subject, [(corpus(draw), list(SPECIALS), least) for least in (2, 3, 1, 4, 9, 0) for _ in range(2)])


# ------------------------------------------------------------------------------------------------------- looking up
def lookup_case(draw: Draw, specials: list[str], unknown: int = 3) -> tuple[list[str], list[str]]:
    """Tokens to look up, specials among them, and the list; so many of the tokens are not in it."""
    words = [POOL[i] for i in draw.order(12)]
    known, strange = words[:6], words[6 : 6 + unknown]
    tokens = [*specials, known[3], *strange, known[0], known[3], *strange[:1], known[5]]
    return [tokens[i] for i in draw.order(len(tokens))], [*specials, *known]


def place_of(token: str, listed: list[str]) -> int:
    """The place of a token, by comparing it with one entry after the other."""
    for place, entry in enumerate(listed):
        if entry == token:
            return place
    return place_of("<unk>", listed)


def numbered(tokens: list[str], listed: list[str]) -> list[int]:
    """The numbers of the tokens."""
    return [place_of(token, listed) for token in tokens]


def unknown_as(other: Callable[[list[str]], object]) -> Callable[..., list]:
    """A rule that gives unknown tokens something else."""
    return lambda tokens, listed: [place_of(t, listed) if t in listed else other(listed) for t in tokens]


def numbered_on(tokens: list[str], listed: list[str]) -> list[int]:
    """The numbers when an unknown token is put at the end of the list."""
    listed = [*listed, *dict.fromkeys(token for token in tokens if token not in listed)]
    return [place_of(token, listed) for token in tokens]


UNKNOWN = 'Every token keeps its place in the text; an unknown one gets the place of "<unk>", wherever that is.'
LOOKUP = (
    Rule("unknown-dropped", lambda tokens, listed: [place_of(t, listed) for t in tokens if t in listed],
         "unknown tokens are dropped", UNKNOWN),
    Rule("unknown-fixed", unknown_as(lambda listed: 1), "unknown tokens get number 1, whatever stands there", UNKNOWN),
    Rule("unknown-is-padding", unknown_as(lambda listed: 0), "unknown tokens get number 0, the padding",
         "Padding is masked away later; an unknown word is a word. " + UNKNOWN),
    Rule("unknown-is-none", unknown_as(lambda listed: None), "unknown tokens give None", UNKNOWN),
    Rule("unknown-is-text", unknown_as(lambda listed: "<unk>"), "unknown tokens give the text '<unk>'", UNKNOWN),
    Rule("unknown-is-negative", unknown_as(lambda listed: -1), "unknown tokens get -1",
         "An embedding has no row -1. " + UNKNOWN),
    Rule("unknown-beyond", unknown_as(len), "unknown tokens get a number beyond the vocabulary",
         "An embedding has no such row. " + UNKNOWN),
    Rule("unknown-numbered", numbered_on, "unknown tokens get new numbers, one after the other", UNKNOWN),
    Rule("all-unknown", lambda tokens, listed: [place_of("<unk>", listed)] * len(tokens), "every token gets the number "
         "of <unk>", "The dictionary is to lead from token to place, not from place to token; and one unknown token "
         "must not make the others unknown."),
    Rule("first-place-lost", lambda tokens, listed: [place_of(t, listed) or place_of("<unk>", listed) for t in tokens],
         "the token at place 0 is taken for an unknown one", "0 counts as false in Python: ask whether the token is in "
         "the list, not whether its number is true."),
    Rule("specials-not-counted", lambda tokens, listed: [place_of(t, listed) - (2 if place_of(t, listed) > 1 else 0)
         for t in tokens], "numbers start after the specials", "A token's number is its place in the whole list."),
    Rule("counted-from-one", lambda tokens, listed: [n + 1 for n in numbered(tokens, listed)], "numbers start at 1",
         "The first place is number 0."),
    Rule("each-once", lambda tokens, listed: numbered(list(dict.fromkeys(tokens)), listed), "a token that occurs again "
         "is left out", "One number for each token of the text."),
    Rule("sorted", lambda tokens, listed: sorted(numbered(tokens, listed)), "the numbers are sorted",
         "Keep the order of the tokens."),
    Rule("tokens-returned", lambda tokens, listed: [listed[n] for n in numbered(tokens, listed)], "it returns tokens, "
         "not their places", "The result holds whole numbers."),
)  # fmt: skip


@vocabulary.check
def numbers_tokens(subject: Subject, draw: Draw) -> None:
    """A token's number is its place in the vocabulary; a token that is not there gets the number of <unk>."""
    (tokens, listed), *cases = [lookup_case(draw, list(SPECIALS)) for _ in range(7)]
    judge_numbers(subject, [*cases, ([token.upper() for token in tokens], listed), ([], listed)])


def judge_numbers(subject: Subject, cases: Sequence[tuple]) -> None:
    """Compare the numbers for all cases; hidden checks use it with other specials."""

    def told(tokens: list[str], listed: list[str]) -> str:
        return f"numbers({tokens}, {listed})"

    try:
        values = ask(subject, cases, told, vocabulary_call, which="numbers")["values"]
    except CaseRaised as error:
        if set(error.case[0]) - set(error.case[1]) and (error.kind == "KeyError" or "not in list" in error.text):
            text = f"for {told(*error.case)}, which has unlisted tokens, your code raised {error.error}"
            raise Failure("unknown-raises", text, UNKNOWN) from None
        raise
    judge_lists(values, cases, numbered, told=told, id="wrong-numbers", hint=UNKNOWN, rules=LOOKUP)
