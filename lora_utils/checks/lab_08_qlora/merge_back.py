"""Checks of lab 08: which weight a trained path is merged into, and how much of it survives 4 bits.

Letters: i in_features, o out_features, r rank. W and W' (o, i), A (i, r), B (r, o).
"""

from __future__ import annotations

import torch

from lora_utils.checks import Draw, Exercise, Failure, Mistake, StudentRaised, Subject, close, expect_close
from lora_utils.checks.framework.compare import expect_tensor
from lora_utils.quantization.nf4 import dequantize_4bit, quantize_4bit

merge_back = Exercise("merge-back", lifted=("changes-a-tensor",))


# ---------------------------------------------------------------------------------------------------------- probes
def merge(merge_weights, lost_share, *, original, stored, A, B, alpha) -> dict:
    """Probe: the merged weight, and what has become of the arguments."""
    A, B = torch.nn.Parameter(A), torch.nn.Parameter(B)
    merged = merge_weights(original, stored, A, B, alpha)
    graph = isinstance(merged, torch.Tensor) and merged.grad_fn is not None
    return {"merged": merged, "given": [original, stored, A, B], "graph": graph}


def lost(merge_weights, lost_share, *, stored, merged, again) -> dict:
    """Probe: the share of the update that is lost."""
    return {"value": lost_share(stored, merged, again)}


# ---------------------------------------------------------------------------------------------------------- judges
def _case(draw: Draw, *, square: bool = False) -> dict:
    i, o, r = draw.sizes(3, low=8, high=15)
    o = i if square else o
    original = draw.normal(o, i)
    return {
        "original": original, "stored": dequantize_4bit(quantize_4bit(original)), "alpha": draw.number(2.05, 2.95),
        "A": draw.normal(i, r, scale=0.3), "B": draw.normal(r, o, scale=0.3),
    }  # fmt: skip


@merge_back.check(weight=2)
def merges(subject: Subject, draw: Draw) -> None:
    """The merged weight computes what the trained layer computed: base and path."""
    for square in (True, False):
        judge_merge(subject, _case(draw, square=square))


def judge_merge(subject: Subject, c: dict) -> None:
    """Compare the merged weight; hidden checks use it with a base in 16 bits."""
    try:
        seen = subject.probe(merge, **c)
    except StudentRaised as error:
        if error.kind == "RuntimeError" and "must match the size" in error.text:
            raise Failure("not-transposed", f"torch says: {error.text}",
                          "A @ B is (in, out), the weight is (out, in): transpose the product.") from None  # fmt: skip
        raise
    got = seen["merged"]
    expect_tensor(got, "the merged weight")
    W, S, alpha, r = c["original"].double(), c["stored"].double(), c["alpha"], c["A"].shape[1]
    AB = torch.einsum("ir,ro->io", c["A"].double(), c["B"].double())
    right = S + alpha * AB.T
    again = dequantize_4bit(quantize_4bit(right.float())).double()
    mistakes = [
        Mistake("wrong-base", W + alpha * AB.T, "the update is added to the original weight: A and B were trained "
                "beside the stored one and have learned around its rounding", "Add it to `stored`."),
        Mistake("requantised", again, "the sum is rounded to 4 bits again, which loses much of the update",
                "Keep the sum in 32 bits."),
        Mistake("requantised", dequantize_4bit(quantize_4bit((W + alpha * AB.T).float())).double(), "the update is "
                "added to the original weight and the sum rounded again", "Add it to `stored`, and keep 32 bits."),
        Mistake("alpha-forgotten", S + AB.T, "the update is added without alpha", "alpha * (A @ B).T"),
        Mistake("alpha-over-rank", S + alpha / r * AB.T, "the update is scaled by alpha / rank", "alpha * (A @ B).T"),
        Mistake("base-missing", alpha * AB.T, "the base is missing", "stored + alpha * (A @ B).T"),
        Mistake("merge-no-op", S, "the update is missing", "stored + alpha * (A @ B).T"),
        Mistake("merge-subtracts", S - alpha * AB.T, "the update is subtracted", "stored + alpha * (A @ B).T"),
    ]  # fmt: skip
    if W.shape[0] == W.shape[1]:
        mistakes.append(Mistake("not-transposed", S + alpha * AB, "A B is added without being transposed",
                                "The weight is (out, in): a rectangular layer would have refused."))  # fmt: skip
    if c["stored"].dtype == torch.bfloat16 and not close(got, right) and close(got, right, 0.02):
        raise Failure("summed-in-16-bits", "the sum is rounded to bfloat16, which keeps 8 bits of it",
                      "stored.float() first: the merged weight is float32.")  # fmt: skip
    expect_close(got, right, what="the merged weight", id="wrong-merge", hint="stored + alpha * (A @ B).T",
                 mistakes=tuple(mistakes), tolerance=1e-5)  # fmt: skip
    if got.dtype != torch.float32:
        raise Failure("not-float32", f"the merged weight is {got.dtype}", "Return float32.")
    if seen["graph"]:
        raise Failure("keeps-graph", "the merged weight hangs on A and B in autograd's graph",
                      "Compute it under torch.no_grad(), or return .detach().")  # fmt: skip
    given = (c[name] for name in ("original", "stored", "A", "B"))
    if not all(torch.equal(*pair) for pair in zip(seen["given"], given, strict=True)):
        raise Failure("changed-in-place", "one of the arguments was changed: += works in place",
                      "Make a new tensor: stored + ...")  # fmt: skip


@merge_back.check
def measures_the_loss(subject: Subject, draw: Draw) -> None:
    """lost_share is |again - merged| / |merged - stored| in the Frobenius norm."""
    o, i = draw.sizes(2)
    stored, update, error = draw.normal(o, i), draw.normal(o, i, scale=0.2), draw.normal(o, i, scale=0.1)
    merged, again = stored + update, stored + update + error
    value = subject.probe(lost, stored=stored, merged=merged, again=again)["value"]
    s, m, a = stored.double(), merged.double(), again.double()

    def norm(t: torch.Tensor) -> float:
        return float(t.square().sum().sqrt())

    mistakes = (
        Mistake("relative-to-weight", norm(a - m) / norm(m), "the error is divided by the size of the whole weight, "
                "beside which both look small", "Divide by the size of the update: merged - stored."),
        Mistake("relative-to-weight", norm(a - m) / norm(s), "the error is divided by the size of the stored weight, "
                "beside which it looks small", "Divide by the size of the update: merged - stored."),
        Mistake("kept-not-lost", 1 - norm(a - m) / norm(m - s), "that is one minus the share", "Error over update, as "
                "it is: 0 means that nothing is lost."),
        Mistake("each-weight-alone", norm((a - m) / (m - s)), "weights are divided one by one before the norm is taken",
                "Two norms, then their quotient."),
        Mistake("squared", (norm(a - m) / norm(m - s)) ** 2, "norms are squared", "Take the root: .norm()."),
        Mistake("upside-down", norm(m - s) / norm(a - m), "numerator and denominator are exchanged",
                "Error over update."),
        Mistake("error-not-divided", norm(a - m), "the error is not divided by anything",
                "Divide by |merged - stored|."),
        Mistake("wrong-error", norm(a - s) / norm(m - s), "the distance of `again` from `stored` is no error: it "
                "contains the update", "The error is again - merged."),
        Mistake("spectral-norm", float(torch.linalg.matrix_norm(a - m, 2) / torch.linalg.matrix_norm(m - s, 2)),
                "that is the spectral norm", "The Frobenius norm is .norm() without arguments."),
    )  # fmt: skip
    right, hint = norm(a - m) / norm(m - s), "(again - merged).norm() / (merged - stored).norm()"
    expect_close(value, right, what="the share", id="wrong-share", hint=hint, mistakes=mistakes, tolerance=1e-5)
