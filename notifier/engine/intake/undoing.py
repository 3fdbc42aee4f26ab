"""撤销: one's own last word is taken back, for 30 minutes and as long as nobody has built on it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from notifier.domain import sheet as rules
from notifier.domain.case import RosterChanged, TakenBack, Verdict
from notifier.domain.ids import CaseId, MatterId, PersonId, SheetKey, ShiftKey
from notifier.domain.language.model import Answer, Stale, Verb
from notifier.domain.message import Lane
from notifier.domain.policy import Kind
from notifier.domain.roster import Person
from notifier.engine.claims import Claimed, Claims
from notifier.engine.intake.answers.basis import Basis
from notifier.engine.intake.answers.shift_answers import watch_timer
from notifier.engine.intake.readings import Readings
from notifier.engine.intake.visit import Reply, Visit
from notifier.engine.sheet_proxies import proxy_of
from notifier.engine.sheets import REMIND_ONCE, UNSIGNED_AT
from notifier.store.rows import PersonalAnswer, Timer

UNDO_FOR = timedelta(minutes=30)

_Detail = Mapping[str, Any]
_Undo = Callable[[Visit, Person, _Detail], Awaitable[bool]]
"""Takes something back. False: it is too late for that."""


class Undoing:
    """Takes words back."""

    def __init__(self, basis: Basis, readings: Readings) -> None:
        """Work through the parts."""
        self._basis = basis
        self._readings = readings
        self._parts = basis.parts
        self._claims = Claims(basis.parts.station, basis.parts.shifts)
        self._table: Mapping[str, _Undo] = {
            Verb.ACK: self._in_case,
            Verb.DECLINE: self._in_case,
            Verb.HAND_ON: self._in_case,
            Verb.ETA: self._in_case,
            Verb.HERE: self._arrival,
            Verb.PROXY: self._arrival,
            Verb.OFF: self._leaving,
            Verb.HAND_OVER: self._leaving,
            Verb.LEAVE: self._leave,
            Verb.SIGN: self._signature,
            Verb.SIGN_FOR: self._signature_for,
            Verb.VERIFY: self._verification,
            Verb.RETURN: self._return,
            Verb.WONT_SIGN: self._refusal,
            Verb.LATER: self._later,
            Verb.RELAYED: self._relay,
            Verb.CLAIM: self._claim,
            Verb.COVER: self._cover,
            Verb.AGREE: self._agreement,
            Verb.REFUSE: self._refused,
            Verb.SWAP: self._proposal,
            Verb.STAND_IN: self._proposal,
        }

    async def undo(self, visit: Visit, answer: Answer) -> list[Reply]:
        """The last word of whoever writes, about the matter named if one is."""
        last = await self._last(visit, await self._matter(visit, answer))
        if last is None:
            return [await self._nothing(visit)]
        person = next(person for person in visit.people if person.id == last.person)
        take_back = self._table.get(last.verb)
        if take_back is None or not await take_back(visit, person, last.detail):
            return [await self._nothing(visit)]
        await visit.tx.answers.mark_undone(last.id, visit.now)
        return [await self._said(visit, person, last)]

    async def _matter(self, visit: Visit, answer: Answer) -> MatterId | None:
        if answer.number is None:
            return answer.matter
        named = await self._readings.meant(visit, Stale(number=answer.number, matter=answer.matter))
        return named.id if named else MatterId(0)

    async def _last(self, visit: Visit, matter: MatterId | None) -> PersonalAnswer | None:
        since = visit.now - UNDO_FOR
        found = [await visit.tx.answers.last(p.id, since, matter) for p in visit.people]
        known = [answer for answer in found if answer is not None]
        return max(known, key=lambda answer: answer.id, default=None)

    async def _said(self, visit: Visit, person: Person, last: PersonalAnswer) -> Reply:
        matter = await visit.tx.matters.get(last.matter) if last.matter else None
        label = self._parts.station.texts.label(last.verb, person.locale)
        word = label if label != last.verb else None
        if matter is None:
            values = {**await self._basis.facts.plain(visit, person), "word": word}
            return Reply(template="undone", values=values, person=person)
        return await self._basis.tell_how(visit, matter, person, "undone", courtesy=False, word=word)

    async def _nothing(self, visit: Visit) -> Reply:
        values = await self._basis.facts.plain(visit, visit.sender)
        return Reply(template="nothing_to_undo", values=values, person=visit.sender, courtesy=True)

    # ── one word each ────────────────────────────────────────────────────────────────────────────

    async def _in_case(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        if detail.get("case") is None:
            await self._basis.journal(visit, "undone", person, reason=visit.words)
            await self._no_longer_awaited(visit, detail)
            return True
        event = TakenBack(person=person.id, words=visit.words, channel=visit.channel)
        happened = await self._parts.cases.happen(visit.tx, CaseId(detail["case"]), event, visit.now)
        return happened.verdict is Verdict.TAKEN

    async def _no_longer_awaited(self, visit: Visit, detail: _Detail) -> None:
        """Who was on his way before there was a case is not waited for any more."""
        shift = await visit.tx.shifts.get(ShiftKey(str(detail.get("shift", ""))))
        if shift is None or visit.now >= shift.end:
            return
        policy = (await self._parts.station.rules.current(visit.tx)).policy(Kind.UNSTAFFED)
        await visit.tx.timers.set(watch_timer(shift, max(visit.now, shift.start + policy.grace)))

    async def _arrival(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        row = await visit.tx.presences.get(detail["row"])
        if row is None or row.ended is not None:
            return False
        await self._noted(visit, person, detail)
        await self._parts.arrivals.undo_arrival(visit.tx, row.id, detail.get("moved_from"), visit.now)
        return True

    async def _leaving(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        if await visit.tx.presences.of_person(person.id) is not None:
            return False
        shift = await visit.tx.shifts.get(ShiftKey(detail["shift"]))
        if shift is None or (visit.now >= shift.end and not await self._is_wanted(visit, detail)):
            return False
        await self._noted(visit, person, detail)
        await self._parts.arrivals.undo_leaving(visit.tx, detail["row"], visit.now)
        return True

    async def _is_wanted(self, visit: Visit, detail: _Detail) -> bool:
        row = await visit.tx.presences.get(detail["row"])
        return row is not None and await self._parts.relief.wants(visit.tx, row, visit.now)

    async def _leave(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        key = ShiftKey(detail["shift"])
        if not await self._parts.covering.may_return(visit.tx, person.id, key, visit.now):
            return False
        if not await visit.tx.shifts.revoke_leave(person.id, key, visit.now):
            return False
        await self._noted(visit, person, detail)
        case = await visit.tx.cases.get(CaseId(detail["case"])) if detail.get("case") else None
        if case is not None and case.is_open:
            back = TakenBack(person=person.id, words=visit.words, channel=visit.channel)
            await self._parts.cases.happen(visit.tx, case.id, back, visit.now)
            await self._parts.cases.happen(visit.tx, case.id, RosterChanged(), visit.now)
        return True

    async def _signature(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        sheet = await visit.tx.sheets.get(SheetKey(detail["sheet"]))
        if sheet is None:
            return False
        undone = rules.undo_signature(sheet, person.id)
        return await self._parts.sheets.undo(visit.tx, sheet, undone, visit.actor(person), visit.now)

    async def _signature_for(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        """Who was signed for may take it back, and so may who did, as long as it is that signature."""
        sheet = await visit.tx.sheets.get(SheetKey(detail["sheet"]))
        if sheet is None or await proxy_of(visit.tx, sheet) != detail["proxy"]:
            return False
        undone = rules.undo_signature(sheet, sheet.signer)
        return await self._parts.sheets.undo(visit.tx, sheet, undone, visit.actor(person), visit.now)

    async def _verification(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        sheet = await visit.tx.sheets.get(SheetKey(detail["sheet"]))
        if sheet is None:
            return False
        undone = rules.undo_verification(sheet, person.id)
        return await self._parts.sheets.undo(visit.tx, sheet, undone, visit.actor(person), visit.now)

    async def _return(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        sheet = await visit.tx.sheets.get(SheetKey(detail["sheet"]))
        if sheet is None:
            return False
        undone = rules.undo_return(sheet, person.id)
        return await self._parts.sheets.undo(visit.tx, sheet, undone, visit.actor(person), visit.now)

    async def _refusal(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        sheet = await visit.tx.sheets.get(SheetKey(detail["sheet"]))
        if sheet is None or not sheet.wants_signature:
            return False
        grace = (await self._parts.sheets.letters.checklist_of(visit.tx, sheet)).grace
        timer = Timer(
            key=f"{UNSIGNED_AT}:{sheet.key}",
            lane=Lane.ESCALATION,
            due_at=max(visit.now, sheet.due_at + grace),
            kind=UNSIGNED_AT,
            subject=sheet.key,
        )
        await visit.tx.timers.set(timer)
        await self._basis.journal(visit, "undone", person, reason=visit.words)
        return True

    async def _later(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        await visit.tx.timers.drop([f"{REMIND_ONCE}:{detail['sheet']}"])
        return True

    async def _relay(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        key, before = str(detail["relay"]), detail.get("before")
        await self._basis.journal(visit, "undone", person, reason=visit.words)
        if before is None:
            await self._parts.relays.undo_relay(visit.tx, key, visit.now)
        else:
            actor = visit.actor(person)
            await self._parts.relays.relayed(visit.tx, key, before, actor, visit.words, visit.now)
        return True

    async def _claim(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        if detail.get("of") is None:
            await self._noted(visit, person, detail)
            return True
        shift = await visit.tx.shifts.get(ShiftKey(detail["shift"]))
        post = await visit.tx.roster.post(shift.post) if shift else None
        other = await visit.tx.roster.person(PersonId(detail["of"]))
        if shift is None or post is None or other is None:
            return False
        claimed = Claimed(shift=shift, unit=post.unit, person=other)
        return await self._claims.reopen(visit.tx, claimed, person, visit.actor(person), visit.now)

    # ── leaves, covers, exchanges ────────────────────────────────────────────────────────────────

    async def _cover(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        covering = self._parts.covering
        search = await covering.search(visit.tx, detail["cover"])
        return search is not None and await covering.undo_take(
            visit.tx, search, person.id, visit.actor(person), visit.now
        )

    async def _agreement(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        tx, by, now = visit.tx, visit.actor(person), visit.now
        if "exchange" in detail:
            exchange = await self._parts.exchanges.load(tx, detail["exchange"])
            return exchange is not None and await self._parts.exchanges.undo_agreement(tx, exchange, by, now)
        search = await self._parts.covering.search(tx, detail["leave"])
        return search is not None and await self._parts.covering.undo_agreement(tx, search, by, now)

    async def _refused(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        tx, by, now = visit.tx, visit.actor(person), visit.now
        if "exchange" in detail:
            exchange = await self._parts.exchanges.load(tx, detail["exchange"])
            return exchange is not None and await self._parts.exchanges.undo_refusal(tx, exchange, by, now)
        search = await self._parts.covering.search(tx, detail["leave"])
        reason = str(detail["reason"])
        return search is not None and await self._parts.covering.undo_refusal(tx, search, reason, by, now)

    async def _proposal(self, visit: Visit, person: Person, detail: _Detail) -> bool:
        exchange = await self._parts.exchanges.load(visit.tx, detail["exchange"])
        return exchange is not None and await self._parts.exchanges.withdraw(
            visit.tx, exchange, visit.actor(person), visit.now
        )

    async def _noted(self, visit: Visit, person: Person, detail: _Detail) -> None:
        """Shifts do not journal what is undone themselves."""
        key = ShiftKey(str(detail["shift"]))
        actor = visit.actor(person)
        await self._parts.shifts.noted(
            visit.tx, key, "undone", person.id, actor, visit.words or None, visit.now
        )
