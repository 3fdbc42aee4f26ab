"""Every way in which a roster file can be wrong, with the very line, and all of them at once."""

import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from notifier.errors import FileRefused, Finding
from notifier.files import read_roster

CITY = Path(__file__).parent.parent / "fixtures" / "city"
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CITY, tmp_path / "city"))


def refusals(source: Path) -> tuple[Finding, ...]:
    with pytest.raises(FileRefused) as refused:
        read_roster(source, zone=SHANGHAI)
    return refused.value.findings


ADDED_ROWS = [
    ("units", "BS,又一个,town,YQ", "code", "'BS' stands in line 3 already"),
    ("units", "X1,某村,hamlet,BS", "kind", "'hamlet' is no unit kind"),
    ("units", "X1,某村,villag,BS", "kind", "'villag' is no unit kind"),
    ("units", "X1,某村,village,NO", "parent", "there is no unit 'NO'"),
    ("units", "X1,某村,village,BS01", "parent", "a village cannot stand below 'BS01', which is a village"),
    ("units", "X1,某村,village,X1", "parent", "a village cannot stand below 'X1', which is a village"),
    ("units", "X1,某市,city,", "parent", "there is a second unit without a parent (YQ)"),
    ("units", ",某村,village,BS", "code", "it is empty"),
    ("units", "X 1,某村,village,BS", "code", "'X 1' is no id"),
    ("units", f"X1,{'村' * 65},village,BS", "name", f"'{'村' * 12}'… has 65 characters"),
    ("people", "p01,甲,,BS01,zh,", "id", "'p01' stands in line 2 already"),
    ("people", "p99,,,BS01,zh,", "name", "it is empty"),
    ("people", '"p99","甲\n乙",,BS01,zh,', "name", r"'甲\n乙' holds an invisible character"),
    ("people", "p99,甲\u202e乙,,BS01,zh,", "name", r"'甲\u202e乙' holds an invisible character"),
    ("people", "p99,甲,12x,BS01,zh,", "phone", "'12x' is no phone number"),
    ("people", "p99,甲,1380010001,BS01,zh,", "phone", "'1380010001' is no phone number that is in use"),
    ("people", "p99,甲,1.38E+10,BS01,zh,", "phone", "'1.38E+10' was rounded by a spreadsheet"),
    ("people", "p99,甲,,NO,zh,", "unit", "there is no unit 'NO'"),
    ("people", "p99,甲,,BS01,fr,", "locale", "'fr' is no language"),
    ("people", "p99,甲,,BS01,zh,@me", "telegram", "'@me' is no chat"),
    ("people", "p99,甲,,BS01,zh,-100123", "telegram", "'-100123' is a group"),
    ("people", "p99,甲,,BS01,zh,,,x", "", "the row has 8 cells, the header 6"),
    ("people", "p99,甲", "", "the row has 2 cells, the header 6"),
    (
        "offices",
        "BS01,secretary,1,p14,in_post,",
        "unit,title,rank",
        "'BS01 secretary 1' stands in line 3 already",
    ),
    ("offices", "NO,secretary,1,p14,in_post,", "unit", "there is no unit 'NO'"),
    ("offices", "BS01,secretary,5,p99,in_post,", "person", "there is no person 'p99'"),
    ("offices", "BS01,,5,p14,in_post,", "title", "it is empty"),
    ("offices", "BS01,secretary,0,p14,in_post,", "rank", "'0' is no whole number from 1 to 99"),
    ("offices", "BS01,secretary,100,p14,in_post,", "rank", "'100' is no whole number from 1 to 99"),
    ("offices", "BS01,secretary,1.5,p14,in_post,", "rank", "'1.5' is no whole number from 1 to 99"),
    ("offices", "BS01,secretary,5,p14,asleep,", "status", "'asleep' is no office status"),
    ("offices", "BS01,secretary,5,p14,absent,soon", "until", "'soon' is no time"),
    ("posts", "BS01-G1,BS01,某岗,checkpoint,1", "code", "'BS01-G1' stands in line 2 already"),
    ("posts", "G9,NO,某岗,checkpoint,1", "unit", "there is no unit 'NO'"),
    ("posts", "G9,BS01,某岗,checkpoint,0", "headcount", "'0' is no whole number from 1 to 999"),
    ("posts", "G9,BS01,某岗,,1", "kind", "it is empty"),
    ("shifts", "NO,2026-11-25 20:00,2026-11-25 24:00,p14", "post", "there is no post 'NO'"),
    ("shifts", "BS01-G1,2026-11-25 20:00,2026-11-25 24:00,p14;p99", "people", "there is no person 'p99'"),
    ("shifts", "BS01-G1,2026-11-25 20:00,2026-11-25 20:00,p14", "end", "it does not end after it starts"),
    ("shifts", "BS01-G1,2026-11-25 20:00,2026-11-27 20:01,p14", "end", "it is longer than 48 hours"),
    ("shifts", "BS01-G1,2026-11-25,2026-11-26 20:01,p14", "start", "'2026-11-25' has no hour"),
    ("shifts", "BS01-G1,2026-02-30 20:00,2026-11-25 20:01,p14", "start", "'2026-02-30 20:00' is no time"),
    ("shifts", "BS01-G1,2026-11-25 25:00,2026-11-25 20:01,p14", "start", "'2026-11-25 25:00' is no time"),
    (
        "shifts",
        "BS01-G1,2026-11-23T12:00Z,2026-11-23 21:00,p14",
        "post,start",
        "'BS01-G1 2026-11-23 12:00:00+00:00' stands in line 2 already",
    ),
]


@pytest.mark.parametrize(("table", "row", "column", "problem"), ADDED_ROWS)
def test_a_bad_row_is_named_with_its_line(
    city: Path, table: str, row: str, column: str, problem: str
) -> None:
    path = city / f"{table}.csv"
    before = path.read_text("utf-8").rstrip("\n").splitlines()
    path.write_text("\n".join([*before, row]) + "\n", "utf-8")
    (finding,) = refusals(city)
    assert (finding.file, finding.line, finding.column) == (path.name, len(before) + 1, column)
    assert finding.problem == problem
    assert finding.mend


def test_all_bad_rows_of_all_files_are_named_then_counted(city: Path) -> None:
    for name, row in (
        ("people", "p98,甲,12x,BS01,zh,\np99,乙,,NO,xx,"),
        ("offices", "BS09,secretary,x,p14,,"),
    ):
        with (city / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.write(f"{row}\n")
    found = refusals(city)
    assert [(f.file, f.line, f.column) for f in found] == [
        ("people.csv", 11, "phone"),
        ("people.csv", 12, "locale"),
        ("offices.csv", 10, "rank"),
    ]
    assert str(FileRefused(found)).splitlines()[-1] == "3 error(s); nothing was changed"


def test_rows_that_refer_to_a_refused_row_are_not_blamed_for_it(city: Path) -> None:
    path = city / "people.csv"
    path.write_text(path.read_text("utf-8").replace("138 0010 0011", "nonsense"), "utf-8")
    (finding,) = refusals(city)
    assert (finding.line, finding.column) == (4, "phone")


def test_rows_that_refer_to_an_unreadable_file_are_not_blamed_for_it(city: Path) -> None:
    (city / "units.csv").write_text("code,name,knd,parent\n")
    (finding,) = refusals(city)
    assert str(finding) == "units.csv:1 knd: 'knd' is no column of this table; did you mean 'kind'?"


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("", 1, "there is no header"),
        ("code,name,kind\nYQ,乐清市,city\n", 1, "the column is missing"),
        ("code,name,kind,parent,kind\n", 1, "the column occurs twice"),
        ("编号,代码,name,kind,parent\n", 1, "the column occurs twice"),
        ("code,name,kind,parent,colour\nYQ,乐清市,city,,red\n", 1, "'colour' is no column of this table"),
        ("code,name,kind,parent,\nYQ,乐清市,city,,red\n", 2, "'red' stands in a column without a header"),
        ('code,name,kind,parent\nYQ,"乐清市,city,\n', 2, "this row is no CSV (unexpected end of data)"),
        ("code,name,kind,parent\nBS,白石,town,QJ\nQJ,清江,town,BS\n", 0, "no unit is without a parent"),
    ],
)
def test_a_bad_table_is_named(tmp_path: Path, content: str, line: int, problem: str) -> None:
    (tmp_path / "units.csv").write_text(content, "utf-8")
    assert (line, problem) in [(finding.line, finding.problem) for finding in refusals(tmp_path)]


def test_a_circle_of_units_is_refused_at_its_rows(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text(
        "code,name,kind,parent\nYQ,A,city,\nA,A,town,B\nB,B,village,A\n", "utf-8"
    )
    (finding,) = refusals(tmp_path)
    assert (finding.line, finding.problem) == (3, "a town cannot stand below 'B', which is a village")


def test_lines_are_counted_past_quoted_line_breaks_and_empty_lines(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text('code,name,kind,parent\n\nYQ,"A\nB",city,\n\nBS,B,town,NO\n', "utf-8")
    assert [finding.line for finding in refusals(tmp_path)] == [3, 6]


def test_sources_that_are_none_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "roster.txt"
    text.write_text("x")
    fake = tmp_path / "fake.xlsx"
    fake.write_text("x")
    for source in (tmp_path, tmp_path / "nowhere", text, fake):
        (finding,) = refusals(source)
        assert (finding.file, finding.line) == (source.name, 0)
        assert finding.mend


def test_bytes_of_no_encoding_are_refused(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_bytes(b"code,name,kind,parent\nYQ,\xff\xff,city,\n")
    (finding,) = refusals(tmp_path)
    assert str(finding) == "units.csv: the text is neither UTF-8 nor GBK; save it as CSV UTF-8"
