"""Checks of lab 01: a test part that shares no group with the training part, judged by its properties.

Letters: n examples. groups and labels have one entry an example; the answer is the list of the test examples' places.
"""

from __future__ import annotations

from collections import Counter

from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import ask
from lora_utils.checks.framework.subject import Subject

honest_split = Exercise("honest-split")

OFF_SIZE = 0.05  # of the test part's share of all examples
OFF_CLASS = 0.1  # of the share of label 1 in either part


def split_case(draw: Draw, groups: int, share: float) -> tuple[list[str], list[int], float]:
    """Draw groups of one to six examples in a mixed order; most of a group have one label, as reviews of a film do."""
    rows = []
    for k in range(groups):
        liked = draw.integer(0, 2) > 0  # two thirds of the groups
        for _ in range(draw.integer(1, 6)):
            rows.append((f"film {k + 1}", int(liked if draw.integer(0, 9) else not liked)))
    rows = [rows[k] for k in draw.order(len(rows))]
    return [group for group, _ in rows], [label for _, label in rows], share


def told(groups: list[str], labels: list[int], share: float) -> str:
    """A case, for a message."""
    return f"for {len(groups)} examples in {len(set(groups))} groups and share={share}"


def parts(subject: Subject, cases: list) -> list[list[int]]:
    """Ask for the test places of each case, and expect whole numbers that are places, each once."""
    seen = ask(subject, cases, told)["values"]
    for (groups, labels, share), places in zip(cases, seen, strict=True):
        case = told(groups, labels, share)
        if type(places) is not list or not all(type(place) is int for place in places):
            came = "None: is a return missing?" if places is None else f"a {type(places).__name__}"
            inside = sorted({type(place).__name__ for place in places}) if type(places) is list else []
            came = f"a list of {', '.join(inside)}" if inside else came
            raise Failure(
                "not-places",
                f"{case} it must return a list of whole numbers (int), got {came}",
                "The places of the test examples in the lists that came in, as range(len(groups)) counts them.",
            )
        if len(places) != len(set(places)):
            raise Failure("twice", f"{case} a place is in the list twice", "Each example is tested once.")
        if places and not (min(places) >= 0 and max(places) < len(groups)):
            raise Failure(
                "no-place",
                f"{case} there is a place {max(places)}, and places go from 0 to {len(groups) - 1}",
                "Return places of examples, not numbers of groups.",
            )
        if not 0 < len(places) < len(groups):
            raise Failure("empty-part", f"{case} the test part has {len(places)} examples", "Both parts need some.")
    return seen


def cases_of(draw: Draw) -> list:
    """Draw cases of several sizes and shares."""
    sizes = ((40, 0.2), (60, 0.3), (50, 0.5), (80, 0.1), (45, 0.25), (70, 0.4))
    return [split_case(draw, *size) for size in sizes for _ in range(2)]


@honest_split.check(weight=2)
def shares_no_group(subject: Subject, draw: Draw) -> None:
    """No group has examples in both parts."""
    judge_groups(subject, cases_of(draw))


def judge_groups(subject: Subject, cases: list) -> None:
    """Look for groups on both sides; hidden checks use it with other cases."""
    for (groups, labels, share), places in zip(cases, parts(subject, cases), strict=True):
        test = set(places)
        both = {group for k, group in enumerate(groups) if k in test} & {
            group for k, group in enumerate(groups) if k not in test
        }
        if both:
            some = ", ".join(sorted(both)[:3])
            raise Failure(
                "group-in-both",
                f"{told(groups, labels, share)}, {len(both)} groups are in both parts ({some}, ...)",
                "Choose groups, not examples: all examples of a group go to one part.",
            )


@honest_split.check
def has_the_size(subject: Subject, draw: Draw) -> None:
    """The test part holds the asked share of the examples, within 0.05."""
    judge_size(subject, cases_of(draw))


def judge_size(subject: Subject, cases: list) -> None:
    """Compare the share of the test part; hidden checks use it with other cases."""
    splits = parts(subject, cases)
    for (groups, labels, share), places in zip(cases, splits, strict=True):
        came = len(places) / len(groups)
        if abs(came - share) <= OFF_SIZE:
            continue
        text = f"{told(groups, labels, share)} the test part holds {came:.2f} of the examples"
        if all(abs(1 - len(p) / len(c[0]) - c[2]) <= OFF_SIZE for c, p in zip(cases, splits, strict=True)):
            raise Failure("parts-swapped", text, "Return the places of the test examples, not those of the others.")
        chosen = {groups[place] for place in places}
        if all(abs(len({c[0][k] for k in p}) / len(set(c[0])) - c[2]) <= OFF_SIZE / 2
               for c, p in zip(cases, splits, strict=True)):  # fmt: skip
            raise Failure(
                "groups-counted",
                f"{text}; of the groups it holds {len(chosen) / len(set(groups)):.2f}",
                "Groups differ in size: count examples.",
            )
        raise Failure("wrong-size", text, "Stop adding groups when the next one would take you further from the share.")


@honest_split.check
def keeps_the_classes(subject: Subject, draw: Draw) -> None:
    """In both parts the share of label 1 is that of all examples, within 0.1."""
    judge_classes(subject, cases_of(draw))


def judge_classes(subject: Subject, cases: list) -> None:
    """Compare the share of label 1 in both parts; hidden checks use it with other cases."""
    for (groups, labels, share), places in zip(cases, parts(subject, cases), strict=True):
        test, all_ones = set(places), sum(labels)
        ones = sum(labels[k] for k in test)
        shares = {"test": ones / len(test), "training": (all_ones - ones) / (len(labels) - len(test))}
        for name, came in shares.items():
            if abs(came - all_ones / len(labels)) > OFF_CLASS:
                raise Failure(
                    "classes-shifted",
                    f"{told(groups, labels, share)} label 1 makes {came:.2f} of the {name} "
                    f"part, and {all_ones / len(labels):.2f} of all",
                    "Groups lean to one label: look at what "
                    "a choice gives, and try another one where it leans too far.",
                )


@honest_split.check
def repeats(subject: Subject, draw: Draw) -> None:
    """For the same examples it gives the same split, at every call."""
    case = split_case(draw, 40, 0.3)
    first, second = parts(subject, [case, case])
    if sorted(first) != sorted(second):
        sizes = Counter(len(set(one) - set(other)) for one, other in ((first, second), (second, first)))
        raise Failure(
            "another-each-time",
            f"two calls for the same examples differ in {max(sizes)} places",
            "A test part that changes tests nothing twice: draw from a generator with a seed of its own, such "
            "as random.Random(0).",
        )
