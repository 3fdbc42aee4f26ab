"""Rows of the roster's tables as the domain's values, and back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.engine import RowMapping

from notifier.domain.holdings import Seat
from notifier.domain.roster import Office, OfficeStatus, Person, Post, Unit, UnitKind
from notifier.store.tables import offices, people, posts, units

RowDict = Mapping[str, Any]

PERSON_COLUMNS = (people.c.id, people.c.name, people.c.phone, people.c.unit, people.c.locale)
POST_COLUMNS = (posts.c.code, posts.c.unit, posts.c.name, posts.c.kind, posts.c.headcount)
UNIT_COLUMNS = (units.c.code, units.c.name, units.c.kind, units.c.parent)
OFFICE_COLUMNS = tuple(offices.c)


def unit_of(row: RowMapping) -> Unit:
    """The value of one row."""
    return Unit(code=row["code"], name=row["name"], kind=UnitKind(row["kind"]), parent=row["parent"])


def unit_row(unit: Unit) -> dict[str, Any]:
    """The row of a unit."""
    return {"code": unit.code, "name": unit.name, "kind": unit.kind, "parent": unit.parent}


def person_of(row: RowMapping) -> Person:
    """The value of one row; whether he is gone is not part of it."""
    return Person(id=row["id"], name=row["name"], phone=row["phone"], unit=row["unit"], locale=row["locale"])


def person_row(person: Person) -> dict[str, Any]:
    """The row of somebody in the roster."""
    return {
        "id": person.id,
        "name": person.name,
        "phone": person.phone,
        "unit": person.unit,
        "locale": person.locale,
        "removed_at": None,
    }


def office_of(row: RowMapping) -> Office:
    """The value of one row."""
    return Office(
        unit=row["unit"],
        title=row["title"],
        rank=row["rank"],
        person=row["person"],
        status=OfficeStatus(row["status"]),
        until=row["until"],
        acting=row["acting"],
        acting_until=row["acting_until"],
    )


def seat_of(row: RowDict) -> Seat:
    """Which seat a row is of."""
    return Seat(unit=row["unit"], title=row["title"], rank=row["rank"])


def told_office(row: RowDict) -> Office:
    """The value of a row as a file tells it, which says nothing of who acts."""
    return Office(
        unit=row["unit"],
        title=row["title"],
        rank=row["rank"],
        person=row["person"],
        status=OfficeStatus(row["status"]),
        until=row["until"],
    )


def office_row(office: Office) -> dict[str, Any]:
    """The row of a seat."""
    return {
        "unit": office.unit,
        "title": office.title,
        "rank": office.rank,
        "person": office.person,
        "status": office.status,
        "until": office.until,
    }


def post_of(row: RowMapping) -> Post:
    """The value of one row; whether it was given up is not part of it."""
    return Post(
        code=row["code"], unit=row["unit"], name=row["name"], kind=row["kind"], headcount=row["headcount"]
    )


def post_row(post: Post) -> dict[str, Any]:
    """The row of a post that is kept."""
    return {
        "code": post.code,
        "unit": post.unit,
        "name": post.name,
        "kind": post.kind,
        "headcount": post.headcount,
        "removed_at": None,
    }
