"""Checks of lab 08: the bytes of a QLoRA step, calculated.

Letters: L numbers in linear layers, E numbers elsewhere, T trained numbers, s bytes of one of Adam's states.
Each kind of number is looked at alone first, so that a message is about the kind that is counted wrongly.
"""

from __future__ import annotations

import math

from lora_utils.checks import Draw, Exercise, Failure, Subject
from lora_utils.checks.framework.compare import expect_number
from lora_utils.checks.framework.many_cases import Rule, expect_all

step_bytes = Exercise("step-bytes")
SHARES = (
    Rule("double-forgotten", lambda b, g: 4 + 32 / b, "every block's scale is counted in 32 bits, and nothing above it",
         "Double quantisation stores it in 8 bits, and one 32-bit number for `group` of them."),
    Rule("levels-exchanged", lambda b, g: 4 + 32 / b + 8 / (b * g), "a block's scale is counted in 32 bits and a "
         "group's number in 8", "The other way round: many scales of 8 bits, few numbers of 32."),
    Rule("scales-in-32-bits", lambda b, g: 4 + 32 / b + 32 / (b * g), "a block's scale is counted in 32 bits",
         "The scales are stored in 8 bits each; only a group's one number has 32."),
    Rule("second-level-in-8-bits", lambda b, g: 4 + 8 / b + 8 / (b * g), "a group's number is counted in 8 bits",
         "Only the blocks' scales have 8 bits."),
    Rule("second-level-forgotten", lambda b, g: 4 + 8 / b, "the 32-bit number of each group is missing",
         "Every group of blocks has one, which all numbers of all its blocks share."),
    Rule("scales-forgotten", lambda b, g: 4 + 32 / (b * g), "the 8-bit scale of each block is missing",
         "Two levels are stored: a scale a block, and a number a group of blocks."),
    Rule("group-of-numbers", lambda b, g: 4 + 8 / b + 32 / g, "the second level is shared by `group` blocks, not by "
         "`group` numbers", "How many numbers does a group of blocks have?"),
    Rule("codes-forgotten", lambda b, g: 8 / b + 32 / (b * g), "the codes themselves, 4 bits, are missing",
         "The scales come on top of them."),
    Rule("bytes-not-bits", lambda b, g: (4 + 8 / b + 32 / (b * g)) / 8, "that is bytes, not bits",
         "Leave out the division by 8."),
    Rule("bytes-not-bits", lambda b, g: 0.5 + 1 / b + 4 / (b * g), "that is bytes, not bits", "Count in bits."),
    Rule("bytes-not-bits", lambda b, g: 4 + 1 / b + 4 / (b * g), "the codes are counted in bits and the scales in "
         "bytes", "Count everything in bits."),
    Rule("not-shared", lambda b, g: 44, "every number is charged a whole scale", "A block's numbers share its scale."),
    Rule("not-shared", lambda b, g: 12 + 32 / g, "every number is charged a whole scale", "A block shares its scale."),
    Rule("not-shared", lambda b, g: 4 + 8 * b + 32 * b * g, "shares are multiplied: the larger a block, the less a "
         "number pays", "Divide by how many numbers share it."),
    Rule("whole-division", lambda b, g: 4 + 8 // b + 32 // (b * g), "// throws the fractions away", "Divide with /."),
    Rule("whole-division", lambda b, g: 4 + 8 // b + 32 / (b * g), "// throws a fraction away", "Divide with /."),
    Rule("arguments-ignored", lambda b, g: 4.126953125, "the result is that of blocks of 64 in groups of 256, whatever "
         "block and group say", "Calculate with the arguments."),
    Rule("arguments-ignored", lambda b, g: 4 + 8 / b + 32 / (b * 256), "the result is that of groups of 256, whatever "
         "group says", "Calculate with the argument."),
    Rule("arguments-ignored", lambda b, g: 4 + 8 / 64 + 32 / (64 * g), "the result is that of blocks of 64, whatever "
         "block says", "Calculate with the argument."),
    Rule("rounded", lambda b, g: round(4 + 8 / b + 32 / (b * g), 3), "the result is rounded", "Return it as it is."),
    Rule("rounded", lambda b, g: round(4 + 8 / b + 32 / (b * g), 2), "the result is rounded", "Return it as it is."),
)  # fmt: skip
BITS_AS_BYTES = "The arguments say bits; the result is in bytes, of 8 bits each."
OF_THE_FROZEN = "Frozen numbers have neither a gradient nor states; only the trained ones do."
LINEAR = (  # a number's bytes, from its bits and the bytes of a state
    Rule("bits-as-bytes", lambda bits, s: bits, "the linear layers' bits are counted as bytes", BITS_AS_BYTES),
    Rule("bits-as-bytes", lambda bits, s: 8 * bits, "bits are multiplied by 8 where bytes are wanted", BITS_AS_BYTES),
    Rule("bits-ignored", lambda bits, s: 0.5, "the linear layers are counted in 4 bits, whatever `bits` says",
         "The argument holds the shares of the scales too."),
    Rule("bits-ignored", lambda bits, s: 4.126953125 / 8, "the linear layers are counted in 4.127 bits, whatever "
         "`bits` says", "Calculate with the argument."),
    Rule("bits-ignored", lambda bits, s: 4.127 / 8, "the linear layers are counted in 4.127 bits, whatever `bits` says",
         "Calculate with the argument."),
    Rule("bits-ignored", lambda bits, s: 2, "the linear layers are counted in 16 bits", "They have `bits` bits each."),
    Rule("bits-rounded", lambda bits, s: int(bits) / 8, "the bits are rounded down first", "Use them as they are."),
    Rule("bits-rounded", lambda bits, s: bits // 8, "// throws the fractions of bytes away", "Divide with /."),
    Rule("linear-forgotten", lambda bits, s: 0, "the linear layers are not counted", "They are most of the model."),
    Rule("gradients-of-all", lambda bits, s: bits / 8 + 4, "the frozen numbers have gradients too", OF_THE_FROZEN),
    Rule("gradients-of-all", lambda bits, s: bits / 8 + 4 + 2 * s, "the frozen numbers have gradients and states too",
         OF_THE_FROZEN),
    Rule("states-of-all", lambda bits, s: bits / 8 + 2 * s, "the frozen numbers have optimiser states too",
         OF_THE_FROZEN),
)  # fmt: skip
OTHER = (
    Rule("bits-as-bytes", lambda bits, s: 16, "16 bits are counted as 16 bytes", BITS_AS_BYTES),
    Rule("other-in-4-bits", lambda bits, s: bits / 8, "embeddings and norms are counted in 4 bits",
         "Only linear layers are stored in 4 bits; the rest has 16."),
    Rule("other-in-4-bits", lambda bits, s: 0.5, "embeddings and norms are counted in 4 bits", "They have 16."),
    Rule("other-in-32-bits", lambda bits, s: 4, "embeddings and norms are counted in 32 bits", "They have 16 bits."),
    Rule("other-forgotten", lambda bits, s: 0, "embeddings and norms are not counted", "They have 16 bits each."),
    Rule("gradients-of-all", lambda bits, s: 6, "embeddings and norms have gradients too", OF_THE_FROZEN),
    Rule("gradients-of-all", lambda bits, s: 6 + 2 * s, "embeddings and norms have gradients and states too",
         OF_THE_FROZEN),
    Rule("trained-with-the-path", lambda bits, s: 10 + 2 * s, "embeddings and norms are counted as if they were "
         "trained as well", OF_THE_FROZEN),
    Rule("states-of-all", lambda bits, s: 2 + 2 * s, "embeddings and norms have optimiser states too", OF_THE_FROZEN),
)  # fmt: skip
TRAINED = (
    Rule("one-state", lambda bits, s: 8 + s, "Adam remembers one number a trained number here",
         "It remembers two: the mean of the gradients and that of their squares."),
    Rule("states-forgotten", lambda bits, s: 8, "the optimiser's states are missing", "Adam has two a trained number."),
    Rule("state-bytes-ignored", lambda bits, s: 16, "the states are counted in 4 bytes, whatever `state_bytes` says",
         "Calculate with the argument."),
    Rule("states-in-bits", lambda bits, s: 8 + s / 4, "state_bytes is divided by 8", "It is bytes already."),
    Rule("states-twice", lambda bits, s: 8 + 4 * s, "four states are counted a trained number", "Adam has two."),
    Rule("four-bytes-missing", lambda bits, s: 4 + 2 * s, "4 bytes of every trained number are missing: its gradient, "
         "or the factor itself, or both are counted in 16 bits", "Factors are weights, and have gradients: both have "
         "32 bits."),
    Rule("path-in-16-bits", lambda bits, s: 6 + 2 * s, "the factors, or their gradients, are counted in 16 bits",
         "Both have 32 bits."),
    Rule("path-in-4-bits", lambda bits, s: bits / 8 + 4 + 2 * s, "the factors are counted in `bits` bits",
         "Only the frozen linear layers are stored so; what is trained has 32 bits."),
    Rule("states-alone", lambda bits, s: 2 * s, "the factors and their gradients are missing, or are counted with "
         "other numbers", "Factors are weights, and have gradients."),
    Rule("bits-as-bytes", lambda bits, s: 64 + 2 * s, "32 bits are counted as 32 bytes", BITS_AS_BYTES),
    Rule("bits-as-bytes", lambda bits, s: 36 + 2 * s, "32 bits are counted as 32 bytes", BITS_AS_BYTES),
    Rule("bits-as-bytes", lambda bits, s: 32 + 2 * s, "32 bits are counted as 32 bytes, and factor or gradient is "
         "missing", BITS_AS_BYTES),
    Rule("bits-as-bytes", lambda bits, s: 64 + 16 * s, "the sum is in bits", BITS_AS_BYTES),
)  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- probes
def bits(bits_per_number, qlora_bytes, *, cases: list) -> dict:
    """Probe: bits that one stored number costs, for each block and group."""
    return {"values": [bits_per_number(*case) for case in cases]}


def totals(bits_per_number, qlora_bytes, *, cases: list) -> dict:
    """Probe: bytes of a step, with the bits a number given, so that a mistake in them costs nothing here."""
    return {"values": [qlora_bytes(*case) for case in cases]}


# ---------------------------------------------------------------------------------------------------------- judges
@step_bytes.check(weight=2)
def bits_of_one_number(subject: Subject, draw: Draw) -> None:
    """A number costs 4 bits, its share of an 8-bit scale, and its share of the 32 bits above that."""
    cases = [[64, 256], [1, 1], [1, 6], [6, 1], *([draw.integer(2, 300), draw.integer(2, 600)] for _ in range(16))]
    values = subject.probe(bits, cases=cases)["values"]
    said = [f"for blocks of {b} and groups of {g} the bits of a number" for b, g in cases]
    for value, what in zip(values, said, strict=True):
        expect_number(value, what)
    rights = [(4 * b * g + 8 * g + 32) / (b * g) for b, g in cases]  # all bits of one group over its numbers
    hint = "Three terms: a code, a share of a scale, a share of a group's number. How many numbers share each?"
    expect_all(values, cases, rights, told=said, what=said, id="wrong-bits", hint=hint, rules=SHARES, tolerance=1e-6,
               known="{text}: {said}")  # fmt: skip


def judge_kind(subject: Subject, draw: Draw, kind: str, right, rules: tuple[Rule, ...]) -> None:
    """Count one kind of number alone: `right(bits, s)` is what one of them takes."""
    names = ("linear", "other", "trained")
    settings = [(b, s) for b in (4.127, draw.number(2, 3.9), 8.25) for s in (1, 2, 4, 8)]
    counts = [2 * draw.integer(10**5, 10**6) + 1 for _ in settings]  # odd, so that half a byte shows
    cases = [[count if name == kind else 0 for name in names] + [s, b]
             for (b, s), count in zip(settings, counts, strict=True)]  # fmt: skip
    values = subject.probe(totals, cases=cases)["values"]
    said = [f"for {kind}={n:,}, state_bytes={s}, bits={b:g} and no other numbers the bytes"
            for n, (b, s) in zip(counts, settings, strict=True)]  # fmt: skip
    for value, what in zip(values, said, strict=True):
        expect_number(value, what)
    rights = [n * right(b, s) for n, (b, s) in zip(counts, settings, strict=True)]
    whole = (int, round, math.ceil)
    if any(all(v == turn(r) for v, r in zip(values, rights, strict=True)) for turn in whole) and values != rights:
        k = next(k for k in range(len(values)) if values[k] != rights[k])
        text = f"the result is rounded to whole bytes: {said[k]} are {rights[k]:,.3f}, got {values[k]:,}"
        raise Failure("rounded", text, "Return the number as it is.")
    scaled = [Rule(rule.id, _times(rule.gives), rule.text, rule.hint) for rule in rules]
    scaled += [Rule("other-unit", _over(right, unit), f"the result is in {name}, not in bytes", "Return bytes.")
               for name, unit in (("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("KiB", 2**10), ("MiB", 2**20),
                                  ("GiB", 2**30))]  # fmt: skip
    scaled.append(Rule("rounded", lambda count, bits, s: round(count * right(bits, s) / 1e6) * 1e6, "the result is "
                       "rounded to whole MB", "Return the number as it is."))  # fmt: skip
    arguments = [(n, b, s) for n, (b, s) in zip(counts, settings, strict=True)]
    hint = f"How many bytes does one of the {kind} numbers take, with all that belongs to it?"
    expect_all(values, arguments, rights, told=said, what=said, id="wrong-total", hint=hint, rules=scaled,
               tolerance=1e-6, known="{text}: {said}")  # fmt: skip


def _times(gives):
    return lambda count, bits, s: count * gives(bits, s)


def _over(right, unit: float):
    return lambda count, bits, s: count * right(bits, s) / unit


@step_bytes.check
def linear_layers(subject: Subject, draw: Draw) -> None:
    """Numbers of linear layers take their bits, in bytes, and nothing else: they are frozen."""
    judge_kind(subject, draw, "linear", lambda bits, s: bits / 8, LINEAR)


@step_bytes.check
def other_numbers(subject: Subject, draw: Draw) -> None:
    """Other frozen numbers take 16 bits each."""
    judge_kind(subject, draw, "other", lambda bits, s: 2, OTHER)


@step_bytes.check(weight=2)
def trained_numbers(subject: Subject, draw: Draw) -> None:
    """Trained numbers take 32 bits, as much for the gradient, and two states."""
    judge_kind(subject, draw, "trained", lambda bits, s: 8 + 2 * s, TRAINED)


@step_bytes.check(after=("linear-layers", "other-numbers", "trained-numbers"))
def bytes_of_a_step(subject: Subject, draw: Draw) -> None:
    """The total is the sum of all three kinds."""
    for state_bytes in (8, 1, 4):
        judge_bytes(subject, draw, state_bytes, 4.127)


def judge_bytes(subject: Subject, draw: Draw, state_bytes: int, bits: float) -> None:
    """Compare the bytes with a ledger; hidden checks use it with other bits."""
    cases = [[draw.integer(low, low * 9) for low in (400_000, 200_000, 10_000)] + [state_bytes, bits]
             for _ in range(7)]  # fmt: skip
    values = subject.probe(totals, cases=cases)["values"]
    said = [f"for linear={L:,}, other={E:,}, trained={T:,}, state_bytes={s}, bits={b:g} the bytes"
            for L, E, T, s, b in cases]  # fmt: skip
    for value, what in zip(values, said, strict=True):
        expect_number(value, what)
    rights = [sum((L * b / 8, E * 2, T * 4, T * 4, T * s, T * s)) for L, E, T, s, b in cases]
    hint = "Add up what linear, other and trained numbers take, each by itself."
    expect_all(values, cases, rights, told=said, what=said, id="wrong-total", hint=hint, tolerance=1e-6)


@step_bytes.check(after=("bytes-of-a-step",))
def whole_numbers_stay_exact(subject: Subject, draw: Draw) -> None:
    """A model of 65 billion numbers is counted as exactly as a small one."""
    for _ in range(3):
        L = 64_000_000_000 + draw.integer(0, 10**6) * 8
        (value,) = subject.probe(totals, cases=[[L, 0, 0, 1, 4.0]])["values"]
        expect_number(value, f"for linear={L:,} and bits=4 the bytes")
        if value != L // 2:
            raise Failure("not-exact", f"{L:,} numbers of 4 bits are {L // 2:,} bytes, got {value:,}",
                          "Compute with Python's numbers: a float32 tensor keeps 24 bits, rounding fewer.")  # fmt: skip
