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
