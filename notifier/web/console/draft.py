"""A broadcast as the composer's form has it, and what is wrong with it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Final
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from notifier.domain.audience import (
    BadAudience,
    HoldsOffice,
    InUnit,
    IsPerson,
    StandsAtPost,
    Term,
    parse_audience,
)
from notifier.domain.ids import PersonId
from notifier.domain.policy import Kind
from notifier.engine.broadcasts import Order
from notifier.texts.vocabulary import VOCABULARY
from notifier.web.console.csrf import text_of
from notifier.web.console.kit import WEB

KINDS: Final = (Kind.COMMENDATION, Kind.NOTICE)
LONGEST_RELAY_H: Final = 72
FURTHEST: Final = timedelta(days=90)
"""How far ahead something may be set to begin."""
MOST: Final = {name: VOCABULARY[name].cap for name in ("title", "body")}
"""Characters."""
MOST_TYPED: Final = 1000
"""Characters of expressions that are typed."""
_TOKEN_BYTES: Final = 16


class DraftError(Exception):
    """What is wrong: the name of its words, with their values, and the status that says as much."""

    def __init__(self, name: str, /, *, status: int = 400, **values: object) -> None:
        """Keep them."""
        super().__init__(name)
        self.name = name
        self.status = status
        self.values = values


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What stands in the form, as it was filled in. ``people`` are ids; ``typed`` has one EXPR a line."""

    kind: str = Kind.COMMENDATION
    title: str = ""
    body: str = ""
    to: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    typed: str = ""
    relay: bool = False
    reply_hours: str = "2"
    at: str = ""

    @classmethod
    def of(cls, form: FormData) -> "Draft":
        """The form's."""
        return cls(
            kind=text_of(form, "kind"),
            title=text_of(form, "title").strip(),
            body=text_of(form, "body").replace("\r\n", "\n").strip(),
            to=_all(form, "to"),
            among=_all(form, "among"),
            people=_all(form, "person"),
            typed=text_of(form, "typed").replace("\r\n", "\n").strip(),
            relay=bool(text_of(form, "relay")),
            reply_hours=text_of(form, "reply_hours").strip(),
            at=text_of(form, "at").strip(),
        )

    def with_person(self, person: PersonId) -> "Draft":
        """The same, with that person among the chosen."""
        return replace(self, people=tuple(dict.fromkeys((*self.people, person))))

    def without_person(self, person: str) -> "Draft":
        """The same, with that person not among the chosen."""
        return replace(self, people=tuple(one for one in self.people if one != person))

    def check_audience(self) -> None:
        """Raise DraftError for a choice that no page of ours offers."""
        _check(self.to, (InUnit,))
        _check(self.among, (HoldsOffice, StandsAtPost))
        _check(self.named(), (IsPerson,))

    def named(self) -> tuple[str, ...]:
        """The expressions that mean the chosen people."""
        return tuple(f"person:{person}" for person in self.people)

    def expressions(self) -> tuple[str, ...]:
        """What was typed, one by one. Raises DraftError, which names what cannot be read."""
        if len(self.typed) > MOST_TYPED:
            raise DraftError("typed_long", most=MOST_TYPED)
        told = tuple(dict.fromkeys(line.strip() for line in self.typed.splitlines() if line.strip()))
        if not all(line.isprintable() for line in told):
            raise DraftError("bad_audience")
        for line in told:
            try:
                parse_audience([line])
            except BadAudience as bad:
                raise DraftError(f"typed_{bad.flaw}", told=line, part=bad.part) from None
        return told

    def order(
        self, audience: tuple[str, ...], author: PersonId, token: str, now: datetime, zone: ZoneInfo
    ) -> Order:
        """The order that the engine takes. Raises DraftError."""
        if self.kind not in KINDS:
            raise DraftError("bad_kind")
        for name, most in MOST.items():
            length = len(getattr(self, name))
            if not 1 <= length <= most:
                raise DraftError(f"bad_{name}", most=most, length=length)
        if not audience:
            raise DraftError("needs_audience")
        return Order(
            kind=Kind(self.kind),
            title=self.title,
            body=self.body,
            audience=audience,
            author=author,
            relay=self.relay,
            reply_by=self._reply_by() if self.relay else None,
            start_at=self._start(now, zone),
            token=token,
            channel=WEB,
        )

    def _reply_by(self) -> timedelta:
        told = self.reply_hours
        hours = int(told) if told.isascii() and told.isdigit() and len(told) <= 3 else 0
        if not 1 <= hours <= LONGEST_RELAY_H:
            raise DraftError("bad_hours", most=LONGEST_RELAY_H)
        return timedelta(hours=hours)

    def _start(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        if not self.at:
            return None
        try:
            told = datetime.fromisoformat(self.at)
            start = (told if told.tzinfo else told.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise DraftError("bad_time") from None
        if start <= now:
            raise DraftError("time_is_over")
        if start > now + FURTHEST:
            raise DraftError("time_is_far", days=FURTHEST.days)
        return start


def new_token() -> str:
    """What tells one checked draft from every other."""
    return token_hex(_TOKEN_BYTES)


def token_of(form: FormData) -> str:
    """The form's token. Raises DraftError for one that is not of ours."""
    token = text_of(form, "token")
    if len(token) != 2 * _TOKEN_BYTES or not set(token) <= set("0123456789abcdef"):
        raise DraftError("no_token")
    return token


def _all(form: FormData, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in form.getlist(name) if isinstance(value, str)))


def _check(expressions: tuple[str, ...], kinds: tuple[type[Term], ...]) -> None:
    try:
        clauses = parse_audience(expressions) if expressions else ()
    except ValueError:
        raise DraftError("bad_audience") from None
    single = all(len(clause) == 1 and isinstance(clause[0], kinds) for clause in clauses)
    # PostgreSQL takes no NUL, and no code of ours has anything of the kind in it.
    if not single or not all(expression.isprintable() for expression in expressions):
        raise DraftError("bad_audience")
