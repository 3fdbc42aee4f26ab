"""Commendations and notices: everybody once, in the bulk lane; relayed by each village's secretary."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.audience import parse_audience
from notifier.domain.case import Case
from notifier.domain.chain import read_chain, secretary_or_stand_in
from notifier.domain.ids import BroadcastId, PersonId, UnitCode
from notifier.domain.message import Button, Lane
from notifier.domain.policy import Kind, Step
from notifier.domain.roster import DUTY_DESK, Lineage, UnitKind
from notifier.domain.times import iso_utc
from notifier.engine.case_letters import base_values
from notifier.engine.cases import Cases
from notifier.engine.letters import Letter, Letters
from notifier.engine.station import Actor, Station
from notifier.engine.subjects import RELAY, Subject
from notifier.errors import InputError, NotFound
from notifier.store.rows import Broadcast, JournalLine, Relay, Timer
from notifier.store.tx import Tx

RELEASE = "broadcast_release"
DEADLINE = "broadcast_deadline"

CHUNK = 500
"""Recipients written, or released, in one transaction: short enough that no call is late behind it."""

PREPARING, SCHEDULED, SENDING, DONE, CANCELLED = "preparing", "scheduled", "sending", "done", "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A broadcast as somebody wants it sent."""

    kind: Kind
    title: str
    body: str
    audience: tuple[str, ...]
    author: PersonId | None
    relay: bool
    reply_by: timedelta | None
    start_at: datetime | None


class Broadcasts:
    """Sends broadcasts and keeps their relays."""

    def __init__(self, station: Station, letters: Letters, cases: Cases) -> None:
        """Work with the station's letters and cases."""
        self._station = station
        self._letters = letters
        self._cases = cases

    # ── preparing ────────────────────────────────────────────────────────────────────────────────

    async def recipients(self, tx: Tx, audience: Sequence[str], now: datetime) -> list[PersonId]:
        """Everybody meant, once each. Raises InputError for an expression that means nobody."""
        try:
            meant = parse_audience(audience)
        except ValueError as error:
            raise InputError(f"--to: {error}") from None
        people = await tx.roster.audience(meant, now)
        if not people:
            raise InputError(
                f"--to {' '.join(audience)} means nobody; check the codes with `notifier export`"
            )
        return people

    async def prepare(self, order: Order, now: datetime, progress: Callable[[int], None]) -> BroadcastId:
        """Freeze the audience, one row a recipient, and hand the broadcast to the scheduler.

        Nothing goes out before the last row is written; if this process dies on the way, nothing ever
        does, and the house cancels what was begun.
        """
        start = order.start_at or now
        async with self._station.db.write() as tx:
            people = await self.recipients(tx, order.audience, now)
            broadcast = await tx.broadcasts.create(_begun(order, now, start))
        for first in range(0, len(people), CHUNK):
            async with self._station.db.write() as tx:
                await self._address(tx, broadcast, people[first : first + CHUNK], start)
            progress(min(first + CHUNK, len(people)))
        async with self._station.db.write() as tx:
            if order.relay:
                await self._list_relays(tx, broadcast, people)
            await tx.broadcasts.set_state(broadcast.id, SCHEDULED)
            await self._set_timers(tx, broadcast)
            await tx.signals.ring()
        return broadcast.id

    async def _address(self, tx: Tx, broadcast: Broadcast, people: Sequence[PersonId], now: datetime) -> None:
        known = await tx.roster.people(people)
        units = await tx.roster.units()
        letters = []
        for person in people:
            unit = units[known[person].unit]
            town = units.get(unit.parent) if unit.parent else None
            letters.append(
                Letter(
                    key=f"broadcast:{broadcast.id}:{person}",
                    person=person,
                    template=str(broadcast.kind),
                    values={
                        "unit": unit.name,
                        "town": town.name if town else None,
                        "title": broadcast.title,
                        "body": broadcast.body,
                        "broadcast": broadcast.id,
                    },
                    lane=Lane.BULK,
                    kind=Kind(broadcast.kind),
                    broadcast=broadcast.id,
                    keyboard=(
                        (
                            Button(
                                self._station.texts.label("ack", known[person].locale), f"seen:{broadcast.id}"
                            ),
                        ),
                    ),
                    released=False,
                )
            )
        await self._letters.post(tx, letters, now)

    async def _list_relays(self, tx: Tx, broadcast: Broadcast, people: Sequence[PersonId]) -> None:
        units = await tx.roster.units()
        known = await tx.roster.people(people)
        meant = {person.unit for person in known.values() if units[person.unit].kind is UnitKind.VILLAGE}
        relays = [
            Relay(broadcast=broadcast.id, unit=unit, members=len(await tx.roster.members(unit)))
            for unit in sorted(meant)
        ]
        await tx.broadcasts.put_relays(relays)

    async def _set_timers(self, tx: Tx, broadcast: Broadcast) -> None:
        subject = str(broadcast.id)
        timers = [_timer(RELEASE, Lane.BULK, broadcast.start_at, subject)]
        if broadcast.relay and broadcast.reply_by is not None:
            timers.append(_timer(DEADLINE, Lane.DUTY, broadcast.reply_by, subject))
        await tx.timers.plan(timers)

    # ── sending ──────────────────────────────────────────────────────────────────────────────────

    async def release(self, tx: Tx, subject: str, now: datetime) -> None:
        """Let the next set of messages go; when all are free, ask the relays."""
        broadcast = await _get(tx, subject)
        if broadcast.state not in (SCHEDULED, SENDING):
            return
        await tx.broadcasts.set_state(broadcast.id, SENDING)
        if await tx.messages.release_broadcast(broadcast.id, now, CHUNK) == CHUNK:
            await tx.timers.set(_timer(RELEASE, Lane.BULK, now, subject))
            return
        await self._ask_relays(tx, broadcast, now)

    async def _ask_relays(self, tx: Tx, broadcast: Broadcast, now: datetime) -> None:
        for relay in await tx.broadcasts.relays(broadcast.id):
            lineage = await self._lineage(tx, relay.unit, now)
            secretary = secretary_or_stand_in(lineage, now)
            if relay.asked is not None or secretary is None:
                continue
            await tx.broadcasts.set_asked(broadcast.id, relay.unit, secretary)
            key = _relay_key(broadcast.id, relay.unit)
            [matter] = await tx.matters.ensure([(secretary, RELAY, key, relay.unit)], now)
            letter = Letter(
                key=f"relay:{key}:{secretary}",
                person=secretary,
                template="relay_ask",
                values={
                    **base_values(lineage, secretary, now),
                    **_relay_values(broadcast, relay),
                },
                lane=Lane.DUTY,
                kind=Kind.UNRELAYED,
                matter=matter.id,
                number=matter.number,
            )
            await self._letters.post(tx, [letter], now)

    # ── relays ───────────────────────────────────────────────────────────────────────────────────

    async def relayed(self, tx: Tx, key: str, count: int, by: Actor, words: str, now: datetime) -> Relay:
        """A unit says how many were told: kept, flagged when more than there are, and its case closed."""
        broadcast, unit = _split(key)
        if by.person is None:
            raise InputError("somebody must say who relayed")
        relay = await tx.broadcasts.answer_relay(broadcast, unit, relayed=count, by=by.person, at=now)
        case = await tx.cases.open_for(Kind.UNRELAYED, key)
        await tx.journal.write(
            [
                JournalLine(
                    at=now,
                    event="relayed",
                    case=case.id if case else None,
                    unit=unit,
                    subject=key,
                    person=by.person,
                    channel=by.channel,
                    reason=words,
                )
            ]
        )
        await self._cases.settle(tx, Kind.UNRELAYED, key, now, by.person)
        return relay

    async def undo_relay(self, tx: Tx, key: str, now: datetime) -> None:
        """Take a unit's count back; after the deadline that makes it a case again."""
        broadcast_id, unit = _split(key)
        await tx.broadcasts.undo_relay(broadcast_id, unit)
        broadcast = await _get(tx, str(broadcast_id))
        if broadcast.reply_by is not None and broadcast.reply_by <= now:
            await self._cases.open(tx, Kind.UNRELAYED, key, "count taken back", now)

    async def load(self, tx: Tx, key: str, now: datetime) -> Subject | None:
        """What an unrelayed case is about."""
        broadcast_id, unit = _split(key)
        broadcast, relay = (
            await tx.broadcasts.get(broadcast_id),
            await tx.broadcasts.relay(broadcast_id, unit),
        )
        if broadcast is None or relay is None:
            return None
        return Subject(
            kind=Kind.UNRELAYED,
            key=key,
            unit=unit,
            topic=RELAY,
            topic_of_others=RELAY,
            values=_relay_values(broadcast, relay),
            settled="relayed" if relay.relayed is not None else None,
            void="cancelled" if broadcast.state == CANCELLED else None,
            reason="no answer known by the deadline",
        )

    # ── the deadline and the summaries ───────────────────────────────────────────────────────────

    async def deadline(self, tx: Tx, subject: str, now: datetime) -> None:
        """The author hears how it stands, and each silent unit becomes a case."""
        broadcast = await _get(tx, subject)
        if broadcast.state == CANCELLED:
            return
        if await tx.broadcasts.stamp_summary(broadcast.id, now, final=False):
            await self._summarise(tx, broadcast, "summary_first", now)
        for relay in await tx.broadcasts.relays(broadcast.id):
            if relay.relayed is None:
                key = _relay_key(broadcast.id, relay.unit)
                await self._cases.open(tx, Kind.UNRELAYED, key, "no answer known by the deadline", now)

    async def case_closed(self, tx: Tx, case: Case, now: datetime) -> None:
        """A case was closed: if it was the last silent unit's, the author hears the end."""
        if case.kind is Kind.UNRELAYED:
            await self.summarise_if_over(tx, _split(case.subject)[0], now)

    async def summarise_if_over(self, tx: Tx, broadcast_id: BroadcastId, now: datetime) -> None:
        """The final summary, once, when the last silent unit's case is closed."""
        broadcast = await _get(tx, str(broadcast_id))
        if broadcast.first_summary_at is None:
            return
        keys = [_relay_key(broadcast.id, relay.unit) for relay in await tx.broadcasts.relays(broadcast.id)]
        if await tx.cases.open_on_subjects(Kind.UNRELAYED, keys):
            return
        if await tx.broadcasts.stamp_summary(broadcast.id, now, final=True):
            await self._summarise(tx, broadcast, "summary_final", now)

    async def _summarise(self, tx: Tx, broadcast: Broadcast, template: str, now: datetime) -> None:
        relays = await tx.broadcasts.relays(broadcast.id)
        units = await tx.roster.units()
        silent = [relay for relay in relays if relay.relayed is None]
        unasked = [relay for relay in silent if relay.asked is None]
        values = {
            "title": broadcast.title,
            "body": broadcast.body,
            "broadcast": broadcast.id,
            "told": sum(relay.relayed or 0 for relay in relays),
            "units_total": len(relays),
            "units_relayed": len(relays) - len(silent),
            "units_silent": len(silent) - len(unasked),
            "units_failed": len(unasked),
            "silent_names": [units[relay.unit].name for relay in silent if relay.unit in units],
            "reply_by": iso_utc(broadcast.reply_by) if broadcast.reply_by else None,
        }
        root = next(unit for unit in units.values() if unit.parent is None)
        lineage = await self._lineage(tx, root.code, now)
        readers = [broadcast.author] if broadcast.author else list(_desk_of(lineage, now))
        letters = [
            Letter(
                key=f"{template}:{broadcast.id}:{reader}",
                person=reader,
                template=template,
                values={**base_values(lineage, reader, now), **values},
            )
            for reader in readers
        ]
        await self._letters.post(tx, letters, now)

    # ── stopping ─────────────────────────────────────────────────────────────────────────────────

    async def cancel(self, tx: Tx, broadcast_id: BroadcastId, now: datetime) -> int:
        """Cancel what has not gone out, and the relays' cases; returns how many messages were stopped."""
        broadcast = await _get(tx, str(broadcast_id))
        await tx.broadcasts.set_state(broadcast.id, CANCELLED)
        stopped = 0
        while some := await tx.messages.cancel_broadcast(broadcast.id, now):
            stopped += some
        for relay in await tx.broadcasts.relays(broadcast.id):
            key = _relay_key(broadcast.id, relay.unit)
            await self._cases.settle(tx, Kind.UNRELAYED, key, now)
            await tx.matters.close(RELAY, key, now)
        await tx.signals.ring()
        return stopped

    async def cancel_abandoned(self, before: datetime, now: datetime) -> None:
        """Cancel broadcasts whose preparation was cut short: nobody can know what was meant to follow."""
        async with self._station.db.write() as tx:
            for broadcast in await tx.broadcasts.abandoned(before):
                await self.cancel(tx, broadcast.id, now)

    async def _lineage(self, tx: Tx, unit: UnitCode, now: datetime) -> Lineage:
        reach = self._station.reach
        return await tx.roster.lineage(unit, channels=reach.channels, accounts=reach.telegram, now=now)


def progress_state(broadcast: Broadcast, states: Counter[str]) -> str:
    """A broadcast's state as its messages show it: sending is over when none is left to go."""
    if broadcast.state == SENDING and not states["queued"] and not states["sending"]:
        return DONE
    return broadcast.state


def _begun(order: Order, now: datetime, start: datetime) -> Broadcast:
    return Broadcast(
        id=BroadcastId(0),
        kind=order.kind,
        title=order.title,
        body=order.body,
        author=order.author,
        audience=order.audience,
        relay=order.relay,
        state=PREPARING,
        created_at=now,
        start_at=start,
        reply_by=start + order.reply_by if order.reply_by is not None else None,
    )


def _desk_of(lineage: Lineage, now: datetime) -> tuple[PersonId, ...]:
    return read_chain((Step(call=DUTY_DESK, wait=timedelta()),), lineage, now=now).desk


def _relay_values(broadcast: Broadcast, relay: Relay) -> dict[str, object]:
    return {
        "title": broadcast.title,
        "body": broadcast.body,
        "broadcast": broadcast.id,
        "members": relay.members,
        "relayed": relay.relayed,
        "reply_by": iso_utc(broadcast.reply_by) if broadcast.reply_by else None,
    }


def _timer(kind: str, lane: Lane, due_at: datetime, subject: str) -> Timer:
    return Timer(key=f"{kind}:{subject}", lane=lane, due_at=due_at, kind=kind, subject=subject)


def _relay_key(broadcast: BroadcastId, unit: UnitCode) -> str:
    return f"{broadcast}:{unit}"


def _split(key: str) -> tuple[BroadcastId, UnitCode]:
    broadcast, unit = key.split(":", 1)
    return BroadcastId(int(broadcast)), UnitCode(unit)


async def _get(tx: Tx, subject: str) -> Broadcast:
    broadcast = await tx.broadcasts.get(BroadcastId(int(subject)))
    if broadcast is None:
        raise NotFound(f"there is no broadcast {subject}")
    return broadcast
