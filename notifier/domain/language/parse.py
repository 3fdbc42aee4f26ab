"""Reads one text by itself: what is said, without knowing what is open for the sender."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import time

from notifier.domain.language import vocabulary as words
from notifier.domain.language.figures import Figured, may_name, read_figures, spell_out
from notifier.domain.language.model import Utterance, Verb
from notifier.domain.language.normalise import normalise
from notifier.domain.language.rule import Rule
from notifier.domain.language.rules_en import CLAUSE_EN
from notifier.domain.language.rules_every import EVERYTHING
from notifier.domain.language.rules_exchange import EXCHANGES
from notifier.domain.language.rules_order import APPOINTED, month_number
from notifier.domain.language.rules_proxy import BY_PROXY, PLACEHOLDERS, SEEMS_SIGNED_FOR
from notifier.domain.language.rules_text import LANGUAGE, NO_REASON, REASONED, VOUCHER, WHOLE_TEXT
from notifier.domain.language.rules_zh import CLAUSE_ZH
from notifier.domain.times import SpokenDay

GUARDED = frozenset({Verb.HERE, Verb.SIGN, Verb.VERIFY})
"""What no text with a negation may yield, an explicit exception aside."""

_NEGATION = re.compile(words.NEGATION)
_EXCEPT = re.compile(words.EXCEPT)
_EXCEPTIONS = re.compile(rf"(?:{words.EXCEPT}).*")
_QUESTION = re.compile(words.QUESTION)
_ASKING = re.compile(words.ASKING)
_SUSPICION = re.compile(rf"\A(?:{words.SUSPICION})\Z")
_DANGER = re.compile(words.DANGER)
_NEED = re.compile(words.NEED)
_RANG = re.compile(words.RANG)
_ACK_BEFORE_FIGURE = re.compile(r"\A(收到|好的|好|ok|received) ?(?=\d)")
_WITH_NOTE = frozenset({Verb.ACK, Verb.ETA})
_SMALL_TALK = re.compile(rf"\A(?:{words.SMALL_TALK}){{1,4}}\Z")
_CLAUSE = CLAUSE_ZH + CLAUSE_EN
_LONGEST = 400
"""Longer texts are letters, not answers: they are read by somebody, and looked through for danger only."""
_STANDS_BEFORE_QUESTIONS = frozenset({Verb.SOMEONE_ELSE, Verb.WRONG_NUMBER})
_WHOLE_MESSAGE = (
    (words.STOP_WORDS, Verb.STOP),
    (words.START_WORDS, Verb.START),
    (words.HELP_WORDS, Verb.HELP),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What one clause, or the whole text, comes to."""

    verb: Verb
    strict: bool = True
    minutes: int | None = None
    items: tuple[int, ...] = ()
    name: str | None = None
    reason: str | None = None
    language: str | None = None
    numbers: tuple[int, ...] | None = None
    takes: bool = False
    clock: time | None = None
    day: SpokenDay | None = None
    every: bool = False


_NOTHING = _Said(verb=Verb.UNKNOWN)


def parse(text: str) -> Utterance:
    """Total: any text at all gives an utterance, UNKNOWN where it says nothing we know."""
    plain = normalise(text)
    spelled = spell_out(plain)
    figured = read_figures(spelled)
    asks = bool(_QUESTION.search(plain))
    said = _guarded(_said(plain, spelled, figured, asks=asks), plain)
    return Utterance(
        verb=said.verb,
        text=plain,
        strict=said.strict,
        numbers=figured.numbers if said.numbers is None else said.numbers,
        counts=figured.counts,
        items=said.items,
        minutes=said.minutes,
        name=said.name,
        reason=said.reason,
        language=said.language,
        takes=said.takes,
        clock=said.clock,
        day=said.day,
        every=said.every,
        negated=bool(_NEGATION.search(plain)),
        question=asks,
        excepting=bool(_EXCEPT.search(plain)),
    )


def _said(plain: str, spelled: str, figured: Figured, *, asks: bool) -> _Said:
    alone = _whole_message(plain, figured)
    if alone is not None or len(plain) > _LONGEST:
        return alone or _NOTHING
    whole = _first((*WHOLE_TEXT, *EXCHANGES), figured.core)
    if whole is not None and whole.verb in _STANDS_BEFORE_QUESTIONS:
        return whole
    if asks:
        return _question(plain, figured)
    if _SUSPICION.match(figured.core):
        return _Said(verb=Verb.INFO)
    return _by_proxy(spelled) or _appointed(plain) or _reasoned(spelled) or whole or _statement(figured)


def _whole_message(plain: str, figured: Figured) -> _Said | None:
    """Words that count only alone, and danger and need, which count anywhere."""
    for vocabulary, verb in _WHOLE_MESSAGE:
        if plain in vocabulary or (verb is Verb.HELP and figured.core in vocabulary):
            return _Said(verb=verb)
    if _DANGER.search(plain):
        return _Said(verb=Verb.DANGER)
    if _NEED.search(plain):
        return _Said(verb=Verb.NEED)
    if EVERYTHING.match(plain):
        return _Said(verb=Verb.ACK, every=True)
    found = LANGUAGE.match(plain)
    if found is not None:
        return _Said(verb=Verb.LANGUAGE, language=words.LANGUAGES[found["language"] or found["other"]])
    found = VOUCHER.match(plain)
    if found is not None:
        # A person's id may hold what looks like a matter's number.
        return _Said(verb=Verb.VOUCHER, name=found["name"] or found["other"] or None, numbers=())
    return None


def _question(plain: str, figured: Figured) -> _Said:
    """A question never acts: it asks what this is about, or somebody has to read it."""
    if _ASKING.search(plain) or _SUSPICION.match(figured.core.rstrip("?")):
        return _Said(verb=Verb.INFO)
    understood = _statement(replace(figured, core=figured.core.rstrip("?吗么")))
    known = understood.verb not in (Verb.UNKNOWN, Verb.NUMBER_ONLY, Verb.DECLINE) or not figured.core.strip(
        "?"
    )
    return _Said(verb=Verb.INFO) if known else _NOTHING


def _by_proxy(spelled: str) -> _Said | None:
    """What is said in somebody's name, where the name can be told from the rest for certain."""
    if _NEGATION.search(_EXCEPTIONS.sub("", spelled)):
        return None
    for verb, pattern in BY_PROXY:
        found = pattern.match(spelled)
        if found is not None:
            return _in_the_name_of(verb, found)
    return _Said(verb=Verb.SIGN_FOR, strict=False) if SEEMS_SIGNED_FOR.match(spelled) else None


def _appointed(plain: str) -> _Said | None:
    """An appointment with its last day, or of somebody named with his id; a plainer one is a clause."""
    found = APPOINTED.match(plain)
    if found is None:
        return None
    said = {key: value for key, value in found.groupdict().items() if value}
    named = next((value for key, value in said.items() if key.startswith("name")), None)
    if named is None or not any(key.startswith(("until", "id")) for key in said):
        return None
    return _Said(verb=Verb.APPOINT, name=named.strip(), day=_day(said), numbers=())


def _day(said: Mapping[str, str]) -> SpokenDay | None:
    month = said.get("month_zh") or said.get("month_en") or said.get("month_us")
    day = said.get("day_zh") or said.get("day_en") or said.get("day_us")
    year = said.get("year_zh") or said.get("year_en")
    if month is None or day is None:
        return None
    number = int(month) if month.isdigit() else month_number(month)
    return SpokenDay(month=number, day=int(day), year=int(year) if year else None)


def _in_the_name_of(verb: Verb, found: re.Match[str]) -> _Said:
    groups = found.groupdict()
    name = (found["name"] or found["other"]).strip()
    items, certain = _items(groups.get("items") or "")
    clock = groups.get("clock")
    numbers = [int(n) for n in found.group("before", "after") if n]
    return _Said(
        verb=verb,
        strict=certain and name not in PLACEHOLDERS and all(map(may_name, numbers)),
        name=name,
        items=items,
        clock=time.fromisoformat(clock.zfill(5)) if clock else None,
        numbers=tuple(filter(may_name, numbers)),
    )


def _reasoned(spelled: str) -> _Said | None:
    for rule in REASONED:
        found = rule.pattern.match(spelled)
        if found is not None:
            reason = found["reason"]
            numbers = (int(n) for n in found.group("before", "after", "last") if n)
            return _Said(
                verb=rule.verb,
                reason=None if reason in NO_REASON else reason,
                numbers=tuple(n for n in numbers if may_name(n)),
            )
    return None


def _statement(figured: Figured) -> _Said:
    core = figured.core
    if core == "1":
        return _Said(verb=Verb.ACK)
    if re.fullmatch(r"[\d, ]*", core):
        return _Said(verb=Verb.NUMBER_ONLY) if figured.numbers or figured.counts else _NOTHING
    said = _clauses(core)
    noted = _ACK_BEFORE_FIGURE.sub(r"\1,", _RANG.sub(",", core))
    if said.verb is Verb.UNKNOWN and noted.strip(" ,") and noted != core:
        again = _clauses(noted)
        return again if again.verb in _WITH_NOTE else said
    return said


def _clauses(core: str) -> _Said:
    clauses = [clause for clause in core.split(",") if clause.strip()]
    telling = [clause for clause in clauses if not _SMALL_TALK.match(clause)] or clauses[:1]
    return _together([_clause(clause) for clause in telling])


def _clause(clause: str) -> _Said:
    said = _first(_CLAUSE, clause) or _NOTHING
    # 20分钟到不了 says neither that he comes nor that he does not.
    return _Said(verb=Verb.NOT_HERE) if said.verb is Verb.DECLINE and "分钟" in clause else said


def _first(rules: Iterable[Rule], text: str) -> _Said | None:
    for rule in rules:
        found = rule.pattern.search(text)
        if found is not None:
            return _take(rule, found)
    return None


def _take(rule: Rule, found: re.Match[str]) -> _Said:
    groups = found.groupdict()
    names = (groups.get(key) for key in ("name", "other", "third"))
    items, certain = _items(groups.get("items") or groups.get("first") or "")
    minutes = groups.get("minutes")
    return _Said(
        verb=rule.verb,
        strict=rule.strict and certain,
        minutes=int(minutes) if minutes and len(minutes) < 5 else rule.minutes,
        items=items,
        name=next((name.strip() for name in names if name), None),
    )


def _items(listed: str) -> tuple[tuple[int, ...], bool]:
    """The items named, and whether they are certain: a span (3-5) is spelt out, and asked back."""
    certain = True
    items: list[int] = []
    for first, last in re.findall(r"(\d+)(?:[项条号个]*\s*(?:-|到|至| to )\s*第?(\d+))?", listed):
        span = range(int(first), int(last or first) + 1)
        certain = certain and not last
        items.extend(span)
    return tuple(dict.fromkeys(items)), certain


def _together(clauses: list[_Said]) -> _Said:
    """One meaning for all clauses; where they say different things, none."""
    telling = [said for said in clauses if said.verb is not Verb.ACK] or clauses[:1]
    verbs = {said.verb for said in telling}
    if verbs == {Verb.ETA, Verb.NOT_HERE} or verbs == {Verb.ETA}:
        takes = any(said.verb is Verb.ACK and said.strict for said in clauses)
        return replace(_on_the_way([said for said in telling if said.verb is Verb.ETA]), takes=takes)
    for verb in (Verb.DECLINE, Verb.WONT_SIGN, Verb.NOT_RECEIVED):
        if verbs == {verb, Verb.UNKNOWN}:
            return next(said for said in telling if said.verb is verb)
    if verbs == {Verb.SORTED, Verb.PROXY}:
        return replace(next(said for said in telling if said.verb is Verb.PROXY), strict=False)
    if len(verbs) != 1:
        return _NOTHING
    return replace(telling[0], strict=all(said.strict for said in telling))


def _on_the_way(clauses: list[_Said]) -> _Said:
    figures = {said.minutes for said in clauses if said.minutes is not None}
    return replace(clauses[0], minutes=figures.pop() if len(figures) == 1 else None)


def _guarded(said: _Said, plain: str) -> _Said:
    """The promise at the door, whatever the rules above it say."""
    if said.verb not in GUARDED or not _NEGATION.search(plain):
        return said
    return said if said.verb is Verb.SIGN and _EXCEPT.search(plain) else _NOTHING
