"""rotas.yaml: the wheel turns one place a day, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.roster import overlaps
from notifier.domain.rota import expand_rotas
from notifier.errors import FileRefused
from notifier.files import parse_rotas, read_roster

CITY = Path(__file__).parent.parent / "fixtures" / "city"
SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
DAY_AND_NIGHT = '- {post: G1, hours: ["08:00-20:00", "20:00-08:00"], teams: [[a], [b], [c, d]]}'


def test_the_fixture_rota_fills_every_hour_of_its_month_by_turns() -> None:
    rotas = parse_rotas((CITY / "rotas.yaml").read_text("utf-8"))
    shifts = expand_rotas(rotas, SHANGHAI, date(2026, 11, 1), date(2027, 1, 31))
    assert len(shifts) == 31 * 3
    assert shifts[0].start == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert shifts[-1].end == datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert all(later.start == earlier.end for earlier, later in pairwise(shifts))
    mornings = [shift.people for shift in shifts if shift.start.hour == 0]
    assert mornings[:4] == [("p13",), ("p15",), ("p14",), ("p13",)]
    evenings = [shift.people for shift in shifts if shift.start.hour == 8]
    assert evenings[:4] == [("p14",), ("p13",), ("p15",), ("p14",)]


def test_every_team_moves_on_by_one_place_and_rests_beyond_the_last() -> None:
    text = DAY_AND_NIGHT.replace("{post", "{from: 2026-12-01, post")
    shifts = expand_rotas(parse_rotas(text), SHANGHAI, date(2026, 12, 1), date(2026, 12, 3))
    assert [shift.people for shift in shifts] == [("a",), ("b",), ("c", "d"), ("a",), ("b",), ("c", "d")]
    assert shifts[1].end - shifts[1].start == timedelta(hours=12)


def test_a_rota_without_dates_always_yields_and_does_not_depend_on_where_one_looks_from() -> None:
    rotas = parse_rotas(DAY_AND_NIGHT)
    whole = expand_rotas(rotas, SHANGHAI, date(2031, 1, 1), date(2031, 1, 10))
    parts = [expand_rotas(rotas, SHANGHAI, date(2031, 1, n), date(2031, 1, n)) for n in range(1, 11)]
    assert whole == tuple(shift for part in parts for shift in part)
    assert len(whole) == 20


def test_hours_are_civil_where_the_clocks_change() -> None:
    text = '- {post: G1, hours: ["00:00-08:00", "08:00-24:00"], teams: [[a], [b]]}'
    spring = expand_rotas(parse_rotas(text), NEW_YORK, date(2026, 3, 8), date(2026, 3, 8))
    autumn = expand_rotas(parse_rotas(text), NEW_YORK, date(2026, 11, 1), date(2026, 11, 1))
    assert [(s.end - s.start).seconds // 3600 for s in spring] == [7, 16]
    assert [(s.end - s.start).seconds // 3600 for s in autumn] == [9, 16]
    swallowed = '- {post: G1, hours: ["02:00-03:00"], teams: [[a]]}'
    assert expand_rotas(parse_rotas(swallowed), NEW_YORK, date(2026, 3, 8), date(2026, 3, 8)) == ()


def test_the_night_of_the_change_is_longer_or_shorter_and_nothing_is_stood_twice() -> None:
    text = '- {post: G1, hours: ["20:00-02:30", "02:30-08:00"], teams: [[a], [b]]}'
    spring = expand_rotas(parse_rotas(text), NEW_YORK, date(2026, 3, 7), date(2026, 3, 8))[:3]
    autumn = expand_rotas(parse_rotas(text), NEW_YORK, date(2026, 10, 31), date(2026, 11, 1))[:3]
    for night in (spring, autumn):
        assert all(later.start == earlier.end for earlier, later in pairwise(night[1:]))
    # 02:30 is skipped in spring: the first ends, and the next begins, as the clocks go from 02:00 to 03:00.
    assert [(s.end - s.start) for s in spring[1:]] == [timedelta(hours=6), timedelta(hours=5)]
    assert [(s.end - s.start) for s in autumn[1:]] == [timedelta(hours=7.5), timedelta(hours=5.5)]


def test_a_span_wholly_within_the_hour_that_is_skipped_is_left_out_and_its_neighbours_stay() -> None:
    text = '- {post: G1, hours: ["00:00-02:15", "02:15-02:45", "02:45-08:00"], teams: [[a], [b], [c]]}'
    rotas = parse_rotas(text)
    first, second = expand_rotas(rotas, NEW_YORK, date(2026, 3, 8), date(2026, 3, 8))
    assert first.end == second.start == datetime(2026, 3, 8, 7, tzinfo=UTC)
    assert (second.end - second.start) == timedelta(hours=5)
    assert len(expand_rotas(rotas, NEW_YORK, date(2026, 11, 1), date(2026, 11, 1))) == 3


def test_a_whole_day_may_be_one_shift() -> None:
    for hours in ("08:00-08:00", "00:00-24:00"):
        text = f'- {{post: G1, hours: ["{hours}"], teams: [[a]], cycle: 1d}}'
        (shift,) = expand_rotas(parse_rotas(text), SHANGHAI, date(2026, 12, 1), date(2026, 12, 1))
        assert shift.end - shift.start == timedelta(days=1)


@given(teams=st.integers(2, 6), first=st.dates(date(2020, 1, 1), date(2040, 1, 1)), days=st.integers(1, 30))
def test_nobody_is_in_two_places_and_every_shift_is_kept(teams: int, first: date, days: int) -> None:
    names = ", ".join(f"[t{n}]" for n in range(teams))
    rotas = parse_rotas(f'- {{post: G1, hours: ["08:00-20:00", "20:00-08:00"], teams: [{names}]}}')
    shifts = expand_rotas(rotas, NEW_YORK, first, first + timedelta(days=days - 1))
    assert len(shifts) == 2 * days
    assert all(len(shift.people) == 1 for shift in shifts)
    assert overlaps(shifts) == []


def test_an_empty_file_yields_nothing() -> None:
    assert parse_rotas("# nothing yet\n") == ()


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("post: G1", 1, ""),
        ("- post: G1\n  teams: [[a]]", 1, "1"),
        ("- post: G1\n  hours: [8-12]\n  teams: [[a]]", 2, "1.hours.1"),
        ("- post: G1\n  hours: []\n  teams: [[a]]", 2, "1.hours"),
        ('- post: G1\n  hours: ["08:00-09:00"]\n  teams: [a]', 3, "1.teams.1"),
        ('- post: G1\n  hours: ["08:00-09:00"]\n  teams: []', 3, "1.teams"),
        ('- post: G1\n  hours: ["08:00-09:00", "09:00-10:00"]\n  teams: [[a]]', 3, "1.teams"),
        ('- post: G1\n  hours: ["08:00-09:00", "08:00-10:00"]\n  teams: [[a], [b]]', 2, "1.hours"),
        ('- post: G1\n  hours: ["08:00-09:00"]\n  teams: [[a]]\n  cycle: 3d', 4, "1.cycle"),
        ('- post: G1\n  hours: ["08:00-09:00"]\n  teams: [[a]]\n  cylce: 1d', 4, "1.cylce"),
        ('- post: G1\n  hours: ["08:00-09:00"]\n  teams: [[a]]\n  from: soon', 4, "1.from"),
        (
            '- post: G1\n  hours: ["08:00-09:00"]\n  teams: [[a]]\n  from: 2026-12-02\n  until: 2026-12-01',
            5,
            "1.until",
        ),
        (f"{DAY_AND_NIGHT}\n{DAY_AND_NIGHT}", 2, "2"),
        (DAY_AND_NIGHT.replace("G1", "G9"), 1, "1.post"),
        (DAY_AND_NIGHT.replace("[a]", "[z]"), 1, "1.teams.1.1"),
    ],
)
def test_a_bad_pattern_is_named_with_its_line(text: str, line: int, column: str) -> None:
    with pytest.raises(FileRefused) as refused:
        parse_rotas(text, posts=frozenset({"G1"}), people=frozenset("abcd"))
    (finding,) = refused.value.findings
    assert (finding.file, finding.line, finding.column) == ("rotas.yaml", line, column)


def test_patterns_of_one_post_may_follow_each_other() -> None:
    one = DAY_AND_NIGHT.replace("{post", "{until: 2026-12-01, post")
    other = DAY_AND_NIGHT.replace("{post", "{from: 2026-12-02, post")
    shifts = expand_rotas(parse_rotas(f"{one}\n{other}"), SHANGHAI, date(2026, 12, 1), date(2026, 12, 2))
    assert len({shift.key for shift in shifts}) == len(shifts) == 4


def test_patterns_are_checked_against_the_other_files(tmp_path: Path) -> None:
    for name in ("units.csv", "people.csv", "posts.csv"):
        (tmp_path / name).write_bytes((CITY / name).read_bytes())
    (tmp_path / "rotas.yaml").write_text(DAY_AND_NIGHT)
    with pytest.raises(FileRefused) as refused:
        read_roster(tmp_path, zone=SHANGHAI)
    assert {(f.file, f.line) for f in refused.value.findings} == {("rotas.yaml", 1)}
    assert refused.value.findings[0].problem == "there is no post 'G1'"
