"""Checks of lab 03: an adapter behind every sublayer of every block of an encoder.

Adapter and wrapper are spies, so that the exercise depends on no other one.
"""

from __future__ import annotations

from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.laws import REBUILDS
from lora_utils.checks.framework.subject import StudentRaised, Subject
from lora_utils.checks.lab_03_additive.insert_probes import insert_steps

insert_adapters = Exercise("insert-adapters", lifted=REBUILDS)


# ---------------------------------------------------------------------------------------------------------- judges
def inserted(subject: Subject, draw: Draw, **options) -> tuple[dict, dict]:
    """What the places of a small model hold afterwards, and its sizes; hidden checks use it with parts of a model."""
    sizes = {"width": 2 * draw.integer(4, 7), "blocks": 3, "bottleneck": draw.integer(2, 5)}
    try:
        return subject.probe(insert_steps, **sizes, **options), sizes
    except StudentRaised as error:
        if "Spy" in error.text and ("keyword argument" in error.text or "positional-only" in error.text):
            raise Failure(
                "called-by-name",
                "adapter or wrapper is called with the names of its arguments, which another class may call otherwise: "
                + error.text,
                "Go by the order: wrapper(sublayer, adapter(width, bottleneck)).",
            ) from None
        if error.kind == "AttributeError" and ("'encoder'" in error.text or "'blocks'" in error.text):
            raise Failure(
                "model-assumed",
                f"it fails on a model that is built otherwise: {error.text}",
                "Look for blocks in model.modules() with isinstance(..., EncoderBlock).",
            ) from None
        raise


@insert_adapters.check(weight=2)
def every_block(subject: Subject, draw: Draw) -> None:
    """In every block, attention and feed_forward are wrapped, and nothing else is."""
    seen, _ = inserted(subject, draw)
    places = seen["places"]
    expect_not_refused(seen, "a model without any wrapper")
    if seen["elsewhere"]:
        raise Failure(
            "wrong-place",
            f"{seen['elsewhere'][0]!r} is wrapped; only block.attention and block.feed_forward are",
            "Replace the sublayers themselves, not parts of them.",
        )
    missing = [name for name, place in places.items() if not place["wrapped"]]
    if other := [name for name, place in places.items() if place["otherwise"]]:
        raise Failure(
            "other-wrapper",
            f"{other[0]} was replaced, but not by the wrapper that was handed over",
            "Use the arguments `wrapper` and `adapter`, not the classes of the exercises above.",
        )
    if len(missing) == len(places):
        raise Failure(
            "nothing-inserted",
            "the model that was handed over has no wrapper inside",
            "Find the blocks with model.modules(), which goes through all depths, and change the model in place: "
            "assign the wrapper to the block's attribute.",
        )
    children = {name.split(".")[1] for name in missing}
    if len(children) == 1 and len(missing) == 3:
        raise Failure(
            "one-placement",
            f"no block's {children.pop()} is wrapped",
            "Houlsby et al. put an adapter behind both sublayers of a block.",
        )
    if missing:
        expect_every_block(places, missing)
    odd, _ = inserted(subject, draw, special=draw.integer(1, 2))
    expect_not_refused(odd, "a model without any wrapper")
    if [name for name, place in odd["places"].items() if not place["wrapped"]]:
        raise Failure(
            "subclass-forgotten",
            "a block of a class that inherits from EncoderBlock is left out",
            "isinstance(module, EncoderBlock) holds for it too; type(module) is EncoderBlock does not.",
        )
    if odd["elsewhere"]:
        raise Failure(
            "not-a-block",
            "a module that has parts called attention and feed_forward, but is no EncoderBlock, was changed as well",
            "isinstance(module, EncoderBlock) picks the blocks; the names of their parts do not.",
        )


def expect_not_refused(seen: dict, model: str) -> None:
    """Raise a Failure where the first call has refused."""
    if seen["raised"][0]:
        raise Failure(
            "refuses-too-much",
            f"given {model}, it ended in {seen['raised'][0]}",
            "Refuse only if block.attention or block.feed_forward is an instance of wrapper already.",
        )


def expect_every_block(places: dict, missing: list[str]) -> None:
    """Raise the Failure for some places that are not wrapped."""
    if missing:
        raise Failure(
            "blocks-forgotten",
            f"{', '.join(missing)} of 3 blocks are not wrapped",
            "Go through all blocks and change each one.",
        )


@insert_adapters.check(after=("every-block",))
def own_adapters(subject: Subject, draw: Draw) -> None:
    """Every place has an adapter of its own, made as adapter(width, bottleneck), and keeps its own sublayer."""
    seen, sizes = inserted(subject, draw)
    for name, place in seen["places"].items():
        if place["twice"]:
            raise Failure(
                "wrapped-twice-at-once",
                f"at {name} a wrapper stands inside a wrapper after a single call",
                "One wrapper and one adapter for each sublayer.",
            )
        if not place["own"]:
            raise Failure(
                "sublayer-replaced",
                f"the wrapper at {name} holds another layer than stood there",
                "Hand the wrapper the sublayer that stands at its place.",
            )
        if not place["adapter"]:
            raise Failure(
                "no-adapter",
                f"the wrapper at {name} did not get an adapter as its second argument",
                "wrapper(sublayer, adapter(width, bottleneck)): an object, not the class.",
            )
    if seen["shared"]:
        raise Failure("adapter-shared", "several places share one adapter object", "Make a new adapter for each place.")
    for name, place in seen["places"].items():
        right = [sizes["width"] + 2 * int(name[0]), sizes["bottleneck"]]  # each block has a width of its own
        if place["made"] == right[::-1]:
            raise Failure(
                "sizes-swapped",
                f"the adapter at {name} was made with width={right[1]} and bottleneck={right[0]}",
                "The order is adapter(width, bottleneck).",
            )
        if place["made"] and place["made"][0] != right[0]:
            raise Failure(
                "wrong-width",
                f"the adapter at {name} was made for width {place['made'][0]}, the block's width is {right[0]}",
                "Read it off each block: the length of its attention_norm.weight.",
            )
        if place["made"] != right:
            raise Failure(
                "wrong-bottleneck",
                f"the adapter at {name} has bottleneck {place['made'][1]} instead of {right[1]}",
                "Pass bottleneck on as it is.",
            )


@insert_adapters.check(after=("every-block",))
def touches_nothing_else(subject: Subject, draw: Draw) -> None:
    """What could be trained before can be trained still; beside that the adapters can, and nothing else."""
    seen, _ = inserted(subject, draw)
    if seen["frozen_now"]:
        raise Failure(
            "head-frozen",
            f"{', '.join(seen['frozen_now'])} can no longer be trained",
            "Freezing is the wrapper's affair, and the encoder was frozen before.",
        )
    if seen["trainable_now"]:
        raise Failure(
            "base-unfrozen",
            f"{seen['trainable_now'][0]} can be trained now",
            "Insert the adapters and leave every other parameter as it was.",
        )
    if seen["changed"]:
        raise Failure(
            "weights-changed",
            f"{', '.join(seen['changed'])} holds other numbers than before",
            "Insert the adapters and write nothing into the layers that are there.",
        )
    if seen["other_mode"]:
        raise Failure(
            "mode-changed",
            f"{seen['other_mode'][0] or 'the model'} was put into another mode: train() or eval() was called",
            "Insert the adapters and leave the mode of every module as it was.",
        )
    if not all(place["trains"] for place in seen["places"].values()):
        raise Failure("adapter-frozen", "the adapters cannot be trained", "Do not freeze after inserting.")


@insert_adapters.check(after=("every-block",))
def refuses_a_second_time(subject: Subject, draw: Draw) -> None:
    """A second call is a ValueError and changes nothing, also if a single sublayer is wrapped."""
    seen, _ = inserted(subject, draw, calls=2)
    expect_not_refused(seen, "a model without any wrapper")
    if any(place["twice"] for place in seen["places"].values()):
        raise Failure(
            "wraps-twice",
            "the second call put adapters behind the adapters",
            "First look: if any sublayer is an instance of wrapper, raise ValueError.",
        )
    if seen["raised"][1] != "ValueError":
        came = seen["raised"][1] or "no error at all"
        raise Failure(
            "second-time-ignored",
            f"the second call must raise ValueError, got {came}",
            "raise ValueError('the model has adapters already')",
        )
    places = ("2.feed_forward", "2.attention", "0.feed_forward", "0.attention", "1.attention", "1.feed_forward")
    for already in places:
        seen, _ = inserted(subject, draw, already=already)
        alone = f"given a model in which {already} alone is wrapped"
        new = [name for name, place in seen["places"].items() if place["wrapped"] and name != already]
        if seen["raised"][0] != "ValueError":
            came = seen["raised"][0] or "no error at all"
            raise Failure(
                "some-wrappers-missed",
                f"{alone}, it must raise ValueError, got {came}",
                "Look at both sublayers of every block; one wrapper anywhere is enough to refuse.",
            )
        if seen["places"][already]["twice"]:
            raise Failure(
                "changed-before-refusing",
                f"{alone}, it raises ValueError, but has wrapped {already} a second time by then",
                "Two loops: the first only looks at all blocks, the second changes them.",
            )
        if new:
            raise Failure(
                "changed-before-refusing",
                f"{alone}, it raises ValueError, but has wrapped {', '.join(new)} by then",
                "Two loops: the first only looks at all blocks, the second changes them.",
            )
    seen, _ = inserted(subject, draw, already=draw.choice(places), by="subclass")
    if seen["raised"][0] != "ValueError":
        raise Failure(
            "subclass-missed",
            "given a model in which one sublayer is wrapped by a class that inherits from `wrapper`, it must raise "
            f"ValueError, got {seen['raised'][0] or 'no error at all'}",
            "isinstance(sublayer, wrapper) holds for it too; type(sublayer) is wrapper does not.",
        )
    alike, _ = inserted(subject, draw, named_alike=True)
    expect_not_refused(
        alike, "a model in which a sublayer has an attribute called adapter or sublayer, and none is wrapped"
    )
    other, _ = inserted(subject, draw, outside=True)
    expect_not_refused(other, "a model whose head is wrapped, and none of its sublayers")
