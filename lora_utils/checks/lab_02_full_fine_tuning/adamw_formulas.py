"""Lab 02's step of AdamW by the paper's formulas, right or with one of the mistakes that are known.

Letters: theta the numbers to train, g their gradient, m and v the running means of g and of its square, t the step.
"""

from __future__ import annotations


def simulate(c: dict, mistake: str = "") -> dict:
    """The paper's formulas for one step, with one mistake in them."""
    s, theta, g, t = c["settings"], c["theta"], c["g"], c["t"]
    lr, b1, b2, eps, wd = (s[name] for name in ("lr", "beta1", "beta2", "eps", "weight_decay"))
    if mistake == "betas exchanged":
        b1, b2 = b2, b1
    if mistake == "eps fixed":
        eps = 1e-8
    if mistake == "decay in the gradient":
        g = g + wd * theta
    if mistake == "decay twice":
        g = g + wd * (1 - lr * wd) * theta
    if mistake == "decay of lr":
        lr = lr * (1 - wd)
    kept1, kept2 = (1 - b1, 1 - b2) if mistake == "weights exchanged" else (b1, b2)
    new1, new2 = (1.0, 1.0) if mistake == "factor forgotten" else (1 - kept1, 1 - kept2)
    m = kept1 * c["m"] + new1 * g
    square = {"not squared": g, "absolute": g.abs(), "square of the mean": m**2, "one for all": (g**2).mean(),
              "sum for all": (g**2).sum()}.get(mistake, g**2)  # fmt: skip
    v = kept2 * c["v"] + new2 * square
    correct1, correct2 = {
        "not corrected": (1.0, 1.0), "m not corrected": (1.0, 1 - b2**t), "v not corrected": (1 - b1**t, 1.0),
        "always the first": (1 - b1, 1 - b2), "corrected with t + 1": (1 - b1 ** (t + 1), 1 - b2 ** (t + 1)),
        "corrections exchanged": (1 - b2**t, 1 - b1**t), "multiplied": (1 / (1 - b1**t), 1 / (1 - b2**t)),
        "betas fixed": (1 - 0.9**t, 1 - 0.999**t), "beta1 fixed": (1 - 0.9**t, 1 - b2**t),
        "beta2 fixed": (1 - b1**t, 1 - 0.999**t),
        "first step only": (1 - b1, 1 - b2) if t == 1 else (1.0, 1.0), "m by t": (t, 1 - b2**t),
        "beta times t": (1 - b1 * t, 1 - b2**t), "plus": (1 + b1**t, 1 + b2**t), "the power alone": (b1**t, b2**t),
    }.get(mistake, (1 - b1**t, 1 - b2**t))  # fmt: skip
    used_m = {"gradient instead of m": c["g"] * correct1, "m before the step": c["m"]}.get(mistake, m)
    used_v = c["v"] if mistake == "v before the step" else v
    m_hat, v_hat = used_m / correct1, used_v / correct2
    if mistake == "nesterov":
        m_hat = b1 * m_hat + (1 - b1) * g
    denominator = {
        "eps inside": (v_hat + eps).sqrt(), "eps inside squared": (v_hat + eps**2).sqrt(),
        "eps scaled": (v.sqrt() + eps) / correct2**0.5, "no root": v_hat + eps, "eps forgotten": v_hat.sqrt(),
        "eps as floor": v_hat.sqrt().clamp(min=eps), "eps as factor": v_hat.sqrt() * (1 + eps),
        "sign alone": m_hat.abs(),
        "root of v only": v.sqrt() / correct2 + eps,
    }.get(mistake, v_hat.sqrt() + eps)  # fmt: skip
    step = m_hat / denominator if mistake == "lr forgotten" else lr * m_hat / denominator
    if mistake == "eps beside":
        step = lr * m_hat / v_hat.sqrt() - eps
    if mistake == "theta forgotten":
        step = step + theta
    decay = {
        "decay in the gradient": 0.0, "decay without lr": wd * theta, "decay forgotten": 0.0,
        "decay by lr twice": lr**2 * wd * theta, "decay adds": -lr * wd * theta,
        "decay of the new": lr * wd * (theta - step),
        "decay scaled": lr * wd * theta / denominator, "decay of the step": lr * wd * step,
        "decay of a constant": lr * wd,
    }.get(mistake, lr * wd * theta)  # fmt: skip
    theta = theta + step - decay if mistake == "uphill" else theta - step - decay
    if mistake == "corrected moments kept":
        m, v = m_hat, v_hat
    return {"theta": theta, "m": m, "v": v}


STEPS = (
    ("not corrected", "bias-not-corrected", "m and v are used as they are: in the first steps they are far too small",
     "Divide m by 1 - beta1**t and v by 1 - beta2**t, for use in this step."),
    ("m not corrected", "m-not-corrected", "m is used without its correction", "Divide it by 1 - beta1**t."),
    ("v not corrected", "v-not-corrected", "v is used without its correction", "Divide it by 1 - beta2**t."),
    ("corrected with t + 1", "t-off-by-one", "the correction uses t + 1", "The first step has t = 1."),
    ("always the first", "t-ignored", "the correction is that of the first step for ever", "Use beta1**t, not beta1."),
    ("eps inside", "eps-inside-root", "eps stands inside the square root", "sqrt(v_hat) + eps: first the root."),
    ("eps inside squared", "eps-inside-root", "eps squared stands inside the square root",
     "sqrt(v_hat) + eps: first the root."),
    ("eps scaled", "eps-scaled", "eps is divided by sqrt(1 - beta2**t) too: it was added before the correction",
     "Correct v first, take the root, then add eps."),
    ("eps forgotten", "eps-forgotten", "eps is missing", "Divide by sqrt(v_hat) + eps."),
    ("eps as floor", "eps-as-floor", "eps is a lower bound of sqrt(v_hat), and is not added to it",
     "sqrt(v_hat) + eps"),
    ("eps as factor", "eps-as-factor", "sqrt(v_hat) is multiplied by 1 + eps", "Add eps: sqrt(v_hat) + eps."),
    ("first step only", "corrected-once", "m and v are corrected at t = 1 and used as they are from t = 2 on",
     "Divide by 1 - beta**t in every step: for a large t it is nearly 1 by itself."),
    ("m by t", "m-by-t", "m is divided by t", "Divide it by 1 - beta1**t."),
    ("nesterov", "gradient-mixed-in", "the step follows beta1 * m_hat + (1 - beta1) * g, as Nesterov's momentum does",
     "m_hat holds its share of g already: use it alone."),
    ("sign alone", "sign-alone", "the step is lr in the direction of m, whatever m and v are",
     "Divide m_hat by sqrt(v_hat) + eps."),
    ("eps fixed", "setting-fixed", "eps is 1e-8, whatever is given", "Use the argument eps."),
    *((f"{name} fixed", "setting-fixed", "the correction uses 0.9 or 0.999, whatever is given",
       "Use the arguments beta1 and beta2.") for name in ("betas", "beta1", "beta2")),
    ("no root", "root-forgotten", "the square root of v is missing", "Divide by sqrt(v_hat) + eps."),
    ("corrections exchanged", "corrections-exchanged", "m is corrected with beta2 and v with beta1",
     "m belongs to beta1, v to beta2."),
    ("multiplied", "correction-multiplied", "m and v are multiplied with 1 - beta**t",
     "Divide: the correction makes the first, small means larger."),
    ("eps beside", "eps-outside-fraction", "eps is added to the fraction instead of its denominator",
     "Parentheses: m_hat / (sqrt(v_hat) + eps)"),
    ("lr forgotten", "lr-forgotten", "the step is not multiplied by lr", "The fraction is taken times lr."),
    ("theta forgotten", "theta-forgotten", "that is the step alone", "theta - step: it starts from theta."),
    ("gradient instead of m", "m-unused", "the step follows the gradient itself instead of m", "Use m_hat above."),
    ("beta times t", "power-forgotten", "m is divided by 1 - beta1 * t", "A power: beta1**t."),
    ("plus", "correction-plus", "m and v are divided by 1 + beta**t", "1 - beta**t: the correction makes small means "
     "larger."),
    ("the power alone", "correction-plus", "m and v are divided by beta**t", "Divide by 1 - beta**t."),
    ("m before the step", "moments-before-the-step", "theta moves by the m that came in, not by the new one",
     "First the new m and v, then the step."),
    ("v before the step", "moments-before-the-step", "theta moves by the v that came in, not by the new one",
     "First the new m and v, then the step."),
    ("root of v only", "root-before-correction", "the root is taken of v, and the correction stands outside it",
     "Correct v first, then take the root."),
    ("uphill", "uphill", "the step goes along the gradient: uphill", "Subtract the step."),
)  # fmt: skip
DECAY = (
    ("decay in the gradient", "decay-in-gradient", "the decay is added to the gradient, so m and v see it: Adam with "
     "L2, not AdamW", "Leave g alone; subtract lr * weight_decay * theta beside the step."),
    ("decay forgotten", "decay-forgotten", "weight_decay has no effect", "Subtract lr * weight_decay * theta as well."),
    ("decay without lr", "decay-without-lr", "the decay is not multiplied by lr", "lr * weight_decay * theta"),
    ("decay twice", "decay-twice", "the decay acts twice: beside the step and as a part of the gradient",
     "Leave g alone; subtract lr * weight_decay * theta beside the step."),
    ("decay by lr twice", "decay-by-lr-twice", "the decay is multiplied by lr twice", "lr * weight_decay * theta"),
    ("decay of lr", "decay-of-lr", "the step is multiplied by 1 - weight_decay as well",
     "The step takes lr as it is; the decay stands beside it."),
    ("decay adds", "decay-adds", "the decay makes theta larger", "Subtract lr * weight_decay * theta."),
    ("decay of the new", "decay-of-the-new", "the decay acts on theta after the step",
     "Both parts are computed from the theta that came in."),
    ("decay of the step", "decay-of-the-step", "the decay shrinks the step instead of theta",
     "lr * weight_decay * theta"),
    ("decay of a constant", "decay-of-a-constant", "the same number is taken off everywhere",
     "The decay is a share of theta: lr * weight_decay * theta"),
    ("decay scaled", "decay-scaled", "the decay is divided by the root of v like the gradient",
     "The decay stands outside the fraction."),
)  # fmt: skip
