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


# %% an embedding with a bias message="width-added"
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


# %% floats message="not-whole"
def linear_numbers(inputs, outputs, bias=True):
    return float(inputs) * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width


def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% floats that round message="not-exact"
def linear_numbers(inputs, outputs, bias=True):
    return int(float(inputs) * outputs) + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width



def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% no bias unless asked message="default-without-bias"
def linear_numbers(inputs, outputs, bias=False):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width



def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% bias the wrong way round message="bias-turned-round"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs if bias else inputs * outputs + outputs


def embedding_numbers(words, width):
    return words * width



def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% bias on both sides message="bias-on-both-sides"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (inputs + outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width



def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% bias for each number message="bias-per-number"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs * (2 if bias else 1)


def embedding_numbers(words, width):
    return words * width



def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% bias alone message="matrix-missing"
def linear_numbers(inputs, outputs, bias=True):
    return outputs if bias else 0


def embedding_numbers(words, width):
    return words * width



def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% a tensor message="not-a-number"
def linear_numbers(inputs, outputs, bias=True):
    return torch.tensor(inputs * outputs + (outputs if bias else 0))


def embedding_numbers(words, width):
    return words * width



def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% printed message="not-a-number"
def linear_numbers(inputs, outputs, bias=True):
    print(inputs * outputs + (outputs if bias else 0))


def embedding_numbers(words, width):
    return words * width



def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% a row more for unknown words message="width-added"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return (words + 1) * width



def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% rows alone message="one-column"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words



def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% a shape message="not-a-number"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return nn.Embedding(words, width).weight.shape



def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% the last bias forgotten message="last-bias-left-out"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width



def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes


# %% the classes as the bias message="last-layer-left-out"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width



def classifier_numbers(words, width, hidden, classes):
    return embedding_numbers(words, width) + linear_numbers(width, hidden, classes)


# %% fc1 from words message="words-into-fc1"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width



def classifier_numbers(words, width, hidden, classes):
    return words * width + linear_numbers(words, hidden) + linear_numbers(hidden, classes)


# %% a hidden layer more message="layer-added"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width



def classifier_numbers(words, width, hidden, classes):
    return words * width + sum(linear_numbers(a, b) for a, b in ((width, hidden), (hidden, hidden), (hidden, classes)))


# %% sizes multiplied message="multiplied"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width



def classifier_numbers(words, width, hidden, classes):
    return words * width * hidden * classes


# %% wrong for one word message="wrong-count"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width if words > 1 else 0



def classifier_numbers(words, width, hidden, classes):
    return words * width + width * hidden + hidden + hidden * classes + classes


# %% fc2 the wrong way round message="wrong-count"
def linear_numbers(inputs, outputs, bias=True):
    return inputs * outputs + (outputs if bias else 0)


def embedding_numbers(words, width):
    return words * width



def classifier_numbers(words, width, hidden, classes):
    return embedding_numbers(words, width) + linear_numbers(width, hidden) + linear_numbers(classes, hidden)
