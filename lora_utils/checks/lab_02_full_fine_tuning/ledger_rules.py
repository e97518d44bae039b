"""What one step of AdamW keeps in memory, by rules on the shapes of a chain: the right ones and those of mistakes.

Letters: b batch, sizes the widths of a chain of linear layers with ReLU between them, c classes. A test holds the right
rules against steps that are really taken and counted.
"""

from __future__ import annotations

from itertools import pairwise


def layers_of(c: dict) -> list[dict]:
    """The linear layers of a chain: their sizes i and o, and whether weight and bias (None without one) are trained."""
    switches, layers = iter(c["trained"]), []
    for (i, o), bias in zip(pairwise(c["sizes"]), c["biases"], strict=True):
        layers.append({"i": i, "o": o, "weight": next(switches), "bias": next(switches) if bias else None})
    return layers


def counts(c: dict) -> dict:
    """How many numbers there are, how many are trained, in how many tensors."""
    layers = layers_of(c)
    matrices = sum(layer["i"] * layer["o"] for layer in layers)
    vectors = sum(layer["o"] for layer in layers if layer["bias"] is not None)
    on = sum(layer["i"] * layer["o"] * layer["weight"] + layer["o"] * bool(layer["bias"]) for layer in layers)
    return {
        "all": matrices + vectors, "matrices": matrices, "on": on, "tensors": sum(c["trained"]),
        "all tensors": len(c["trained"]), "on matrices": sum(la["i"] * la["o"] * la["weight"] for la in layers),
    }  # fmt: skip


def walk(c: dict, mistake: str = "") -> int:
    """Bytes of activations: the walk through the layers that the text describes, or one with a mistake in it."""
    b, layers = c["b"], layers_of(c)
    kept = mistake != "batch counted if needed"
    flows, numbers, any_on = False, 0, any(c["trained"])
    for k, layer in enumerate(layers):
        on = layer["weight"] or bool(layer["bias"])
        needs_input = on if mistake == "bias keeps the input" else layer["weight"]
        if mistake == "inputs twice":
            kept = k == 0
        if needs_input and not kept and mistake != "inputs missed":
            numbers += b * layer["i"]
        flows = {
            "bias does not count": flows or layer["weight"], "this layer alone": on, "always": True,
            "only its weight": layer["weight"], "weights after": any(la["weight"] for la in layers[k + 1 :]),
            "after": any(la["weight"] or la["bias"] for la in layers[k + 1 :]), "inputs alone": False,
            "not the layer itself": any(la["weight"] or la["bias"] for la in layers[:k]),
        }.get(mistake, flows or on)  # fmt: skip
        kept = False
        if layer is not layers[-1]:
            numbers += b * layer["o"] if flows else 0
            kept = True if mistake == "kept in any case" else flows
            if mistake == "input of relu too" and flows:
                numbers += b * layer["o"]
        if mistake == "linear outputs" and (flows or any_on):
            numbers += b * layer["o"]
    numbers += b * c["sizes"][0] * (mistake == "batch counted")
    classes = c["sizes"][-1]
    loss = {"no loss": 0, "no total weight": b * classes, "loss a number an example": b * classes + b,
            "loss without classes": b + 1, "the loss alone": b * classes + 1}.get(mistake, b * classes + 1)  # fmt: skip
    if mistake == "the loss alone":
        numbers = 0
    if mistake == "one example":
        return 4 * (numbers // b + classes + 1)
    return 0 if mistake == "nothing" else numbers + loss if mistake == "numbers" else 4 * (numbers + loss)


def right_bytes(c: dict, kind: str) -> int:
    """One line of the ledger."""
    n = counts(c)
    return {
        "weights": 4 * n["all"], "gradients": 4 * n["on"], "optimizer": 8 * n["on"] + 4 * n["tensors"],
        "activations": walk(c),
    }[kind]  # fmt: skip


def wrong_bytes(kind: str, c: dict) -> tuple:
    """Values of the usual mistakes for one kind, each with its message."""
    n = counts(c)
    one, two = 4 * n["on"], 8 * n["on"]
    twice = "a tensor is counted twice: the output of ReLU is the input of the next layer"
    once = "Between two linear layers one tensor stays: ReLU's output. What goes into ReLU is not needed."
    whole = "ReLU keeps its output if anything before it is trained, a bias too, however far back."
    after = "The gradient comes from the loss and ends at the first trained number: what counts is what stands before."
    return {
        "weights": (
            ("numbers-not-bytes", n["all"], "that counts numbers", "A float32 number has four bytes."),
            ("eight-bytes", 8 * n["all"], "that is eight bytes a number", "A float32 number has four bytes."),
            ("only-trained", one, "the frozen weights are missing", "Frozen weights are stored and used too."),
            ("biases-missed", 4 * n["matrices"], "the biases are missing", "Go through model.parameters()."),
        ),
        "gradients": (
            ("frozen-counted", 4 * n["all"], "frozen parameters get no gradient", "Ask each one: p.requires_grad."),
            ("numbers-not-bytes", n["on"], "that counts numbers", "A float32 number has four bytes."),
            ("eight-bytes", two, "that is eight bytes a number", "A float32 number has four bytes."),
            ("no-gradients", 0, "trained parameters have a gradient each", "As many bytes as the trained parameters."),
            ("biases-missed", 4 * n["on matrices"], "trained biases are missing", "They have a gradient too."),
        ),
        "optimizer": (
            ("step-counter-missed", two, "each trained tensor has a step counter as well",
             "AdamW keeps its t as one float32 for each trained tensor."),
            ("one-moment", one + 4 * n["tensors"], "AdamW keeps two numbers, m and v", "Twice the gradients."),
            ("one-moment", one, "AdamW keeps two numbers, m and v, and a step counter a tensor",
             "Twice the gradients, and 4 bytes a trained tensor."),
            ("frozen-counted", 8 * n["all"] + 4 * n["all tensors"], "frozen parameters have no optimiser state",
             "Sum over p.requires_grad."),
            ("frozen-counted", 8 * n["all"] + 4 * n["tensors"], "frozen parameters have no optimiser state",
             "Sum over p.requires_grad."),
            ("frozen-counted", 8 * n["all"], "frozen parameters have no optimiser state", "Sum over p.requires_grad."),
            ("counter-of-frozen", two + 4 * n["all tensors"], "frozen tensors have no step counter",
             "Count the trained tensors."),
            ("counter-per-number", 12 * n["on"], "the step counter is one number a tensor, not one a number",
             "4 bytes a trained tensor."),
            ("one-counter", two + 4, "each trained tensor has a step counter of its own",
             "4 bytes for every trained tensor, not 4 in all."),
            ("counter-of-eight-bytes", two + 8 * n["tensors"], "the step counters are counted as eight bytes each",
             "AdamW keeps its t as one float32: four bytes."),
            ("counter-of-one-byte", two + n["tensors"], "the step counters are counted as one byte each",
             "A float32 number has four bytes, the counter too."),
            ("numbers-not-bytes", 2 * n["on"] + n["tensors"], "that counts numbers", "Four bytes each."),
            ("no-state", 0, "AdamW remembers m and v", "Twice the gradients, and a step counter a tensor."),
        ),
        "activations": tuple((id, walk(c, mistake), why, hint) for id, mistake, why, hint in (
            ("no-activations", "nothing", "the backward pass needs intermediate results, frozen layers or not",
             "Go through the table of what each layer keeps."),
            ("loss-missed", "no loss", "what cross entropy keeps is missing",
             "Its b * c log-probabilities, and one number."),
            ("loss-miscounted", "loss without classes", "of cross entropy one number an example is counted",
             "It keeps b * c log-probabilities, one for each class."),
            ("loss-miscounted", "loss a number an example", "cross entropy's total weight is counted for each example",
             "It is one number for the whole batch."),
            ("one-number-missed", "no total weight", "one number is missing: cross entropy also keeps the total weight",
             "b * c log-probabilities and one number."),
            ("numbers-not-bytes", "numbers", "that counts numbers", "Four bytes each."),
            ("batch-size-forgotten", "one example", "that is for one example",
             "Everything but the one number of the loss is there b times."),
            ("input-missed", "kept in any case", "the input of a trained weight is missing: ReLU did not keep it, "
             "since nothing before it is trained", "The tensor is new there: a trained weight keeps its input itself."),
            ("input-missed", "inputs missed", "the input of a trained weight is missing: ReLU did not keep it, "
             "since nothing before it is trained", "The tensor is new there: a trained weight keeps its input itself."),
            ("as-if-all-trained", "always", "layers before the first trained number keep nothing, and a frozen linear "
             "layer does not keep its input", "Ask at each layer what before it is trained."),
            ("relu-forgotten", "inputs alone", "only the inputs of trained weights are counted; ReLU keeps its output "
             "too", whole),
            ("relu-forgotten", "bias does not count", "a ReLU behind a trained bias alone keeps nothing here", whole),
            ("relu-forgotten", "this layer alone", "a ReLU keeps its output here only if the layer right before it is "
             "trained", whole),
            ("relu-forgotten", "only its weight", "a ReLU keeps its output here only if the weight right before it is "
             "trained", whole),
            ("relu-forgotten", "not the layer itself", "a ReLU right behind the first trained layer keeps nothing "
             "here", whole),
            ("other-end", "after", "a ReLU keeps its output here if anything after it is trained", after),
            ("other-end", "weights after", "a ReLU keeps its output here if a weight after it is trained", after),
            ("bias-keeps-input", "bias keeps the input", "a trained bias keeps the layer's input here",
             "dL/dbias is a sum of G: the input is not in it."),
            ("counted-twice", "inputs twice", twice, once),
            ("counted-twice", "input of relu too", "what goes into ReLU is counted as well as what comes out", once),
            ("batch-counted", "batch counted", "the batch itself is counted", "It is there without training."),
            ("batch-counted", "batch counted if needed", "the batch itself is counted where the first weight is "
             "trained", "It is there without training: treat it as kept."),
            ("linear-outputs-counted", "linear outputs", "the outputs of linear layers are counted",
             "Nobody needs them: ReLU's derivative follows from its own output."),
            ("frozen-is-free", "the loss alone", "only what the loss keeps is counted",
             "Go through the layers: frozen does not mean free."),
        )),
    }[kind]  # fmt: skip
