"""Checks of lab 08: which weight a trained path is merged into, and how much of it survives 4 bits.

Letters: i in_features, o out_features, r rank. W and W' (o, i), A (i, r), B (r, o).
"""

from __future__ import annotations

import torch

from lora_utils.checks import Draw, Exercise, Failure, StudentRaised, Subject, close
from lora_utils.checks.framework.compare import expect_number, expect_tensor
from lora_utils.checks.framework.many_cases import Rule, expect_all
from lora_utils.quantization.nf4 import dequantize_4bit, quantize_4bit

merge_back = Exercise("merge-back", lifted=("changes-a-tensor",))
NAMES = ("original", "stored", "A", "B")


# ---------------------------------------------------------------------------------------------------------- probes
def merge(merge_weights, lost_share, *, cases: list) -> dict:
    """Probe: the merged weights, whether each hangs in autograd's graph, and what has become of the arguments."""
    seen = []
    for case in cases:
        given = [case["original"], case["stored"], torch.nn.Parameter(case["A"]), torch.nn.Parameter(case["B"])]
        merged = merge_weights(*given, case["alpha"])
        graph = isinstance(merged, torch.Tensor) and merged.grad_fn is not None
        seen.append({"merged": merged, "given": given, "graph": graph})
    return {"seen": seen}


def lost(merge_weights, lost_share, *, cases: list) -> dict:
    """Probe: the shares of the updates that are lost."""
    return {"values": [lost_share(*case) for case in cases], "given": cases}


# ---------------------------------------------------------------------------------------------------------- judges
def _case(draw: Draw, *, square: bool = False, alpha: float | None = None, **sizes: int) -> dict:
    i, o, r = draw.sizes(3, low=8, high=15)
    i, o, r = sizes.get("i", i), sizes.get("o", o), sizes.get("r", r)
    o = i if square else o
    original = draw.normal(o, i)
    return {
        "original": original, "stored": dequantize_4bit(quantize_4bit(original)),
        "alpha": draw.number(2.05, 2.95) if alpha is None else alpha,
        "A": draw.normal(i, r, scale=0.3), "B": draw.normal(r, o, scale=0.3),
    }  # fmt: skip


@merge_back.check(weight=2)
def merges(subject: Subject, draw: Draw) -> None:
    """The merged weight computes what the trained layer computed, base and path, for any sizes and any alpha."""
    more = [_case(draw, alpha=draw.number(-3, -1.1)), _case(draw, alpha=1, r=1), _case(draw, alpha=0.0),
            _case(draw, o=1), _case(draw, i=1, r=1), _case(draw, r=17), _case(draw, alpha=-0.3)]  # fmt: skip
    c = _case(draw, square=True)  # shows whether A B is transposed, where a rectangle would only refuse
    f, (one,) = _formulas(c), subject.probe(merge, cases=[c])["seen"]
    for untransposed in (f["alpha"] * f["AB"], f["AB"]):
        if close(one["merged"], f["S"] + untransposed, 1e-5) or close(one["merged"], f["W"] + untransposed, 1e-5):
            raise Failure("not-transposed", "A B is added without being transposed", "The weight is (out, in) and A B "
                          "is (in, out); a square layer hides that.")  # fmt: skip
    judge_merge(subject, [c, _case(draw), *more])


def _formulas(c: dict) -> dict:
    """The merged weight in float64, and what goes into it."""
    W, S, alpha, r = c["original"].double(), c["stored"].double(), c["alpha"], c["A"].shape[1]
    AB = torch.einsum("ir,ro->io", c["A"].double(), c["B"].double())
    return {"W": W, "S": S, "AB": AB, "U": alpha * AB.T, "r": r, "alpha": alpha, "right": S + alpha * AB.T}


def _again(weight: torch.Tensor) -> torch.Tensor:
    return dequantize_4bit(quantize_4bit(weight.float())).double()


BASE = "A and B were trained beside the stored weight and have learned around its rounding."
FACTOR = "The path computes alpha * (x A B): the update is that product's matrix, with alpha and nothing else."
MERGES = (
    Rule("wrong-base", lambda f: f["W"] + f["U"], "the update is added to the original weight", BASE),
    Rule("wrong-base", lambda f: 2 * f["W"] - f["S"] + f["U"], "the quantisation error is added too", BASE),
    Rule("wrong-base", lambda f: (f["W"] + f["S"]) / 2 + f["U"], "the update is added to the mean of both weights",
         BASE),
    Rule("two-bases", lambda f: f["W"] + f["S"] + f["U"], "both weights are in the sum", "One of them is the base."),
    Rule("requantised", lambda f: _again(f["right"]), "the sum is rounded to 4 bits again, which loses much of the "
         "update", "Keep the sum in 32 bits."),
    Rule("requantised", lambda f: _again(f["W"] + f["U"]), "the update is added to the original weight and the sum "
         "rounded to 4 bits again", "Keep the sum in 32 bits, on the base that was trained beside."),
    Rule("alpha-forgotten", lambda f: f["S"] + f["AB"].T, "the update is added without alpha", FACTOR),
    Rule("alpha-over-rank", lambda f: f["S"] + f["U"] / f["r"], "the update is scaled by alpha / rank", FACTOR),
    Rule("alpha-twice", lambda f: f["S"] + f["alpha"] * f["U"], "alpha is applied twice", FACTOR),
    Rule("alpha-scales-base", lambda f: f["alpha"] * (f["S"] + f["AB"].T), "alpha scales the base too", FACTOR),
    Rule("base-missing", lambda f: f["U"], "the base is missing", "The layer computes the base's product as well."),
    Rule("merge-no-op", lambda f: f["S"], "the update is missing", "The layer computes the path's product as well."),
    Rule("merge-no-op", lambda f: f["W"], "that is the original weight", "The update is missing, and the base is "
         "another."),
    Rule("merge-subtracts", lambda f: f["S"] - f["U"], "the update is subtracted", "Path and base are added."),
    Rule("alpha-without-sign", lambda f: f["S"] + abs(f["alpha"]) * f["AB"].T, "a negative alpha loses its sign",
         FACTOR),
)  # fmt: skip


def judge_merge(subject: Subject, cases: list[dict]) -> None:
    """Compare the merged weights; hidden checks use it with a base in 16 bits."""
    try:
        seen = subject.probe(merge, cases=cases)["seen"]
    except StudentRaised as error:
        if error.kind == "RuntimeError" and "must match the size" in error.text:
            raise Failure("shapes-do-not-meet", f"torch says: {error.text}", "A @ B is (in, out), the weight is (out, "
                          "in): is a transpose missing, or one too many?") from None  # fmt: skip
        raise
    formulas, got = [_formulas(c) for c in cases], [one["merged"] for one in seen]
    for one in got:
        expect_tensor(one, "the merged weight")
    rights = [f["right"] for f in formulas]
    sixteen = [c["stored"].dtype in (torch.bfloat16, torch.float16) for c in cases]
    if any(sixteen) and not all(close(g, r) for g, r in zip(got, rights, strict=True)):
        rounded = [f["right"].to(c["stored"].dtype) if g.dtype != torch.float32 or not close(g, f["right"]) else g
                   for g, f, c in zip(got, formulas, cases, strict=True)]  # fmt: skip
        if all(close(g, r, 0.02) for g, r in zip(got, rounded, strict=True)):
            raise Failure("summed-in-16-bits", f"for a base in {cases[0]['stored'].dtype} the sum has no more digits "
                          "than 16 bits keep", "Turn what has 16 bits into 32 before you add.")  # fmt: skip
    said = [f"the merged weight of shape {tuple(f['S'].shape)} for rank {f['r']} and alpha={f['alpha']}"
            for f in formulas]  # fmt: skip
    expect_all(got, formulas, rights, told=said, what=said, id="wrong-merge", rules=MERGES, known="{text}: {said}",
               tolerance=1e-5, hint="Write down what the trained layer computes for x, and factor x out.")  # fmt: skip
    for one, c in zip(seen, cases, strict=True):
        if one["merged"].dtype != torch.float32:
            text = f"for a base in {c['stored'].dtype} the merged weight is {one['merged'].dtype}"
            raise Failure("not-float32", text, "Return float32, whatever the base has.")
        if one["graph"]:
            raise Failure("keeps-graph", "the merged weight hangs on A and B in autograd's graph",
                          "Compute it under torch.no_grad(), or return .detach().")  # fmt: skip
        given = zip(NAMES, one["given"], strict=True)
        if changed := [name for name, now in given if not torch.equal(now, c[name])]:
            raise Failure("changed-in-place", f"the argument {changed[0]} was changed: +=, add_ and copy_ work in "
                          "place", "Make a new tensor.")  # fmt: skip


@merge_back.check
def measures_the_loss(subject: Subject, draw: Draw) -> None:
    """lost_share is |again - merged| / |merged - stored| in the Frobenius norm."""
    cases = []
    for scale in (0.02, 0.1, 0.4, 2.0, 9.0, 0.1, 0.3):  # an error may be larger than the update, or nothing
        o, i = draw.sizes(2) if len(cases) < 5 else (1, draw.integer(2, 9))
        stored, update, error = draw.normal(o, i), draw.normal(o, i, scale=0.2), draw.normal(o, i, scale=scale)
        cases.append([stored, stored + update, stored + update + error])
    cases += [[1e-4 * t for t in cases[1]]]  # no size counts as nothing
    plain = len(cases)
    cases += [[cases[1][0].bfloat16(), *cases[1][1:]], [cases[0][0], cases[0][1], cases[0][1]]]
    seen = subject.probe(lost, cases=cases)
    values = seen["values"]
    said = [f"for matrices of shape {tuple(case[0].shape)} the share" for case in cases]
    for value, what in zip(values, said, strict=True):
        expect_number(value, what)
    wide = [[t.double() for t in case] for case in cases]
    norms = [(float((a - m).square().sum().sqrt()), float((m - s).square().sum().sqrt())) for s, m, a in wide]
    rights = [error / update for error, update in norms]
    hint = "Two matrices, the error and the update: a Frobenius norm of each, then their quotient."
    expect_all(values[:plain], wide[:plain], rights[:plain], told=said, what=said, id="wrong-share", hint=hint,
               rules=SHARES, tolerance=1e-5, known="{text}: {said}")  # fmt: skip
    said[plain:] = ["for a stored weight in bfloat16 the share", "where nothing is lost the share"]
    expect_all(values[plain:], wide[plain:], rights[plain:], told=said[plain:], what=said[plain:], id="wrong-share",
               hint=hint, tolerance=1e-5)  # fmt: skip
    for case, now in zip(cases, seen["given"], strict=True):
        for name, before, after in zip(("stored", "merged", "again"), case, now, strict=True):
            if not torch.equal(before, after):
                raise Failure("changed-in-place", f"lost_share changed its argument {name}: -=, sub_ and copy_ work in "
                              "place", "Make a new tensor.")  # fmt: skip


def _norm(t: torch.Tensor) -> float:
    return float(t.square().sum().sqrt())


def _over(above: float, below: float) -> float:
    return above / below if below else 0.0


def _share(s, m, a) -> float:
    return _norm(a - m) / _norm(m - s)


UPDATE = "Divide by the size of the update, which is what the path has added to the stored weight."
ONE_NORM = "The Frobenius norm is the root of the sum of all squares: .norm() without arguments."
SHARES = (
    Rule("relative-to-weight", lambda s, m, a: _norm(a - m) / _norm(m), "the error is divided by the size of the whole "
         "weight", UPDATE),
    Rule("relative-to-weight", lambda s, m, a: _norm(a - m) / _norm(s), "the error is divided by the size of the "
         "stored weight", UPDATE),
    Rule("relative-to-weight", lambda s, m, a: _norm(a - m) / _norm(a), "the error is divided by the size of the "
         "weight quantised again", UPDATE),
    Rule("wrong-update", lambda s, m, a: _norm(a - m) / _norm(a - s), "the error is divided by what is left of the "
         "update", UPDATE),
    Rule("kept-not-lost", lambda s, m, a: 1 - _share(s, m, a), "that is one minus the share", "Error over update, as "
         "it is: 0 means that nothing is lost."),
    Rule("wrong-error", lambda s, m, a: _norm(a - s) / _norm(m - s), "the distance of `again` from `stored` is "
         "taken for the error", "The error is what quantising has changed in the merged weight."),
    Rule("kept-not-lost", lambda s, m, a: 1 - _norm(a - s) / _norm(m - s), "the distance of `again` from `stored` is "
         "taken for what is kept", "The error is what quantising has changed in the merged weight."),
    Rule("each-weight-alone", lambda s, m, a: _norm((a - m) / (m - s)), "weights are divided one by one before the "
         "norm is taken", "Two norms, then their quotient."),
    Rule("clamped", lambda s, m, a: min(1.0, _share(s, m, a)), "the share is cut off at 1", "An error larger than the "
         "update gives more than 1."),
    Rule("in-per-cent", lambda s, m, a: 100 * _share(s, m, a), "that is per cent", "Return the share itself."),
    Rule("squared", lambda s, m, a: _share(s, m, a) ** 2, "norms are squared", "Take the root: .norm()."),
    Rule("upside-down", lambda s, m, a: _over(_norm(m - s), _norm(a - m)), "numerator and denominator are exchanged",
         "Error over update."),
    Rule("error-not-divided", lambda s, m, a: _norm(a - m), "the error is not divided by anything", UPDATE),
    Rule("other-norm", lambda s, m, a: float(torch.linalg.matrix_norm(a - m, 2) / torch.linalg.matrix_norm(m - s, 2)),
         "that is the spectral norm", ONE_NORM),
    Rule("other-norm", lambda s, m, a: float((a - m).abs().sum() / (m - s).abs().sum()), "absolute values are summed, "
         "not squares", ONE_NORM),
    Rule("other-norm", lambda s, m, a: float((a - m).abs().max() / (m - s).abs().max()), "the largest numbers are "
         "compared", ONE_NORM),
    Rule("difference-of-norms", lambda s, m, a: abs(_norm(a) - _norm(m)) / abs(_norm(m) - _norm(s)), "norms are "
         "subtracted where matrices should be", "First the difference, then its norm."),
    Rule("difference-of-norms", lambda s, m, a: abs(_norm(a) - _norm(m)) / _norm(m - s), "norms are subtracted where "
         "matrices should be", "First the difference, then its norm."),
)  # fmt: skip
