"""A rota is edited while everything runs: who had heard of a shift hears what became of it, once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.ids import ShiftKey
from notifier.domain.roster import Shift
from notifier.engine.importing import import_roster
from notifier.errors import FileRefused
from tests.stories.harness import ONE_POST, Station, duty_station

GATE = "BS01-G1"


def rota(hours: str, teams: str, until: str = "2026-12-31") -> dict[str, str]:
    text = f"- {{post: {GATE}, from: 2026-11-24, until: {until}, hours: [{hours}], teams: [{teams}]}}"
    return {"rotas.yaml": text}


NIGHT = '"20:00-08:00"'
KEY = f"{GATE} 2026-11-24T12:00:00Z"


@pytest.fixture
async def station(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """Tuesday morning, after tonight's reminder: from 20:00 to 08:00 吴永明 (p13) has the post by rota."""
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as opened:
        await opened.imports(rota(NIGHT, "[p13]"))
        # By way of the morning, since the planner sees a day and a half ahead.
        await opened.until_civil("2026-11-24 07:00")
        await opened.until_civil("2026-11-24 09:00")
        opened.phone("p13").expects("今晚20:00", "岐元村卡口")
        opened.reads_all()
        yield opened


async def standing(station: Station, key: str) -> Shift | None:
    async with station.engine.parts.station.db.read() as tx:
        return await tx.shifts.get(ShiftKey(key))


async def told(station: Station) -> list[tuple[str, str | None]]:
    """What the journal says of tonight's shift."""
    return [(line.event, line.person) for line in await station.journal(KEY) if "shift_" in line.event]


async def test_other_hours_are_told_once_with_the_old_and_the_new(station: Station) -> None:
    await station.imports(rota('"19:00-07:00"', "[p13]"))
    station.phone("p13").expects("您的班有变", "原来：今晚20:00至明早8:00", "改为：今晚19:00至明早7:00")
    assert station.phone("p13").count("今晚19:00") == 1
    await station.until_civil("18:29")
    station.phone("p13").silent()
    await station.until_civil("18:30")
    station.phone("p13").expects("19:00")
    await station.phone("p13").taps("到岗")
    await station.until_civil("2026-11-24 20:30")
    assert await station.cases(KEY) == []
    assert await told(station) == [("shift_moved", "p13")]


async def test_an_end_that_changes_is_told_and_the_shift_ends_by_it(station: Station) -> None:
    await station.imports(rota('"20:00-06:00"', "[p13]"))
    station.phone("p13").expects("原来：今晚20:00至明早8:00", "改为：今晚20:00至明早6:00")
    await station.until_civil("19:30")
    await station.phone("p13").taps("到岗")
    await station.until_civil("2026-11-25 06:00")
    assert [line.at for line in await station.journal(KEY) if line.event == "shift_over"] == [
        station.civil("2026-11-25 06:00")
    ]


async def test_who_is_taken_off_hears_so_and_who_is_put_on_is_reminded(station: Station) -> None:
    await station.imports(rota(NIGHT, "[p11]"))
    station.phone("p13").expects("今晚20:00", "已取消")
    station.phone("p11").expects("今晚20:00", "岐元村卡口")
    station.reads_all()
    await station.imports(rota(NIGHT, "[p13]"))
    station.phone("p11").expects("已取消")
    station.phone("p13").expects("今晚20:00", "请", "岐元村卡口")
    await station.until_civil("20:10")
    assert await station.called(await station.case(KEY)) == ["p13"]
    assert await told(station) == [
        ("shift_cancelled", "p13"),
        ("shift_cancelled", "p11"),
        ("shift_again", "p13"),
    ]


async def test_two_edits_in_a_row_are_told_as_one_and_one_taken_back_not_at_all(station: Station) -> None:
    await station.goes_down()
    await station.goes_up()
    parts = station.engine.parts
    for text in (rota('"19:00-07:00"', "[p13]"), rota('"18:00-06:00"', "[p13]")):
        await _import_only(station, text)
        await parts.planner.plan()
    await station.settle()
    station.phone("p13").expects("原来：今晚20:00至明早8:00", "改为：今晚18:00至明早6:00")
    assert station.phone("p13").count("您的班有变") == 1
    for text in (rota(NIGHT, "[p13]"), rota('"18:00-06:00"', "[p13]")):
        await _import_only(station, text)
        await parts.planner.plan()
    await station.settle()
    station.phone("p13").silent()


async def test_a_death_between_the_import_and_the_planning_loses_nothing(station: Station) -> None:
    await _import_only(station, rota('"19:00-07:00"', "[p13]"))
    await station.restarts(tidily=False)
    await station.settle()
    assert station.phone("p13").count("您的班有变") == 1
    await station.restarts(tidily=False)
    await station.settle()
    assert station.phone("p13").count("您的班有变") == 1


async def _import_only(station: Station, files: dict[str, str]) -> None:
    """Import as a command does, while the running program has not come round to planning yet."""
    folder = station.city.parent / f"only-{next(station._folders)}"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    await import_roster(station.engine.parts, folder)


async def test_a_shift_that_has_begun_runs_on_and_the_new_hours_begin_when_it_ends(station: Station) -> None:
    await station.until_civil("19:40")
    await station.phone("p13").taps("到岗")
    await station.until_civil("22:00")
    station.reads_all()
    await station.imports(rota('"06:00-18:00", "18:00-06:00"', "[p11], [p12]"))
    begun = await standing(station, KEY)
    assert begun is not None
    assert begun.people == ("p13",)
    morning = await standing(station, f"{GATE} 2026-11-25T00:00:00Z")
    assert morning is not None
    assert (morning.people, morning.end) == (("p12",), station.civil("2026-11-25 18:00"))
    await station.until_civil("2026-11-25 00:00")
    assert await station.cases(KEY) == []
    station.phone("p13").silent()


async def test_a_shift_that_somebody_has_checked_in_to_stays_his(station: Station) -> None:
    await station.until_civil("19:40")
    await station.phone("p13").taps("到岗")
    station.reads_all()
    await station.imports(rota('"19:50-07:50"', "[p11]"))
    stays = await standing(station, KEY)
    assert stays is not None
    assert stays.people == ("p13",)
    await station.until_civil("20:30")
    station.phone("p13").silent()
    assert await station.cases(KEY) == []


async def test_a_rota_that_ends_cancels_what_was_to_come(station: Station) -> None:
    await station.imports(rota(NIGHT, "[p13]", until="2026-11-24"))
    station.phone("p13").silent()
    assert await standing(station, KEY) is not None
    assert await standing(station, f"{GATE} 2026-11-25T12:00:00Z") is None


async def test_who_stands_in_a_rota_cannot_just_vanish_from_a_file(station: Station) -> None:
    text = (station.city / "people.csv").read_text(encoding="utf-8")
    with pytest.raises(FileRefused, match=f"'p13' is gone but still in the rota of {GATE}"):
        await station.imports({"people.csv": text.replace("p13,吴永明,13800100013,BS01,zh,100013\n", "")})
    later = await standing(station, f"{GATE} 2026-11-25T12:00:00Z")
    assert later is not None
    assert "p13" in later.people


async def test_a_post_given_up_yields_no_shifts(station: Station) -> None:
    assert await standing(station, f"{GATE} 2026-11-25T12:00:00Z") is not None
    posts = (station.city / "posts.csv").read_text(encoding="utf-8")
    await station.imports({"posts.csv": posts.replace(f"{GATE},BS01,岐元村卡口,checkpoint,1\n", "")})
    assert await standing(station, f"{GATE} 2026-11-25T12:00:00Z") is None


async def test_a_row_of_shifts_csv_that_moves_is_told_too(station: Station) -> None:
    rows = "post,start,end,people\n{post},2026-11-24 {start},2026-11-25 08:00,p13\n"
    await station.imports({"shifts.csv": rows.format(post=GATE, start="21:00")})
    station.phone("p13").expects("原来：今晚20:00至明早8:00", "改为：今晚21:00至明早8:00")
