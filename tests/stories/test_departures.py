"""Somebody vanishes from the people's file while an office or a shift is his: refused, with the mend."""

import pytest

from notifier.engine.importing import import_roster
from notifier.errors import FileRefused
from tests.stories.harness import Station

PEOPLE, OFFICES, SHIFTS = "people.csv", "offices.csv", "shifts.csv"


async def without(station: Station, *gone: str, **changes: dict[str, str]) -> list[str]:
    """Import the people's file without these, and other files changed so; what it is refused for."""
    files = {PEOPLE: _rows_without(station, gone)}
    for name, edits in changes.items():
        text = (station.city / f"{name}.csv").read_text(encoding="utf-8")
        for old, new in edits.items():
            assert text.count(old) == 1
            text = text.replace(old, new)
        files[f"{name}.csv"] = text
    try:
        await station.imports(files)
    except FileRefused as refused:
        return [str(finding) for finding in refused.findings]
    return []


def _rows_without(station: Station, gone: tuple[str, ...]) -> str:
    lines = (station.city / PEOPLE).read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if line.split(",")[0] not in gone)


async def test_who_holds_an_office_is_refused_until_the_office_is_anothers(either_station: Station) -> None:
    station = either_station
    assert await without(station, "p12") == [
        "people.csv id: 'p12' is gone but still deputy_secretary 2 of BS01; keep the row, or give that seat "
        "to somebody else in offices.csv in the same import, or leave its person empty"
    ]
    assert await without(station, "p12", offices={"deputy_secretary,2,p12": "deputy_secretary,2,"}) == []


async def test_who_has_a_shift_to_come_is_refused_until_the_shift_is_anothers(
    either_station: Station,
) -> None:
    station = either_station
    assert await without(station, "p14") == [
        "people.csv id: 'p14' is gone but still on BS01-G1 from 2026-11-23 20:00; keep the row, or give that "
        "shift to somebody else in shifts.csv in the same import"
    ]
    assert await without(station, "p14", shifts={"00:00,p14": "00:00,p15"}) == []


async def test_who_stands_now_is_waited_for(station: Station) -> None:
    await station.until_civil("20:30")
    [line] = await without(station, "p14")
    assert line.endswith("keep the row, or wait until that is over at 00:00")
    await station.until_civil("2026-11-24 00:00")
    assert await without(station, "p14") == []


async def test_who_acts_in_an_office_is_refused(station: Station) -> None:
    await station.phone("p02").replies("请周丽华主持", by="telegram")
    lines = await without(station, "p12", offices={"deputy_secretary,2,p12": "deputy_secretary,2,"})
    assert [line for line in lines if "acting as" in line], lines


async def test_who_is_in_a_rota_is_refused_until_the_rota_says_otherwise(station: Station) -> None:
    rota = "- {post: BS02-G1, from: 2026-11-25, hours: ['08:00-20:00'], teams: [[p22]], cycle: 1d}\n"
    await station.imports({"rotas.yaml": rota})
    lines = await without(station, "p22")
    assert (
        "people.csv id: 'p22' is gone but still in the rota of BS02-G1; keep the row, or take that id out "
        "of rotas.yaml" in lines
    )
    # The planned shifts are named too, once for all of them.
    assert len(lines) == 2
    people = _rows_without(station, ("p22",))
    await station.imports({PEOPLE: people, "rotas.yaml": rota.replace("p22", "p21")})
    assert (await station.imports({PEOPLE: people})).is_empty


async def test_a_dry_run_refuses_the_same_and_who_is_free_may_go(station: Station) -> None:
    folder = station.city.parent / "dry"
    folder.mkdir()
    (folder / PEOPLE).write_text(_rows_without(station, ("p14",)), encoding="utf-8")
    with pytest.raises(FileRefused, match="'p14' is gone"):
        await import_roster(station.engine.parts, folder, dry_run=True)
    (folder / PEOPLE).write_text(_rows_without(station, ("p22",)), encoding="utf-8")
    report = await import_roster(station.engine.parts, folder, dry_run=True)
    assert report.result.tables["people"].removed == 1
