"""Checks of lab 08: the bytes of a QLoRA step, calculated.

Letters: L numbers in linear layers, E numbers elsewhere, T trained numbers.
"""

from __future__ import annotations

from lora_utils.checks import Draw, Exercise, Failure, Mistake, Subject, expect_close

step_bytes = Exercise("step-bytes")


# ---------------------------------------------------------------------------------------------------------- probes
def bits(bits_per_number, qlora_bytes, *, block: int, group: int) -> dict:
    """Probe: bits that one stored number costs."""
    return {"value": bits_per_number(block, group)}


def total(
    bits_per_number, qlora_bytes, *, linear: int, other: int, trained: int, state_bytes: int, bits: float
) -> dict:
    """Probe: bytes of a step, with the bits a number given, so that a mistake in them costs nothing here."""
    return {"value": qlora_bytes(linear, other, trained, state_bytes, bits)}


# ---------------------------------------------------------------------------------------------------------- judges
@step_bytes.check
def bits_of_one_number(subject: Subject, draw: Draw) -> None:
    """A number costs 4 bits, its share of an 8-bit scale, and its share of the 32 bits above that."""
    for block, group in ((64, 256), (draw.choice([32, 128]), draw.choice([64, 512]))):
        value = subject.probe(bits, block=block, group=group)["value"]
        right = (4 * block * group + 8 * group + 32) / (block * group)  # all bits of one group over its numbers
        mistakes = (
            Mistake("double-forgotten", 4 + 32 / block, "every block's scale is counted in 32 bits",
                    "Double quantisation stores it in 8 bits, and one 32-bit number for `group` of them."),
            Mistake("levels-exchanged", 4 + 32 / block + 8 / (block * group), "a block's scale is counted in 32 bits "
                    "and a group's number in 8", "The other way round: many scales of 8 bits, few numbers of 32."),
            Mistake("second-level-forgotten", 4 + 8 / block, "the 32-bit number of each group is missing",
                    "One for every group of blocks: 32 / (block * group) bits a number."),
            Mistake("group-of-numbers", 4 + 8 / block + 32 / group, "the second level is shared by `group` blocks, not "
                    "by `group` numbers", "32 / (block * group)"),
            Mistake("codes-forgotten", right - 4, "the codes themselves, 4 bits, are missing", "4 + ..."),
            Mistake("bytes-not-bits", right / 8, "that is bytes, not bits", "Leave out the division by 8."),
        )  # fmt: skip
        what = f"for blocks of {block} and groups of {group} the bits of a number"
        expect_close(value, right, what=what, id="wrong-bits", hint="4 + 8 / block + 32 / (block * group)",
                     mistakes=mistakes, tolerance=1e-6)  # fmt: skip


@step_bytes.check(weight=2)
def bytes_of_a_step(subject: Subject, draw: Draw) -> None:
    """Weights, gradients and optimiser states: only what is trained has the last two."""
    for state_bytes in (8, 1, 4):  # at 8 every mistake has a size of its own: 2, 4, 8 or 16 bytes a trained number
        judge_bytes(subject, draw, state_bytes, 4.127)


def judge_bytes(subject: Subject, draw: Draw, state_bytes: int, bits: float) -> None:
    """Compare the bytes with a ledger; hidden checks use it with other bits."""
    L, E, T = (1000 * draw.integer(low, low + 900) for low in (4000, 2000, 100))
    value = subject.probe(total, linear=L, other=E, trained=T, state_bytes=state_bytes, bits=bits)["value"]
    stored, rest, path, gradient, states = L * bits / 8, E * 2, T * 4, T * 4, T * 2 * state_bytes
    right = sum((stored, rest, path, gradient, states))
    P = L + E
    mistakes = (
        Mistake("bits-as-bytes", right + 7 * stored, "the linear layers' bits are counted as bytes", "8 bits a byte."),
        Mistake("other-in-4-bits", right - rest + E * bits / 8, "embeddings and norms are counted in 4 bits",
                "Only linear layers are stored in 4 bits; the rest has 16, so 2 bytes."),
        Mistake("other-in-32-bits", right + rest, "embeddings and norms are counted in 32 bits", "They have 16 bits."),
        Mistake("gradients-of-all", right - gradient + 4 * (P + T), "the frozen numbers have gradients too",
                "requires_grad is False for them: gradients are T numbers."),
        Mistake("gradients-of-all", right - gradient - states + (4 + 2 * state_bytes) * (P + T), "the frozen numbers "
                "have gradients and optimiser states too", "Only the T trained numbers have them."),
        Mistake("states-of-all", right - states + 2 * state_bytes * (P + T), "the frozen numbers have optimiser states "
                "too", "Only the T trained numbers have them."),
    )  # fmt: skip
    of_the_trained = (
        Mistake("one-state", right - states / 2, "Adam remembers one number a trained number here",
                "It remembers two: the mean of the gradients and that of their squares."),
        Mistake("four-bytes-missing", right - gradient, "4 bytes of every trained number are missing: its gradient, "
                "or the factor itself, or both are counted in 16 bits", "Factors are weights, in 32 bits, and so are "
                "their gradients: T * (4 + 4), and the states besides."),
        Mistake("path-in-16-bits", right - path / 2, "the factors, or their gradients, are counted in 16 bits",
                "Both have 32 bits: T * (4 + 4), and the states besides."),
        Mistake("states-forgotten", right - states, "the optimiser's states are missing",
                "Two for every trained number, of state_bytes each."),
        Mistake("states-in-bits", right - states + states / 8, "state_bytes is divided by 8", "It is bytes already."),
    )  # fmt: skip
    what = f"with states of {state_bytes} bytes the total"
    hint = "linear * bits / 8 + 2 * other + trained * (4 + 4 + 2 * state_bytes)"
    mistakes += of_the_trained if state_bytes == 8 else ()
    expect_close(value, right, what=what, id="wrong-total", hint=hint, mistakes=mistakes, tolerance=1e-7)


@step_bytes.check
def whole_numbers_stay_exact(subject: Subject, draw: Draw) -> None:
    """A model of 65 billion numbers is counted as exactly as a small one."""
    L = 64_000_000_000 + draw.integer(0, 10**6) * 8
    value = subject.probe(total, linear=L, other=0, trained=0, state_bytes=1, bits=4.0)["value"]
    if not isinstance(value, int | float) or value != L // 2:
        raise Failure("not-exact", f"{L:,} numbers of 4 bits are {L // 2:,} bytes, got {value!r}",
                      "Compute with Python's numbers: no float32 tensor, no rounding to MB.")  # fmt: skip
