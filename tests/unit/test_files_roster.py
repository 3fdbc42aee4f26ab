"""Roster files as they come: encodings, headers, spreadsheets, references to what is there already."""

import csv
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.roster import Office, OfficeStatus, Person, Post, Shift, Unit, UnitKind
from notifier.errors import FileRefused
from notifier.files import REMOVE, Known, PersonRow, TelegramLink, read_roster

CITY = Path(__file__).parent.parent / "fixtures" / "city"
SHANGHAI = ZoneInfo("Asia/Shanghai")
TABLES = ("units", "people", "offices", "posts", "shifts")
KNOWN = Known(
    units=frozenset({UnitCode("BS01")}),
    people=frozenset({PersonId("p1"), PersonId("p2")}),
    posts=frozenset({PostCode("G1")}),
)


def at(hour: int, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CITY, tmp_path / "city"))


def test_the_fixture_city_is_read_as_it_stands() -> None:
    roster = read_roster(CITY, zone=SHANGHAI)
    assert roster.units is not None
    assert roster.units[0] == Unit(code=UnitCode("YQ"), name="乐清市", kind=UnitKind.CITY, parent=None)
    assert [unit.parent for unit in roster.units[1:]] == ["YQ", "BS", "BS"]
    assert roster.people is not None
    assert roster.people[2] == PersonRow(
        person=Person(
            id=PersonId("p11"), name="赵志强", phone="+8613800100011", unit=UnitCode("BS01"), locale="zh"
        ),
        telegram=TelegramLink(bot=None, chat="100011"),
    )
    assert roster.people[3].telegram is None
    assert roster.offices is not None
    assert roster.offices[3] == Office(
        unit=UnitCode("BS01"),
        title="committee",
        rank=3,
        person=PersonId("p13"),
        status=OfficeStatus.ABSENT,
        until=at(16, day=30),
    )
    assert roster.offices[4].person is None
    assert roster.posts is not None
    assert roster.posts[1] == Post(
        code=PostCode("BS02-G1"), unit=UnitCode("BS02"), name="密东村卡口", kind="checkpoint", headcount=2
    )
    assert roster.shifts is not None
    assert roster.shifts[0].end == roster.shifts[1].start == at(16)
    assert roster.shifts[2] == Shift(
        post=PostCode("BS02-G1"), start=at(12), end=at(16), people=(PersonId("p21"), PersonId("p22"))
    )
    assert roster.rotas is not None
    assert roster.rotas[0].first == date(2026, 12, 1)
    assert roster.rotas_text == (CITY / "rotas.yaml").read_text("utf-8")
    assert roster.warnings == ()


def test_the_project_reads_the_very_bytes_of_the_fixture_city_in_every_encoding(city: Path) -> None:
    expected = read_roster(CITY, zone=SHANGHAI)
    for encoding in ("utf-8-sig", "gbk", "gb18030", "utf-16"):
        for name in TABLES:
            (city / f"{name}.csv").write_bytes((CITY / f"{name}.csv").read_text("utf-8").encode(encoding))
        assert read_roster(city, zone=SHANGHAI) == expected, encoding


@pytest.mark.parametrize("delimiter", ["\t", ";", "，"])
def test_other_delimiters_and_line_ends_are_recognised(city: Path, delimiter: str) -> None:
    for name in TABLES:
        rows = list(csv.reader((CITY / f"{name}.csv").read_text("utf-8").splitlines()))
        with (city / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=delimiter, lineterminator="\r\n").writerows([*rows, []])
    assert read_roster(city, zone=SHANGHAI) == read_roster(CITY, zone=SHANGHAI)


def test_chinese_headers_and_values_mean_the_same(city: Path) -> None:
    chinese = {
        "units": ("编号,名称,类型,上级", {"city": "市", "town": "街道", "village": "村"}),
        "people": ("编号,姓名,手机,村,语言,telegram", {",zh,": ",中文,", ",en,": ",英文,"}),
        "offices": (
            "单位,职务,排位,人员,状态,到期",
            {
                "deputy_secretary": "副书记",
                "secretary": "书记",
                "committee": "委员",
                "liaison": "驻村干部",
                "duty_desk": "值班室",
                "in_post": "在岗",
                "absent": "请假",
            },
        ),
        "posts": ("代码,单位,名称,类别,人数", {"checkpoint": "卡口"}),
        "shifts": ("岗位,开始,结束,人员", {"p21;p22": "p21、p22"}),
    }
    for name, (header, words) in chinese.items():
        rows = (CITY / f"{name}.csv").read_text("utf-8").partition("\n")[2]
        for english, word in words.items():
            rows = rows.replace(english, word)
        (city / f"{name}.csv").write_text(f"{header}\n{rows}", "gbk")
    assert read_roster(city, zone=SHANGHAI) == read_roster(CITY, zone=SHANGHAI)


def as_a_spreadsheet(path: Path, tables: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_spreadsheet_with_a_sheet_for_each_table_is_read(tmp_path: Path) -> None:
    def typed(cell: str) -> object:
        if cell.isdigit():
            return float(cell)
        if cell.startswith("2026-11-2") and "+" not in cell:
            return datetime.fromisoformat(cell)
        return date.fromisoformat(cell) if cell == "2026-12-01" else cell

    tables: dict[str, list[list[object]]] = {}
    for name in TABLES:
        with (CITY / f"{name}.csv").open(encoding="utf-8") as file:
            tables[name] = [[typed(cell) for cell in row] for row in csv.reader(file)]
    tables["说明"] = [["anything"]]
    source = as_a_spreadsheet(tmp_path / "city.xlsx", tables)
    roster, expected = read_roster(source, zone=SHANGHAI), read_roster(CITY, zone=SHANGHAI)
    for name in TABLES:
        assert getattr(roster, name) == getattr(expected, name)
    assert roster.rotas is None


def test_a_spreadsheet_is_repaired_where_that_is_certain_and_refused_by_row_where_not(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["编号", "姓名", "电话", "单位"],
        [1.0, "甲", 13800100001.0, "BS01"],
        [2.0, "乙", 1.38e25, "BS01"],
        [3.0, "丙", "#REF!", "BS01"],
        [4.5, "丁", None, "BS01"],
        [5.0, True, None, "BS01"],
    ]
    source = as_a_spreadsheet(tmp_path / "book.xlsx", {"人员": rows})
    with pytest.raises(FileRefused) as refused:
        read_roster(source, zone=SHANGHAI, known=KNOWN)
    found = [(f.file, f.line, f.column) for f in refused.value.findings]
    assert found == [
        ("book.xlsx/人员", n, c) for n, c in ((3, "phone"), (4, "phone"), (5, "id"), (6, "name"))
    ]
    rows[2:] = []
    roster = read_roster(as_a_spreadsheet(source, {"人员": rows}), zone=SHANGHAI, known=KNOWN)
    assert roster.people is not None
    assert (roster.people[0].id, roster.people[0].person.phone) == ("1", "+8613800100001")


def test_an_absent_file_is_none_and_what_the_store_has_may_be_referred_to(tmp_path: Path) -> None:
    (tmp_path / "shifts.csv").write_text(
        "post,start,end,people\nG1,2026-11-23 20:00,2026-11-23 24:00,p1;p2\n"
    )
    roster = read_roster(tmp_path, zone=SHANGHAI, known=KNOWN)
    assert roster.shifts == (
        Shift(post=PostCode("G1"), start=at(12), end=at(16), people=(PersonId("p1"), PersonId("p2"))),
    )
    assert (roster.units, roster.people, roster.offices, roster.posts, roster.rotas) == (None,) * 5


def test_a_present_file_is_the_whole_truth_even_against_the_store(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,name,phone,unit\np1,A,,BS01\n")
    (tmp_path / "offices.csv").write_text("unit,title,rank,person\nBS01,secretary,1,p2\n")
    with pytest.raises(FileRefused, match=r"offices\.csv:2 person: there is no person 'p2'"):
        read_roster(tmp_path, zone=SHANGHAI, known=KNOWN)


def test_the_telegram_column_links_removes_or_leaves(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(
        "id,name,phone,unit,locale,telegram\n"
        "a,A,,BS01,,7:100\nb,B,,BS01,,-\nc,C,,BS01,EN,\nd,D,,BS01\ne,E,,BS01,,１００\n",
        "utf-8",
    )
    roster = read_roster(tmp_path, zone=SHANGHAI, known=KNOWN, locale="zh")
    assert roster.people is not None
    assert [row.telegram for row in roster.people] == [
        TelegramLink(bot="7", chat="100"),
        REMOVE,
        None,
        None,
        TelegramLink(bot=None, chat="100"),
    ]
    assert [row.person.locale for row in roster.people] == ["zh", "zh", "en", "zh", "zh"]


def test_overlaps_idle_untils_and_strange_file_names_are_warned_about_and_taken(tmp_path: Path) -> None:
    (tmp_path / "shifts.csv").write_text(
        "post,start,end,people\n"
        "G1,2026-11-23 20:00,2026-11-24 08:00,p1\nG1,2026-11-24 07:00,2026-11-24 09:00,p1\n"
    )
    (tmp_path / "offices.csv").write_text(
        "unit,title,rank,person,status,until\nBS01,secretary,1,p1,suspended,2026-12-01\n"
    )
    (tmp_path / "peoples.csv").write_text("")
    roster = read_roster(tmp_path, zone=SHANGHAI, known=KNOWN)
    assert [(w.file, w.line, w.column) for w in roster.warnings] == [
        ("peoples.csv", 0, ""),
        ("offices.csv", 2, "until"),
        ("shifts.csv", 3, "people"),
    ]
    assert roster.warnings[0].mend == "did you mean 'people.csv'?"
    assert roster.shifts is not None
    assert len(roster.shifts) == 2
