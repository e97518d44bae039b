import math
import random

import pytest

from lora_utils.experiments.method_choice import best_rate, choose_method, paired_difference, pareto_front

NAN = float("nan")


def runs(**valid):
    """Keyword r3=[...] is the rate 0.003."""
    return [
        {"lr": int(name[1:]) / 1000, "seed": seed, "valid": value}
        for name, values in valid.items()
        for seed, value in enumerate(values)
    ]


def test_the_highest_mean_wins_whatever_the_number_of_runs_and_their_order():
    assert best_rate(runs(r10=[0.99, 0.1], r3=[0.7, 0.6, 0.65], r1=[0.6])) == (0.003, False)
    assert best_rate(runs(r1=[0.6], r3=[0.7], r10=[0.8])) == (0.01, True)
    assert best_rate(runs(r1=[0.8], r3=[0.7], r10=[0.6])) == (0.001, True)
    assert best_rate(runs(r3=[0.7])) == (0.003, True)


def test_among_equals_the_smallest_and_nan_is_out_but_was_tried():
    assert best_rate(runs(r10=[0.7], r3=[0.7], r1=[0.6])) == (0.003, False)
    assert best_rate(runs(r1=[0.5], r3=[0.6], r10=[0.9, NAN])) == (0.003, False)
    with pytest.raises(ValueError, match="of 2 tried, all diverged"):
        best_rate(runs(r1=[NAN], r3=[NAN]))
    with pytest.raises(ValueError, match="of 0 tried"):
        best_rate([])


def test_differences_are_taken_seed_by_seed():
    a, b = {0: 0.90, 1: 0.80, 2: 0.70, 9: 0.0}, {2: 0.69, 1: 0.77, 0: 0.88, 7: 1.0}
    mean, error = paired_difference(a, b)
    assert math.isclose(mean, 0.02)
    assert math.isclose(error, 0.01 / math.sqrt(3))
    assert math.isclose(paired_difference(b, a)[0], -0.02)
    with pytest.raises(ValueError, match="in common are needed, got 1"):
        paired_difference({0: 1.0, 1: 0.5}, {1: 0.5})


def test_the_front_of_random_tables_is_what_the_definition_says():
    draw = random.Random(0)
    for _ in range(50):
        better = {"x": draw.choice(["max", "min"]), "y": draw.choice(["max", "min"]), "z": draw.choice(["max", "min"])}
        rows = [{axis: draw.randrange(4) for axis in ("x", "y", "z", "unused")} for _ in range(9)]

        def at_least(p, q, axis, better=better):
            return p[axis] >= q[axis] if better[axis] == "max" else p[axis] <= q[axis]

        front = []
        for i, q in enumerate(rows):
            beaten = False
            for p in rows:
                as_good = all(at_least(p, q, axis) for axis in better)
                worse_back = all(at_least(q, p, axis) for axis in better)
                beaten = beaten or (as_good and not worse_back)
            if not beaten:
                front.append(i)
        assert pareto_front(rows, better) == front


def test_a_direction_must_be_known():
    with pytest.raises(ValueError, match="got 'higher'"):
        pareto_front([{"x": 1}], {"x": "higher"})


ROWS = [
    {"name": "full", "accuracy": 0.95, "trainable": 1000, "memory": 90},
    {"name": "lora", "accuracy": 0.93, "trainable": 20, "memory": 50},
    {"name": "bias", "accuracy": 0.92, "trainable": 10, "memory": 50},
    {"name": "head", "accuracy": 0.80, "trainable": 2, "memory": 20},
]


@pytest.mark.parametrize(
    ("limits", "tolerance", "name"),
    [
        ({}, 0.0, "full"),
        ({"memory": 50}, 0.0, "lora"),
        ({"memory": 50}, 0.015, "bias"),
        ({"memory": 50}, 0.5, "head"),
        ({"memory": 49}, 0.0, "head"),
        ({"memory": 90, "trainable": 19}, 0.0, "bias"),
    ],
)
def test_the_smallest_of_the_feasible_and_good(limits, tolerance, name):
    assert choose_method(ROWS, limits, tolerance) == name


def test_what_nobody_keeps_is_refused_with_the_limits():
    with pytest.raises(ValueError, match="none of 4 methods keeps memory <= 10, trainable <= 5"):
        choose_method(ROWS, {"memory": 10, "trainable": 5})


def test_a_method_beyond_a_limit_is_not_chosen_for_being_small_and_good():
    rows = [{"name": "good", "accuracy": 0.95, "trainable": 1, "memory": 90}, ROWS[2]]
    assert choose_method(rows, {"memory": 50}) == "bias"
