"""A roster that was changed: who has heard of a shift of his hears that it has moved, or is off."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from notifier.domain.ids import PersonId, PostCode
from notifier.domain.message import MessageState
from notifier.domain.policy import Kind
from notifier.domain.roster import Shift
from notifier.domain.shift_news import NEAR, Hearing, News, Told, What, shift_news
from notifier.domain.times import iso_utc, parse_iso_utc
from notifier.engine.shift_timers import HORIZON
from notifier.engine.shifts import EARLY, Shifts
from notifier.engine.station import Station
from notifier.engine.subjects import SHIFT
from notifier.store.rows import JournalLine, Matter, StoredMessage
from notifier.store.tx import Tx

_OFF = "shift_cancelled"
_ON = ("reminder_early", "reminder_late", "shift_moved", "cover_yours", "swap_yours", "shift_back")
_NOT_OUT = frozenset({MessageState.QUEUED, MessageState.CANCELLED})


class ShiftChanges:
    """Tells people what has become of their shifts."""

    def __init__(self, station: Station, shifts: Shifts) -> None:
        """Work with the station's rules, and speak as ``shifts`` does."""
        self._station = station
        self._shifts = shifts

    async def tell(self, tx: Tx, subject: str, now: datetime) -> None:
        """The shifts to come of the post ``subject`` have changed: hold them against what was told of them.

        It is read from what was sent, not from what was edited: so however often a roster is edited, and
        whatever crashes in between, everybody hears how it stands in the end, once.
        """
        post = PostCode(subject)
        standing, cancelled = await tx.shifts.starting(post, now, now + HORIZON + NEAR)
        told = await self._told(tx, [*standing, *cancelled])
        for news in shift_news(told, standing):
            known = {(one.person, one.shift.key) for one in told}
            await self._say(tx, news, known, now)

    async def _told(self, tx: Tx, shifts: Sequence[Shift]) -> list[Told]:
        by_key: dict[str, Shift] = {shift.key: shift for shift in shifts}
        matters = await tx.matters.about(SHIFT, list(by_key))
        said = await tx.messages.said_about(
            [matter.id for matter in matters], {matter.person for matter in matters}, (*_ON, _OFF)
        )
        told = []
        for matter in matters:
            shift, messages = by_key[matter.subject], said.get(matter.id, ())
            hearing = _hearing(matter, messages)
            if hearing is not None and not await _is_on_leave(tx, matter.person, shift):
                told.append(Told(person=matter.person, shift=_as_told(shift, messages), hearing=hearing))
        return told

    async def _say(self, tx: Tx, news: News, known: Collection[tuple[PersonId, str]], now: datetime) -> None:
        matter = await tx.matters.find(news.person, SHIFT, news.was.key)
        if matter is not None:
            # What is on its way still would only be read after what has become of it.
            await tx.messages.cancel_queued(now, matter=matter.id)
        to = [news.person]
        if news.what is What.MOVED and news.now is not None:
            key = await self._key(tx, news, known, now)
            old = {"old_start": iso_utc(news.was.start), "old_end": iso_utc(news.was.end)}
            await self._shifts.tell(tx, news.now, to, "shift_moved", now, key=key, values=old)
        elif news.what is What.AGAIN and news.now is not None:
            template = "reminder_early" if news.now.start - now > EARLY else "reminder_late"
            await self._shifts.tell(tx, news.now, to, template, now, key=f"again:{iso_utc(now)}")
        elif news.what is What.CANCELLED:
            await self._shifts.tell(tx, news.was, to, _OFF, now, key=f"off:{iso_utc(now)}")
        if news.now is None or news.now.key != news.was.key:
            await tx.matters.close(SHIFT, news.was.key, now, person=news.person)
        await self._journal(tx, news, now)

    async def _key(self, tx: Tx, news: News, known: Collection[tuple[PersonId, str]], now: datetime) -> str:
        """That of the reminder whose time is past, so that he does not get that too; else one of its own."""
        shift = news.now
        policy = (await self._station.rules.current(tx)).policy(Kind.UNSTAFFED)
        past: list[timedelta] = []
        if shift is not None and (news.person, shift.key) not in known:
            past = [lead for lead in policy.remind_before if shift.start - lead <= now]
        return f"remind:{min(past).total_seconds():g}" if past else f"moved:{iso_utc(now)}"

    async def _journal(self, tx: Tx, news: News, now: datetime) -> None:
        if news.what is What.DROPPED:
            return
        post = await tx.roster.post(news.was.post)
        line = JournalLine(
            at=now,
            event=f"shift_{news.what.name.lower()}",
            unit=post.unit if post else None,
            subject=news.was.key,
            person=news.person,
            reason=f"now {news.now.key}" if news.now else None,
        )
        await tx.journal.write([line])


def _hearing(matter: Matter, messages: Sequence[StoredMessage]) -> Hearing | None:
    """What the messages of a matter, oldest first, have let its person know; None where they never left."""
    if not messages:
        return None
    if matter.closed_at is not None or messages[-1].template == _OFF:
        return Hearing.TAKEN_BACK
    since_off = _after_last_off(messages)
    return Hearing.HEARD if any(m.state not in _NOT_OUT for m in since_off) else Hearing.WAITING


def _after_last_off(messages: Sequence[StoredMessage]) -> Iterable[StoredMessage]:
    last = max((n for n, message in enumerate(messages) if message.template == _OFF), default=-1)
    return messages[last + 1 :]


def _as_told(shift: Shift, messages: Sequence[StoredMessage]) -> Shift:
    """The shift with the end that was told last."""
    values: Mapping[str, object] = messages[-1].values
    return replace(shift, end=parse_iso_utc(str(values.get("end", iso_utc(shift.end)))))


async def _is_on_leave(tx: Tx, person: PersonId, shift: Shift) -> bool:
    return person in {leave.person for leave in await tx.shifts.leave_of(shift.key)}
