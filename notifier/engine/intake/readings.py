"""What is said where nothing is changed: questions back, how it stands, and nothing at all."""

from collections.abc import Mapping, Sequence

from notifier.domain.case import Case
from notifier.domain.ids import ShiftKey
from notifier.domain.language.model import AskBack, MatterKind, Question, Stale, Verb
from notifier.domain.roster import Person
from notifier.domain.times import iso_utc
from notifier.engine.intake.answers.basis import Basis
from notifier.engine.intake.standing import KIND_OF, Standing
from notifier.engine.intake.visit import Reply, Visit
from notifier.engine.subjects import RELAY, SHEET, SHIFT, UNSIGNED, VERIFY
from notifier.store.rows import Matter

_ABOUT_ONE: Mapping[Question, str] = {
    Question.SIGN_ALL: "sign_all",
    Question.SIGN_EXCEPT: "sign_except",
    Question.TOO_EARLY: "too_early",
    Question.CONFIRM_OFF: "confirm_off",
    Question.RETURN_REASON: "return_reason",
    Question.RETURN_OR_STOP: "return_or_stop",
    Question.HOW_MANY: "how_many",
    Question.MORE_THAN_MEMBERS: "more_than_members",
    Question.WHO_IS_ON_POST: "sorted_ask",
    Question.WHICH_PERSON: "which_person",
    Question.VERIFY_OR_RETURN: "verify_or_return",
    Question.HOW_LONG: "how_long",
}
"""The text of each question about one matter."""

_HOW: Mapping[MatterKind, str] = {
    MatterKind.LIST: "how_to_sign",
    MatterKind.VERIFY: "how_to_verify",
    MatterKind.RELAY: "how_many",
}
"""How a matter of that kind is answered; of other kinds its hint says it."""

_NICKNAMES = "老小阿"
_NAMES_SHOWN = 6


class Readings:
    """Words them."""

    def __init__(self, basis: Basis) -> None:
        """Values come from the basis' facts."""
        self._basis = basis
        self._facts = basis.facts

    # ── asking back ──────────────────────────────────────────────────────────────────────────────

    async def ask(self, visit: Visit, asked: AskBack) -> Reply:
        """The question, about its matter, or with the numbers of those it may be about."""
        if asked.question is Question.STOP_FOR_GOOD:
            return await self._without_number(visit, "stop_for_good")
        found = [visit.standing(matter) for matter in asked.matters]
        standings = [standing for standing in found if standing is not None]
        if asked.question is Question.NUMBER_OR_QUOTE:
            return await self.choose(visit, standings, "number_or_quote")
        if len(standings) != 1:
            return await self._ask_which(visit, asked, standings)
        return await self._ask_about(visit, asked, standings[0])

    async def _ask_which(self, visit: Visit, asked: AskBack, standings: Sequence[Standing]) -> Reply:
        if asked.question is Question.RETURN_OR_STOP and not standings:
            return await self._without_number(visit, "stop_for_good")
        if asked.question is Question.TOO_EARLY and standings:
            first = min(standings, key=lambda s: s.shift.start if s.shift else visit.now)
            return await self._ask_about(visit, asked, first)
        return await self.choose(visit, standings or _asking(visit), "which_matter")

    async def _ask_about(self, visit: Visit, asked: AskBack, standing: Standing) -> Reply:
        if asked.question in (Question.HOW_TO_ANSWER, Question.WHICH_MATTER):
            return await self._explain(visit, standing)
        if asked.question is Question.WHO_IS_ON_POST and standing.topic != SHIFT:
            return await self.how_it_stands(visit, standing.matter, standing.person)
        if standing.view.kind is MatterKind.CLAIM:
            return await self._explain(visit, standing)
        template = _ABOUT_ONE[asked.question]
        if visit.said.verb is Verb.NOT_HERE and standing.topic == SHIFT:
            template = "not_here"
        if asked.question is Question.CONFIRM_OFF and standing.is_over(visit.now):
            template = "confirm_off_kept"
        values: dict[str, object] = {"word": asked.name or (str(asked.count) if asked.count else None)}
        if asked.question is Question.SIGN_EXCEPT:
            values["exceptions"] = list(asked.items)
        if asked.question is Question.WHICH_PERSON:
            values |= {
                "names": await self._candidates(visit, standing, asked.name),
                "word": asked.name or "?",
            }
        return await self._basis.reply(visit, standing, template, courtesy=True, **values)

    async def _explain(self, visit: Visit, standing: Standing) -> Reply:
        template = _HOW.get(standing.view.kind)
        if template is None:
            return await self.choose(visit, [standing], "help_open")
        return await self._basis.reply(visit, standing, template, courtesy=True)

    async def choose(self, visit: Visit, standings: Sequence[Standing], template: str) -> Reply:
        """The numbers, each with how it may be answered."""
        values = await self._facts.plain(visit, visit.sender)
        if not standings:
            return Reply(template="nothing_open", values=values, person=visit.sender, courtesy=True)
        values["numbers"] = await self._facts.numbers(visit, standings)
        return Reply(template=template, values=values, person=visit.sender, courtesy=True)

    async def _without_number(self, visit: Visit, template: str) -> Reply:
        asking = _asking(visit)
        if asking:
            return await self._basis.reply(visit, asking[0], template, courtesy=True)
        values = await self._facts.plain(visit, visit.sender)
        return Reply(template=template, values=values, person=visit.sender, courtesy=True)

    async def _candidates(self, visit: Visit, standing: Standing, name: str | None) -> list[str]:
        """Whom "老王" may mean."""
        wanted = (name or "").lstrip(_NICKNAMES)
        if not wanted or standing.post is None:
            return []
        everybody = await visit.tx.roster.people_of(standing.post.unit)
        return [p.name for p in everybody if p.name.casefold().startswith(wanted[0])][:_NAMES_SHOWN]

    # ── too late, twice, another's ───────────────────────────────────────────────────────────────

    async def stale(self, visit: Visit, stale: Stale) -> list[Reply]:
        """How the matter that was meant stands, and who has it."""
        matter = await self.meant(visit, stale)
        if matter is None:
            return [await self.nothing_open(visit)]
        person = next(person for person in visit.people if person.id == matter.person)
        return [await self.how_it_stands(visit, matter, person)]

    async def meant(self, visit: Visit, stale: Stale) -> Matter | None:
        """The matter named by its number or by a quoted message, if it is one of these people's."""
        ids = [person.id for person in visit.people]
        if stale.matter is not None:
            quoted = await visit.tx.matters.get(stale.matter)
            return quoted if quoted and quoted.person in ids else None
        named = await visit.tx.matters.by_number(ids, stale.number)
        return named[0] if named else None

    async def how_it_stands(self, visit: Visit, matter: Matter, person: Person) -> Reply:
        """A plain answer about one matter; nothing is changed."""
        if matter.topic == SHIFT:
            return await self._shift(visit, matter, person)
        if matter.topic in (SHEET, VERIFY):
            return await self._sheet(visit, matter, person)
        if matter.topic == RELAY:
            return await self._told(visit, matter, person, "relay_already")
        if matter.topic == UNSIGNED:
            return await self._case(visit, matter, person)
        return await self._told(visit, matter, person, "stale")

    async def _shift(self, visit: Visit, matter: Matter, person: Person) -> Reply:
        key = ShiftKey(matter.subject)
        shift = await visit.tx.shifts.get(key)
        if shift is None:
            return await self._told(visit, matter, person, "stale")
        there = await visit.tx.presences.of_person(person.id)
        if there is not None and there.presence.shift == key:
            since = iso_utc(there.presence.since)
            return await self._basis.tell_how(visit, matter, person, "on_post", at=since)
        if visit.said.verb is Verb.HERE and visit.now >= shift.end:
            return await self._told(visit, matter, person, "too_late")
        if person.id in {row.person for row in await visit.tx.shifts.leave_of(key)}:
            return await self._told(visit, matter, person, "leave_noted")
        rostered = person.id in shift.people
        if rostered and visit.now < shift.start:
            return await self._told(visit, matter, person, "reminder_acked")
        return await self._case(visit, matter, person, rostered=rostered)

    async def _sheet(self, visit: Visit, matter: Matter, person: Person) -> Reply:
        subject = await self._facts.subject(visit.tx, matter, person, visit.now)
        returned = matter.topic == VERIFY and bool(subject.get("reason"))
        template = "sheet_return_noted" if returned else "sheet_already"
        return await self._told(visit, matter, person, template if subject else "stale")

    async def _case(self, visit: Visit, matter: Matter, person: Person, *, rostered: bool = False) -> Reply:
        case = await visit.tx.cases.last_for(KIND_OF[matter.topic], matter.subject)
        if case is None:
            return await self._told(visit, matter, person, "stale")
        return await self._told(visit, matter, person, _template(case, person, rostered=rostered))

    async def _told(self, visit: Visit, matter: Matter, person: Person, template: str) -> Reply:
        return await self._basis.tell_how(visit, matter, person, template)

    # ── nothing ──────────────────────────────────────────────────────────────────────────────────

    async def nothing_open(self, visit: Visit) -> Reply:
        """There is nothing to be answered."""
        values = await self._facts.plain(visit, visit.sender)
        return Reply(template="nothing_open", values=values, person=visit.sender, courtesy=True)


def _template(case: Case, person: Person, *, rostered: bool) -> str:
    if not case.is_open:
        return "case_closed"
    if case.holder is None:
        return "not_called"
    if case.holder == person.id:
        return "held_already"
    return "who_has_it_rostered" if rostered else "held_by_other"


def _asking(visit: Visit) -> list[Standing]:
    return [standing for standing in visit.standings if standing.view.asks]
