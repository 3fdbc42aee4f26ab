"""What somebody does to a case by hand, at the shell or on a page: the same events, answered the same way."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from notifier.domain.case import (
    Acknowledged,
    CalledOff,
    Case,
    Done,
    Event,
    HandedOn,
    HandedTo,
    HeldUntil,
    TakenOver,
    Verdict,
)
from notifier.domain.ids import PersonId
from notifier.domain.pausing import Pause
from notifier.domain.precedence import may_take_over
from notifier.engine.console.case_view import standing_as_seen
from notifier.engine.parts import Parts
from notifier.engine.pausing import PauseOrder
from notifier.engine.station import Actor
from notifier.errors import InputError
from notifier.store.tx import Tx

_T = TypeVar("_T")


class Deed(StrEnum):
    """What can be done to a case by hand."""

    TAKE = "take"
    HOLD = "hold"
    HAND_ON = "hand_on"
    HAND_TO = "hand_to"
    TAKE_OVER = "take_over"
    DONE = "done"
    CANCEL = "cancel"


ON_SIGHT = frozenset({Deed.DONE, Deed.CANCEL, Deed.HAND_TO, Deed.TAKE_OVER})
"""Deeds that the rule allows whoever has the case: only who saw how it stands may decide them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How the case stands after a deed. ``verdict`` None: done. ``changed``: it was not as he had seen it."""

    case: Case
    verdict: Verdict | None = None
    changed: bool = False

    @property
    def is_done(self) -> bool:
        """Whether the deed was done."""
        return self.verdict is None and not self.changed


def event_of(
    deed: Deed,
    person: PersonId,
    channel: str,
    words: str,
    until: datetime | None = None,
    to: PersonId | None = None,
) -> Event:
    """The event of a deed. ``words`` are the reason or note; ``until`` goes with HOLD, ``to`` with HAND_TO.

    Raises InputError.
    """
    match deed:
        case Deed.TAKE:
            return Acknowledged(person=person, words=words, channel=channel)
        case Deed.HAND_ON:
            return HandedOn(person=person, words=words, channel=channel)
        case Deed.HAND_TO:
            whom = _given(to, "to hand a case to somebody, say to whom")
            return HandedTo(person=person, to=whom, words=words, channel=channel)
        case Deed.TAKE_OVER:
            return TakenOver(person=person, words=words, channel=channel, by_deed=True)
        case Deed.HOLD:
            end = _given(until, "to hold a case, say until when; give a time to come")
            return HeldUntil(person=person, words=words, until=end, channel=channel)
        case Deed.DONE:
            return Done(outcome="resolved by hand", person=person, reason=words, channel=channel)
        case Deed.CANCEL:
            return CalledOff(outcome="cancelled", person=person, reason=words, channel=channel)


def _given(value: _T | None, otherwise: str) -> _T:
    if value is None:
        raise InputError(otherwise)
    return value


async def act(
    parts: Parts, tx: Tx, case: Case, deed: Deed, event: Event, as_seen: str, now: datetime
) -> Answer:
    """Let the event of a deed happen to a case that this transaction loaded.

    ``as_seen`` is how it stood when it was decided on (``CaseView.as_seen``). What has changed since is left
    to the rule, which says who has it; only where the rule would do it all the same, nothing is done.
    """
    if deed in ON_SIGHT and case.is_open and as_seen != standing_as_seen(case):
        return Answer(case=case, changed=True)
    if (
        isinstance(event, TakenOver)
        and case.is_open
        and not await _may_take_over(parts, tx, case, event, now)
    ):
        return Answer(case=case, verdict=Verdict.HELD_BY_OTHER)
    happened = await parts.cases.happen(tx, case.id, event, now)
    if happened.verdict is not Verdict.TAKEN:
        return Answer(case=happened.case, verdict=happened.verdict)
    if happened.case.version == case.version and deed is not Deed.HOLD:
        # He let it go, or it was taken from him, before this came.
        return Answer(case=happened.case, changed=True)
    await tx.signals.ring()
    return Answer(case=happened.case)


async def _may_take_over(parts: Parts, tx: Tx, case: Case, event: TakenOver, now: datetime) -> bool:
    if case.holder is None:
        return False
    lineage = await parts.station.lineage(tx, case.unit, now)
    return event.person == case.holder or may_take_over(event.person, case.holder, lineage, now)


async def pause_once(parts: Parts, tx: Tx, order: PauseOrder, by: Actor, now: datetime) -> tuple[Pause, bool]:
    """Enter a pause, unless one of the very same post or unit holds by then: that one, and False.

    Raises NotFound, InputError.
    """
    # Before the pauses are read, so that of two who press at once the second finds the first one's.
    await tx.cases.decide_alone()
    for pause in await tx.pauses.standing(now):
        same = (pause.unit, pause.post) == (order.unit, order.post)
        if same and pause.holds(max(order.since, now)):
            return pause, False
    return await parts.pausing.pause(tx, order, by, now), True
