"""代 NAME 签827 除3,5: a list signed by an office holder for somebody who cannot do so himself.

Which list is meant is told by the name and, where that leaves several, by the number: of the signer's own
ask, or of what the sender was asked about it.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.language.model import Answer, Verb
from notifier.domain.roster import ChannelName, Person
from notifier.domain.sheet import Refusal, Sheet
from notifier.engine.case_letters import base_values
from notifier.engine.intake.answers.basis import Basis
from notifier.engine.intake.answers.naming import named, told_apart
from notifier.engine.intake.visit import Reply, Visit
from notifier.engine.subjects import SHEET, UNSIGNED

GeneralHandler = Callable[[Visit, Answer], Awaitable[list[Reply]]]

DAY = timedelta(days=1)

_REFUSED = {Refusal.TO_VERIFY: "sign_for_verifier", Refusal.ALREADY_SIGNED: "sheet_already"}
"""The text for each reason; whatever else is amiss, how to sign is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meant:
    """Whose list is to be signed, and by whom."""

    sheet: Sheet
    signer: Person
    proxy: Person


class ProxyAnswers:
    """Signs lists in somebody else's name."""

    def __init__(self, basis: Basis) -> None:
        """Work with the parts' lists."""
        self._basis = basis
        self._parts = basis.parts

    def orders(self) -> Mapping[Verb, GeneralHandler]:
        """What the word does by itself."""
        return {Verb.SIGN_FOR: self.sign_for}

    async def sign_for(self, visit: Visit, answer: Answer) -> list[Reply]:
        """Somebody's list is signed for him; he is told, and both of them may take it back."""
        meant = await self._meant(visit, answer)
        if isinstance(meant, Reply):
            return [meant]
        done_at = self._done_at(visit, answer.clock)
        signed = await self._parts.sheets.sign_for(
            visit.tx, meant.sheet, answer.items, visit.actor(meant.proxy), done_at, visit.now
        )
        if isinstance(signed, Refusal):
            return [await self._refused(visit, meant, signed)]
        return [await self._noted(visit, meant)]

    async def _refused(self, visit: Visit, meant: _Meant, why: Refusal) -> Reply:
        template = _REFUSED.get(why, "sign_for_how")
        lineage = await self._basis.facts.lineage(visit.tx, meant.sheet.unit, visit.now, meant.proxy.id)
        of_list = await self._parts.sheets.letters.values(visit.tx, meant.sheet, meant.proxy.locale)
        return await self._plain(
            visit, template, **base_values(lineage, meant.proxy.id, visit.now), **of_list
        )

    async def _noted(self, visit: Visit, meant: _Meant) -> Reply:
        """It is kept for both of them, so that either may take it back."""
        tx, sheet, proxy = visit.tx, meant.sheet, meant.proxy
        [matter] = await tx.matters.ensure([(proxy.id, UNSIGNED, sheet.key, sheet.unit)], visit.now)
        await tx.matters.close(UNSIGNED, sheet.key, visit.now, person=proxy.id)
        own = await tx.matters.find(sheet.signer, SHEET, sheet.key)
        undoable = {"sheet": sheet.key, "proxy": proxy.id}
        await self._basis.remember_of(visit, proxy, matter, Verb.SIGN_FOR, **undoable)
        await self._basis.remember_of(visit, meant.signer, own, Verb.SIGN_FOR, **undoable)
        return await self._basis.tell_how(visit, matter, proxy, "signed_for", courtesy=False)

    def _done_at(self, visit: Visit, clock: time | None) -> datetime:
        """When he signed: the last time that the clock showed what was said; now, where nothing was."""
        if clock is None:
            return visit.now
        zone = self._parts.station.zone
        then = datetime.combine(visit.now.astimezone(zone).date(), clock, zone)
        return then if then <= visit.now else then - DAY

    # ── who, and which list ──────────────────────────────────────────────────────────────────────

    async def _meant(self, visit: Visit, answer: Answer) -> _Meant | Reply:
        units = await self._units(visit)
        if not units:
            return await self._plain(visit, "sign_for_office")
        if not answer.name:
            return await self._plain(visit, "sign_for_how")
        if visit.channel is ChannelName.SMS and not visit.said.numbers:
            # Who sent an SMS cannot be known for certain; who knows the number has at least seen the ask.
            return await self._plain(visit, "sign_for_how")
        owed = await visit.tx.sheets.owed_in(units)
        signers = await visit.tx.roster.people({sheet.signer for sheet in owed})
        found = named(answer.name, signers.values(), in_part=True)
        if not found:
            return await self._nothing_owed(visit, answer.name, units)
        his = [sheet for sheet in owed if sheet.signer in {person.id for person in found}]
        asked = await self._asked(visit, his)
        if len(asked) == 1:
            return await self._by_whom(visit, asked[0], signers[asked[0].signer], units[asked[0].unit])
        if len(found) > 1:
            return await self._plain(visit, "sign_for_whom", word=answer.name, names=told_apart(found))
        numbers = await self._numbers(visit, his)
        return await self._plain(visit, "sign_for_which", word=found[0].name, names=numbers)

    async def _units(self, visit: Visit) -> dict[UnitCode, list[Person]]:
        """The units in which who writes keeps an office, with who of them it is."""
        keepers: dict[UnitCode, list[Person]] = {}
        for person in visit.people:
            held = await visit.tx.roster.offices_held(person.id)
            for unit in {office.unit for office in held if office.is_kept_by(person.id, visit.now)}:
                keepers.setdefault(unit, []).append(person)
        return keepers

    async def _nothing_owed(self, visit: Visit, name: str, units: Collection[UnitCode]) -> Reply:
        everybody = [person for unit in units for person in await visit.tx.roster.people_of(unit)]
        template = "sign_for_nothing" if named(name, everybody) else "sign_for_whom"
        return await self._plain(visit, template, word=name)

    async def _asked(self, visit: Visit, sheets: Sequence[Sheet]) -> list[Sheet]:
        """Those of the lists that the number, or the message replied to, is about; without either, all."""
        quoted = visit.quoted.matter if visit.quoted else None
        if quoted is not None:
            matter = await visit.tx.matters.get(quoted)
            sheets = [sheet for sheet in sheets if matter and matter.subject == sheet.key]
        if not visit.said.numbers:
            return list(sheets)
        readers = {person.id for person in visit.people}
        return [sheet for sheet in sheets if await self._asked_by(visit, sheet, {*readers, sheet.signer})]

    async def _asked_by(self, visit: Visit, sheet: Sheet, readers: Collection[PersonId]) -> set[PersonId]:
        """Who of them was asked about that list by a number that was said."""
        matters = [m for n in visit.said.numbers for m in await visit.tx.matters.by_number(readers, n)]
        return {m.person for m in matters if m.topic in (SHEET, UNSIGNED) and m.subject == sheet.key}

    async def _numbers(self, visit: Visit, sheets: Sequence[Sheet]) -> list[str]:
        """The lists that may be meant, each by its signer's number and its name."""
        listed = []
        for sheet in sheets:
            matter = await visit.tx.matters.find(sheet.signer, SHEET, sheet.key)
            values = await self._parts.sheets.letters.values(visit.tx, sheet, visit.sender.locale)
            listed.append(f"{matter.number if matter else ''} {values['checklist']}".strip())
        return listed

    async def _by_whom(
        self, visit: Visit, sheet: Sheet, signer: Person, keepers: Sequence[Person]
    ) -> _Meant | Reply:
        """Of two office holders at one phone, who was asked by that number; else it must be clear without."""
        others = [person for person in keepers if person.id != signer.id]
        asked = await self._asked_by(visit, sheet, [person.id for person in others])
        meant = [person for person in others if person.id in asked] or others
        if len(meant) == 1:
            return _Meant(sheet=sheet, signer=signer, proxy=meant[0])
        if not meant:
            return await self._plain(visit, "sign_for_how")
        return await self._plain(visit, "sign_for_sender", names=told_apart(meant))

    async def _plain(self, visit: Visit, template: str, **values: object) -> Reply:
        known = await self._basis.facts.plain(visit, visit.sender)
        return Reply(template=template, values={**known, **values}, person=visit.sender, courtesy=True)
