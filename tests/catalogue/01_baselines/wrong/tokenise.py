# %% only split message="not-split-off"
def tokenize(text):
    return text.lower().split()


# %% capital letters kept message="case-kept"
def tokenize(text):
    text = text.replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% words only message="punctuation-lost"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ")
    for mark in ".,()!?';:":
        text = text.replace(mark, " ")
    return text.split()


# %% apostrophe inside the word message="apostrophe-kept"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% apostrophe removed message="apostrophe-lost"
def tokenize(text):
    text = text.lower().replace('"', "").replace("'", "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% quotation mark a token message="quotation-mark-kept"
def tokenize(text):
    text = text.lower().replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'\"":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% quotation mark a space message="quotation-mark-spaced"
def tokenize(text):
    text = text.lower().replace('"', " ").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% colon and semicolon tokens message="colon-kept"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ")
    for mark in ".,()!?';:":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% line break kept message="tag-kept"
def tokenize(text):
    text = text.lower().replace('"', "").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% a regular expression of word letters message="hyphen-split"
def tokenize(text):
    import re

    text = text.lower().replace('"', "").replace("<br />", " ")
    return re.findall(r"\w+|[.,()!?']", text)


# %% split at single spaces message="empty-tokens"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace("\n", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return text.replace(";", " ").replace(":", " ").split(" ")


# %% a set message="order-lost"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return sorted(set(text.split()))


# %% one text message="not-a-list"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return text


# %% line break removed without a space message="words-joined"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", "").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% semicolon and colon removed without a space message="words-joined"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", "").replace(":", "")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% what replace returns is not kept message="not-split-off"
def tokenize(text):
    text = text.lower()
    for mark in ".,()!?'":
        text.replace(mark, f" {mark} ")
    return text.split()
