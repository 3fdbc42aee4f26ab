"""To whom a broadcast goes."""

import pytest

from notifier.domain.audience import (
    Directory,
    HoldsOffice,
    InUnit,
    IsPerson,
    StandsAtPost,
    matches,
    parse_audience,
    select,
)
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Office, Person

CITY, TOWN, VILLAGE, OTHER = (UnitCode(code) for code in ("YQ", "T1", "V1", "V2"))


def person(name: str, unit: UnitCode) -> Person:
    return Person(id=PersonId(name), name=name, phone=None, unit=unit, locale="zh")


PEOPLE = [person("d", OTHER), person("c", VILLAGE), person("b", TOWN), person("a", CITY)]
DIRECTORY = Directory(
    parents={CITY: None, TOWN: CITY, VILLAGE: TOWN, OTHER: CITY},
    offices=(
        Office(unit=VILLAGE, title="secretary", rank=1, person=PersonId("c")),
        Office(unit=OTHER, title="secretary", rank=1, person=PersonId("d")),
        Office(unit=TOWN, title="secretary", rank=1, person=None),
    ),
    rostered={"checkpoint": {PersonId("b"), PersonId("c")}},
)


@pytest.mark.parametrize(
    ("expressions", "expected"),
    [
        (["unit:YQ"], "abcd"),
        (["unit:T1"], "bc"),
        (["office:secretary"], "cd"),
        (["unit:T1,office:secretary"], "c"),
        (["post:checkpoint"], "bc"),
        (["person:a", "person:d", "person:a"], "ad"),
        ([" unit：T1 ， post: checkpoint "], "bc"),
        (["unit:NOWHERE"], ""),
        (["person:a,person:b"], ""),
    ],
)
def test_everybody_in_it_once(expressions: list[str], expected: str) -> None:
    audience = parse_audience(expressions)
    assert select(audience, PEOPLE, DIRECTORY) == list(expected)
    assert [p.id for p in PEOPLE if matches(audience, p, DIRECTORY)] == sorted(expected, reverse=True)


def test_the_terms_can_be_translated() -> None:
    assert parse_audience(["unit:T1,office:o,post:k,person:p", "unit:V1,unit:V1"]) == (
        (InUnit(TOWN), HoldsOffice("o"), StandsAtPost("k"), IsPerson(PersonId("p"))),
        (InUnit(VILLAGE),),
    )


@pytest.mark.parametrize("wrong", [[], [""], ["T1"], ["unit:"], ["unit:T1,"], ["town:T1"], ["unit:T1", ":x"]])
def test_a_wrong_one_is_refused_in_one_line(wrong: list[str]) -> None:
    with pytest.raises(ValueError, match="unit") as refusal:
        parse_audience(wrong)
    assert "\n" not in str(refusal.value)


def test_a_ring_of_units_ends() -> None:
    ring = Directory(parents={TOWN: VILLAGE, VILLAGE: TOWN})
    assert not matches(parse_audience(["unit:YQ"]), person("x", TOWN), ring)
