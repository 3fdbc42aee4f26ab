"""补发 NAME: a code for somebody whose Telegram account was lost or changed, from who may vouch for him."""

from collections.abc import Awaitable, Callable, Mapping

from notifier.domain.chain import secretary_or_stand_in
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.language.model import Answer, Verb
from notifier.domain.language.normalise import first_letters, name_key
from notifier.domain.roster import OUTSIDE_CHAIN, ChannelName, Person
from notifier.domain.secrecy import VOUCHER_GIVEN
from notifier.domain.times import iso_utc
from notifier.domain.vouchers import spaced
from notifier.engine.access.scopes import load_scope
from notifier.engine.intake.answers.basis import Basis
from notifier.engine.intake.visit import Reply, Visit
from notifier.engine.linking.joining import Joining

GeneralHandler = Callable[[Visit, Answer], Awaitable[list[Reply]]]


class VoucherAnswers:
    """Gives codes to whoever may vouch."""

    def __init__(self, basis: Basis) -> None:
        """Codes are made by the parts' joining."""
        self._basis = basis
        self._parts = basis.parts
        self._joining = Joining(basis.parts)

    def orders(self) -> Mapping[Verb, GeneralHandler]:
        """What the word does by itself."""
        return {Verb.VOUCHER: self.give}

    async def give(self, visit: Visit, answer: Answer) -> list[Reply]:
        """A code for the one that is named, in place of any before."""
        if visit.channel is not ChannelName.TELEGRAM:
            # Who sent an SMS cannot be known for certain.
            return [await self._plain(visit, "voucher_by_telegram")]
        if not name_key(answer.name or ""):
            return [await self._plain(visit, "voucher_how")]
        found = await self._named(visit, answer.name or "")
        if not found:
            # The same words whether there is nobody of that name or he is not his to vouch for.
            return [await self._plain(visit, "voucher_unknown", word=answer.name)]
        if len(found) > 1:
            names = [f"{person.name} {person.id}" for person in found]
            return [await self._plain(visit, "voucher_which", names=names)]
        [person] = found
        code, until = await self._joining.give_voucher(visit.tx, person, visit.sender.id, visit.now)
        known = await self._basis.facts.plain(visit, visit.sender)
        values = {**known, "person_name": person.name, "code": spaced(code), "until": iso_utc(until)}
        return [Reply(template=VOUCHER_GIVEN, values=values, person=visit.sender)]

    async def _named(self, visit: Visit, name: str) -> list[Person]:
        """The people so named, or of that id, for whom the sender may vouch; never himself."""
        wanted = name_key(name)
        units = await self._units(visit, visit.sender.id)
        likely = await visit.tx.roster.likely_named(units, first_letters(wanted))
        others = [person for person in likely if person.id != visit.sender.id]
        by_id = [p for p in others if wanted in (name_key(p.id), name_key(p.name + p.id))]
        named = by_id or [person for person in others if name_key(person.name) == wanted]
        return [person for person in named if await self._is_within(visit, person, units)]

    async def _is_within(self, visit: Visit, person: Person, units: set[UnitCode]) -> bool:
        """Whether all that he may do lies there: codes to sign in go to whoever has his chat."""
        scope = await load_scope(visit.tx, person.id, visit.now)
        return units.issuperset(scope.over)

    async def _units(self, visit: Visit, person: PersonId) -> set[UnitCode]:
        """Whose people he may vouch for: below his office, and of its unit as secretary or stand-in."""
        may: set[UnitCode] = set()
        for office in await visit.tx.roster.offices_held(person):
            if not office.is_kept_by(person, visit.now):
                continue
            may |= await visit.tx.roster.below(office.unit) - {office.unit}
            if office.rank >= OUTSIDE_CHAIN or await self._leads(visit, office.unit, person):
                may.add(office.unit)
        return may

    async def _leads(self, visit: Visit, unit: UnitCode, person: PersonId) -> bool:
        lineage = await self._basis.facts.lineage(visit.tx, unit, visit.now)
        return secretary_or_stand_in(lineage, visit.now) == person

    async def _plain(self, visit: Visit, template: str, **values: object) -> Reply:
        known = await self._basis.facts.plain(visit, visit.sender)
        return Reply(template=template, values={**known, **values}, person=visit.sender, courtesy=True)
