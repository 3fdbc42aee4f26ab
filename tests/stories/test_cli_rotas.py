"""At the shell: rotas are looked over, as they are in force and before they are taken in."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.cli_desk import CITY, Desk, at_desk

TWO_GATES = """
- {post: BS01-G1, from: 2026-11-24, hours: ["08:00-20:00", "20:00-08:00"], teams: [[p13], [p14], [p15]]}
- {post: BS02-G1, from: 2026-11-24, until: 2026-11-25, hours: ["08:00-20:00"], teams: [[p13, p21], [p22]]}
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Iterator[Desk]:
    desks = at_desk(tmp_path, monkeypatch, sqlite_url)
    for opened in desks:
        assert opened.does("import", CITY).status == 0
        yield opened


def rota_file(desk: Desk, text: str = TWO_GATES) -> Path:
    path = desk.folder / "new rota.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_in_force_is_laid_out_post_by_post(desk: Desk) -> None:
    done = desk.does("rota", "preview", "--from", "2026-12-01", "--days", "3")
    assert done.status == 0
    assert done.err == ""
    lines = [line.strip() for line in done.out.splitlines()]
    first = lines[lines.index("岐元村卡口（BS01-G1），每班1人") + 4]
    cells = [cell.strip() for cell in first.split("│")[1:-1]]
    assert cells == ["12-01 周二", "孙小军", "吴永明", "郑秀英"]
    assert "没有缺人，没有撞班" in lines
    assert "这些天没有一个班的岗位：密东村卡口" in lines


def test_a_file_is_tried_before_it_is_imported_and_every_fault_is_named(desk: Desk) -> None:
    done = desk.does("rota", "preview", rota_file(desk), "--from", "2026-11-24", "--days", "3")
    assert done.status == 1
    assert "缺人：1 处\n  11-25 周三 08:00-20:00 密东村卡口：缺 1 人\n" in done.out
    assert "撞班：1 处\n  吴永明，两班时间相交：\n    11-24 周二 08:00-20:00 岐元村卡口\n" in done.out
    assert "密东村卡口 的轮班到 2026-11-25 为止" in done.out
    document = desk.does("rota", "preview", "--from", "2026-11-24", "--json").document
    starts = [s["start"] for post in document["posts"] for s in post["shifts"] if s["source"] == "rota"]
    assert min(starts) == "2026-11-30T16:00:00Z", "nothing was imported"


def test_as_a_document(desk: Desk) -> None:
    done = desk.does("rota", "preview", rota_file(desk), "--from", "2026-11-24", "--days", "3", "--json")
    assert done.status == 1
    found = done.document
    assert (found["from"], found["until"]) == ("2026-11-23T16:00:00Z", "2026-11-26T16:00:00Z")
    assert found["gaps"] == [
        {
            "post": "BS02-G1",
            "start": "2026-11-25T00:00:00Z",
            "end": "2026-11-25T12:00:00Z",
            "missing": 1,
        }
    ]
    assert [clash["person"] for clash in found["double_bookings"]] == ["p13"]
    assert found["ending"] == {"BS02-G1": "2026-11-25"}
    assert {row["person"]: row["hours"] for row in found["people"]}["p13"] == 36.0


def test_the_file_wins_over_the_rota_and_that_is_seen(desk: Desk) -> None:
    """On the evening of the 23rd shifts.csv has p14 until midnight and p15 until eight."""
    text = TWO_GATES.replace("2026-11-24", "2026-11-23").splitlines()[1]
    done = desk.does("rota", "preview", rota_file(desk, text), "--days", "2")
    assert "孙小军*" in done.out
    assert "* 出自 shifts.csv" in done.out
    found = desk.does("rota", "preview", rota_file(desk, text), "--days", "2", "--json").document
    night = [s for post in found["posts"] for s in post["shifts"] if s["start"] == "2026-11-23T12:00:00Z"]
    assert [(s["source"], s["people"]) for s in night if s["end"] == "2026-11-23T16:00:00Z"] == [
        ("file", ["p14"]),
        ("file", ["p21", "p22"]),
    ]


def test_a_whole_folder_is_tried_with_its_people_and_posts(desk: Desk) -> None:
    city = desk.city(rotas=TWO_GATES.replace("p15", "p77"))
    refused = desk.does("rota", "preview", city)
    assert refused.status == 1
    assert refused.complaints[0].startswith("rotas.yaml:2 1.teams.3.1: there is no person 'p77'")
    people = (city / "people.csv").read_text(encoding="utf-8") + "p77,韩冬,,BS01,zh,\n"
    (city / "people.csv").write_text(people, encoding="utf-8")
    assert "韩冬" in desk.does("rota", "preview", city, "--from", "2026-11-24").out


def test_days_off_that_nobody_has_announced_are_said_plainly(desk: Desk) -> None:
    text = "- {post: BS01-G1, from: 2031-01-01, days: workdays, hours: ['08:00-17:00'], teams: [[p13]]}"
    done = desk.does("rota", "preview", rota_file(desk, text), "--from", "2031-01-06", "--days", "7")
    assert "2031 年的调休还没有数据" in done.out
    plain = text.replace("workdays", "[mon]")
    assert "调休" not in desk.does("rota", "preview", rota_file(desk, plain), "--from", "2031-01-06").out


def test_in_english(desk: Desk) -> None:
    desk.set("LOCALE", "en")
    done = desk.does("rota", "preview", rota_file(desk), "--from", "2026-11-24", "--days", "3")
    assert "gaps: 1\n  11-25 Wed 08:00-20:00 密东村卡口: 1 missing\n" in done.out


def test_wrong_usage(desk: Desk) -> None:
    assert desk.does("rota", "preview", "--from", "tomorrow").status == 2
    assert desk.does("rota", "preview", "--days", "0").status == 2
    gone = desk.does("rota", "preview", desk.folder / "nothing.yaml")
    assert (gone.status, gone.complaints[0]) == (1, "nothing.yaml: there is no such file; check the path")


def test_check_names_the_year_that_is_not_known_and_the_post_that_is_gone(desk: Desk) -> None:
    assert not [line for line in desk.does("check").out.splitlines() if "workdays" in line]
    text = (
        "- {post: BS01-G1, from: 2026-11-01, days: workdays, hours: ['08:00-17:00'], teams: [[p13], [p14]]}"
    )
    (desk.folder / "rotas").mkdir()
    (desk.folder / "rotas" / "rotas.yaml").write_text(text, encoding="utf-8")
    assert desk.does("import", desk.folder / "rotas").status == 0
    desk.at("2031-11-20T09:00:00")
    warnings = [line for line in desk.does("check").out.splitlines() if "rotas.yaml" in line]
    assert [line.split(" are")[0] for line in warnings] == [
        f"warning: calendar.yaml: make-up workdays of {year}" for year in (2031, 2032)
    ]
    posts = (CITY / "posts.csv").read_text(encoding="utf-8").replace("BS01-G1,", "BS01-G7,")
    only = desk.folder / "only"
    only.mkdir()
    (only / "posts.csv").write_text(posts, encoding="utf-8")
    assert desk.does("import", only).status == 0
    assert "warning: rotas.yaml: BS01-G1 is not in the roster any more" in desk.does("check").out


def test_too_little_rest_is_said_by_the_policy_and_breaks_nothing(desk: Desk) -> None:
    """The fixture's teams go from the evening shift straight on to the night's."""
    look = ("rota", "preview", "--from", "2026-12-01", "--days", "2")
    done = desk.does(*look)
    assert done.status == 0
    assert "歇得不够：1 处（policies.yaml 的 rest：至少 8小时）\n  郑秀英，两班之间只歇 0小时：\n" in done.out
    rules = desk.folder / "rules"
    rules.mkdir()
    policies = (CITY / "policies.yaml").read_text(encoding="utf-8")
    (rules / "policies.yaml").write_text(policies.replace("grace: 10m", "grace: 10m\n  rest: 0m", 1))
    tried = desk.does("rota", "preview", rules, *look[2:])
    assert "歇得不够" not in tried.out, "a folder is read with its own policies"
    assert "歇得不够" in desk.does(*look).out, "which are not in force by that"
    assert desk.does("import", rules).status == 0
    assert "歇得不够" not in desk.does(*look).out


def test_a_folder_is_read_with_its_own_calendar(desk: Desk) -> None:
    text = "- {post: BS01-G1, from: 2026-11-01, days: workdays, hours: ['08:00-17:00'], teams: [[p13]]}"
    folder = desk.folder / "calendar"
    folder.mkdir()
    (folder / "rotas.yaml").write_text(text, encoding="utf-8")
    look = ("rota", "preview", folder, "--from", "2026-12-07", "--days", "5", "--json")
    assert starts(desk, *look) == ["07", "08", "09", "10", "11"]
    (folder / "calendar.yaml").write_text("days_off: [2026-12-09]\n", encoding="utf-8")
    assert starts(desk, *look) == ["07", "08", "10", "11"]
    (folder / "calendar.yaml").write_text("days_off: [someday]\n", encoding="utf-8")
    refused = desk.does(*look)
    assert refused.status == 1
    assert refused.complaints[0].startswith("calendar.yaml:1 days_off")


def starts(desk: Desk, *look: object) -> list[str]:
    """The days of the month on which the gate's shifts begin."""
    [gate] = [post for post in json.loads(desk.does(*look).out)["posts"] if post["post"] == "BS01-G1"]
    return [shift["start"][8:10] for shift in gate["shifts"]]
