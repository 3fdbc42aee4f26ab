"""Passing a broadcast on: each village's secretary is asked, answers how many, and silence is a case."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from notifier.domain.case import Case
from notifier.domain.chain import read_chain, secretary_or_stand_in
from notifier.domain.ids import BroadcastId, PersonId, UnitCode
from notifier.domain.message import Lane
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

CANCELLED = "cancelled"
"""The state of a broadcast that was stopped."""

ASK, SILENT = "relays_asked", "relays_silent"
"""Timers that go through a broadcast's units; their subject is its id, a colon, the last unit seen to."""

UNITS = 5
"""Units that share a transaction: 514 asked in one held SQLite's writer for 4 s, as cases for 6 s."""


class Relays:
    """Keeps the relays of broadcasts."""

    def __init__(self, station: Station, letters: Letters, cases: Cases) -> None:
        """Work with the station's letters and cases."""
        self._station = station
        self._letters = letters
        self._cases = cases

    async def list_units(self, tx: Tx, broadcast: Broadcast, people: Sequence[PersonId]) -> list[Relay]:
        """Every village that a recipient is of is to pass it on to all its members."""
        units = await tx.roster.units()
        known = await tx.roster.people(people)
        meant = {person.unit for person in known.values() if units[person.unit].kind is UnitKind.VILLAGE}
        return [
            Relay(broadcast=broadcast.id, unit=unit, members=len(await tx.roster.members(unit)))
            for unit in sorted(meant)
        ]

    async def ask(self, tx: Tx, subject: str, now: datetime) -> None:
        """Ask the next units' secretaries, or who stands in, to pass it on to every member."""
        broadcast, some, further = await self._next_units(tx, subject)
        await self._go_on(tx, ASK, further, now)
        for relay in some:
            if relay.asked is None and broadcast.state != CANCELLED:
                await self._ask_unit(tx, broadcast, relay, now, "")

    async def _next_units(self, tx: Tx, subject: str) -> tuple[Broadcast, list[Relay], str | None]:
        """The broadcast, its next units, and the subject to go on with behind them; None: no more follow."""
        number, _, after = subject.partition(":")
        broadcast = await get_broadcast(tx, number)
        some = await tx.broadcasts.relays(broadcast.id, after=after, limit=UNITS)
        return broadcast, some, f"{number}:{some[-1].unit}" if len(some) == UNITS else None

    async def _go_on(self, tx: Tx, kind: str, subject: str | None, now: datetime) -> None:
        if subject is not None:
            key = f"{kind}:{subject.partition(':')[0]}"
            await tx.timers.set(Timer(key=key, lane=Lane.DUTY, due_at=now, kind=kind, subject=subject))

    async def pass_on(self, tx: Tx, unit: UnitCode, giver: PersonId, now: datetime) -> None:
        """What was asked of ``giver`` and has no count yet is asked of who is in charge of the unit now."""
        for relay in await tx.broadcasts.unanswered(unit, giver):
            broadcast = await get_broadcast(tx, str(relay.broadcast))
            if broadcast.state == CANCELLED:
                continue
            taker = await self._ask_unit(tx, broadcast, relay, now, f":{iso_utc(now)}")
            if taker not in (None, giver):
                await tx.matters.close(RELAY, _relay_key(relay.broadcast, unit), now, person=giver)

    async def _ask_unit(
        self, tx: Tx, broadcast: Broadcast, relay: Relay, now: datetime, again: str
    ) -> PersonId | None:
        """Ask one unit; who was asked, None when nobody can be or he has been asked already."""
        lineage = await self._station.lineage(tx, relay.unit, now)
        secretary = secretary_or_stand_in(lineage, now)
        if secretary is None or secretary == relay.asked:
            return None
        await tx.broadcasts.set_asked(broadcast.id, relay.unit, secretary)
        key = _relay_key(broadcast.id, relay.unit)
        [matter] = await tx.matters.ensure([(secretary, RELAY, key, relay.unit)], now)
        letter = Letter(
            key=f"relay:{key}:{secretary}{again}",
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
        return secretary

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
        broadcast = await get_broadcast(tx, str(broadcast_id))
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
        broadcast = await get_broadcast(tx, subject)
        if broadcast.state == CANCELLED:
            return
        if await tx.broadcasts.stamp_summary(broadcast.id, now, final=False):
            await self._summarise(tx, broadcast, "summary_first", now)
        await self.open_silent(tx, subject, now)

    async def open_silent(self, tx: Tx, subject: str, now: datetime) -> None:
        """The next units that are silent become cases."""
        broadcast, some, further = await self._next_units(tx, subject)
        await self._go_on(tx, SILENT, further, now)
        for relay in some:
            if relay.relayed is None and broadcast.state != CANCELLED:
                key = _relay_key(broadcast.id, relay.unit)
                await self._cases.open(tx, Kind.UNRELAYED, key, "no answer known by the deadline", now)
        # All that were opened before may be closed by now.
        await self.summarise_if_over(tx, broadcast.id, now)

    async def case_closed(self, tx: Tx, case: Case, now: datetime) -> None:
        """A case was closed: if it was the last silent unit's, the author hears the end."""
        if case.kind is Kind.UNRELAYED:
            await self.summarise_if_over(tx, _split(case.subject)[0], now)

    async def summarise_if_over(self, tx: Tx, broadcast_id: BroadcastId, now: datetime) -> None:
        """The final summary, once, when the last silent unit's case is closed."""
        broadcast = await get_broadcast(tx, str(broadcast_id))
        if broadcast.first_summary_at is None or await tx.timers.is_pending(f"{SILENT}:{broadcast.id}"):
            return
        keys = [_relay_key(broadcast.id, relay.unit) for relay in await tx.broadcasts.relays(broadcast.id)]
        were_silent = await tx.cases.any_on_subjects(Kind.UNRELAYED, keys)
        if not were_silent or await tx.cases.open_on_subjects(Kind.UNRELAYED, keys):
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
        lineage = await self._station.lineage(tx, root.code, now)
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

    async def close(self, tx: Tx, subject: str, now: datetime) -> str | None:
        """The broadcast was cancelled: the next units are not asked any more. What to go on with, or None."""
        broadcast, some, further = await self._next_units(tx, subject)
        for relay in some:
            key = _relay_key(broadcast.id, relay.unit)
            await self._cases.settle(tx, Kind.UNRELAYED, key, now)
            await tx.matters.close(RELAY, key, now)
        return further


async def get_broadcast(tx: Tx, subject: str) -> Broadcast:
    """The broadcast of that id, as text. Raises NotFound."""
    broadcast = await tx.broadcasts.get(BroadcastId(int(subject)))
    if broadcast is None:
        raise NotFound(f"there is no broadcast {subject}")
    return broadcast


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


def _relay_key(broadcast: BroadcastId, unit: UnitCode) -> str:
    return f"{broadcast}:{unit}"


def _split(key: str) -> tuple[BroadcastId, UnitCode]:
    broadcast, unit = key.split(":", 1)
    return BroadcastId(int(broadcast)), UnitCode(unit)
