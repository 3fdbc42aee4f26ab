"""People without ids, by their names, and with numbers that are none: who is meant, or why it is refused."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.errors import FileRefused
from notifier.files import Known, RosterFiles, read_roster
from tests.unit.test_files_roster import as_a_spreadsheet

SHANGHAI = ZoneInfo("Asia/Shanghai")
KNOWN = Known(
    units=frozenset({UnitCode("V1"), UnitCode("V2")}),
    people=frozenset({PersonId("k1"), PersonId("k2"), PersonId("k3")}),
    posts=frozenset({PostCode("G1")}),
    named={
        (UnitCode("V1"), "赵一"): (PersonId("k1"),),
        (UnitCode("V2"), "钱二"): (PersonId("k2"), PersonId("k3")),
    },
)


def read(folder: Path, **tables: str) -> RosterFiles:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return read_roster(folder, zone=SHANGHAI, known=KNOWN)


def ids(roster: RosterFiles) -> list[str]:
    assert roster.people is not None
    return [row.id for row in roster.people]


def refusals(folder: Path, **tables: str) -> list[str]:
    with pytest.raises(FileRefused) as refused:
        read(folder, **tables)
    return [str(finding) for finding in refused.value.findings]


def test_people_without_ids_get_them_from_unit_and_name_and_keep_those_they_have(tmp_path: Path) -> None:
    roster = read(tmp_path, people="姓名,电话,单位\n赵一,,V1\n孙 三,,V1\n孙 三,,V2\n")
    assert ids(roster) == ["k1", "V1-孙_三", "V2-孙_三"]


def test_reading_again_gives_the_same_ids(tmp_path: Path) -> None:
    text = "id,name,phone,unit\n,孙三,,V1\nx9,李四,,V1\n"
    assert ids(read(tmp_path, people=text)) == ids(read(tmp_path, people=text)) == ["V1-孙三", "x9"]


@pytest.mark.parametrize(
    ("rows", "line", "problem"),
    [
        (",孙三,,V1\n,孙三,,V1\n", 2, "stands in line 3 too"),
        ("x1,孙三,,V1\n,孙三,,V1\n", 3, "stands in line 2 too"),
        (",钱二,,V2\n", 2, "V2 has 2 people called '钱二' already"),
        ("V1-孙三,李四,,V1\n,孙三,,V1\n", 3, "'V1-孙三' stands in line 2 already"),
    ],
)
def test_who_could_be_two_people_is_refused_by_row(
    tmp_path: Path, rows: str, line: int, problem: str
) -> None:
    found = refusals(tmp_path, people=f"id,name,phone,unit\n{rows}")
    assert any(text.startswith(f"people.csv:{line} id:") and problem in text for text in found)


def test_offices_and_shifts_may_name_whoever_nobody_else_is_called_like(tmp_path: Path) -> None:
    roster = read(
        tmp_path,
        people="name,phone,unit\n赵一,,V1\n孙三,,V1\n孙三,,V2\n",
        posts="code,unit,name,kind\nG2,V2,卡口,checkpoint\n",
        offices="unit,title,rank,person\nV1,secretary,1,孙三\nV2,liaison,90,赵一\n",
        shifts="post,start,end,people\nG2,2026-11-23 20:00,2026-11-23 22:00,孙三;赵一\n",
    )
    assert roster.offices is not None
    assert [seat.person for seat in roster.offices] == ["V1-孙三", "k1"]
    assert roster.shifts is not None
    assert roster.shifts[0].people == ("V2-孙三", "k1")


def test_a_name_that_two_people_have_is_nobody(tmp_path: Path) -> None:
    found = refusals(
        tmp_path,
        people="name,phone,unit\n孙三,,V1\n孙三,,V2\n",
        shifts="post,start,end,people\nG1,2026-11-23 20:00,2026-11-23 22:00,孙三\n",
    )
    assert found == [
        "shifts.csv:2 people: there is no person '孙三'; add it to the table of people, or mend the id"
    ]


@pytest.mark.parametrize("number", ["110101199003078515", "11010119900307851X", "110101900307851"])
def test_the_number_of_an_identity_card_is_refused_as_an_id_and_not_repeated(
    tmp_path: Path, number: str
) -> None:
    found = refusals(
        tmp_path,
        people=f"id,name,phone,unit\n{number},赵一,,V1\n",
        shifts=f"post,start,end,people\nG1,2026-11-23 20:00,2026-11-23 22:00,{number}\n",
    )
    assert [text.split(" ")[0] for text in found] == ["people.csv:2", "shifts.csv:2"]
    assert not any(number[4:] in text for text in found)
    assert all("identity card" in text for text in found)


def test_an_identity_cards_number_that_a_spreadsheet_rounded_is_not_repeated_either(tmp_path: Path) -> None:
    rows: list[list[object]] = [["id", "name", "phone", "unit"], [110101199003078515.0, "赵一", None, "V1"]]
    with pytest.raises(FileRefused, match="a number of 18 digits was rounded") as refused:
        read_roster(as_a_spreadsheet(tmp_path / "b.xlsx", {"people": rows}), zone=SHANGHAI, known=KNOWN)
    assert "110101" not in str(refused.value)


def test_other_long_numbers_are_ids_like_any(tmp_path: Path) -> None:
    assert ids(read(tmp_path, people="id,name,phone,unit\n202611230000000001,赵一,,V1\n")) == [
        "202611230000000001"
    ]


# ── several sheets, one a town ───────────────────────────────────────────────────────────────────

HEAD: list[object] = ["编号", "姓名", "电话", "单位"]


def sheet(*rows: list[object]) -> list[list[object]]:
    return [HEAD, *rows]


def test_several_sheets_one_a_town_are_read_as_one(tmp_path: Path) -> None:
    book: dict[str, list[list[object]]] = {
        "人员-白石街道": sheet(["a1", "赵一", 13800100001, "V1"]),
        "虹桥镇 people": sheet(["a2", "钱二", "138 0010 0002", "V2"]),
        "柳市镇": [["姓名", "单位", "手机"], ["孙三", "V2", "13800100003"]],
        "说明": [["这本表由各镇街填写"]],
    }
    roster = read_roster(as_a_spreadsheet(tmp_path / "b.xlsx", book), zone=SHANGHAI, known=KNOWN)
    assert ids(roster) == ["a1", "a2", "V2-孙三"]
    assert [(w.file, w.problem) for w in roster.warnings] == [
        ("b.xlsx/说明", "the sheet is no table's and was not read")
    ]


def test_somebody_on_two_sheets_is_refused_where_he_stands_the_second_time(tmp_path: Path) -> None:
    book = {"人员-东": sheet(["a1", "赵一", None, "V1"]), "人员-西": sheet(["a1", "赵一", None, "V2"])}
    with pytest.raises(FileRefused) as refused:
        read_roster(as_a_spreadsheet(tmp_path / "b.xlsx", book), zone=SHANGHAI, known=KNOWN)
    [found] = refused.value.findings
    assert (found.file, found.line) == ("b.xlsx/人员-西", 2)
    assert found.problem == "'a1' stands in line 2 of b.xlsx/人员-东 already"


def test_a_bad_row_is_named_by_its_own_sheet(tmp_path: Path) -> None:
    book = {
        "人员-东": sheet(["a1", "赵一", None, "V1"]),
        "人员-西": sheet(["a2", "钱二", "12x", "V2"], ["a3", "孙三", None, "V9"]),
    }
    with pytest.raises(FileRefused) as refused:
        read_roster(as_a_spreadsheet(tmp_path / "b.xlsx", book), zone=SHANGHAI, known=KNOWN)
    found = [(f.file, f.line, f.column) for f in refused.value.findings]
    assert found == [("b.xlsx/人员-西", 2, "phone"), ("b.xlsx/人员-西", 3, "unit")]
