"""The shipped example is sound, never goes stale, and covers what a user wants to see."""

import re
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from notifier.domain.policy import Kind
from notifier.domain.roster import DUTY_DESK, OfficeStatus, overlaps
from notifier.domain.rota import expand_rotas
from notifier.files import parse_rotas, policy_warnings, read_roster, read_settings

EXAMPLE = Path(__file__).parent.parent.parent / "schedules"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_the_example_roster_is_read_without_a_warning() -> None:
    roster = read_roster(EXAMPLE, zone=SHANGHAI)
    assert roster.warnings == ()
    assert roster.people is not None
    names = [row.person.name for row in roster.people]
    assert len(set(names)) == len(names)
    assert roster.offices is not None
    assert any(seat.person is None for seat in roster.offices)
    assert any(seat.status is OfficeStatus.ABSENT for seat in roster.offices)


def test_the_example_rotas_keep_every_post_on_any_day_without_overlap() -> None:
    roster = read_roster(EXAMPLE, zone=SHANGHAI)
    assert roster.posts is not None
    assert roster.rotas is not None
    headcounts = {post.code: post.headcount for post in roster.posts}
    assert DUTY_DESK in {post.kind for post in roster.posts}
    for year in (2026, 2040):
        shifts = expand_rotas(roster.rotas, SHANGHAI, date(year, 2, 1), date(year, 2, 28))
        assert len(shifts) == len(headcounts) * 2 * 28
        assert all(len(shift.people) == headcounts[shift.post] for shift in shifts)
        assert overlaps(shifts) == []


def test_the_example_settings_speak_of_every_kind_without_a_warning() -> None:
    settings = read_settings(EXAMPLE, zone=SHANGHAI, version=1)
    assert set(settings.policies) == set(Kind)
    assert policy_warnings(settings) == []
    assert len(settings.checklist("rigid-8").items) == 8


def test_the_patterns_that_the_example_explains_are_read_as_they_stand() -> None:
    text = (EXAMPLE / "rotas.yaml").read_text(encoding="utf-8")
    roster = read_roster(EXAMPLE, zone=SHANGHAI)
    people = frozenset(str(row.id) for row in roster.people or ())
    posts = frozenset(str(post.code) for post in roster.posts or ())
    blocks = re.findall(r"(?:^# - post:.*\n(?:^#  .*\n)*)+", text, re.MULTILINE)
    found = [
        parse_rotas(re.sub(r"^# ?", "", block, flags=re.M), posts=posts, people=people) for block in blocks
    ]
    assert [len(rotas) for rotas in found] == [1, 1, 2]
    assert len(found[0][0].round) == 8
    rounds = expand_rotas(found[1], SHANGHAI, date(2026, 2, 1), date(2026, 2, 28))
    for team in {shift.people for shift in rounds}:
        theirs = [shift for shift in rounds if shift.people == team]
        assert min(later.start - earlier.end for earlier, later in pairwise(theirs)) == timedelta(hours=8)
