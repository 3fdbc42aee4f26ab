"""A case as its journal tells it: a reader of its own, which knows nothing of the rule that wrote it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a case stands by the journal alone. ``state`` None: nothing was ever told of it."""

    state: str | None = None
    holder: str | None = None
    holders: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    """What was told and cannot have been."""


def replay(lines: Iterable[Any]) -> Told:
    """Read a case's lines, in the order in which they were decided."""
    told = Told()
    for line in lines:
        told = _after(told, line)
    return told


def _after(told: Told, line: Any) -> Told:
    event, person, loud = line.event, line.person, str(line.reason or "").startswith("exhausted")
    if told.state in CLOSED:
        return _wrong(told, f"{event} after {told.state}") if event in MOVES else told
    match event:
        case "opened":
            return _opened(told)
        case "called" | "repeated" if not loud:
            return _called(told, event)
        case "acknowledged":
            return _taken(told, person)
        case "lapsed" | "handed_on":
            return _let_go(told, person, event)
        case "exhausted" | "resolved" | "cancelled":
            return replace(told, state=event, holder=None if event == "exhausted" else told.holder)
        case "undone" if person == told.holder:
            return replace(told, state="calling", holder=None)
    return told


CLOSED = ("resolved", "cancelled")
MOVES = frozenset(
    {
        "opened",
        "called",
        "repeated",
        "exhausted",
        "acknowledged",
        "lapsed",
        "handed_on",
        "resolved",
        "cancelled",
    }
)


def _opened(told: Told) -> Told:
    return replace(told, state="calling") if told.state is None else _wrong(told, "opened twice")


def _called(told: Told, event: str) -> Told:
    if told.holder is not None:
        return _wrong(told, f"{event} while {told.holder} holds it")
    return replace(told, state="calling")


def _taken(told: Told, person: str) -> Told:
    if told.holder is not None:
        return _wrong(told, f"{person} took it while {told.holder} holds it")
    return replace(told, state="held", holder=person, holders=(*told.holders, person))


def _let_go(told: Told, person: str, event: str) -> Told:
    if told.holder != person:
        return _wrong(told, f"{event} by {person} while {told.holder} holds it")
    return replace(told, state="calling", holder=None)


def _wrong(told: Told, what: str) -> Told:
    return replace(told, wrong=(*told.wrong, what))
