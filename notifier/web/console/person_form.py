"""Somebody as a form has him: read as the table of people reads its cells."""

from dataclasses import replace
from datetime import UTC
from typing import Final
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from notifier.domain.access import masked
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Person
from notifier.files.columns import Reading, people_table
from notifier.files.findings import BadValue
from notifier.files.identities import made_id
from notifier.web.console.csrf import text_of

NO_NUMBER: Final = frozenset({"-", "–", "—", "－"})
"""What is typed for somebody who is to have no number; nothing at all leaves it as it is."""
TYPED: Final = ("id", "name", "phone", "locale", "unit")


class FormError(Exception):
    """What is wrong with the form: the name of its words, with their values."""

    def __init__(self, name: str, /, **values: object) -> None:
        """Keep them."""
        super().__init__(name)
        self.name = name
        self.values = values


def seen_of(person: Person) -> str:
    """Somebody as a form showed him, in a word to compare; of a number it has no more than the page."""
    return "|".join((person.name, masked(person.phone) or "", person.unit, person.locale))


def typed_in(form: FormData) -> dict[str, str]:
    """What stands in the fields, as it was typed."""
    return {name: text_of(form, name).strip() for name in TYPED}


def changed_by(form: FormData, before: Person, country: str) -> Person:
    """That person as the form wants him; fields that it has not stay. Raises FormError.

    The unit is taken as it is: whether it may be is the guard's to say.
    """
    typed = typed_in(form)
    return replace(
        before,
        name=_read("name", typed["name"], country),
        phone=_phone(typed["phone"], before.phone, country),
        locale=_read("locale", typed["locale"] or before.locale, country),
        unit=UnitCode(typed["unit"] or before.unit),
    )


def new_person(form: FormData, unit: UnitCode, locale: str, country: str) -> Person:
    """The person that the form adds to a unit, with an id given or made. Raises FormError."""
    nobody = Person(id=PersonId(""), name="", phone=None, unit=unit, locale=locale)
    wanted = replace(changed_by(form, nobody, country), unit=unit)
    told = typed_in(form)["id"]
    given = PersonId(_read("id", told, country)) if told else made_id(unit, wanted.name)
    return replace(wanted, id=given)


def _phone(typed: str, before: str | None, country: str) -> str | None:
    if not typed:
        return before
    return None if typed in NO_NUMBER else _read("phone", typed, country)


def _read(name: str, text: str, country: str) -> str:
    if not text:
        raise FormError(f"needs_{name}")
    reading = Reading(zone=ZoneInfo(str(UTC)), country=country, locale="")
    [column] = [one for one in people_table(reading).columns if one.name == name]
    try:
        return str(column.read(text))
    except BadValue:
        raise FormError(f"bad_{name}") from None
