"""The one place where it is checked whether somebody's scope reaches a thing."""

from collections.abc import Iterable, Mapping
from typing import Never, NewType

from notifier.domain.access import Right, Scope
from notifier.domain.audience import Audience, Clause, InUnit, IsPerson, parse_audience
from notifier.domain.case import CallState, Case
from notifier.domain.ids import (
    BroadcastId,
    CaseId,
    MessageId,
    PersonId,
    PostCode,
    ShiftKey,
    UnitCode,
    number_in,
)
from notifier.domain.roster import Person, Post, Shift, Unit
from notifier.errors import NotAllowed, NotFound
from notifier.store.rows import Broadcast, StoredMessage
from notifier.store.tx import Tx

SeenUnits = NewType("SeenUnits", frozenset[UnitCode])
"""The units in which a right holds. Only a guard makes it, and every reading of the console asks for it."""


class Guard:
    """What one person may see and do, held against one transaction's units.

    Each method takes an id as it came from outside, and gives the thing. It raises NotAllowed for one that
    is out of reach and for one that there is not, so that nobody learns which; and NotFound, for one that
    there is not, to who may do everything.
    """

    def __init__(self, scope: Scope, units: Mapping[UnitCode, Unit]) -> None:
        """Take a scope, and every unit by its code."""
        self.scope = scope
        self._units = units
        self._below = _children(units.values())
        self._seen: dict[Right, SeenUnits] = {}

    @classmethod
    async def open(cls, tx: Tx, scope: Scope) -> "Guard":
        """A guard at the units as this transaction sees them."""
        return cls(scope, await tx.roster.units())

    # ── units ──

    def units(self, right: Right) -> SeenUnits:
        """Every unit in which that right holds."""
        if right not in self._seen:
            self._seen[right] = SeenUnits(frozenset(self._under(self.scope.roots(right))))
        return self._seen[right]

    def some(self, right: Right) -> SeenUnits:
        """The same, for who has the right somewhere."""
        seen = self.units(right)
        if not seen:
            raise _out_of_reach()
        return seen

    def below(self, code: str, right: Right) -> SeenUnits:
        """That unit, and all below it."""
        return SeenUnits(frozenset(self._under([self.unit(code, right)])))

    def may(self, unit: UnitCode | None, right: Right) -> bool:
        """Whether the right holds in that unit; None is what belongs to no unit, and so to the whole."""
        return self.scope.everything if unit is None else unit in self.units(right)

    def unit(self, code: str, right: Right) -> UnitCode:
        """That unit."""
        unit = UnitCode(code)
        if unit not in self._units:
            self._missing(f"there is no unit {code}")
        self._require(unit, right)
        return unit

    def everything(self) -> None:
        """Raise NotAllowed unless every right holds everywhere."""
        if not self.scope.everything:
            raise _out_of_reach()

    # ── what belongs to a unit ──

    async def case(self, tx: Tx, number: str, right: Right) -> Case:
        """That case. Whoever was called in it sees it, wherever it is."""
        try:
            case = await tx.cases.get(CaseId(self._number(number)))
        except NotFound as error:
            self._missing(str(error))
        if not (right is Right.SEE and right in self.scope.own and self._was_called(case)):
            self._require(case.unit, right)
        return case

    async def person(self, tx: Tx, person: str, right: Right) -> Person:
        """That person, in the roster or gone from it. Everybody sees himself."""
        found = await tx.roster.person(PersonId(self._plain(person)))
        if found is None:
            self._missing(f"there is no person {person}")
        if not (right is Right.SEE and right in self.scope.own and found.id == self.scope.person):
            self._require(found.unit, right)
        return found

    async def post(self, tx: Tx, code: str, right: Right) -> Post:
        """That post, kept or given up."""
        found = await tx.roster.post(PostCode(self._plain(code)))
        if found is None:
            self._missing(f"there is no post {code}")
        self._require(found.unit, right)
        return found

    async def shift(self, tx: Tx, key: str, right: Right) -> Shift:
        """That shift."""
        found = await tx.shifts.get(ShiftKey(self._plain(key)))
        if found is None:
            self._missing(f"there is no shift {key}")
        await self.post(tx, found.post, right)
        return found

    async def broadcast(self, tx: Tx, number: str, right: Right) -> Broadcast:
        """That broadcast: of who wrote it, and of who has the right wherever it may go."""
        found = await tx.broadcasts.get(BroadcastId(self._number(number)))
        if found is None:
            self._missing(f"there is no broadcast {number}")
        if not self._wrote(found, right) and not await self.reaches(tx, found.audience, right):
            raise _out_of_reach()
        return found

    async def reaches(self, tx: Tx, expressions: Iterable[str], right: Right) -> bool:
        """Whether the right holds for everybody whom such an audience may ever mean."""
        if self.scope.everything:
            return True
        clauses = parse_audience(list(expressions))
        return self._holds_over(clauses, await tx.roster.people(_named(clauses)), right)

    async def broadcasts(self, tx: Tx, some: Iterable[Broadcast], right: Right) -> list[Broadcast]:
        """Those of some that ``broadcast`` gives, in their order."""
        if self.scope.everything:
            return list(some)
        meant = [(broadcast, parse_audience(broadcast.audience)) for broadcast in some]
        people = await tx.roster.people({person for _, clauses in meant for person in _named(clauses)})
        return [
            broadcast
            for broadcast, clauses in meant
            if self._wrote(broadcast, right) or self._holds_over(clauses, people, right)
        ]

    async def message(self, tx: Tx, number: str, right: Right) -> StoredMessage:
        """That message, which belongs to its case's unit, or else to its person's."""
        found = await tx.messages.get(MessageId(self._number(number)))
        if found is None:
            self._missing(f"there is no message {number}")
        if found.case is not None:
            await self.case(tx, str(found.case), right)
        elif found.person is not None:
            await self.person(tx, found.person, right)
        else:
            self.everything()
        return found

    # ── refusing ──

    def _require(self, unit: UnitCode | None, right: Right) -> None:
        if not self.may(unit, right):
            raise _out_of_reach()

    def _holds_over(self, clauses: Audience, people: Mapping[PersonId, Person], right: Right) -> bool:
        return all(any(self.may(unit, right) for unit in _bounds(clause, people)) for clause in clauses)

    def _wrote(self, broadcast: Broadcast, right: Right) -> bool:
        return broadcast.author == self.scope.person and right in self.scope.own

    def _was_called(self, case: Case) -> bool:
        call = case.call_to(self.scope.person)
        return call is not None and call.state is not CallState.REMOVED

    def _missing(self, what: str) -> Never:
        if self.scope.everything:
            raise NotFound(what)
        raise _out_of_reach()

    def _number(self, number: str) -> int:
        found = number_in(number)
        if found is None:
            self._missing("that is no number of ours")
        return found

    def _plain(self, text: str) -> str:
        # PostgreSQL takes no NUL, and no id of ours has anything of the kind in it.
        if not text.isprintable():
            self._missing("that is no id")
        return text

    def _under(self, roots: Iterable[UnitCode]) -> set[UnitCode]:
        found: set[UnitCode] = set()
        ahead = [unit for unit in roots if unit in self._units]
        while ahead:
            unit = ahead.pop()
            if unit not in found:
                found.add(unit)
                ahead += self._below.get(unit, [])
        return found


def _out_of_reach() -> NotAllowed:
    """In the same words always: they must not tell what there is."""
    return NotAllowed("that is out of reach")


def _children(units: Iterable[Unit]) -> dict[UnitCode, list[UnitCode]]:
    below: dict[UnitCode, list[UnitCode]] = {}
    for unit in units:
        if unit.parent is not None:
            below.setdefault(unit.parent, []).append(unit.code)
    return below


def _named(clauses: Audience) -> set[PersonId]:
    return {term.id for clause in clauses for term in clause if isinstance(term, IsPerson)}


def _bounds(clause: Clause, people: Mapping[PersonId, Person]) -> list[UnitCode]:
    """Units each of which has in it, or below it, everybody whom the clause means; none: anywhere."""
    units = [term.code for term in clause if isinstance(term, InUnit)]
    ids = [term.id for term in clause if isinstance(term, IsPerson)]
    return units + [people[person].unit for person in ids if person in people]
