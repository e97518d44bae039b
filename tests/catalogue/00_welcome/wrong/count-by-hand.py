# %% the bias forgotten message="bias-forgotten"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs


def embedding_numbers(words, width):
    return words * width


def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% a bias for each input message="bias-per-input"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (inputs if bias else 0)


def embedding_numbers(words, width):
    return words * width


def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% one bias number in all message="bias-is-one-number"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + int(bias)


def embedding_numbers(words, width):
    return words * width


def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% bias although switched off message="bias-always"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + outputs


def embedding_numbers(words, width):
    return words * width


def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% sides added message="sides-added"
def linear_numbers(inputs, outputs, bias=True):
    return inputs + outputs


def embedding_numbers(words, width):
    return words * width


def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% an embedding with a bias message="embedding-bias"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width + width


def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% the row of padding left out message="padding-left-out"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return (words - 1) * width


def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% words and width added message="sides-added"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words + width


def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% word vectors left out message="embedding-left-out"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width


def classifier_numbers(words, width, hidden, classes):
    return linear_numbers(width, hidden) + linear_numbers(hidden, classes)


# %% biases left out message="biases-left-out"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width


def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden * classes


# %% the last layer left out message="last-layer-left-out"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width


def classifier_numbers(words, width, hidden, classes):
    return embedding_numbers(words, width) + linear_numbers(width, hidden)


# %% the first layer left out message="first-layer-left-out"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width


def classifier_numbers(words, width, hidden, classes):
    return embedding_numbers(words, width) + linear_numbers(hidden, classes)


# %% fc2 from the width message="hidden-skipped"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width


def classifier_numbers(words, width, hidden, classes):
    return words * width + linear_numbers(width, hidden) + linear_numbers(width, classes)


# %% fc1 once for each word message="sentence-counted"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width


def classifier_numbers(words, width, hidden, classes):
    return words * (width + linear_numbers(width, hidden)) + linear_numbers(hidden, classes)


# %% floats that round message="not-exact"
def linear_numbers(inputs, outputs, bias=True):
    return float(inputs) * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width


def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes
