"""Who reads what, daily: one message a person, about all units that are his."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from notifier.domain.coverage import Concern, Weakness
from notifier.domain.digest import (
    Readers,
    Turn,
    UnitReport,
    coverage_bulletins,
    digest_bulletins,
    readers_of,
)
from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.roster import (
    ChannelName,
    Contact,
    Lineage,
    Office,
    OfficeStatus,
    Post,
    Shift,
    Unit,
    UnitKind,
)

NOW = datetime(2026, 11, 23, 11, tzinfo=UTC)
CITY = Unit(code=UnitCode("C"), name="例市", kind=UnitKind.CITY, parent=None)
TOWN = Unit(code=UnitCode("T"), name="例镇", kind=UnitKind.TOWN, parent=CITY.code)
SMS = (Contact(channel=ChannelName.SMS, account="", address="+15550100001"),)
SEC, DEPUTY, LIAISON, DESK, TOWN_DESK = (PersonId(name) for name in ("sec", "dep", "lia", "desk", "tdesk"))


def village(number: int) -> Unit:
    return Unit(code=UnitCode(f"V{number}"), name=f"例村{number}", kind=UnitKind.VILLAGE, parent=TOWN.code)


def turn(unit: Unit) -> Turn:
    post = Post(code=PostCode(f"{unit.code}-G"), unit=unit.code, name="卡口", kind="checkpoint", headcount=1)
    shift = Shift(post=post.code, start=NOW, end=NOW + timedelta(hours=8))
    return Turn(shift=shift, post=post, people=(), missing=1)


def report(number: int, *, matters: int = 0, empty: bool = False, **readers: object) -> UnitReport:
    unit = village(number)
    named: dict[str, object] = {"liaison": LIAISON, "desks": {unit.code: (), CITY.code: (DESK,)}}
    weakness = Weakness(concern=Concern.UNROSTERED, unit=unit)
    return UnitReport(
        unit=unit,
        town=TOWN,
        readers=Readers(**{**named, **readers}),  # type: ignore[arg-type]
        weaknesses=(weakness,) * matters,
        turns=() if empty else (turn(unit),),
    )


# ── who answers for a unit ───────────────────────────────────────────────────────────────────────


def lineage(*silent: PersonId, secretary: OfficeStatus = OfficeStatus.IN_POST) -> Lineage:
    here = village(1)
    offices = (
        Office(unit=here.code, title="secretary", rank=1, person=SEC, status=secretary),
        Office(unit=here.code, title="deputy_secretary", rank=2, person=DEPUTY),
        Office(unit=TOWN.code, title="liaison", rank=90, person=LIAISON),
        Office(unit=TOWN.code, title="duty_desk", rank=95, person=TOWN_DESK),
        Office(unit=CITY.code, title="duty_desk", rank=95, person=DESK),
    )
    contacts = {p: SMS for p in (SEC, DEPUTY, LIAISON, DESK, TOWN_DESK) if p not in silent}
    return Lineage(units=(here, TOWN, CITY), offices=offices, contacts=contacts)


def test_every_level_has_its_reader() -> None:
    found = readers_of(lineage(), NOW)
    assert (found.secretary, found.liaison) == (SEC, LIAISON)
    assert found.desks == {"V1": (), "T": (TOWN_DESK,), "C": (DESK,)}
    assert found.everybody == (SEC, LIAISON, TOWN_DESK, DESK)
    assert found.nearest_desk == (TOWN_DESK,)


def test_who_cannot_be_reached_is_stood_in_for() -> None:
    assert readers_of(lineage(SEC), NOW).secretary == DEPUTY
    assert readers_of(lineage(secretary=OfficeStatus.ABSENT), NOW).secretary == DEPUTY
    silent = readers_of(lineage(LIAISON, TOWN_DESK), NOW)
    assert silent.liaison is None
    assert silent.nearest_desk == (DESK,)


def test_a_town_has_no_secretary_who_reads_for_a_village() -> None:
    above = replace(lineage(), units=(TOWN, CITY))
    assert readers_of(above, NOW).secretary is None


# ── coverage ─────────────────────────────────────────────────────────────────────────────────────


def test_a_liaison_gets_one_message_about_all_his_villages_the_city_its_towns() -> None:
    told = coverage_bulletins([report(1, matters=2), report(2), report(3, matters=1)])
    assert [one.person for one in told] == [DESK, LIAISON]
    desk, liaison = told
    assert [r.unit.code for r in liaison.reports] == ["V1", "V3"]
    assert len(liaison.weaknesses) == 3
    assert liaison.towns == ()
    assert (desk.reports, desk.towns) == ((), ((TOWN, 3),))


def test_what_has_no_liaison_is_the_nearest_desks() -> None:
    desks = {village(1).code: (), TOWN.code: (TOWN_DESK,), CITY.code: (DESK,)}
    told = coverage_bulletins([report(1, matters=1, liaison=None, desks=desks)])
    by_person = {one.person: one for one in told}
    assert len(by_person[TOWN_DESK].weaknesses) == 1
    assert by_person[TOWN_DESK].towns == ()
    assert (by_person[DESK].reports, by_person[DESK].towns) == ((), ((TOWN, 1),))


def test_a_liaison_who_is_the_desk_gets_one_message() -> None:
    [one] = coverage_bulletins([report(1, matters=1, desks={CITY.code: (LIAISON,)})])
    assert (one.person, len(one.weaknesses), one.towns) == (LIAISON, 1, ((TOWN, 1),))


def test_nothing_to_mend_is_no_message() -> None:
    assert coverage_bulletins([report(1), report(2)]) == []


def test_the_gravest_comes_first_and_somebody_with_several_seats_is_named_once() -> None:
    silenced = Weakness(concern=Concern.SILENCED, unit=village(1), people=(LIAISON,))
    broken = Weakness(concern=Concern.NO_CHAIN, unit=village(2))
    first = replace(report(1), weaknesses=(silenced,))
    second = replace(report(2), weaknesses=(broken, replace(silenced, unit=village(2))))
    liaison = coverage_bulletins([first, second])[-1]
    assert liaison.weaknesses == (broken, silenced)


# ── digests ──────────────────────────────────────────────────────────────────────────────────────


def test_a_digest_joins_all_units_of_a_person() -> None:
    told = digest_bulletins([report(1, secretary=SEC), report(2, secretary=LIAISON)])
    units = {one.person: [r.unit.code for r in one.reports] for one in told}
    assert units == {DESK: ["V1", "V2"], LIAISON: ["V1", "V2"], SEC: ["V1"]}


def test_whoever_has_nothing_to_hear_hears_nothing() -> None:
    told = digest_bulletins([report(1, empty=True, secretary=SEC), report(2, secretary=DEPUTY)])
    assert SEC not in {one.person for one in told}
    assert DEPUTY in {one.person for one in told}


def test_a_town_without_news_is_not_counted_a_village_is() -> None:
    town = replace(report(9, empty=True), unit=TOWN)
    [desk, _] = digest_bulletins([town, report(1, empty=True), report(2)])
    assert [r.unit.code for r in desk.reports] == ["V1", "V2"]
