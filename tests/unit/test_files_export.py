"""What is exported and imported again changes nothing, whatever the names hold."""

import tempfile
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.roster import Office, OfficeStatus, Person, Post, Shift, Unit, UnitKind
from notifier.files import REMOVE, PersonRow, RosterFiles, TelegramLink, read_roster, write_roster
from notifier.files.cells import read_text
from notifier.files.findings import BadValue

CITY = Path(__file__).parent.parent / "fixtures" / "city"
SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")


def written_and_read(roster: RosterFiles, folder: Path, zone: ZoneInfo) -> RosterFiles:
    write_roster(
        folder,
        zone=zone,
        units=roster.units or (),
        people=roster.people or (),
        offices=roster.offices or (),
        posts=roster.posts or (),
        shifts=roster.shifts or (),
    )
    return read_roster(folder, zone=zone)


def same(one: RosterFiles, other: RosterFiles) -> bool:
    tables = ("units", "people", "offices", "posts", "shifts")
    return all(getattr(one, table) == getattr(other, table) for table in tables)


@pytest.mark.parametrize("zone", [SHANGHAI, NEW_YORK, ZoneInfo("UTC")])
def test_the_fixture_city_comes_back_as_it_went(tmp_path: Path, zone: ZoneInfo) -> None:
    roster = read_roster(CITY, zone=SHANGHAI)
    assert same(written_and_read(roster, tmp_path, zone), roster)


def test_files_are_utf8_with_full_phones_and_offsets(tmp_path: Path) -> None:
    written_and_read(read_roster(CITY, zone=SHANGHAI), tmp_path / "new" / "folder", SHANGHAI)
    people = (tmp_path / "new" / "folder" / "people.csv").read_text("utf-8").splitlines()
    assert people[3] == "p11,赵志强,+8613800100011,BS01,zh,100011"
    shifts = (tmp_path / "new" / "folder" / "shifts.csv").read_text("utf-8").splitlines()
    assert shifts[3] == "BS02-G1,2026-11-23T20:00:00+08:00,2026-11-24T00:00:00+08:00,p21;p22"


def takes(text: str) -> bool:
    try:
        read_text(text)
    except BadValue:
        return False
    return bool(text) and text == text.strip()


def visible(text: str) -> bool:
    return all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in text)


NAMES = st.text(max_size=64).filter(visible).map(str.strip).filter(takes) | st.sampled_from(
    ['a,b;"c"', '"', "=1+1", "+86", "-", "@x", "'", "甲，乙", "##", "A\u3000B", "\ufffd"]
)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(unit=NAMES, person=NAMES, title=NAMES, post=NAMES, kind=NAMES, until=MOMENTS)
def test_any_name_and_any_time_comes_back_as_it_went(
    unit: str, person: str, title: str, post: str, kind: str, until: datetime
) -> None:
    code, who, where = UnitCode("U"), PersonId("p1"), PostCode("G")
    units = (Unit(code=code, name=unit, kind=UnitKind.CITY, parent=None),)
    people = (
        PersonRow(
            person=Person(id=who, name=person, phone=None, unit=code, locale="en"),
            telegram=TelegramLink(bot="1", chat="2"),
        ),
        PersonRow(
            person=Person(id=PersonId("-"), name=person, phone="+447400123456", unit=code, locale="zh"),
            telegram=REMOVE,
        ),
    )
    # The program's own words are stored in lower case, as the reader makes them.
    words = {"secretary", "deputy_secretary", "committee", "liaison", "duty_desk", "checkpoint"}
    title, kind = (word.lower() if word.lower() in words else word for word in (title, kind))
    status = OfficeStatus.ABSENT
    roster = RosterFiles(
        units=units,
        people=people,
        offices=(Office(unit=code, title=title, rank=90, person=who, status=status, until=until),),
        posts=(Post(code=where, unit=code, name=post, kind=kind, headcount=3),),
        shifts=(),
    )
    with tempfile.TemporaryDirectory() as folder:
        assert same(written_and_read(roster, Path(folder), NEW_YORK), roster)


@given(start=MOMENTS, minutes=st.integers(1, 48 * 60), zone=st.sampled_from([SHANGHAI, NEW_YORK]))
def test_any_shift_comes_back_as_it_went(start: datetime, minutes: int, zone: ZoneInfo) -> None:
    code = UnitCode("U")
    roster = RosterFiles(
        units=(Unit(code=code, name="U", kind=UnitKind.CITY, parent=None),),
        people=(),
        offices=(),
        posts=(Post(code=PostCode("G"), unit=code, name="G", kind="checkpoint", headcount=1),),
        shifts=(Shift(post=PostCode("G"), start=start, end=start + timedelta(minutes=minutes)),),
    )
    with tempfile.TemporaryDirectory() as folder:
        assert same(written_and_read(roster, Path(folder), zone), roster)
