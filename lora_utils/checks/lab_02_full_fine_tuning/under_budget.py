"""Checks of lab 02: what to train under a memory budget, judged by what fits and by how much of it is trained.

Letters: b batch, sizes the widths of a chain of linear layers with ReLU between them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from torch import nn

from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_02_full_fine_tuning.ledger_rules import counts, right_bytes
from lora_utils.checks.lab_02_full_fine_tuning.memory_ledger import KINDS, chain, ledger_case

under_budget = Exercise("under-budget", lifted=("changes-what-trains",))
SHARE = 0.6  # of the most that can be trained: the largest that fits, and so on, reaches it; a fixed policy does not


# ----------------------------------------------------------------------------------------------------------- probe
def chosen(function, *, chains: list, budgets: list) -> dict:
    """Probe: what the answer returns for each chain, which parameters are trainable then, and their names."""
    returned, trained, names = [], [], []
    for c, budget in zip(chains, budgets, strict=True):
        model = chain(**c)

        def memory(model: nn.Module, c: dict = c) -> int:
            return bytes_of(c, [p.requires_grad for p in model.parameters()])

        returned.append(plain(function(model, memory, budget)))
        trained.append([p.requires_grad for p in model.parameters()])
        names.append([name for name, _ in model.named_parameters()])
    return {"returned": returned, "trained": trained, "names": names}


def plain(came) -> list[str] | str | None:
    """Not a probe by itself: the names in a list, tuple or set; of anything else what it is."""
    if came is None or isinstance(came, str) or not isinstance(came, Iterable):
        return None if came is None else f"a {type(came).__name__}"
    items = list(came)
    odd = next((type(one).__name__ for one in items if not isinstance(one, str)), "")
    return f"a {type(came).__name__} of {odd}" if odd else [str(one) for one in items]


def bytes_of(c: dict, trained: list) -> int:
    """Not a probe by itself: the bytes of one step, all kinds together."""
    return sum(right_bytes(c | {"trained": trained}, kind) for kind in KINDS)


# ---------------------------------------------------------------------------------------------------------- judges
def budget_cases(draw: Draw, count: int) -> list[tuple[dict, int]]:
    """Draw chains of two to four layers, frozen or not, and budgets that some choice meets to the byte, or nearly."""
    cases = []
    for k in range(count):
        biases = [bool(draw.integer(0, 3)) for _ in range(draw.integer(2, 4))]
        n = len(biases) + sum(biases)
        c = ledger_case(draw, [bool(draw.integer(0, 1)) for _ in range(n)], biases)
        some = [bool(draw.integer(0, 1)) for _ in range(n)]
        some[draw.integer(0, n - 1)] = True
        cases.append((c, bytes_of(c, some) + (0, draw.integer(1, 40))[k % 2]))
    return cases


def most(c: dict, budget: int) -> int:
    """The most numbers that any choice of parameters trains within the budget."""
    choices = product((False, True), repeat=len(c["trained"]))
    return max(counts(c | {"trained": trained})["on"] for trained in choices if bytes_of(c, trained) <= budget)


def least(c: dict) -> int:
    """The bytes of the cheapest step that trains anything: that of one parameter alone."""
    n = len(c["trained"])
    return min(bytes_of(c, [k == chosen for k in range(n)]) for chosen in range(n))


def told(c: dict, budget: int) -> str:
    """A case, for a message."""
    return f"for layers of widths {c['sizes']}, batch size {c['b']} and a budget of {budget:,} bytes"


def look(subject: Subject, cases: list) -> dict:
    """Run the answer on all cases."""
    chains, budgets = zip(*cases, strict=True)
    return subject.probe(chosen, chains=list(chains), budgets=list(budgets))


@under_budget.check
def says_what_it_trains(subject: Subject, draw: Draw) -> None:
    """It returns the names of the parameters that are trainable afterwards, all of them and no others."""
    cases = budget_cases(draw, 8)
    cases += [(c, least(c)) for c, _ in cases[:3]]
    seen = look(subject, cases)
    columns = (seen[name] for name in ("returned", "trained", "names"))
    for (c, budget), came, trained, names in zip(cases, *columns, strict=True):
        if type(came) is not list:
            kind = came or "None: is a return missing?"
            raise Failure("not-a-list", f"it must return a list of names, got {kind}",
                          "[name for name, p in model.named_parameters() if p.requires_grad]")  # fmt: skip
        right = [name for name, on in zip(names, trained, strict=True) if on]
        if sorted(came) != sorted(right):
            raise Failure("names-differ", f"{told(c, budget)} it returns {came}, and {right} can be trained",
                          "The choice takes effect through requires_grad: set it for every parameter, True or False."
                          )  # fmt: skip


@under_budget.check
def keeps_the_budget(subject: Subject, draw: Draw) -> None:
    """A step with what it has chosen stays within the budget, and trains something."""
    judge_budget(subject, budget_cases(draw, 20))


def judge_budget(subject: Subject, cases: list) -> None:
    """Count the bytes of each choice; hidden checks use it with other cases."""
    seen = look(subject, cases)
    for (c, budget), trained in zip(cases, seen["trained"], strict=True):
        if not any(trained):
            raise Failure("nothing-trained", f"{told(c, budget)} nothing is trained, though something fits",
                          "For each budget that is asked for at least one parameter fits: a bias of the last layer, "
                          "say.")  # fmt: skip
        needs = bytes_of(c, trained)
        if needs > budget:
            raise Failure("over-budget", f"{told(c, budget)} a step needs {needs:,} bytes", "Call memory(model) after "
                          "each change: what one parameter costs depends on the others that are trained.")  # fmt: skip


@under_budget.check(after=("keeps-the-budget",))
def trains_enough(subject: Subject, draw: Draw) -> None:
    """It trains at least 60 % of the most numbers that any choice can train within the budget."""
    judge_share(subject, budget_cases(draw, 20))


def judge_share(subject: Subject, cases: list) -> None:
    """Compare how much is trained with the most that fits; hidden checks use it with other cases."""
    seen = look(subject, cases)
    for (c, budget), trained in zip(cases, seen["trained"], strict=True):
        on, best = counts(c | {"trained": trained})["on"], most(c, budget)
        if on < SHARE * best:
            raise Failure("trains-too-little", f"{told(c, budget)} it trains {on} numbers, and {best} would fit",
                          "A layer has at most two parameters, so there are few choices: can all be tried? Or begin "
                          "with the largest that fits, and look what fits beside it.")  # fmt: skip
