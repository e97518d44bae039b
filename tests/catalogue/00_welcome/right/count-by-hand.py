# %% formulas in full
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width


def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% the bias as a number
def linear_numbers(inputs, outputs, bias=True):
    return (inputs + bias) * outputs


def embedding_numbers(words, width):
    return words * width


def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% real layers on the meta device
def linear_numbers(inputs, outputs, bias=True):
    return sum(p.numel() for p in nn.Linear(inputs, outputs, bias=bias, device="meta").parameters())


def embedding_numbers(words, width):
    return nn.Embedding(words, width, device="meta").weight.numel()


def classifier_numbers(words, width, hidden, classes):
    return embedding_numbers(words, width) + linear_numbers(width, hidden) + linear_numbers(hidden, classes)


# %% the bias as one more row
def linear_numbers(inputs, outputs, bias=True):
    if bias:
        inputs += 1
    return inputs * outputs


def embedding_numbers(words, width):
    return linear_numbers(words, width, bias=False)


def classifier_numbers(words, width, hidden, classes):
    sizes = (width, hidden, classes)
    return embedding_numbers(words, width) + sum(map(linear_numbers, sizes, sizes[1:]))


# %% branches
def linear_numbers(inputs: int, outputs: int, bias: bool = True) -> int:
    matrix = outputs * inputs
    if not bias:
        return matrix
    return matrix + outputs


def embedding_numbers(words: int, width: int) -> int:
    return width * words


def classifier_numbers(words: int, width: int, hidden: int, classes: int) -> int:
    fc1, fc2 = linear_numbers(width, hidden), linear_numbers(hidden, classes)
    return fc1 + fc2 + embedding_numbers(words, width)
