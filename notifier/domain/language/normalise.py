"""From what was typed to one plain spelling: the same words typed on any phone come out the same."""

import re
import unicodedata
from functools import reduce

from notifier.domain.language import vocabulary as words

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘´`ʼ＇", "'"))
_TRAILING = re.compile(rf"(?<=.)(?:[ ,]*+(?:{words.COURTESY})|[{words.PARTICLES}])++\Z")
_COURTESY_ALONE = re.compile(rf"\A(?:{words.COURTESY})\Z")
_TIDY = (
    (re.compile(r"\s+"), " "),
    (re.compile(r" ?,[ ,]*"), ","),
    (re.compile(r"[ ,]*\?[ ,?]*"), "?"),
    (re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])"), ""),
    (re.compile(r"\A[ ,]+|[ ,]+\Z"), ""),
)
_DROPPED = frozenset({"Mn", "Me", "Cf", "Cs", "Co", "Cn", "So", "Sk"})
_ROUNDS = 50
"""Two rounds settle what people write; the rest is for texts made to be odd."""


def normalise(text: str) -> str:
    """Half-width, simplified, lower case, without emoji, trailing courtesy and stray punctuation.

    Clauses are parted by ``,``; a question mark stays. Idempotent; never raises.
    """
    for _ in range(_ROUNDS):
        plain = _once(text)
        if plain == text:
            break
        text = plain
    return text


def name_key(name: str) -> str:
    """The letters and digits of a name, spelt one way, however it is typed."""
    return "".join(filter(str.isalnum, normalise(name)))


def first_letters(key: str) -> tuple[str, ...]:
    """How a name of that key may begin where it was not typed but written down: simplified or traditional."""
    first = key[0]
    return (first, *(chr(other) for other, plain in words.TRADITIONAL.items() if plain == first))


def _once(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES))
    text = unicodedata.normalize("NFKC", text.casefold()).translate(words.TRADITIONAL)
    text = "".join(map(_plain, text)) if any(map(str.isalnum, text)) else _of_signs(text)
    text = "".join(_mark(text, at) for at in range(len(text)))
    tidy = reduce(lambda t, step: step[0].sub(step[1], t), _TIDY, text)
    return tidy if _COURTESY_ALONE.match(tidy) else _TRAILING.sub("", tidy)


def _plain(char: str) -> str:
    if char in words.NO_EMOJI:
        return "不"
    if unicodedata.category(char) in _DROPPED:
        return ""
    return " " if unicodedata.category(char) == "Cc" else char


def _of_signs(text: str) -> str:
    """A text without any word: a sign may still speak for itself."""
    mark = "?" if "?" in text else ""
    for signs, meaning in ((words.NO_EMOJI, "不"), (words.YES_EMOJI, "ok"), (words.THANKS_EMOJI, "谢谢")):
        if signs.intersection(text):
            return meaning + mark
    return mark


def _mark(text: str, at: int) -> str:
    """The character at ``at``, as a comma where it is a mark that joins nothing."""
    char, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if char.isalnum() or char.isspace() or char in "?,":
        return char
    if char == "'" and before.isalpha() and after.isalpha():
        return char
    if char in ":.-~" and before.isdigit() and after.isdigit():
        return "-" if char == "~" else char
    return ","
