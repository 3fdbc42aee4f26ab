"""What somebody does to a case by hand, at the shell or on a page: the same events, answered the same way."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.domain.case import Acknowledged, CalledOff, Case, Done, Event, HandedOn, HeldUntil, Verdict
from notifier.domain.ids import PersonId
from notifier.domain.pausing import Pause
from notifier.engine.console.case_view import standing_as_seen
from notifier.engine.parts import Parts
from notifier.engine.pausing import PauseOrder
from notifier.engine.station import Actor
from notifier.errors import InputError
from notifier.store.tx import Tx


class Deed(StrEnum):
    """What can be done to a case by hand."""

    TAKE = "take"
    HOLD = "hold"
    HAND_ON = "hand_on"
    DONE = "done"
    CANCEL = "cancel"


CLOSING = frozenset({Deed.DONE, Deed.CANCEL})
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


def event_of(deed: Deed, person: PersonId, channel: str, words: str, until: datetime | None = None) -> Event:
    """The event of a deed. ``words`` are the reason or note; ``until`` goes with HOLD. Raises InputError."""
    match deed:
        case Deed.TAKE:
            return Acknowledged(person=person, words=words, channel=channel)
        case Deed.HAND_ON:
            return HandedOn(person=person, words=words, channel=channel)
        case Deed.HOLD:
            if until is None:
                raise InputError("to hold a case, say until when; give a time to come")
            return HeldUntil(person=person, words=words, until=until, channel=channel)
        case Deed.DONE:
            return Done(outcome="resolved by hand", person=person, reason=words, channel=channel)
        case Deed.CANCEL:
            return CalledOff(outcome="cancelled", person=person, reason=words, channel=channel)


async def act(
    parts: Parts, tx: Tx, case: Case, deed: Deed, event: Event, as_seen: str, now: datetime
) -> Answer:
    """Let the event of a deed happen to a case that this transaction loaded.

    ``as_seen`` is how it stood when it was decided on (``CaseView.as_seen``). What has changed since is left
    to the rule, which says who has it; only where the rule would close it all the same, nothing is done.
    """
    if deed in CLOSING and case.is_open and as_seen != standing_as_seen(case):
        return Answer(case=case, changed=True)
    happened = await parts.cases.happen(tx, case.id, event, now)
    if happened.verdict is not Verdict.TAKEN:
        return Answer(case=happened.case, verdict=happened.verdict)
    if happened.case.version == case.version and deed is not Deed.HOLD:
        # He let it go, or it was taken from him, before this came.
        return Answer(case=happened.case, changed=True)
    await tx.signals.ring()
    return Answer(case=happened.case)


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
