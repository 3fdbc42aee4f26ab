"""A duty desk changes hands: who comes is told what is open there, and takes it over by one answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain import presence
from notifier.domain.case import CallState, Case, CaseState, TakenOver, Verdict
from notifier.domain.ids import PersonId, ShiftKey
from notifier.domain.message import Lane
from notifier.domain.policy import Kind
from notifier.domain.roster import DUTY_DESK, Post, PresenceEnd, Shift
from notifier.engine.case_letters import base_values
from notifier.engine.cases import Cases
from notifier.engine.letters import Letter, Letters
from notifier.engine.shifts import shift_values
from notifier.engine.station import Actor, Station
from notifier.engine.subjects import DESK
from notifier.store.rows import CaseFilter
from notifier.store.tx import Tx

LEAVES_WITHIN = timedelta(hours=1)
"""An officer still at the desk counts as leaving it when his shift ends within this."""

AT_ONCE = 20
"""So many matters are handed over by one answer, lest calls wait meanwhile; a note for the rest follows."""

SERVED_WITHIN = timedelta(days=1)
"""Officers who left the desk longer ago than this are not looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A matter taken over: its new holder's number of it, and a few words."""

    number: int
    text: str


class Handover:
    """Hands a desk's open matters over from one shift to the next."""

    def __init__(self, station: Station, letters: Letters, cases: Cases) -> None:
        """Work with the station's letters and cases."""
        self._station = station
        self._letters = letters
        self._cases = cases

    async def officer_came(self, tx: Tx, shift: Shift, person: PersonId, now: datetime) -> None:
        """Somebody has come for ``shift``: at a desk one note tells him what is open there, if anything."""
        post = await tx.roster.post(shift.post)
        if post is None or post.kind != DUTY_DESK:
            return
        await self._note(tx, post, shift, person, now)

    async def take_over(self, tx: Tx, key: ShiftKey, by: Actor, words: str, now: datetime) -> list[Entry]:
        """``by``, at the desk for that shift, takes over what is open there now; who had it is told."""
        shift = await tx.shifts.get(key)
        post = await tx.roster.post(shift.post) if shift else None
        if shift is None or post is None or by.person is None:
            return []
        event = TakenOver(person=by.person, words=words, channel=by.channel)
        taken: list[Case] = []
        for case in await self.to_take_over(tx, post, shift, by.person, now):
            if (await self._cases.happen(tx, case.id, event, now)).verdict is Verdict.TAKEN:
                taken.append(case)
        for holder in sorted({case.holder for case in taken if case.holder is not None}):
            own = [case for case in taken if case.holder == holder]
            await self._tell_holder(tx, post, shift, holder, by.person, own, now)
        if not await self._note(tx, post, shift, by.person, now):
            await tx.matters.close(DESK, key, now, person=by.person)
        briefs = [await self._cases.brief(tx, case.kind, case.subject, by.person, now) for case in taken]
        return [Entry(number=brief[0], text=brief[1]) for brief in briefs if brief is not None]

    # ── what is open ─────────────────────────────────────────────────────────────────────────────

    async def to_take_over(
        self, tx: Tx, post: Post, shift: Shift, person: PersonId, now: datetime
    ) -> list[Case]:
        """What the leaving officers hold, and what waits for the desk with no holder; oldest first."""
        leaving = await self._leaving(tx, post, shift, now)
        his: list[Case] = []
        for case in await tx.cases.listing(CaseFilter(open_only=True, unit=post.unit)):
            if len(his) < AT_ONCE and await self._is_his(tx, case, person, leaving - {person}, now):
                his.append(case)
        return his

    async def _leaving(self, tx: Tx, post: Post, shift: Shift, now: datetime) -> frozenset[PersonId]:
        lately = await tx.presences.lately_on_post(post.code, now - SERVED_WITHIN)
        rows = [row.presence for row in lately]
        shifts = await tx.shifts.many({row.shift for row in rows})
        ends = {key: known.end for key, known in shifts.items()}
        # Whoever handed it over has gone, though his shift runs still.
        handed = {row.presence.person for row in lately if row.ended is PresenceEnd.HANDED_OVER}
        there = {own.person for own in rows if own.until is None}
        return presence.leaving(rows, ends, shift, now + LEAVES_WITHIN) | (handed - there)

    async def _is_his(
        self, tx: Tx, case: Case, person: PersonId, leaving: Collection[PersonId], now: datetime
    ) -> bool:
        """Whether that officer may take it: from who leaves, or for the desk that serves the unit."""
        own = case.call_to(person)
        if own is not None and own.state is CallState.LAPSED:
            return False
        if case.holder is not None:
            if case.holder not in leaving:
                return False
            chain = await self._cases.chain_of(tx, case, now)
            return person in chain.people - chain.unable
        if not await self._waits_for_desk(tx, case):
            return False
        return person in (await self._cases.chain_of(tx, case, now)).desk

    async def _waits_for_desk(self, tx: Tx, case: Case) -> bool:
        if case.state is CaseState.EXHAUSTED:
            return True
        policy = (await self._station.rules.at(tx, case.settings_version)).policy(case.kind)
        step = policy.step(case.cursor.step)
        return step is not None and step.call == DUTY_DESK

    # ── telling ──────────────────────────────────────────────────────────────────────────────────

    async def _note(self, tx: Tx, post: Post, shift: Shift, person: PersonId, now: datetime) -> bool:
        """Tell him what is open at the desk, and how to take it over. False: nothing is."""
        cases = await self.to_take_over(tx, post, shift, person, now)
        texts = [await self._cases.in_words(tx, case.kind, case.subject, person, now) for case in cases]
        listed = [{"text": text} for text in texts if text is not None]
        if not listed:
            return False
        [matter] = await tx.matters.ensure([(person, DESK, shift.key, post.unit)], now)
        letter = Letter(
            key=f"desk_handover:{shift.key}:{person}:{cases[0].id}",
            person=person,
            template="desk_handover",
            values={**await self._values(tx, post, shift, person, now), "open_list": listed},
            lane=Lane.ESCALATION,
            kind=Kind.UNSTAFFED,
            matter=matter.id,
            number=matter.number,
        )
        await self._letters.post(tx, [letter], now)
        return True

    async def _tell_holder(
        self,
        tx: Tx,
        post: Post,
        shift: Shift,
        holder: PersonId,
        taker: PersonId,
        cases: Sequence[Case],
        now: datetime,
    ) -> None:
        """Who held these hears once that they are off his hands, and who has them."""
        texts = [await self._cases.in_words(tx, case.kind, case.subject, holder, now) for case in cases]
        known = await tx.roster.person(taker)
        values = {
            **await self._values(tx, post, shift, holder, now),
            "open_list": [{"text": text} for text in texts if text is not None],
            "holder_name": known.name if known else None,
        }
        letter = Letter(
            key=f"desk_handed_over:{shift.key}:{taker}:{holder}:{cases[0].id}",
            person=holder,
            template="desk_handed_over",
            values=values,
            lane=Lane.REPLY,
            kind=Kind.UNSTAFFED,
        )
        await self._letters.post(tx, [letter], now)

    async def _values(
        self, tx: Tx, post: Post, shift: Shift, reader: PersonId, now: datetime
    ) -> dict[str, object]:
        lineage = await self._station.lineage(tx, post.unit, now, also={reader})
        policy = (await self._station.rules.current(tx)).policy(Kind.UNSTAFFED)
        return {**base_values(lineage, reader, now), **shift_values(shift, post, policy)}
