"""What passes on when a seat changes hands: open asks, hand-over notes, and word to those concerned."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifier.domain.chain import first_reachable, read_chain
from notifier.domain.holdings import OfficeRecord, Seat, Standing, subject_of
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.policy import SUCCESSION, Kind, Step
from notifier.domain.roster import Office, OfficeStatus
from notifier.domain.times import iso_utc
from notifier.engine.cases import Cases
from notifier.engine.office_letters import Decided, Handing, OfficeLetters, OpenList
from notifier.engine.relays import Relays
from notifier.engine.sheets import Sheets
from notifier.engine.station import Station
from notifier.store.rows import JournalLine
from notifier.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChange:
    """A seat as its row said before, and as its book says now. ``decided`` None: its time had come."""

    seat: Seat
    before: Office | None
    how: Standing
    decided: Decided | None = None

    @property
    def holder_before(self) -> PersonId | None:
        """Who held it."""
        return self.before.person if self.before else None

    @property
    def acting_before(self) -> PersonId | None:
        """Who acted in it."""
        return self.before.acting if self.before else None

    @property
    def former(self) -> PersonId | None:
        """Who holds it no more."""
        return self.holder_before if self.holder_before != self.how.holder else None

    @property
    def newcomer(self) -> PersonId | None:
        """Who holds it now and did not before."""
        return self.how.holder if self.holder_before != self.how.holder else None

    @property
    def suspended(self) -> PersonId | None:
        """The holder who is suspended now and was not before."""
        return self.how.holder if self._is_suspended and not self._was_suspended else None

    @property
    def reinstated(self) -> PersonId | None:
        """The holder who was suspended and is so no more."""
        return self.how.holder if self._was_suspended and not self._is_suspended else None

    @property
    def givers(self) -> list[PersonId]:
        """Those who cease to keep it, whose open asks pass on."""
        were = dict.fromkeys((self.acting_before, self.holder_before, self.how.holder))
        return [who for who in were if who is not None and who != self.keeper]

    @property
    def keeper(self) -> PersonId | None:
        """Who is in charge in it now: who acts, else its holder in post."""
        if self.how.acting is not None:
            return self.how.acting
        return self.how.holder if self.how.away is None else None

    @property
    def is_none(self) -> bool:
        """Whether the seat stands as it stood."""
        was = (self.holder_before, self.acting_before, self.before.status if self.before else None)
        return was == (self.how.holder, self.how.acting, self.how.status)

    def decided_in(self, record: OfficeRecord | None) -> Decided:
        """Who decided this and why; as ``record`` has it, when its time had come."""
        if self.decided is not None:
            return self.decided
        return Decided(by=record.by, reason=record.reason, order=record.order) if record else Decided()

    @property
    def _was_suspended(self) -> bool:
        same = self.before is not None and self.before.person == self.how.holder
        return same and self.before is not None and self.before.status is OfficeStatus.SUSPENDED

    @property
    def _is_suspended(self) -> bool:
        return self.how.status is OfficeStatus.SUSPENDED


class OfficePassing:
    """Lets everything that belongs to a seat pass on with it."""

    def __init__(
        self, station: Station, letters: OfficeLetters, cases: Cases, sheets: Sheets, relays: Relays
    ) -> None:
        """Work with the station's cases, lists and relays, whose asks pass on with an office."""
        self._station = station
        self._letters = letters
        self._cases = cases
        self._sheets = sheets
        self._relays = relays

    async def follow(self, tx: Tx, change: SeatChange, now: datetime) -> None:
        """Pass on what was asked, and tell everybody concerned, each of what is new to him."""
        if change.is_none:
            return
        for giver in change.givers:
            await self._sheets.pass_on(tx, change.seat.unit, giver, now)
            await self._relays.pass_on(tx, change.seat.unit, giver, now)
        await self._tell_of_the_holder(tx, change, now)
        if change.acting_before != change.how.acting:
            await self._tell_of_acting(tx, change, now)
        elif change.keeper is None and (change.former or change.suspended):
            await self._tell_whom_to_turn_to(tx, change, now)

    async def next_in_rank(
        self, tx: Tx, seat: Seat, excluded: Collection[PersonId | None], now: datetime
    ) -> PersonId | None:
        """The first of the unit's succession who can be reached, without those excluded."""
        lineage = await self._station.lineage(tx, seat.unit, now)
        steps = (Step(call=SUCCESSION, wait=timedelta()),)
        left_out = {who for who in excluded if who is not None}
        return first_reachable(read_chain(steps, lineage, now=now, excluded=left_out))

    # ── who holds it ─────────────────────────────────────────────────────────────────────────────

    async def _tell_of_the_holder(self, tx: Tx, change: SeatChange, now: datetime) -> None:
        how, appointment = change.how, change.how.appointment
        if change.suspended is not None:
            handing = replace(self._handing(change, now, how.away), suspended_until=how.until)
            decided = change.decided_in(how.away)
            await self._letters.to_holder(tx, handing, "office_suspended", change.suspended, decided, now)
        if change.reinstated is not None and how.away is None:
            handing = await self._listing(tx, self._handing(change, now), change.reinstated, now)
            decided = change.decided_in(None)
            await self._letters.to_holder(tx, handing, "office_reinstated", change.reinstated, decided, now)
        decided = change.decided_in(appointment)
        if change.former is not None and await tx.roster.present([change.former]):
            handing = self._handing(change, now, appointment)
            await self._letters.to_holder(tx, handing, "office_left", change.former, decided, now)
        if change.newcomer is not None:
            handing = self._handing(change, now, appointment)
            handing = await self._listing(tx, handing, change.newcomer, now)
            await self._letters.appointed(tx, handing, change.newcomer, decided, now)

    async def _tell_whom_to_turn_to(self, tx: Tx, change: SeatChange, now: datetime) -> None:
        following = await self.next_in_rank(tx, change.seat, [change.former, change.suspended], now)
        if following is not None:
            handing = replace(self._handing(change, now), acting=following)
            await self._letters.meanwhile(tx, handing, now)

    # ── who acts in it ───────────────────────────────────────────────────────────────────────────

    async def _tell_of_acting(self, tx: Tx, change: SeatChange, now: datetime) -> None:
        was, how = change.acting_before, change.how
        if was is not None:
            await self._note(tx, change.seat, "acting_ended", was, now)
            await self._tell_who_acted(tx, change, was, now)
        if how.acting is not None:
            await self._note(tx, change.seat, "acting_began", how.acting, now)
            record = how.acting_record
            handing = replace(
                self._handing(change, now, record),
                acting=how.acting,
                until=how.acting_until,
                order=record.order if record else None,
            )
            handing = await self._listing(tx, handing, how.acting, now)
            # Who is suspended hears in one letter by whom, why, and who acts.
            await self._letters.begun(tx, handing, now, tell_holder=change.suspended is None)

    async def _tell_who_acted(self, tx: Tx, change: SeatChange, was: PersonId, now: datetime) -> None:
        if change.newcomer is not None:
            if was != change.newcomer:
                await self._letters.thanked(
                    tx, replace(self._handing(change, now), acting=was, titular=None), now
                )
            return
        in_post = change.keeper if change.keeper == change.how.holder else None
        handing = replace(self._handing(change, now), titular=in_post, acting=was)
        handing = await self._listing(tx, handing, in_post, now)
        await self._letters.ended(tx, handing, now, hand_back=change.reinstated is None)

    # ── what they are told ───────────────────────────────────────────────────────────────────────

    def _handing(self, change: SeatChange, now: datetime, record: OfficeRecord | None = None) -> Handing:
        return Handing(
            seat=change.seat,
            titular=change.how.holder,
            acting=change.how.acting,
            since=record.since if record else now,
            mark=f"{subject_of(change.seat)}:{iso_utc(now)}",
        )

    async def _listing(self, tx: Tx, handing: Handing, reader: PersonId | None, now: datetime) -> Handing:
        if reader is None:
            return handing
        return replace(handing, open_list=await self._open(tx, handing.seat.unit, reader, now))

    async def _open(self, tx: Tx, unit: UnitCode, reader: PersonId, now: datetime) -> OpenList:
        """The unit's open cases, and what waits for ``reader`` himself, each with his number of it."""
        cases = [await tx.cases.get(case) for case in await tx.cases.open_ids([unit])]
        matters: dict[tuple[Kind, str], None] = {(case.kind, case.subject): None for case in cases}
        for sheet in await tx.sheets.to_verify(reader):
            if sheet.unit == unit:
                matters[Kind.UNVERIFIED, sheet.key] = None
        for relay in await tx.broadcasts.unanswered(unit, reader):
            matters[Kind.UNRELAYED, f"{relay.broadcast}:{unit}"] = None
        briefs = [await self._cases.brief(tx, kind, key, reader, now) for kind, key in matters]
        return [brief for brief in briefs if brief is not None]

    async def _note(self, tx: Tx, seat: Seat, event: str, person: PersonId, now: datetime) -> None:
        line = JournalLine(at=now, event=event, unit=seat.unit, subject=subject_of(seat), person=person)
        await tx.journal.write([line])
