"""Being on post: checking in, leaving, going on into the next shift."""

from pathlib import Path

from notifier.domain.case import CaseState
from notifier.domain.ids import PersonId, ShiftKey
from notifier.domain.presence import Window
from notifier.engine.station import Actor
from tests.stories.harness import ONE_POST, Station, duty_station

EVENING = "BS01-G1 2026-11-23T12:00:00Z"
NIGHT = "BS01-G1 2026-11-23T16:00:00Z"
PAIR = "BS02-G1 2026-11-23T12:00:00Z"


async def test_a_full_post_makes_no_case(station: Station) -> None:
    await station.until_civil("19:40")
    await station.phone("p14").replies("到岗")
    station.phone("p14").expects("已记到岗", "19:40", "岐元村卡口")
    station.reads_all()
    await station.until_civil("21:00")
    assert await station.cases() == []
    for person in ("p01", "p02", "p11", "p12", "p14"):
        station.phone(person).silent()


async def test_a_button_checks_in_as_a_word_does(both_villages: Station) -> None:
    station = both_villages
    await station.until_civil("19:31")
    await station.phone("p21").taps("到岗")
    await station.phone("p22").taps("On post")
    station.phone("p21").got("已记到岗", "密东村卡口")
    await station.until_civil("20:11")
    assert await station.cases(PAIR) == []
    arrivals = [line for line in await station.journal(PAIR) if line.event == "on_post"]
    assert [(line.person, line.channel) for line in arrivals] == [("p21", "telegram"), ("p22", "telegram")]


async def test_too_early_does_not_count(station: Station) -> None:
    await station.until_civil("18:30")
    await station.phone("p14").replies("到岗")
    station.phone("p14").expects("19:00起才能记到岗")
    await station.until_civil("20:10")
    assert (await station.case(EVENING)).state is CaseState.CALLING


async def test_the_first_minute_of_checking_in_counts(station: Station) -> None:
    await station.until_civil("19:00")
    await station.phone("p14").replies("到岗")
    station.phone("p14").expects("已记到岗")


async def test_nobody_is_called_within_the_grace(station: Station) -> None:
    await station.until_civil("20:09")
    assert await station.cases() == []
    await station.phone("p14").replies("到岗")
    await station.until_civil("20:30")
    assert await station.cases() == []


async def test_one_of_two_on_post_leaves_a_case_and_only_the_missing_one_is_asked(
    both_villages: Station,
) -> None:
    station = both_villages
    await station.until_civil("19:50")
    await station.phone("p21").taps("到岗")
    station.reads_all()
    await station.until_civil("20:10")
    case = await station.case(PAIR)
    assert await station.called(case) == ["p22"]
    station.phone("p21").silent()
    assert await station.reasons(case, "opened") == [(None, "1 of 2 on post")]
    await station.phone("p22").taps("On post")
    closed = await station.case(PAIR)
    assert (closed.state, closed.outcome) == (CaseState.RESOLVED, "staffed")


async def test_a_stranger_to_the_shift_cannot_put_himself_on_post(station: Station) -> None:
    await station.until_civil("20:00")
    await station.phone("p21").replies("到岗")
    await station.until_civil("20:11")
    assert await station.called(await station.case(EVENING)) == ["p14"]


async def test_arriving_late_resolves_and_everybody_called_is_stood_down(station: Station) -> None:
    await station.until_civil("20:28")
    station.reads_all()
    await station.phone("p14").replies("到了")
    case = await station.case(EVENING)
    assert (case.state, case.outcome) == (CaseState.RESOLVED, "staffed")
    for person in ("p11", "p12"):
        station.phone(person).expects("郑秀英20:28到岗", "请休息")
    stood_down = [person for event, person in await station.events(case) if event == "stood_down"]
    assert sorted(map(str, stood_down)) == ["p11", "p12", "p14"]
    station.reads_all()
    await station.until_civil("22:00")
    for person in ("p01", "p02", "p11", "p12"):
        station.phone(person).silent()


async def test_arriving_while_somebody_holds_it_resolves_too(station: Station) -> None:
    await station.until_civil("20:16")
    await station.phone("p11").taps("收到")
    await station.until_civil("20:25")
    await station.phone("p14").replies("到岗")
    case = await station.case(EVENING)
    assert (case.state, case.outcome, case.holder) == (CaseState.RESOLVED, "staffed", "p11")
    station.phone("p11").expects("郑秀英20:25到岗")
    station.phone("p12").silent()


async def test_leaving_before_the_end_is_asked_back_once_then_a_new_case_linked_to_the_old(
    station: Station,
) -> None:
    await station.until_civil("20:12")
    await station.phone("p14").replies("到岗")
    first = await station.case(EVENING)
    await station.until_civil("21:00")
    await station.phone("p14").replies("走了")
    station.phone("p14").expects("才结束", "现在就离开吗")
    assert len(await station.cases(EVENING)) == 1
    await station.phone("p14").replies("离岗")
    station.phone("p14").got("已记离岗", "21:00")
    second = await station.case(EVENING)
    assert second.previous == first.id
    assert second.opened_at == station.civil("2026-11-23 21:00")
    assert second.state is CaseState.CALLING


async def test_a_shift_that_follows_on_carries_its_people_over(tmp_path: Path, sqlite_url: str) -> None:
    both_shifts = {"2026-11-24 08:00,p15": "2026-11-24 08:00,p14"}
    edits = {"shifts.csv": {**ONE_POST["shifts.csv"], **both_shifts}}
    async with duty_station(tmp_path, sqlite_url, edits=edits) as station:
        await station.until_civil("19:45")
        await station.phone("p14").replies("到岗")
        station.phone("p14").got("已记到岗")
        await station.until_civil("2026-11-24 00:30")
        assert await station.cases() == []


async def test_the_post_is_empty_again_when_the_shift_ends_and_another_follows(station: Station) -> None:
    await station.until_civil("19:45")
    await station.phone("p14").replies("到岗")
    await station.until_civil("2026-11-24 00:10")
    case = await station.case(NIGHT)
    assert await station.called(case) == ["p15"]
    assert await station.cases(EVENING) == []


async def test_somebody_who_moves_on_leaves_his_first_post_short(tmp_path: Path, sqlite_url: str) -> None:
    """One person is on one post at a time."""
    edits = {"shifts.csv": {"p21;p22": "p14;p22"}}
    async with duty_station(tmp_path, sqlite_url, edits=edits) as station:
        await station.until_civil("20:05")
        numbers = {m.text[m.text.index("村卡口") - 2 :][:2]: m.number for m in station.phone("p14").inbox}
        await station.phone("p14").replies(f"到岗{numbers['岐元']}")
        assert await station.cases(EVENING) == []
        await station.until_civil("20:30")
        await station.phone("p14").replies(f"到岗{numbers['密东']}")
        case = await station.case(EVENING)
        assert case.opened_at == station.civil("2026-11-23 20:30")


# ── by another machine's clock ───────────────────────────────────────────────────────────────────


async def test_who_comes_when_the_end_was_seen_to_already_is_on_post_in_no_later_shift(
    either_station: Station,
) -> None:
    """Two processes, one of whose clocks is behind: nobody would ever end that presence."""
    station = either_station
    await station.until_civil("2026-11-24 00:00")
    parts = station.engine.parts
    behind = station.civil("2026-11-23 23:59")
    async with parts.station.db.write() as tx:
        shift = await tx.shifts.get(ShiftKey(EVENING))
        assert shift is not None
        by = Actor(person=PersonId("p14"), channel="sms")
        arrived = await parts.arrivals.arrive(tx, shift, PersonId("p14"), by, behind)
    assert (arrived.window, arrived.row) == (Window.TOO_LATE, None)
    await station.until_civil("2026-11-24 00:16")
    assert (await station.case(NIGHT)).state is CaseState.CALLING


async def test_what_is_undone_after_the_end_puts_nobody_on_post_for_ever(station: Station) -> None:
    await station.until_civil("19:40")
    await station.phone("p14").replies("到岗")
    await station.until_civil("23:50")
    await station.phone("p14").replies("离岗")
    await station.until_civil("2026-11-24 00:05")
    await station.phone("p14").replies("撤销")
    async with station.engine.parts.station.db.read() as tx:
        assert await tx.presences.of_person(PersonId("p14")) is None
    await station.until_civil("2026-11-24 00:16")
    assert (await station.case(NIGHT)).state is CaseState.CALLING
