"""Words that need no matter: help, list, stop, who is this, danger, it was not me."""

from collections.abc import Awaitable, Callable, Mapping

from notifier.domain.case import CallState, Declined
from notifier.domain.language.model import Answer, Verb
from notifier.domain.roster import DUTY_DESK, Person
from notifier.domain.times import DAY
from notifier.engine.case_letters import local_phone
from notifier.engine.contacts_lost import STOPPED, WRONG
from notifier.engine.intake.answers.basis import Basis
from notifier.engine.intake.passing import Passing
from notifier.engine.intake.readings import Readings
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.undoing import Undoing
from notifier.engine.intake.visit import Reply, Visit, contact_of
from notifier.engine.subjects import SHEET, VERIFY

GeneralHandler = Callable[[Visit, Answer], Awaitable[list[Reply]]]

_HAS_ITEMS = (SHEET, VERIFY)


class GeneralAnswers:
    """Answers to what concerns no one matter, or any."""

    def __init__(self, basis: Basis, passing: Passing, readings: Readings, undoing: Undoing) -> None:
        """Words are passed on through ``passing``."""
        self._basis = basis
        self._facts = basis.facts
        self._parts = basis.parts
        self._passing = passing
        self._readings = readings
        self._undoing = undoing

    def table(self) -> Mapping[Verb, GeneralHandler]:
        """What each word does."""
        return {
            Verb.HELP: self.help,
            Verb.LIST: self.list_open,
            Verb.INFO: self.info,
            Verb.NOT_RECEIVED: self.not_received,
            Verb.STOP: self.stop,
            Verb.START: self.start,
            Verb.LANGUAGE: self.language,
            Verb.UNDO: self._undoing.undo,
            Verb.NEED: self.need,
            Verb.DANGER: self.danger,
            Verb.WRONG_NUMBER: self.wrong_number,
            Verb.SOMEONE_ELSE: self.someone_else,
        }

    # ── telling ──────────────────────────────────────────────────────────────────────────────────

    async def help(self, visit: Visit, answer: Answer) -> list[Reply]:
        """How to answer: what is open now, or all words."""
        asking = [standing for standing in visit.standings if standing.view.asks]
        if asking:
            return [await self._readings.choose(visit, asking, "help_open")]
        concerns = {"office_holder": False, "desk_officer": False}
        for person in visit.people:
            held = await visit.tx.roster.offices_held(person.id)
            kept = {office.title for office in held if office.is_kept_by(person.id, visit.now)}
            concerns["office_holder"] |= bool(kept)
            concerns["desk_officer"] |= DUTY_DESK in kept or await self._is_at_desk(visit, person)
        return [await self._plain(visit, visit.sender, "help", concerns)]

    async def _is_at_desk(self, visit: Visit, person: Person) -> bool:
        """Whether he has a shift at a duty desk, yesterday, today or tomorrow."""
        shifts = await visit.tx.shifts.of_person(person.id, visit.now - DAY, visit.now + DAY)
        posts = await visit.tx.roster.posts({shift.post for shift in shifts})
        return any(post.kind == DUTY_DESK for post in posts.values())

    async def list_open(self, visit: Visit, answer: Answer) -> list[Reply]:
        """The items of the list meant, else everything that is open."""
        listed = [standing for standing in visit.standings if standing.topic in _HAS_ITEMS]
        standing = visit.standing(answer.matter)
        if standing in listed and standing is not None:
            return [await self._basis.reply(visit, standing, "sheet_items", courtesy=True)]
        return [await self._listing(visit, "list_open", "nothing_open")]

    async def not_received(self, visit: Visit, answer: Answer) -> list[Reply]:
        """What is open is said again."""
        return [await self._listing(visit, "not_received", "not_received")]

    async def _listing(self, visit: Visit, template: str, empty: str) -> Reply:
        asking = [standing for standing in visit.standings if standing.view.asks]
        entries = await self._facts.open_list(visit, asking)
        chosen = template if entries else empty
        return await self._plain(visit, visit.sender, chosen, {"open_list": entries})

    async def info(self, visit: Visit, answer: Answer) -> list[Reply]:
        """What this is about, and whom to ring to make sure."""
        standing = visit.standing(answer.matter)
        if standing is not None:
            return [await self._basis.reply(visit, standing, "info", courtesy=True)]
        return [await self._plain(visit, visit.sender, "info")]

    # ── the address ──────────────────────────────────────────────────────────────────────────────

    async def stop(self, visit: Visit, answer: Answer) -> list[Reply]:
        """Silence for all who share that address; one confirmation, where the carrier sends none itself."""
        incoming = visit.incoming
        contact = contact_of(incoming)
        await self._parts.contacts_lost.lose(
            visit.tx, contact.channel, contact.account, contact.address, STOPPED, None, visit.now
        )
        if incoming.opt is not None:
            return []
        values = await self._facts.plain(visit, visit.sender)
        return [Reply(template="stopped", values=values, person=visit.sender, courtesy=True, always=True)]

    async def start(self, visit: Visit, answer: Answer) -> list[Reply]:
        """It is written to again."""
        cleared = await clear(visit)
        if cleared:
            await self._basis.journal(visit, "contact_back", visit.sender)
        if visit.incoming.opt is not None:
            return []
        return [await self._plain(visit, visit.sender, "started", courtesy=not cleared)]

    async def wrong_number(self, visit: Visit, answer: Answer) -> list[Reply]:
        """Nobody of ours reads there: silence, and the secretary mends the roster."""
        contact = contact_of(visit.incoming)
        await self._parts.contacts_lost.lose(
            visit.tx, contact.channel, contact.account, contact.address, WRONG, None, visit.now
        )
        values = {"number": None}
        return [Reply(template="wrong_number", values=values, courtesy=True, always=True)]

    async def language(self, visit: Visit, answer: Answer) -> list[Reply]:
        """In that language from now on, for all who read there."""
        locale = answer.language or self._parts.station.locale
        for person in visit.people:
            await visit.tx.roster.set_locale(person.id, locale)
        values = await self._facts.plain(visit, visit.sender)
        return [Reply(template="language_set", values=values, person=visit.sender)]

    # ── passing on ───────────────────────────────────────────────────────────────────────────────

    async def need(self, visit: Visit, answer: Answer) -> list[Reply]:
        """Somebody needs something: the secretary hears it."""
        told = await self._passing.to_secretary(visit, visit.sender)
        await self._basis.journal(visit, "need", visit.sender)
        return [await self._plain(visit, visit.sender, "need_noted", _contact(told))]

    async def danger(self, visit: Visit, answer: Answer) -> list[Reply]:
        """Ring 120 or 110 at once; the desk hears it, too. Never held back."""
        await self._passing.danger(visit, visit.sender)
        await self._basis.journal(visit, "danger", visit.sender)
        values = await self._facts.plain(visit, visit.sender)
        return [Reply(template="danger", values=values, person=visit.sender, always=True)]

    async def someone_else(self, visit: Visit, answer: Answer) -> list[Reply]:
        """Another reads this phone: no answer of his own, so the next in the chain; the words go on."""
        standing = visit.standing(answer.matter)
        person = standing.person if standing else visit.sender
        told = await self._passing.to_holder(visit, person, standing)
        if standing is not None:
            await self._decline_for(visit, standing)
            return [
                await self._basis.reply(
                    visit, standing, "someone_else_noted", courtesy=True, **_contact(told)
                )
            ]
        return [await self._plain(visit, person, "someone_else_noted", _contact(told))]

    async def _decline_for(self, visit: Visit, standing: Standing) -> None:
        case = standing.case
        call = case.call_to(standing.person.id) if case else None
        if case is None or call is None or call.state is not CallState.ASKED:
            return
        event = Declined(person=standing.person.id, words=visit.words, channel=visit.channel)
        await self._parts.cases.happen(visit.tx, case.id, event, visit.now)

    async def _plain(
        self,
        visit: Visit,
        person: Person,
        template: str,
        values: Mapping[str, object] | None = None,
        *,
        courtesy: bool = True,
    ) -> Reply:
        known = await self._facts.plain(visit, person)
        return Reply(template=template, values={**known, **(values or {})}, person=person, courtesy=courtesy)


async def clear(visit: Visit) -> bool:
    """Forget what was against the address. False when nothing was."""
    contact = contact_of(visit.incoming)
    return await visit.tx.contacts.clear(contact.channel, contact.account, contact.address)


def _contact(told: Person | None) -> dict[str, object]:
    """Who got the words, as the answer names him."""
    return {
        "contact_name": told.name if told else None,
        "contact_phone": local_phone(told.phone) if told else None,
    }
