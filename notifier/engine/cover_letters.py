"""What is said and written down of a search for cover."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.chain import secretary_or_stand_in
from notifier.domain.cover import Ranking
from notifier.domain.ids import PersonId
from notifier.domain.message import Lane
from notifier.domain.policy import Kind
from notifier.domain.roster import Post, Shift
from notifier.domain.times import iso_utc
from notifier.engine.case_letters import base_values, local_phone
from notifier.engine.letters import Letter, Letters
from notifier.engine.shifts import Shifts, shift_values
from notifier.engine.station import Station
from notifier.store.rows import CoverRow, JournalLine, LeaveRow
from notifier.store.tx import Tx

LEAVE = "leave"
"""The matter of who is asked about somebody's leave; its subject is that of the search it may become."""

COVER = "cover"
"""The timer at which the next are asked; and the matter of who is asked. The subject names the search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Cover for one person in one shift."""

    shift: Shift
    post: Post
    absent: PersonId

    @property
    def subject(self) -> str:
        """Its name."""
        return f"{self.shift.key}|{self.absent}"


class CoverLetters:
    """Tells everybody concerned, and writes it down."""

    def __init__(self, station: Station, letters: Letters, shifts: Shifts) -> None:
        """Speak by ``letters`` of a search, and as ``shifts`` does of the shift itself."""
        self._station = station
        self._letters = letters
        self._shifts = shifts

    async def tell(
        self,
        tx: Tx,
        search: Search,
        people: Iterable[PersonId],
        template: str,
        now: datetime,
        topic: str = COVER,
    ) -> None:
        """Tell these people of the search, or of the leave it is for, each under his own number of it."""
        listed = list(people)
        unit, also = search.post.unit, {*listed, search.absent}
        lineage = await self._station.lineage(tx, unit, now, also=also, shift=search.shift.key)
        matters = await tx.matters.ensure([(p, topic, search.subject, unit) for p in listed], now)
        policy = (await self._station.rules.current(tx)).policy(Kind.UNSTAFFED)
        absent = lineage.people.get(search.absent)
        letters = [
            Letter(
                key=f"{template}:{search.subject}:{person}:{iso_utc(now)}",
                person=person,
                template=template,
                values={
                    **base_values(lineage, person, now),
                    **shift_values(search.shift, search.post, policy),
                    "absent_name": absent.name if absent else None,
                    "absent_phone": local_phone(absent.phone) if absent else None,
                },
                lane=Lane.DUTY,
                kind=Kind.UNSTAFFED,
                matter=matter.id,
                number=matter.number,
            )
            for person, matter in zip(listed, matters, strict=True)
        ]
        await self._letters.post(tx, letters, now)

    async def put_leave(self, tx: Tx, search: Search, reader: PersonId, now: datetime) -> None:
        """Ask ``reader`` whether he agrees to the leave."""
        await self.tell(tx, search, [reader], "leave_told", now, topic=LEAVE)

    async def tell_found(self, tx: Tx, search: Search, person: PersonId, now: datetime) -> None:
        """Who covers has it in writing under the shift's own number; who is absent and the secretary hear."""
        key = search.shift.key
        shift = await tx.shifts.get(key) or search.shift
        known = await tx.roster.people({person, search.absent})
        names = {p: one.name for p, one in known.items()}
        values = {"absent_name": names.get(search.absent), "done_by_name": names.get(person)}
        name = f"cover:{search.absent}:{iso_utc(now)}"
        await self._shifts.tell(
            tx, shift, [person], "cover_yours", now, key=name, values=values, lane=Lane.REPLY
        )
        others = {search.absent, await self._secretary(tx, search, now)} - {person, None}
        told = sorted(p for p in others if p is not None)
        await self._shifts.tell(tx, shift, told, "cover_told", now, key=name, values=values)

    async def tell_lost(self, tx: Tx, search: Search, person: PersonId, now: datetime) -> None:
        """Who is absent and the secretary hear that who covered cannot after all, and others are asked."""
        known = await tx.roster.people({person, search.absent})
        names = {p: one.name for p, one in known.items()}
        values = {"absent_name": names.get(search.absent), "done_by_name": names.get(person)}
        others = {search.absent, await self._secretary(tx, search, now)} - {person, None}
        told = sorted(p for p in others if p is not None)
        key = f"cover_lost:{search.absent}:{iso_utc(now)}"
        await self._shifts.tell(tx, search.shift, told, "cover_lost", now, key=key, values=values)

    async def tell_nobody(self, tx: Tx, search: Search, rows: Sequence[CoverRow], now: datetime) -> None:
        """The secretary, or who stands in, hears who was asked in vain."""
        secretary = await self._secretary(tx, search, now)
        known = await tx.roster.people({search.absent, *(row.person for row in rows)})
        absent = known.get(search.absent)
        names = [known[row.person].name for row in rows if row.person in known]
        reason = f"asked {len(rows)} for {search.absent}"
        await self.journal(tx, search, "cover_nobody", secretary, None, reason, now)
        if secretary is not None:
            await self._shifts.tell(
                tx,
                search.shift,
                [secretary],
                "cover_nobody",
                now,
                key=f"cover_nobody:{search.absent}:{iso_utc(now)}",
                values={"absent_name": absent.name if absent else None, "names": names},
            )

    async def tell_absent(
        self, tx: Tx, search: Search, leave: LeaveRow, template: str, reason: str | None, now: datetime
    ) -> None:
        """Who asked for leave hears what became of it."""
        key, values = f"{template}:{leave.id}:{iso_utc(now)}", {"reason": reason}
        await self._shifts.tell(tx, search.shift, [leave.person], template, now, key=key, values=values)

    async def _secretary(self, tx: Tx, search: Search, now: datetime) -> PersonId | None:
        lineage = await self._station.lineage(tx, search.post.unit, now, shift=search.shift.key)
        return secretary_or_stand_in(lineage, now)

    async def journal_passed_over(self, tx: Tx, search: Search, ranking: Ranking, now: datetime) -> None:
        """Write down who is not asked, and why."""
        for person, reason in sorted(ranking.passed_over.items()):
            await self.journal(tx, search, "passed_over", person, None, f"cover: {reason}", now)

    async def journal(
        self,
        tx: Tx,
        search: Search,
        event: str,
        person: PersonId | None,
        channel: str | None,
        reason: str,
        now: datetime,
    ) -> None:
        """Write one thing down about the search's shift."""
        line = JournalLine(
            at=now,
            event=event,
            unit=search.post.unit,
            subject=search.shift.key,
            person=person,
            channel=channel,
            reason=reason,
        )
        await tx.journal.write([line])
