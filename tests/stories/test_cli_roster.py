"""At the shell: the roster goes in and comes out, and is looked over."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook

from notifier.domain.ids import CaseId
from notifier.engine.parts import Parts
from notifier.engine.rotas import ROTAS
from tests.stories.cli_desk import CITY, Desk, at_desk

HEADERS = {
    "units": "code,name,kind,parent",
    "people": "id,name,phone,unit,locale,telegram",
    "offices": "unit,title,rank,person,status,until",
    "posts": "code,unit,name,kind,headcount",
    "shifts": "post,start,end,people",
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Iterator[Desk]:
    yield from at_desk(tmp_path, monkeypatch, sqlite_url)


async def _timers(parts: Parts) -> object:
    async with parts.station.db.read() as tx:
        return await tx.timers.next_due(), await tx.signals.count()


async def _settings(parts: Parts) -> tuple[int, dict[str, str]] | None:
    async with parts.station.db.read() as tx:
        return await tx.settings.current()


# ── import ───────────────────────────────────────────────────────────────────────────────────────


def test_an_import_takes_everything_in_and_says_what_changed(desk: Desk) -> None:
    done = desk.does("import", CITY)
    assert done.status == 0
    assert [line.split("│")[1:3] for line in done.out.splitlines() if "people" in line] == [
        [" people  ", " 9     "]
    ]
    assert "rotas.yaml: changed" in done.out
    assert "version 1 is in force" in done.out
    assert desk.does("status", "--json").document["linked"]["people"] == 9


def test_the_same_import_again_changes_nothing_and_wakes_nobody(desk: Desk) -> None:
    desk.does("import", CITY)
    before = desk.inside(_timers)
    done = desk.does("import", CITY)
    assert done.status == 0
    rows = [line for line in done.out.splitlines() if line.startswith("│")]
    assert all(cell.strip() == "0" for row in rows for cell in row.split("│")[2:5])
    assert "settings" not in done.out
    assert desk.inside(_timers) == before


def test_a_bad_file_changes_nothing_with_one_line_a_bad_row(desk: Desk) -> None:
    desk.does("import", CITY)
    bad = HEADERS["people"] + "\np01,甲,12x,YQ,zh,\np02,乙,13800100002,NOWHERE,zh,\np77,丙,,YQ,zh,\n"
    done = desk.does("import", desk.city(people=bad))
    assert done.status == 1
    assert done.out == ""
    lines = [line for line in done.complaints if line.startswith("people.csv:")]
    assert [line.split(" ")[0] for line in lines] == ["people.csv:2", "people.csv:3"]
    assert done.complaints[-1].endswith("nothing was changed")
    assert desk.does("status", "--json").document["linked"]["people"] == 9


def test_bad_settings_beside_good_tables_refuse_the_whole(desk: Desk) -> None:
    done = desk.does("import", desk.city(policies="unstaffed:\n  grace: soon\n", units="code\n"))
    assert done.status == 1
    assert any(line.startswith("policies.yaml:2") for line in done.complaints)
    assert any(line.startswith("units.csv") for line in done.complaints)
    assert desk.inside(_settings) is None
    assert desk.does("status", "--json").document["linked"]["people"] == 0


def test_a_dry_run_says_what_would_change_and_changes_nothing(desk: Desk) -> None:
    done = desk.does("import", CITY, "--dry-run")
    assert done.status == 0
    assert "dry run" in done.out
    assert desk.does("status", "--json").document["linked"]["people"] == 0
    assert desk.inside(_settings) is None


def test_a_dry_run_counts_what_each_table_would_gain_change_and_lose(desk: Desk) -> None:
    desk.does("import", CITY)
    source = desk.folder / "edited"
    source.mkdir()
    people = (CITY / "people.csv").read_text(encoding="utf-8")
    (source / "people.csv").write_text(people + "p90,要走的,,BS01,zh,\n", encoding="utf-8")
    desk.does("import", source)
    people = people.replace("陈晓燕", "陈晓雁") + "p91,新来的,,BS01,zh,\n"
    (source / "people.csv").write_text(people, encoding="utf-8")
    shifts = HEADERS["shifts"] + "\nBS01-G1,2036-11-23 20:00,2036-11-24 00:00,p14\n"
    (source / "shifts.csv").write_text(shifts, encoding="utf-8")
    done = desk.does("import", source, "--dry-run")
    assert (done.status, done.complaints) == (0, [])
    counts = {words[0]: words[1:] for line in done.out.splitlines() if len(words := _words(line)) == 4}
    assert counts["people"] == ["1", "1", "1"]
    assert counts["shifts"] == ["1", "0", "0"]
    rows = done.out.partition("people:\n")[2].splitlines()
    assert rows[:3] == [
        "  + p91 新来的: unit BS01, locale zh",
        "  ~ p02 陈晓雁: name 陈晓燕 -> 陈晓雁",
        "  - p90 要走的",
    ]
    assert rows[3:5] == [
        "shifts:",
        "  + BS01-G1 2036-11-23 20:00: end 2036-11-24 00:00, people p14, source file",
    ]
    assert desk.does("status", "--json").document["linked"]["people"] == 10


def test_a_dry_run_shows_the_first_rows_of_many_and_no_number_in_full(desk: Desk) -> None:
    desk.does("import", CITY)
    people = (CITY / "people.csv").read_text(encoding="utf-8").replace("13800100014", "13800990014")
    many = "".join(f"n{n:03},新人,,BS01,zh,\n" for n in range(250))
    done = desk.does("import", desk.city(people=people + many), "--dry-run")
    rows = done.out.partition("people:\n")[2].splitlines()
    assert sum(row.startswith("  + n") for row in rows) == 200
    assert "  + and 50 more" in rows
    assert "  ~ p14 郑秀英: phone 138****0014 -> 138****0014 (another)" in rows
    assert "0990014" not in done.out


def _words(line: str) -> list[str]:
    """The cells of a printed table's row."""
    return [word for word in line.replace("│", " ").replace("┃", " ").split() if word]


def test_an_absent_file_changes_nothing(desk: Desk) -> None:
    desk.does("import", CITY)
    only = desk.folder / "only"
    only.mkdir()
    (only / "posts.csv").write_text(HEADERS["posts"] + "\nBS01-G1,BS01,新卡口,checkpoint,3\n")
    assert desk.does("import", only).status == 0
    assert desk.does("status", "--json").document["linked"]["people"] == 9
    out = desk.folder / "out"
    desk.does("export", out)
    assert (out / "posts.csv").read_text().splitlines()[1:] == ["BS01-G1,BS01,新卡口,checkpoint,3"]


def test_a_spreadsheet_is_taken_too(desk: Desk) -> None:
    book = Workbook()
    for name in ("units", "people", "offices", "posts", "shifts"):
        sheet = book.create_sheet(name)
        for line in (CITY / f"{name}.csv").read_text().splitlines():
            sheet.append(line.split(","))
    book.remove(book.worksheets[0])
    path = desk.folder / "city.xlsx"
    book.save(path)
    assert desk.does("import", path).status == 0
    assert desk.does("status", "--json").document["linked"] == {
        "people": 9,
        "telegram": 6,
        "phone": 9,
        "neither": 0,
    }


def test_a_roster_without_settings_brings_the_rules_of_the_folder_into_force(desk: Desk) -> None:
    bare = desk.city()
    for name in ("policies", "checklists", "calendar"):
        (bare / f"{name}.yaml").unlink()
    assert desk.does("import", bare).status == 0
    stored = desk.inside(_settings)
    assert stored is not None
    assert "policies.yaml" in stored[1]


def test_somebody_in_two_places_at_once_is_a_warning(desk: Desk) -> None:
    twice = (
        HEADERS["shifts"]
        + "\nBS01-G1,2026-11-24 20:00,2026-11-25 00:00,p14\nBS02-G1,2026-11-24 20:00,2026-11-25 00:00,p14\n"
    )
    done = desk.does("import", desk.city(shifts=twice))
    assert done.status == 0
    assert [line for line in done.complaints if line.startswith("warning: shifts.csv")]


def test_there_must_be_something_to_import(desk: Desk) -> None:
    done = desk.does("import", desk.folder / "nowhere")
    assert done.status == 1
    assert len(done.complaints) == 2


# ── export ───────────────────────────────────────────────────────────────────────────────────────


def test_what_is_exported_and_imported_again_changes_nothing(desk: Desk) -> None:
    desk.does("import", CITY)
    first, second = desk.folder / "first", desk.folder / "second"
    done = desk.does("export", first)
    assert done.status == 0
    assert {Path(line).name for line in done.out.splitlines()} == {path.name for path in CITY.iterdir()}
    again = desk.does("import", first)
    rows = [line for line in again.out.splitlines() if line.startswith("│")]
    assert all(cell.strip() == "0" for row in rows for cell in row.split("│")[2:5])
    desk.does("export", second)
    assert {p.name: p.read_text() for p in first.iterdir()} == {
        p.name: p.read_text() for p in second.iterdir()
    }


def test_an_export_into_a_fresh_database_is_the_same_city(desk: Desk, tmp_path: Path) -> None:
    desk.does("import", CITY)
    desk.does("export", tmp_path / "one")
    desk.set("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/fresh.db")
    assert desk.does("import", tmp_path / "one").status == 0
    desk.does("export", tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_text() == (tmp_path / "two" / path.name).read_text(), path.name


def test_a_folder_that_cannot_be_made_is_one_line(desk: Desk) -> None:
    (desk.folder / "file").write_text("")
    done = desk.does("export", desk.folder / "file" / "below")
    assert done.status == 1
    assert len(done.complaints) == 1


# ── reload ───────────────────────────────────────────────────────────────────────────────────────


def test_a_reload_brings_new_rules_into_force_and_refuses_bad_ones_whole(desk: Desk) -> None:
    folder = desk.city()
    desk.does("import", folder)
    desk.set("SCHEDULES_DIR", str(folder))
    policies = (folder / "policies.yaml").read_text()
    (folder / "policies.yaml").write_text(policies.replace("grace: 10m", "grace: 3m"))
    assert "settings version 2" in desk.does("reload").out
    assert "settings version 2" in desk.does("reload").out
    (folder / "policies.yaml").write_text(policies.replace("grace: 10m", "grace: soon"))
    done = desk.does("reload")
    assert done.status == 1
    assert done.complaints[0].startswith("policies.yaml:")
    stored = desk.inside(_settings)
    assert stored is not None
    assert stored[0] == 2
    assert "grace: 3m" in stored[1]["policies.yaml"]


def test_a_folder_without_settings_takes_none_away(desk: Desk) -> None:
    desk.does("import", CITY)
    (desk.folder / "empty").mkdir()
    desk.set("SCHEDULES_DIR", str(desk.folder / "empty"))
    done = desk.does("reload")
    assert done.status == 1
    assert len(done.complaints) == 1


def test_rotas_are_kept(desk: Desk) -> None:
    desk.does("import", CITY)

    async def text(parts: Parts) -> str | None:
        async with parts.station.db.read() as tx:
            return await tx.settings.document(ROTAS)

    assert desk.inside(text) == (CITY / ROTAS).read_text()


# ── check ────────────────────────────────────────────────────────────────────────────────────────


def test_a_city_in_order_passes_with_warnings(desk: Desk) -> None:
    desk.does("import", CITY)
    done = desk.does("check")
    assert done.status == 0
    assert "BS01: p12 p14 p15 cannot answer at all" in done.out
    assert "cannot receive from +86 CN" in done.out
    assert done.err == ""


def test_chains_are_shown_with_who_is_passed_over_and_why(desk: Desk) -> None:
    desk.does("import", CITY)
    done = desk.does("check", "--chains")
    absent = [line for line in done.out.splitlines() if "p13" in line and "unstaffed" in line]
    assert len(absent) == 1
    assert "absent until 2026-12-01" in absent[0]
    assert "vacant: committee 4" in done.out


def test_a_unit_nobody_of_whose_chain_can_be_reached_is_broken(desk: Desk) -> None:
    people = (CITY / "people.csv").read_text().splitlines()
    mute = [",".join((*line.split(",")[:2], "", *line.split(",")[3:5], "-")) for line in people[1:]]
    desk.does("import", desk.city(people="\n".join([people[0], *mute])))
    done = desk.does("check")
    assert done.status == 1
    broken = [line for line in done.complaints if line.startswith("broken: BS01 unstaffed")]
    assert len(broken) == 1
    assert "p11 no_contact" in broken[0]
    assert any("BS02 unrelayed" in line for line in done.complaints)


def test_with_both_channels_off_nothing_is_in_order(desk: Desk) -> None:
    desk.does("import", CITY)
    for name in ("TELEGRAM_TOKEN", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"):
        desk.set(name, "")
    done = desk.does("check")
    assert done.status == 1
    assert any("both channels are off" in line for line in done.complaints)


def test_slips_in_the_settings_folder_are_found_before_a_reload(desk: Desk) -> None:
    folder = desk.city()
    desk.does("import", folder)
    desk.set("SCHEDULES_DIR", str(folder))
    (folder / "calendar.yaml").write_text("quiet_hours: [late]\n")
    done = desk.does("check")
    assert done.status == 1
    assert any(line.startswith("broken: calendar.yaml:1") for line in done.complaints)


# ── simulate ─────────────────────────────────────────────────────────────────────────────────────


def test_a_gap_is_played_to_its_end_and_leaves_nothing_behind(desk: Desk) -> None:
    desk.does("import", CITY)
    done = desk.does("simulate", "BS01", "--kind", "unstaffed", "--at", "2026-11-23 20:10")
    assert done.status == 0
    called = [line.split("  ") for line in done.out.splitlines() if "  called  " in line]
    assert [(line[0][11:16], line[3].split(" ")[0]) for line in called] == [
        ("20:10", "p14"),
        ("20:15", "p11"),
        ("20:25", "p12"),
        ("20:35", "p02"),
        ("20:50", "p01"),
        ("21:05", "p01"),
        ("21:20", "p01"),
    ]
    assert "岐元村卡口20:00缺1人" in done.out
    assert "absent until 2026-12-01" in done.out
    assert done.out.splitlines()[-1].endswith("exhausted")
    status = desk.does("status", "--json").document
    assert sum(status["cases"].values()) == sum(status["messages"].values()) == 0


@pytest.mark.parametrize("kind", ["unsigned", "unverified", "unrelayed"])
def test_every_kind_of_gap_can_be_played(desk: Desk, kind: str) -> None:
    desk.does("import", CITY)
    done = desk.does("simulate", "BS01", "--kind", kind, "--at", "2026-11-24T12:00:00")
    assert done.status == 0
    assert "  called  p11 " in done.out


def test_what_keeps_quiet_hours_is_let_out_in_the_morning(desk: Desk) -> None:
    desk.does("import", CITY)
    done = desk.does("simulate", "BS01", "--kind", "unrelayed", "--at", "2026-11-23 23:00")
    first = next(line for line in done.out.splitlines() if "  called  " in line)
    assert first.startswith("2026-11-24 06:30:00")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("NOWHERE", "--kind", "unstaffed"), 1),
        (("YQ", "--kind", "unstaffed"), 1),
        (("BS01", "--kind", "notice"), 2),
        (("BS01", "--kind", "nonsense"), 2),
        (("BS01",), 2),
        (("BS01", "--kind", "unstaffed", "--at", "soon"), 2),
    ],
)
def test_what_cannot_be_played_is_refused(desk: Desk, arguments: tuple[str, ...], status: int) -> None:
    desk.does("import", CITY)
    assert desk.does("simulate", *arguments).status == status


def test_an_import_makes_open_cases_read_their_chains_anew(desk: Desk) -> None:
    desk.does("import", CITY)

    async def rung(parts: Parts) -> int:
        async with parts.station.db.read() as tx:
            return await tx.signals.count()

    before = desk.inside(rung)
    offices = (
        (CITY / "offices.csv").read_text().replace("BS01,secretary,1,p11,in_post,", "BS01,secretary,1,,,")
    )
    assert desk.does("import", desk.city(offices=offices)).status == 0
    assert desk.inside(rung) == before + 1
    assert desk.does("case", "ack", CaseId(1), "--by", "p11", "--reason", "x").status == 1
