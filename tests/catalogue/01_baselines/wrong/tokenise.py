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


# %% the exclamation mark forgotten message="not-split-off"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()?'":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% brackets thrown away message="punctuation-lost"
def tokenize(text):
    text = text.lower().replace("(", " ").replace(")", " ").replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,!?'":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% all tags removed message="tags-removed"
def tokenize(text):
    import re

    text = re.sub(r'<[^>]+>', ' ', text)
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% any line break message="tags-removed"
def tokenize(text):
    import re

    text = re.sub(r'<br\s*/?>', ' ', text)
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% each token once, in order message="order-lost"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return list(dict.fromkeys(text.split()))


# %% letters message="letters"
def tokenize(text):
    return list(text.lower())


# %% one text again message="joined-again"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return [' '.join(text.split())]


# %% the first line only message="lines-lost"
def tokenize(text):
    text = text.split('\n')[0]
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% ASCII only message="accents-lost"
def tokenize(text):
    text = text.encode('ascii', 'ignore').decode()
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% numbers left out message="numbers-lost"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return [token for token in text.split() if not token.isdigit()]


# %% case folded message="letters-folded"
def tokenize(text):
    text = text.casefold().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% the slash cuts too message="mark-split"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'/":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% every punctuation mark message="hyphen-split"
def tokenize(text):
    import string

    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in string.punctuation:
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% spaces alone separate message="white-space-kept"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return [token for token in text.split(' ') if token]


# %% colon forgotten message="colon-kept"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% only once each message="wrong-tokens"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ", 1)
    return text.split()


# %% empty text fails message="raised-IndexError"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    tokens = text.split()
    return [tokens[0], *tokens[1:]]


# %% marks at the end of words only message="not-split-off"
def tokenize(text):
    tokens = []
    for word in text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ").split():
        end = []
        while word and word[-1] in ".,()!?'":
            end.insert(0, word[-1])
            word = word[:-1]
        tokens += ([word] if word else []) + end
    return tokens


# %% capitals message="case-kept"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return text.upper().split()


# %% an iterator's text message="not-a-list"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return ' '.join(text.split())


# %% marks gathered at the end message="marks-last"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    tokens = text.split()
    return [t for t in tokens if t not in '.,()!?\''] + [t for t in tokens if t in '.,()!?\'']


# %% a space before each mark only message="half-split"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark}")
    return text.split()


# %% the first letter alone made small message="case-kept"
def tokenize(text):
    text = text[:1].lower() + text[1:]
    text = text.replace('"', "").replace("<br />", " ").replace(";", " ").replace(":", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    return text.split()


# %% split without its call message="wrong-type"
def tokenize(text):
    return text.lower().split

# %% hard spaces kept message="white-space-kept"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    for mark in ";:":
        text = text.replace(mark, " ")
    import re
    return re.findall(r'[^ \t\r\n\f\v]+',text)

# %% hyphens stripped from the ends message="wrong-tokens"
def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    for mark in ";:":
        text = text.replace(mark, " ")
    return [t.strip('-') for t in text.split() if t.strip('-')]

# %% accents composed message="wrong-tokens"
def tokenize(text):
    text = __import__('unicodedata').normalize('NFC',text).lower().replace('"', "").replace("<br />", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    for mark in ";:":
        text = text.replace(mark, " ")
    return text.split()

# %% entities unescaped message="wrong-tokens"
def tokenize(text):
    text = __import__('html').unescape(text).lower().replace('"', "").replace("<br />", " ")
    for mark in ".,()!?'":
        text = text.replace(mark, f" {mark} ")
    for mark in ";:":
        text = text.replace(mark, " ")
    return text.split()

# %% split at the space alone message="white-space-kept"
def tokenize(text):
    text = text.lower().replace("<br />", " ").replace('"', "")
    text = re.sub(r"([.,()!?'])", r" \1 ", text)
    return [token for token in re.sub("[;:]", " ", text).split(" ") if token]
