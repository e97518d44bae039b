# %% regular expressions
import re


def tokenize(text):
    text = re.sub(r"<br />|[;:]", " ", text.lower().replace('"', ""))
    return re.findall(r"[.,()!?']|[^\s.,()!?']+", text)


# %% a translation table
def tokenize(text):
    text = text.replace("<br />", " ").lower()
    table = {ord(mark): f" {mark} " for mark in ".,()!?'"} | {ord('"'): None, ord(";"): " ", ord(":"): " "}
    return text.translate(table).split()


# %% letter by letter
def tokenize(text):
    tokens, word = [], ""
    for letter in text.lower().replace("<br />", " ") + " ":
        if letter == '"':
            continue
        if letter.isspace() or letter in ".,()!?';:":
            if word:
                tokens.append(word)
            if letter in ".,()!?'":
                tokens.append(letter)
            word = ""
        else:
            word += letter
    return tokens


# %% pairs in the order of torchtext
def tokenize(text):
    pairs = [("'", " '  "), ('"', ""), (".", " . "), ("<br />", " "), (",", " , "), ("(", " ( "), (")", " ) "),
             ("!", " ! "), ("?", " ? "), (";", " "), (":", " ")]
    line = text.lower()
    for old, new in pairs:
        line = line.replace(old, new)
    return [word for word in line.split()]


# %% split at the marks
def tokenize(text):
    import re

    clean = re.sub(r'(<br />)|;|:', ' ', text.replace('"', '').lower())
    return [part for part in re.split(r"([.,()!?'])|\s+", clean) if part]


# %% reduce over pairs
def tokenize(text):
    from functools import reduce

    pairs = [('"', '')] + [(blank, ' ') for blank in ('<br />', ';', ':')] + [(m, f' {m} ') for m in "!?.,()'"]
    return reduce(lambda line, pair: line.replace(*pair), pairs, text).lower().split()


# %% join of the letters
def tokenize(text):
    letters = []
    for letter in text.replace('<br />', ' '):
        if letter in '.,()!?' or letter == "'":
            letters += [' ', letter, ' ']
        elif letter in ';:':
            letters.append(' ')
        elif letter != '"':
            letters.append(letter.lower())
    return ''.join(letters).split()


# %% replaced in regular expressions
def tokenize(text):
    import re

    text = re.sub(r"([.,()!?'])", r' \1 ', text.lower())
    text = re.sub(r'<br />|[;:]', ' ', text)
    return re.sub(r'"', '', text).strip().split()
