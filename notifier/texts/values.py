"""User values on their way into a text: data, always; one line; no longer than their name allows."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from notifier.domain.times import parse_iso_utc
from notifier.texts.civil import Listing, Moment
from notifier.texts.errors import MissingValue
from notifier.texts.vocabulary import VOCABULARY, Value, ValueKind

CUT = "…"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Controls, direction marks, lone surrogates and the like: a text must show what it says."""
_HOME = "+86"
_LONGEST_PHONE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How far values are shortened to fit: characters of a text, entries of a list. None: not at all."""

    text: int | None = None
    entries: int | None = None


UNCUT = Caps()


def fold(text: str) -> str:
    """One line of visible characters: blanks and line ends become single spaces, unseen characters go."""
    if text.isprintable():
        return text
    seen = (char for char in text if char.isspace() or unicodedata.category(char) not in _UNSEEN)
    return " ".join("".join(seen).split())


def cut(text: str, cap: int) -> str:
    """At most ``cap`` characters, the last of them … when something was left out."""
    if len(text) <= cap:
        return text
    end = max(cap - 1, 0)
    while end and unicodedata.combining(text[end]):
        end -= 1
    return text[:end].rstrip() + CUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Turns supplied values into what templates see, for one rendering."""

    template: str
    values: Mapping[str, object]
    now: datetime
    zone: ZoneInfo

    def context(self, names: frozenset[str], caps: Caps = UNCUT) -> dict[str, object]:
        """What those names stand for. Raises MissingValue."""
        return {name: self._read(name, VOCABULARY[name], caps) for name in names}

    def _read(self, name: str, value: Value, caps: Caps) -> object:
        if name == "now":
            return Moment(self.now, self.now, self.zone)
        given = self.values.get(name)
        if given is None:
            return self._absent(name, value)
        match value.kind:
            case ValueKind.TEXT:
                return self._text(given, value.cap, caps.text)
            case ValueKind.TIME:
                return self._moment(name, given)
            case ValueKind.EXACT:
                return fold(str(given))
            case ValueKind.PHONE:
                return _phone(str(given))
            case ValueKind.LIST:
                return self._listing(name, value, given, caps)
            case _:
                return given if isinstance(given, int | float) else self._wrong(name, "is no number")

    def _absent(self, name: str, value: Value) -> object:
        if value.optional or (value.nullable and name in self.values):
            return Listing() if value.kind is ValueKind.LIST else ""
        raise MissingValue(self.template, name, "is null" if name in self.values else "is missing")

    def _wrong(self, name: str, problem: str) -> object:
        raise MissingValue(self.template, name, problem)

    def _text(self, given: object, cap: int, shorter: int | None) -> str:
        text = fold(given if isinstance(given, str) else str(given))
        return cut(text, cap if shorter is None else min(cap, shorter))

    def _moment(self, name: str, given: object) -> object:
        try:
            return Moment(parse_iso_utc(str(given)), self.now, self.zone)
        except ValueError:
            return self._wrong(name, "is no ISO time with an offset")

    def _listing(self, name: str, value: Value, given: object, caps: Caps) -> object:
        if not isinstance(given, list | tuple):
            return self._wrong(name, "is no list")
        kept = given if caps.entries is None else given[: caps.entries]
        listing = Listing(self._entry(entry, value.cap, caps.text) for entry in kept)
        listing.more = len(given) - len(kept)
        return listing

    def _entry(self, entry: object, cap: int, shorter: int | None) -> object:
        if isinstance(entry, bool | int):
            return entry
        if isinstance(entry, Mapping):
            return {str(key): self._entry(part, cap, shorter) for key, part in entry.items()}
        return self._text("" if entry is None else entry, cap, shorter)


def longest(values: Mapping[str, object], names: frozenset[str]) -> Caps:
    """The caps at which nothing of those values would be shortened any more."""
    lists = [v for n in names if isinstance(v := values.get(n), list | tuple)]
    texts = [v for n in names if isinstance(v := values.get(n), str)]
    texts += [str(part) for listing in lists for entry in listing for part in _parts(entry)]
    return Caps(text=max(map(len, texts), default=0), entries=max(map(len, lists), default=0))


def _parts(entry: object) -> list[object]:
    return list(entry.values()) if isinstance(entry, Mapping) else [entry]


def _phone(text: str) -> str:
    """As people dial it: a home number without the country code."""
    text = fold(text)[:_LONGEST_PHONE]
    return text[len(_HOME) :] if text.startswith(_HOME) else text
