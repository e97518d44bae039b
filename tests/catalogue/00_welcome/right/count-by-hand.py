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


# %% other names, math.prod
import math


def linear_numbers(n_in, n_out, with_bias=True):
    return math.prod((n_in, n_out)) + n_out * bool(with_bias)


def embedding_numbers(vocabulary, dim):
    return sum(dim for _ in range(vocabulary)) if vocabulary < 1000 else vocabulary * dim


def classifier_numbers(vocabulary, dim, middle, labels):
    return sum([embedding_numbers(vocabulary, dim), linear_numbers(dim, middle, True), linear_numbers(middle, labels)])


# %% keywords and int
def linear_numbers(inputs: int, outputs: int, bias: bool = True) -> int:
    count = inputs * outputs
    count += outputs if bias is True else 0
    return int(count)


def embedding_numbers(words: int, width: int) -> int:
    return int(words * width)


def classifier_numbers(words: int, width: int, hidden: int, classes: int) -> int:
    layers = [dict(inputs=width, outputs=hidden), dict(inputs=hidden, outputs=classes, bias=True)]
    return embedding_numbers(words=words, width=width) + sum(linear_numbers(**layer) for layer in layers)


# %% factored
def linear_numbers(inputs, outputs, bias=True):
    return outputs * (inputs + int(bias))


def embedding_numbers(words, width):
    return torch.Size((words, width)).numel()


def classifier_numbers(words, width, hidden, classes):
    return words * width + hidden * (width + 1) + classes * (hidden + 1)
