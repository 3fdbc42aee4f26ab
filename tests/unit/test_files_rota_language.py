"""rotas.yaml in full: tables of a round, kinds of days, days left out or moved."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.days import Calendar
from notifier.domain.roster import Shift
from notifier.domain.rota import expand_rotas
from notifier.errors import FileRefused
from notifier.files import parse_rotas

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST = date(2026, 12, 1)
"""A Tuesday."""

FOUR_TEAMS = """
- post: G1
  from: 2026-12-01
  hours: {白: "08:00-20:00", 夜: "20:00-08:00"}
  teams: {甲: [a], 乙: [b], 丙: [c], 丁: [d, e]}
  cycle: 8d
  round:
    甲: 白 白 夜 夜 休 休 休 休
    乙: 休 休 白 白 夜 夜 休 休
    丙: 休 休 休 休 白 白 夜 夜
    丁: 夜 夜 off off 休 休 白 白
"""
WORKDAYS = "- {post: G1, from: 2026-12-01, days: workdays, hours: ['08:00-17:00'], teams: [[a], [b], [c]]}"
NEW_YEAR = Calendar(
    holidays=frozenset({date(2026, 1, 1), date(2026, 1, 2)}), workdays=frozenset({date(2026, 1, 4)})
)


def stood(text: str, first: date, days: int, calendar: Calendar = NEW_YEAR) -> list[Shift]:
    last = first + timedelta(days=days - 1)
    return list(expand_rotas(parse_rotas(text), SHANGHAI, first, last, calendar))


def by_day(shifts: list[Shift]) -> list[tuple[str, str]]:
    """``("12-01", "a")`` for each shift."""
    return [(f"{shift.start.astimezone(SHANGHAI):%m-%d}", "".join(shift.people)) for shift in shifts]


def test_a_table_says_who_stands_what_on_each_day_of_a_longer_round() -> None:
    shifts = stood(FOUR_TEAMS, FIRST, 16)
    teams = ["".join(shift.people) for shift in shifts]
    assert teams[:16] == ["a", "de", "a", "de", "b", "a", "b", "a", "c", "b", "c", "b", "de", "c", "de", "c"]
    assert teams[16:] == teams[:16]
    assert {shift.end - shift.start for shift in shifts} == {timedelta(hours=12)}


def test_what_no_team_stands_yields_no_shift_and_two_teams_stand_together() -> None:
    text = (
        FOUR_TEAMS.replace("夜 夜 off off", "off 夜 off off")
        .replace("休 休 白 白 夜 夜 休 休", "白 休 白 白 夜 夜 休 休")
        .replace("cycle: 8d", "")
    )
    assert by_day(stood(text, FIRST, 2)) == [("12-01", "ab"), ("12-02", "a"), ("12-02", "de")]


def test_names_may_be_given_without_a_table() -> None:
    text = "- {post: G1, from: 2026-12-01, hours: {白: '08:00-20:00'}, teams: {甲: [a], 乙: [b]}}"
    assert by_day(stood(text, FIRST, 3)) == [("12-01", "a"), ("12-02", "b"), ("12-03", "a")]


def test_on_workdays_every_team_has_its_turn_whatever_days_lie_between() -> None:
    expected = [
        ("12-01", "a"),
        ("12-02", "c"),
        ("12-03", "b"),
        ("12-04", "a"),
        ("12-07", "c"),
        ("12-08", "b"),
    ]
    assert by_day(stood(WORKDAYS, FIRST, 8)) == expected
    later = [shift for n in range(8) for shift in stood(WORKDAYS, FIRST + timedelta(days=n), 1)]
    assert by_day(later) == expected


def test_a_weekend_that_is_worked_is_a_workday_and_a_holiday_joins_the_weekend_beside_it() -> None:
    def days(kinds: str) -> list[str]:
        text = f"- {{post: G1, from: 2026-01-01, days: {kinds}, hours: ['08:00-17:00'], teams: [[a]]}}"
        return [day for day, _ in by_day(stood(text, date(2026, 1, 1), 11))]

    assert days("holidays") == days("节假日") == ["01-01", "01-02", "01-03"]
    assert days("工作日") == ["01-04", "01-05", "01-06", "01-07", "01-08", "01-09"]
    assert days("weekends") == ["01-10", "01-11"]
    assert days("[周末, holidays]") == [*days("holidays"), *days("weekends")]
    assert days("[sun, fri]") == ["01-02", "01-04", "01-09", "01-11"]


def test_other_hours_on_days_off() -> None:
    off = WORKDAYS.replace("workdays", "[weekends, holidays]").replace("08:00-17:00", "08:00-12:00")
    shifts = stood(f"{WORKDAYS}\n{off}", FIRST, 7)
    assert len(shifts) == 7
    assert [shift.end - shift.start == timedelta(hours=4) for shift in shifts] == [False] * 4 + [True] * 2 + [
        False
    ]


def test_single_days_are_left_out_moved_or_exchanged_and_the_round_goes_on() -> None:
    three = "- {post: G1, from: 2026-12-01, hours: ['08:00-20:00'], teams: [[a], [b], [c]]"
    assert by_day(stood(f"{three}}}", FIRST, 4)) == [
        ("12-01", "a"),
        ("12-02", "c"),
        ("12-03", "b"),
        ("12-04", "a"),
    ]
    left_out = f"{three}, except: {{2026-12-02: 休}}}}"
    assert by_day(stood(left_out, FIRST, 3)) == [("12-01", "a"), ("12-03", "b")]
    exchanged = f"{three}, except: {{2026-12-02: 2026-12-03, 2026-12-03: 2026-12-02}}}}"
    assert by_day(stood(exchanged, FIRST, 4)) == [
        ("12-01", "a"),
        ("12-02", "b"),
        ("12-03", "c"),
        ("12-04", "a"),
    ]
    weekly = "- {post: G1, from: 2026-12-01, days: [tue], hours: ['08:00-20:00'], teams: [[a], [b]]"
    moved = f"{weekly}, except: {{2026-12-08: 2026-12-09}}}}"
    assert by_day(stood(moved, FIRST, 15)) == [("12-01", "a"), ("12-09", "b"), ("12-15", "a")]
    assert stood(moved, date(2026, 12, 8), 1) == []
    assert by_day(stood(moved, date(2026, 12, 9), 1)) == [("12-09", "b")]


def test_a_day_moved_onto_a_day_with_shifts_of_its_own_loses_nobody() -> None:
    """Whether a day is worked is the calendar's word, so the file alone cannot tell."""
    moved = WORKDAYS.replace("days: workdays", "days: workdays, except: {2026-12-02: 2026-12-03}")
    assert by_day(stood(moved, FIRST, 3)) == [("12-01", "a"), ("12-03", "bc")]


_WHEEL = '- post: G1\n  from: 2026-12-01\n  until: 2026-12-31\n  hours: ["08:00-09:00"]\n  teams: [[a]]\n'


@pytest.mark.parametrize(
    ("text", "line", "column", "mend"),
    [
        (FOUR_TEAMS.replace("甲: 白 白", "甲: 白 中"), 8, "1.round.甲", "use one of 白, 夜, off, 休"),
        (FOUR_TEAMS.replace("    丙: 休 休", "    丙: 休"), 10, "1.round.丙", "write a word for each day"),
        (FOUR_TEAMS.replace("    丙: 休", "    戊: 休"), 10, "1.round.戊", "use one of 甲, 乙, 丙, 丁"),
        (FOUR_TEAMS.split("    丁:")[0], 5, "1.teams", "add its row, or leave the team out"),
        (FOUR_TEAMS.split("    甲:")[0], 7, "1.round", "write name: value, one a line"),
        (FOUR_TEAMS.replace("8d", "4d"), 6, "1.cycle", "write 8d"),
        (f"{FOUR_TEAMS}    甲: 白 白 夜 夜 休 休 休 休\n", 12, "1.round.甲", "keep one of them"),
        (f"{_WHEEL}  days: workday\n", 6, "1.days", "did you mean 'workdays'?"),
        (f"{_WHEEL}  days: []\n", 6, "1.days", "write workdays, or leave the line out for every day"),
        (
            f"{_WHEEL}  days: [sun]\n".replace("  from: 2026-12-01\n", ""),
            5,
            "1.days",
            "add from: with the day on which the first team begins",
        ),
        (f"{_WHEEL}  except:\n    12-02: off\n", 7, "1.except.12-02", "write it as YYYY-MM-DD"),
        (
            f"{_WHEEL}  except:\n    2026-12-02: away\n",
            7,
            "1.except.2026-12-02",
            "write off (休), or the day",
        ),
        (f"{_WHEEL}  except:\n    2027-01-02: off\n", 7, "1.except.2027-01-02", "between from and until"),
        (
            f"{_WHEEL}  except:\n    2026-12-02: 2026-12-03\n",
            7,
            "1.except.2026-12-02",
            "move those too: 2026-12-03: off, or 2026-12-03: 2026-12-02",
        ),
        (f"{_WHEEL}  except: 2026-12-02\n", 6, "1.except", "write name: value, one a line"),
        (f"{WORKDAYS}\n{WORKDAYS.replace('workdays', 'wed')}", 2, "2", "give them different days:"),
    ],
)
def test_a_bad_pattern_is_named_with_line_column_and_mend(
    text: str, line: int, column: str, mend: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        parse_rotas(text)
    (finding,) = refused.value.findings
    assert (finding.file, finding.line, finding.column) == ("rotas.yaml", line, column)
    assert mend in finding.mend
