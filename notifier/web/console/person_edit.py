"""Changing the roster person by person: somebody is edited, moved, added or taken out of it.

Each change is shown first, and made when that is confirmed.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Office, Person
from notifier.engine.access.guard import Guard
from notifier.engine.access.within import is_within, require_within
from notifier.engine.roster_edits import add_person, change_person, changed_fields, remove_person, ties_of
from notifier.errors import Conflict
from notifier.files.phones import HOME_COUNTRY
from notifier.store.tx import Tx
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.kit import Kit, actor
from notifier.web.console.person import PERSON
from notifier.web.console.person_form import FormError, changed_by, new_person, seen_of, typed_in
from notifier.web.console.roster import ROSTER
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

NEW: Final = f"{ROSTER}/units/{{unit}}/people"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a form wants. ``before`` None: somebody new. ``sharers`` have the number too; ``offices`` stay."""

    before: Person | None
    after: Person
    returns: bool = False
    sharers: tuple[Person, ...] = ()
    offices: tuple[Office, ...] = ()

    @property
    def fields(self) -> list[str]:
        """The names of what is another, or new."""
        if self.before is None:
            return ["name", "phone", "locale"]
        return changed_fields(self.before, self.after)


class PersonEditPages:
    """The forms below a person and a unit."""

    def __init__(self, kit: Kit) -> None:
        """Work with the console's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(f"{PERSON}/edit", self.edit)
        routes.post(f"{PERSON}/edit", self.change)
        routes.get(f"{PERSON}/remove", self.leaving)
        routes.post(f"{PERSON}/remove", self.remove)
        routes.get(f"{NEW}/new", self.new)
        routes.post(NEW, self.add)

    # ── edited ──

    async def edit(self, request: Request, visitor: Visitor) -> Response:
        """The form, as he is now."""
        async with self._kit.read(visitor) as (tx, guard):
            person = await self._person(tx, guard, request)
        return await self._form(request, visitor, person, _shown(person))

    async def change(self, request: Request, visitor: Visitor) -> Response:
        """Show what would change; with ``sure``, change it."""
        form = await read_form(request)
        try:
            if text_of(form, "sure"):
                return await self._changed(request, visitor, form)
            async with self._kit.read(visitor) as (tx, guard):
                wanted = await self._wanted(tx, guard, request, form)
        except FormError as wrong:
            async with self._kit.read(visitor) as (tx, guard):
                person = await self._person(tx, guard, request)
            return await self._form(request, visitor, person, typed_in(form), wrong)
        return await self._sure(request, visitor, wanted, form, f"{address(wanted.after.id)}/edit")

    async def _changed(self, request: Request, visitor: Visitor, form: FormData) -> Response:
        station = self._kit.parts.station
        async with self._kit.write(visitor) as (tx, guard):
            wanted = await self._wanted(tx, guard, request, form)
            if wanted.before is not None:
                await change_person(station, tx, wanted.before, wanted.after, actor(visitor), station.now())
        return RedirectResponse(f"{address(wanted.after.id)}?did=changed", status_code=303)

    async def _wanted(self, tx: Tx, guard: Guard, request: Request, form: FormData) -> _Wanted:
        before = await self._person(tx, guard, request)
        after = changed_by(form, before, await self._country(tx))
        guard.unit(after.unit, Right.ROSTER)
        if text_of(form, "seen") != seen_of(before):
            raise Conflict("that person stands otherwise in the roster by now")
        if after == before:
            raise FormError("nothing")
        held = await tx.roster.offices_held(before.id) if before.unit != after.unit else ()
        return _Wanted(
            before=before,
            after=after,
            sharers=await _sharers(tx, guard, after) if after.phone != before.phone else (),
            offices=tuple(office for office in held if guard.may(office.unit, Right.SEE)),
        )

    # ── taken out ──

    async def leaving(self, request: Request, visitor: Visitor) -> Response:
        """What keeps him in the roster; or, where nothing does, the button."""
        async with self._kit.read(visitor) as (tx, guard):
            person = await self._person(tx, guard, request)
            ties = await ties_of(tx, person.id, self._kit.parts.station.now())
            posts = await tx.roster.posts({*(held.post for held in ties.shifts), *ties.rotas})
            units = await tx.roster.units()
        return self._kit.renderer.page(
            request,
            visitor,
            "roster_person_remove.html",
            person=person,
            ties=ties,
            posts=posts,
            units=units,
            seen=seen_of(person),
            here=address(person.id),
            changes=guard.units(Right.ROSTER),
            tell=Teller.of(self._kit, visitor.locale, {person.id: person}),
        )

    async def remove(self, request: Request, visitor: Visitor) -> Response:
        """Take him out."""
        form, station = await read_form(request), self._kit.parts.station
        async with self._kit.write(visitor) as (tx, guard):
            person = await self._person(tx, guard, request)
            if text_of(form, "seen") != seen_of(person):
                raise Conflict("that person stands otherwise in the roster by now")
            await remove_person(station, tx, person, actor(visitor), station.now())
        return RedirectResponse(address(person.id), status_code=303)

    # ── added ──

    async def new(self, request: Request, visitor: Visitor) -> Response:
        """An empty form."""
        async with self._kit.read(visitor) as (_, guard):
            guard.unit(request.path_params["unit"], Right.ROSTER)
        empty = dict.fromkeys(("id", "name", "phone", "unit"), "")
        return await self._form(request, visitor, None, {**empty, "locale": self._kit.parts.station.locale})

    async def add(self, request: Request, visitor: Visitor) -> Response:
        """Show who would be added; with ``sure``, add him."""
        form = await read_form(request)
        try:
            if text_of(form, "sure"):
                return await self._added(request, visitor, form)
            async with self._kit.read(visitor) as (tx, guard):
                wanted = await self._newcomer(tx, guard, request, form)
        except FormError as wrong:
            return await self._form(request, visitor, None, typed_in(form), wrong)
        return await self._sure(request, visitor, wanted, form, _new(wanted.after.unit))

    async def _added(self, request: Request, visitor: Visitor, form: FormData) -> Response:
        station = self._kit.parts.station
        async with self._kit.write(visitor) as (tx, guard):
            wanted = await self._newcomer(tx, guard, request, form)
            await add_person(station, tx, wanted.after, actor(visitor), station.now())
        return RedirectResponse(f"{address(wanted.after.id)}?did=added", status_code=303)

    async def _newcomer(self, tx: Tx, guard: Guard, request: Request, form: FormData) -> _Wanted:
        unit = guard.unit(request.path_params["unit"], Right.ROSTER)
        person = new_person(form, unit, self._kit.parts.station.locale, await self._country(tx))
        if not typed_in(form)["id"]:
            # An import takes somebody of that name and unit for the one who is there already.
            for one in await tx.roster.people_of(unit):
                if one.name == person.name:
                    raise FormError("namesake", id=one.id)
        returns = await self._returns(tx, guard, person.id)
        return _Wanted(before=None, after=person, returns=returns, sharers=await _sharers(tx, guard, person))

    async def _returns(self, tx: Tx, guard: Guard, person: PersonId) -> bool:
        """Whether he was in the roster before. Raises FormError for an id that is another's."""
        known = await tx.roster.person(person)
        if known is None:
            return False
        in_roster = bool(await tx.roster.present([person]))
        if in_roster or not await is_within(tx, guard, known, self._kit.parts.station.now()):
            raise FormError("taken", id=person)
        return True

    # ── shown ──

    async def _person(self, tx: Tx, guard: Guard, request: Request) -> Person:
        person = await guard.person(tx, request.path_params["person"], Right.ROSTER)
        await require_within(tx, guard, person, self._kit.parts.station.now())
        if not await tx.roster.present([person.id]):
            raise Conflict("that person is not in the roster any more")
        return person

    async def _country(self, tx: Tx) -> str:
        return (await self._kit.parts.station.rules.current(tx)).holidays or HOME_COUNTRY

    async def _form(
        self,
        request: Request,
        visitor: Visitor,
        person: Person | None,
        values: dict[str, str],
        wrong: FormError | None = None,
    ) -> Response:
        async with self._kit.read(visitor) as (tx, guard):
            unit = person.unit if person else guard.unit(request.path_params["unit"], Right.ROSTER)
            units = await tx.roster.units()
            changes = guard.units(Right.ROSTER)
        problem = wrong and self._kit.renderer.say(
            visitor.locale, f"person_edit.{wrong.name}", **wrong.values
        )
        return self._kit.renderer.page(
            request,
            visitor,
            "roster_person_edit.html",
            status=400 if wrong else 200,
            person=person,
            values=values,
            problem=problem,
            seen=seen_of(person) if person else "",
            unit=units[unit],
            units={code: one for code, one in units.items() if code in changes},
            action=f"{address(person.id)}/edit" if person else _new(unit),
        )

    async def _sure(
        self, request: Request, visitor: Visitor, wanted: _Wanted, form: FormData, action: str
    ) -> Response:
        async with self._kit.read(visitor) as (tx, _):
            units = await tx.roster.units()
        before = wanted.before
        return self._kit.renderer.page(
            request,
            visitor,
            "roster_person_sure.html",
            wanted=wanted,
            units=units,
            fields={**typed_in(form), "seen": text_of(form, "seen")},
            action=action,
            back=address(before.id) if before else f"{_new(wanted.after.unit)}/new",
            tell=Teller.of(self._kit, visitor.locale, {}),
        )


def address(person: PersonId) -> str:
    """The page of that person."""
    return PERSON.format(person=quote(person, safe=""))


def _new(unit: UnitCode) -> str:
    return NEW.format(unit=quote(unit, safe=""))


def _shown(person: Person) -> dict[str, str]:
    """The fields as they stand in the form; a number is never in it."""
    return {"id": person.id, "name": person.name, "phone": "", "locale": person.locale, "unit": person.unit}


async def _sharers(tx: Tx, guard: Guard, person: Person) -> tuple[Person, ...]:
    """Who has that number already, as far as the visitor sees him."""
    found = await tx.contacts.by_phone(person.phone) if person.phone else []
    return tuple(one for one in found if one.id != person.id and guard.may(one.unit, Right.SEE))
