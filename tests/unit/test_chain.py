"""Who is called, in which order, and why somebody is passed over."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from notifier.domain.case import Chain
from notifier.domain.chain import (
    RESTING,
    first_reachable,
    holders_of,
    read_chain,
    secretary_or_stand_in,
    signer_for_unit,
    verifier_for,
)
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.policy import Step
from notifier.domain.roster import (
    ChannelName,
    Contact,
    Lineage,
    Office,
    OfficeStatus,
    Person,
    Unit,
    UnitKind,
)

NOW = datetime(2026, 11, 23, 12, 10, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
CITY = Unit(code=UnitCode("YQ"), name="乐清市", kind=UnitKind.CITY, parent=None)
TOWN = Unit(code=UnitCode("BS"), name="白石街道", kind=UnitKind.TOWN, parent=CITY.code)
VILLAGE = Unit(code=UnitCode("BS01"), name="岐元村", kind=UnitKind.VILLAGE, parent=TOWN.code)


def p(text: str) -> tuple[PersonId, ...]:
    return tuple(PersonId(word) for word in text.split())


def steps(*calls: str) -> tuple[Step, ...]:
    return tuple(Step(call=call, wait=timedelta(minutes=5)) for call in calls)


WHOLE = steps("rostered", "secretary", "succession", "liaison", "duty_desk")


def seat(
    unit: Unit,
    title: str,
    rank: int,
    person: str | None,
    status: OfficeStatus = OfficeStatus.IN_POST,
    until: datetime | None = None,
) -> Office:
    holder = PersonId(person) if person else None
    return Office(unit=unit.code, title=title, rank=rank, person=holder, status=status, until=until)


BACK = datetime(2026, 12, 1, tzinfo=SHANGHAI)
OFFICES = (
    seat(CITY, "duty_desk", 95, "p01"),
    seat(VILLAGE, "secretary", 1, "p11"),
    seat(VILLAGE, "deputy_secretary", 2, "p12"),
    seat(VILLAGE, "committee", 3, "p13", OfficeStatus.ABSENT, BACK),
    seat(VILLAGE, "committee", 4, None),
    seat(VILLAGE, "liaison", 90, "p02"),
)


def lineage(
    offices: tuple[Office, ...] = OFFICES,
    *,
    silent: str = "",
    lost: Mapping[PersonId, str] | None = None,
    desk: Mapping[UnitCode, tuple[PersonId, ...]] | None = None,
    leave: str = "",
) -> Lineage:
    everybody = {office.person for office in offices if office.person}
    everybody.update(p("p11 p12 p14 p15 d1 d2"))
    people = {who: Person(id=who, name=who, phone=None, unit=VILLAGE.code, locale="zh") for who in everybody}
    reach = {
        who: (Contact(channel=ChannelName.SMS, account="", address=who),)
        for who in everybody
        if who not in p(silent) and who not in (lost or {})
    }
    return Lineage(
        units=(VILLAGE, TOWN, CITY),
        offices=offices,
        people=people,
        contacts=reach,
        lost=lost or {},
        desk=desk or {},
        on_leave=frozenset(p(leave)),
    )


def told(chain: Chain) -> list[tuple[int, str | None, str | None]]:
    return [(place.step, place.person, place.reason) for place in chain.places]


def test_the_whole_chain_of_the_example_village() -> None:
    chain = read_chain(WHOLE, lineage(), p("p14"), now=NOW, zone=SHANGHAI)
    assert told(chain) == [
        (1, "p14", None),
        (2, "p11", None),
        (3, "p11", "called_before"),
        (3, "p12", None),
        (3, "p13", "absent until 2026-12-01"),
        (3, None, "vacant: committee 4"),
        (4, "p02", None),
        (5, "p01", None),
    ]
    assert [place.group for place in chain.places][:2] == [True, False]
    assert chain.desk == p("p01")
    assert chain.people == frozenset(p("p14 p11 p12 p13 p02 p01"))
    assert chain.unable == frozenset(p("p13"))


def test_places_stand_in_the_order_of_their_own_keys() -> None:
    places = read_chain(WHOLE, lineage(), p("p15 p14"), now=NOW).places
    assert list(places) == sorted(places, key=lambda place: (place.step, place.order))
    assert len({place.key for place in places}) == len(places)


def test_an_absence_is_over_at_its_until() -> None:
    chain = read_chain(steps("succession"), lineage(), now=BACK)
    assert (1, "p13", None) in told(chain)
    assert not chain.unable


def test_suspended_leave_no_contact_and_blocked_each_say_so() -> None:
    suspended = replace(OFFICES[1], status=OfficeStatus.SUSPENDED)
    city = lineage((suspended, *OFFICES[2:]), silent="p02", lost={PersonId("p12"): "blocked"}, leave="p14")
    chain = read_chain(steps("rostered", "succession", "liaison"), city, p("p14"), now=NOW)
    assert told(chain)[:3] == [(1, "p14", "on_leave"), (2, "p11", "suspended"), (2, "p12", "blocked")]
    assert told(chain)[-1] == (3, "p02", "no_contact")
    assert chain.unable == frozenset(p("p14 p11 p13"))
    assert first_reachable(chain) is None


def test_who_was_called_is_passed_over_later_but_who_could_not_be_reached_is_not_called_before() -> None:
    chain = read_chain(steps("secretary", "succession"), lineage(silent="p11"), now=NOW, called=p("p12"))
    assert told(chain)[:3] == [
        (1, "p11", "no_contact"),
        (2, "p11", "no_contact"),
        (2, "p12", "called_before"),
    ]


def test_an_office_within_the_chain_is_looked_for_in_the_unit_only() -> None:
    offices = (seat(TOWN, "secretary", 1, "t1"), seat(VILLAGE, "committee", 3, "p13"))
    assert told(read_chain(steps("secretary"), lineage(offices), now=NOW)) == [(1, None, "vacant: secretary")]


def test_an_office_outside_the_chain_is_looked_for_upward() -> None:
    offices = (
        seat(VILLAGE, "liaison", 90, "p02", OfficeStatus.ABSENT),
        seat(TOWN, "liaison", 91, "t2"),
        seat(TOWN, "liaison", 90, "t1"),
        seat(CITY, "liaison", 90, "c1"),
    )
    chain = read_chain(steps("liaison"), lineage(offices), now=NOW)
    assert told(chain) == [(1, "p02", "absent"), (1, "t1", None), (1, "t2", None)]
    assert "c1" in chain.people, "who stands in the office further up may take it too"


def test_being_called_does_not_send_the_search_further_up() -> None:
    offices = (seat(VILLAGE, "liaison", 90, "p02"), seat(CITY, "liaison", 90, "c1"))
    chain = read_chain(steps("liaison"), lineage(offices), now=NOW, called=p("p02"))
    assert told(chain) == [(1, "p02", "called_before")]
    assert not chain.unable


def test_a_step_with_no_seat_at_all_is_one_vacant_place() -> None:
    chain = read_chain(WHOLE, lineage(()), now=NOW)
    assert [place.reason for place in chain.places] == [f"vacant: {step.call}" for step in WHOLE]
    assert all(place.person is None for place in chain.places)
    assert chain.desk == ()


def test_who_is_on_post_at_a_desk_is_the_desk() -> None:
    desk = {CITY.code: p("d1 d2")}
    chain = read_chain(steps("duty_desk"), lineage(desk=desk), now=NOW)
    assert told(chain) == [(1, "d1", None), (1, "d2", None)]
    assert chain.desk == p("d1 d2")


def test_the_nearest_desk_is_called_and_an_unreachable_one_passed_over() -> None:
    offices = (*OFFICES, seat(TOWN, "duty_desk", 95, "t9"))
    near = read_chain(steps("duty_desk"), lineage(offices, desk={CITY.code: p("d1")}), now=NOW)
    assert near.desk == p("t9")
    far = read_chain(steps("duty_desk"), lineage(offices, silent="t9 d1", desk={CITY.code: p("d1")}), now=NOW)
    assert told(far) == [(1, "t9", "no_contact"), (1, "d1", "no_contact"), (1, "p01", None)]
    assert far.desk == p("p01")


def test_who_was_called_and_is_no_longer_in_the_chain_is_unable() -> None:
    assert read_chain(WHOLE, lineage(), p("p15"), now=NOW, called=p("p14")).unable == frozenset(p("p13 p14"))


def test_somebody_absent_from_office_may_still_stand_his_shift() -> None:
    chain = read_chain(steps("rostered", "succession"), lineage(), p("p13"), now=NOW)
    # His address was given for the office; it serves the shift as well.
    assert told(chain)[0] == (1, "p13", None)
    assert not chain.unable


def test_nobody_verifies_his_own() -> None:
    assert verifier_for("secretary", lineage(), PersonId("p14"), NOW) == "p11"
    assert verifier_for("secretary", lineage(), PersonId("p11"), NOW) == "p12"
    assert verifier_for("secretary", lineage(silent="p12"), PersonId("p11"), NOW) == "p02"
    assert verifier_for("secretary", lineage(silent="p12 p02"), PersonId("p11"), NOW) is None
    chain = read_chain(steps("secretary"), lineage(), now=NOW, excluded=p("p11"))
    assert told(chain) == [(1, "p11", "own_sheet")]
    assert "p11" not in chain.people


def test_who_signs_and_who_stands_in() -> None:
    assert signer_for_unit(lineage(), NOW) == "p11"
    assert signer_for_unit(lineage(silent="p11 p12"), NOW) == "p02"
    assert secretary_or_stand_in(lineage(silent="p11"), NOW) == "p12"
    assert holders_of("committee", lineage(), NOW) == ()
    assert holders_of("committee", lineage(), BACK) == p("p13")


# ── acting ───────────────────────────────────────────────────────────────────────────────────────

ACTING = replace(OFFICES[1], status=OfficeStatus.ABSENT, acting=PersonId("p12"))


def test_who_acts_is_called_in_the_seat_and_only_once() -> None:
    chain = read_chain(steps("secretary", "succession"), lineage((ACTING, *OFFICES[2:])), now=NOW)
    assert told(chain)[:4] == [
        (1, "p11", "absent"),
        (1, "p12", None),
        (2, "p11", "absent"),
        (2, "p12", "called_before"),
    ]
    assert [place.acting for place in chain.places][:2] == [False, True]


def test_a_holder_in_post_for_whom_somebody_acts_by_order_is_passed_over_and_holds_nothing() -> None:
    by_order = replace(OFFICES[1], acting=PersonId("p15"))
    chain = read_chain(steps("secretary"), lineage((by_order, *OFFICES[2:])), now=NOW)
    assert told(chain) == [(1, "p11", "stood_in_for"), (1, "p15", None)]
    assert PersonId("p11") in chain.unable


def test_where_who_acts_is_away_himself_the_next_in_rank_follows() -> None:
    deputy = replace(OFFICES[2], status=OfficeStatus.ABSENT)
    third = replace(OFFICES[3], status=OfficeStatus.IN_POST)
    chain = read_chain(steps("secretary", "succession"), lineage((ACTING, deputy, third)), now=NOW)
    assert [person for _, person, reason in told(chain) if reason is None] == ["p13"]


def test_acting_ends_by_itself_at_its_date() -> None:
    until = replace(ACTING, status=OfficeStatus.IN_POST, acting_until=BACK)
    assert told(read_chain(steps("secretary"), lineage((until,)), now=BACK)) == [(1, "p11", None)]


def test_a_vacant_seat_in_which_somebody_acts_is_not_passed_over() -> None:
    vacant = replace(OFFICES[1], person=None, acting=PersonId("p12"))
    chain = read_chain(steps("secretary"), lineage((vacant, OFFICES[2])), now=NOW)
    assert told(chain) == [(1, "p12", None)]


def test_who_acts_verifies_but_never_his_own() -> None:
    city = lineage((ACTING, OFFICES[2], replace(OFFICES[3], status=OfficeStatus.IN_POST)))
    assert verifier_for("secretary", city, PersonId("p14"), NOW) == "p12"
    assert verifier_for("secretary", city, PersonId("p12"), NOW) == "p13"
    assert holders_of("secretary", city, NOW) == p("p12")


# ── rest ─────────────────────────────────────────────────────────────────────────────────────────


def test_whoever_came_off_a_shift_has_a_place_after_everybody_else() -> None:
    chain = read_chain(steps("secretary", "succession"), lineage(), now=NOW, resting=p("p11"))
    assert [place for place in told(chain) if place[1] == "p11"] == [
        (1, "p11", RESTING),
        (2, "p11", RESTING),
        (3, "p11", None),
        (4, "p11", "called_before"),
    ]
    assert first_reachable(chain) == "p12"


def test_rest_spares_nobody_what_he_owes_himself_and_not_the_loud_call() -> None:
    chain = read_chain(WHOLE, lineage(), p("p14"), now=NOW, resting=p("p14 p01"))
    assert told(chain)[0] == (1, "p14", None)
    assert chain.desk == p("p01")


def test_who_was_appointed_to_the_seat_in_which_he_acts_is_its_holder() -> None:
    appointed = replace(seat(VILLAGE, "secretary", 1, "p11"), acting=PersonId("p11"))
    chain = read_chain(steps("secretary"), lineage((appointed,)), now=NOW)
    assert told(chain) == [(1, "p11", None)]
    assert not chain.places[0].acting
