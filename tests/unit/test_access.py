"""Who may see and do what, as it follows from offices, desks and grants."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from notifier.domain.access import (
    ALL_RIGHTS,
    LOCAL_RIGHTS,
    SEE_ONLY,
    Grant,
    Right,
    Rights,
    Scope,
    masked,
    scope_of,
)
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Office, OfficeStatus, Unit, UnitKind

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ME, OTHER = PersonId("me"), PersonId("other")
CITY, TOWN, VILLAGE = UnitCode("C"), UnitCode("T"), UnitCode("V")
UNITS = {
    CITY: Unit(code=CITY, name="市", kind=UnitKind.CITY, parent=None),
    TOWN: Unit(code=TOWN, name="镇", kind=UnitKind.TOWN, parent=CITY),
    VILLAGE: Unit(code=VILLAGE, name="村", kind=UnitKind.VILLAGE, parent=TOWN),
}
NOTHING: Rights = frozenset()


def seat(unit: UnitCode, title: str, rank: int = 1, person: PersonId | None = ME) -> Office:
    return Office(unit=unit, title=title, rank=rank, person=person)


def mine(*offices: Office, desks: tuple[UnitCode, ...] = (), grants: tuple[Grant, ...] = ()) -> Scope:
    return scope_of(ME, units=UNITS, offices=offices, desks=desks, grants=grants, now=NOW)


def grant(unit: UnitCode = VILLAGE, rights: Rights = SEE_ONLY) -> Grant:
    return Grant(
        id=1,
        person=ME,
        unit=unit,
        rights=rights,
        by=OTHER,
        reason="r",
        since=NOW - HOUR,
        until=NOW + HOUR,
    )


@pytest.mark.parametrize(
    ("office", "rights"),
    [
        (seat(CITY, "duty_desk", 95), ALL_RIGHTS),
        (seat(CITY, "secretary"), ALL_RIGHTS),
        (seat(CITY, "health", 7), ALL_RIGHTS),
        (seat(TOWN, "duty_desk", 95), ALL_RIGHTS),
        (seat(TOWN, "secretary"), LOCAL_RIGHTS),
        (seat(TOWN, "liaison", 90), LOCAL_RIGHTS),
        (seat(TOWN, "committee", 5), LOCAL_RIGHTS),
        (seat(VILLAGE, "secretary"), LOCAL_RIGHTS),
        (seat(VILLAGE, "deputy_secretary", 2), LOCAL_RIGHTS),
        (seat(VILLAGE, "liaison", 90), LOCAL_RIGHTS),
        (seat(VILLAGE, "committee", 3), NOTHING),
        (seat(VILLAGE, "watchman", 99), NOTHING),
    ],
)
def test_an_office_gives_rights_over_its_unit(office: Office, rights: Rights) -> None:
    scope = mine(office)
    assert scope.over == ({office.unit: rights} if rights else {})
    assert scope.everything == (office.unit == CITY)


def test_who_has_no_office_has_his_own_duties() -> None:
    assert mine() == Scope(person=ME)


@pytest.mark.parametrize("title", ["secretary", "deputy_secretary"])
def test_acting_counts_while_it_lasts(title: str) -> None:
    acted = replace(seat(VILLAGE, title, person=OTHER), acting=ME, acting_until=NOW + HOUR)
    assert mine(acted).over == {VILLAGE: LOCAL_RIGHTS}
    assert mine(replace(acted, acting_until=NOW)).over == {}
    assert mine(replace(acted, person=None)).over == {VILLAGE: LOCAL_RIGHTS}


@pytest.mark.parametrize("unit", [CITY, VILLAGE])
def test_who_is_stood_in_for_only_looks(unit: UnitCode) -> None:
    held = replace(seat(unit, "secretary"), acting=OTHER)
    assert mine(held).over == {unit: SEE_ONLY}
    assert not mine(held).everything
    away = replace(held, status=OfficeStatus.ABSENT)
    assert mine(away).over == {unit: SEE_ONLY}
    assert mine(replace(away, acting=None)).over[unit] >= LOCAL_RIGHTS


def test_who_is_suspended_has_nothing() -> None:
    held = replace(seat(CITY, "secretary"), status=OfficeStatus.SUSPENDED)
    assert mine(held).over == {}
    assert mine(replace(held, acting=OTHER)).over == {}
    # Not by another seat either, but what he holds there in post.
    assert mine(held, seat(VILLAGE, "secretary")).over == {VILLAGE: LOCAL_RIGHTS}


def test_who_is_on_post_at_the_desk_has_all_of_its_unit() -> None:
    assert mine(desks=(TOWN,)).over == {TOWN: ALL_RIGHTS}
    assert mine(desks=(CITY,)).everything


def test_grants_add_to_what_offices_give_while_they_hold() -> None:
    assert mine(grants=(grant(),)).over == {VILLAGE: SEE_ONLY}
    assert mine(grants=(grant(CITY, ALL_RIGHTS),)).everything
    assert mine(seat(TOWN, "secretary"), grants=(grant(TOWN, frozenset({Right.OVERSEE})),)).over == {
        TOWN: ALL_RIGHTS
    }
    for ended in (
        replace(grant(), until=NOW),
        replace(grant(), since=NOW + HOUR),
        replace(grant(), revoked_at=NOW),
    ):
        assert mine(grants=(ended,)).over == {}


def test_a_unit_that_is_gone_gives_nothing() -> None:
    gone = UnitCode("gone")
    assert mine(seat(gone, "secretary"), desks=(gone,), grants=(grant(gone),)).over == {}


def test_roots_by_right() -> None:
    scope = mine(seat(VILLAGE, "secretary"), grants=(grant(TOWN),))
    assert scope.roots(Right.SEE) == {TOWN, VILLAGE}
    assert scope.roots(Right.ACT) == {VILLAGE}
    assert scope.has(Right.UNMASK)
    assert not scope.has(Right.OVERSEE)


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+8613812345678", "138****5678"),
        ("+15550001111", "+15****1111"),
        ("1234567", "****"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_number_shows_its_ends_only(phone: str | None, shown: str) -> None:
    assert masked(phone) == shown
