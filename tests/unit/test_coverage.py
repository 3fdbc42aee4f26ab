"""What would go wrong in the hours ahead, read from one unit's roster, chain and contacts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from notifier.domain.coverage import (
    Candidates,
    Concern,
    View,
    Weakness,
    find_weaknesses,
    kinds_of,
    not_in_post,
    with_stand_ins,
)
from notifier.domain.ids import PersonId, PostCode, ShiftKey, UnitCode
from notifier.domain.policy import Kind, Step
from notifier.domain.roster import (
    ChannelName,
    Contact,
    Lineage,
    Office,
    OfficeStatus,
    Person,
    Post,
    Shift,
    Unit,
    UnitKind,
)

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
"""Four in the afternoon."""
HOUR = timedelta(hours=1)
TOWN = Unit(code=UnitCode("BS"), name="白石街道", kind=UnitKind.TOWN, parent=None)
VILLAGE = Unit(code=UnitCode("BS01"), name="岐元村", kind=UnitKind.VILLAGE, parent=TOWN.code)
GATE = Post(code=PostCode("BS01-G1"), unit=VILLAGE.code, name="岐元村卡口", kind="checkpoint", headcount=1)
ALL = ("p02", "p11", "p12", "p13", "p14", "p15")
SMS = (Contact(channel=ChannelName.SMS, account="", address="+15550100001"),)


def p(text: str) -> tuple[PersonId, ...]:
    return tuple(PersonId(word) for word in text.split())


def seat(title: str, rank: int, person: str | None, unit: Unit = VILLAGE) -> Office:
    return Office(unit=unit.code, title=title, rank=rank, person=PersonId(person) if person else None)


OFFICES = (
    seat("secretary", 1, "p11"),
    seat("deputy_secretary", 2, "p12"),
    seat("liaison", 90, "p02", TOWN),
)


def lineage(*, silent: Sequence[str] = (), offices: tuple[Office, ...] = OFFICES) -> Lineage:
    people = {
        PersonId(one): Person(id=PersonId(one), name=one, phone=None, unit=VILLAGE.code, locale="zh")
        for one in ALL
    }
    contacts = {PersonId(one): SMS for one in ALL if one not in silent}
    return Lineage(units=(VILLAGE, TOWN), offices=offices, people=people, contacts=contacts)


def shift(start: int, length: int, people: str) -> Shift:
    """Hours from now."""
    begin = NOW + start * HOUR
    return Shift(post=GATE.code, start=begin, end=begin + length * HOUR, people=p(people))


ROUND = tuple(shift(hours, 12, "p13" if hours % 24 == 4 else "p14") for hours in range(-20, 48, 12))
"""Kept round the clock, from eight to eight."""


def view(
    found: Lineage | None = None,
    shifts: Sequence[Shift] = ROUND,
    away: Mapping[ShiftKey, frozenset[PersonId]] | None = None,
    **more: object,
) -> View:
    steps = {kind: (Step(call="succession", wait=HOUR), Step(call="liaison", wait=HOUR)) for kind in Kind}
    base = View(
        lineage=found or lineage(),
        now=NOW,
        until=NOW + 48 * HOUR,
        zone=ZONE,
        steps=steps,
        posts=(GATE,),
        shifts={GATE.code: tuple(shifts)},
        away=away or {},
    )
    return replace(base, **more)  # type: ignore[arg-type]


def only(found: tuple[Weakness, ...]) -> Weakness:
    [weakness] = found
    return weakness


def test_a_village_in_order_has_nothing_to_mend() -> None:
    assert find_weaknesses(view()) == ()


def test_a_chain_that_reaches_nobody_names_its_kinds() -> None:
    found = only(find_weaknesses(view(lineage(silent=("p02", "p11", "p12")))))
    assert (found.concern, found.kinds) == (
        Concern.NO_CHAIN,
        (Kind.UNSTAFFED, Kind.UNSIGNED, Kind.UNVERIFIED, Kind.UNRELAYED),
    )


def test_the_rostered_of_now_are_part_of_the_chain_of_an_empty_post() -> None:
    steps = {Kind.UNSTAFFED: (Step(call="rostered", wait=HOUR),)}
    assert find_weaknesses(view(steps=steps)) == ()
    later = [shift(4, 12, "p14")]
    found = find_weaknesses(view(shifts=later, steps=steps))
    assert [one.concern for one in found] == [Concern.NO_CHAIN, Concern.UNROSTERED]


def test_a_kind_without_steps_is_for_the_policies_to_mend() -> None:
    assert find_weaknesses(view(lineage(silent=("p02", "p11", "p12")), steps={})) == ()


def test_a_gap_in_the_roster_names_post_span_and_how_many() -> None:
    holed = [one for one in ROUND if one.start != NOW + 16 * HOUR]
    found = only(find_weaknesses(view(shifts=holed)))
    assert (found.concern, found.post, found.missing) == (Concern.UNROSTERED, GATE, 1)
    assert (found.start, found.end) == (NOW + 16 * HOUR, NOW + 28 * HOUR)


def test_the_rostered_without_a_contact_are_one_matter_with_their_first_shift() -> None:
    found = only(find_weaknesses(view(lineage(silent=("p13", "p14")))))
    assert (found.concern, set(found.people)) == (Concern.UNREACHED, {"p13", "p14"})
    assert found.start == NOW


def test_whoever_is_on_leave_from_all_his_shifts_need_not_be_reached() -> None:
    away = {one.key: frozenset(p("p13")) for one in ROUND}
    found = find_weaknesses(view(lineage(silent=("p13",)), away=away))
    assert {one.concern for one in found} == {Concern.UNROSTERED}


def test_those_who_cannot_answer_are_told_apart_from_those_not_reached() -> None:
    found = find_weaknesses(view(lineage(silent=("p13",)), mute=frozenset(p("p14 p15"))))
    assert [(one.concern, one.people) for one in found] == [
        (Concern.UNREACHED, p("p13")),
        (Concern.MUTE, p("p14")),
    ]


def test_a_secretary_who_opted_out_is_named_with_who_is_next() -> None:
    lost = {PersonId("p11"): (ChannelName.TELEGRAM,)}
    found = only(find_weaknesses(view(lost=lost)))
    assert (found.concern, found.people, found.title) == (Concern.SILENCED, p("p11"), "secretary")
    assert (found.reached, found.stand_ins) == (True, p("p12"))
    gone = only(find_weaknesses(view(lineage(silent=("p11",)), lost=lost)))
    assert (gone.reached, gone.stand_ins) == (False, p("p12"))


def test_whoever_is_not_in_post_is_not_asked_to_come_back() -> None:
    absent = replace(OFFICES[0], status=OfficeStatus.ABSENT)
    found = view(lineage(offices=(absent, *OFFICES[1:])), lost={PersonId("p11"): (ChannelName.SMS,)})
    assert find_weaknesses(found) == ()


def test_a_unit_that_is_no_village_has_a_chain_only_for_its_posts() -> None:
    assert kinds_of(TOWN, keeps_posts=False) == ()
    assert kinds_of(TOWN, keeps_posts=True) == (Kind.UNSTAFFED,)
    assert Kind.UNSTAFFED not in kinds_of(VILLAGE, keeps_posts=False)


def test_who_could_stand_in_is_free_then_and_had_the_fewest_hours() -> None:
    busy = {
        PersonId("p13"): [(NOW + 15 * HOUR, NOW + 17 * HOUR)],
        PersonId("p14"): [(NOW - 40 * HOUR, NOW - 28 * HOUR)],
        PersonId("p15"): [(NOW - 300 * HOUR, NOW - 200 * HOUR), (NOW + 28 * HOUR, NOW + 30 * HOUR)],
    }
    holed = [one for one in ROUND if one.start != NOW + 16 * HOUR]
    gap = only(find_weaknesses(view(shifts=holed)))
    candidates = Candidates(people=p("p12 p13 p14 p15"), busy=busy, now=NOW)
    assert with_stand_ins(gap, candidates).stand_ins == p("p12 p15 p14")


def test_office_holders_who_are_absent_in_all_their_seats_are_not_asked() -> None:
    absent = replace(OFFICES[0], status=OfficeStatus.ABSENT)
    also = seat("committee", 3, "p11", VILLAGE)
    assert not_in_post(lineage(offices=(absent, *OFFICES[1:])), NOW) == {"p11"}
    assert not_in_post(lineage(offices=(absent, also, *OFFICES[1:])), NOW) == frozenset()


def test_no_more_are_named_than_anybody_would_ring() -> None:
    candidates = Candidates(people=p("p09 p08 p07 p06"), busy={}, now=NOW)
    assert candidates.free(NOW, NOW + HOUR) == p("p06 p07 p08")


def test_who_is_on_leave_from_a_shift_is_not_named_for_that_time() -> None:
    away = {p("p06")[0]: [(NOW, NOW + HOUR)]}
    candidates = Candidates(people=p("p06 p07"), busy={}, now=NOW, away=away)
    assert candidates.free(NOW, NOW + HOUR) == p("p07")
    assert candidates.free(NOW + HOUR, NOW + 2 * HOUR) == p("p06 p07")
