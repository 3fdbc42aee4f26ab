"""A small city for the store's tests: C above T1 (V1, V2) and T2."""

from datetime import UTC, datetime, timedelta

from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.roster import (
    DUTY_DESK,
    ChannelName,
    Office,
    OfficeStatus,
    Person,
    Post,
    Shift,
    Unit,
    UnitKind,
)
from notifier.store.database import Database
from notifier.store.rows import ImportResult, LinkOrder, RosterTables

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
BOT = "700"
BOTH = (ChannelName.TELEGRAM, ChannelName.SMS)

CITY, TOWN, OTHER = UnitCode("C"), UnitCode("T1"), UnitCode("T2")
V1, V2 = UnitCode("V1"), UnitCode("V2")
GATE, DESK = PostCode("V1-G1"), PostCode("C-D")

ANN, BOB, CAI, DAN, EVA, FAN = (PersonId(name) for name in ("ann", "bob", "cai", "dan", "eva", "fan"))
SHARED = "+8613800000001"


def unit(code: UnitCode, kind: UnitKind, parent: UnitCode | None) -> Unit:
    return Unit(code=code, name=f"单位{code}", kind=kind, parent=parent)


def person(person_id: PersonId, at: UnitCode, phone: str | None = None, name: str = "") -> Person:
    return Person(id=person_id, name=name or f"人{person_id}", phone=phone, unit=at, locale="zh")


def shift(post: PostCode, start: datetime, hours: float, *people: PersonId) -> Shift:
    return Shift(post=post, start=start, end=start + hours * HOUR, people=people)


UNITS = (
    unit(CITY, UnitKind.CITY, None),
    unit(TOWN, UnitKind.TOWN, CITY),
    unit(OTHER, UnitKind.TOWN, CITY),
    unit(V1, UnitKind.VILLAGE, TOWN),
    unit(V2, UnitKind.VILLAGE, TOWN),
)
PEOPLE = (
    person(ANN, V1, SHARED, "王建国"),
    person(BOB, V1, SHARED, "王建"),
    person(CAI, V1, None, "李王建"),
    person(DAN, TOWN, "+8613800000004"),
    person(EVA, CITY, "+8613800000005"),
    person(FAN, V2, None),
)
LINKS = (LinkOrder(person=ANN, chat="1001"), LinkOrder(person=DAN, account="701", chat="1004"))
OFFICES = (
    Office(unit=V1, title="secretary", rank=1, person=ANN),
    Office(unit=V1, title="committee", rank=3, person=BOB, status=OfficeStatus.ABSENT, until=NOW + HOUR),
    Office(unit=TOWN, title="secretary", rank=1, person=DAN),
    Office(unit=CITY, title="duty_desk", rank=95, person=None),
)
POSTS = (
    Post(code=GATE, unit=V1, name="一号卡口", kind="checkpoint", headcount=2),
    Post(code=DESK, unit=CITY, name="值班室", kind=DUTY_DESK, headcount=1),
)
NIGHT = shift(GATE, NOW + HOUR, 8, BOB, ANN)
MORNING = shift(GATE, NOW + 9 * HOUR, 8, CAI)
SHIFTS = (NIGHT, MORNING)

ROSTER = RosterTables(units=UNITS, people=PEOPLE, links=LINKS, offices=OFFICES, posts=POSTS, shifts=SHIFTS)


async def take_in(database: Database, told: RosterTables, now: datetime = NOW) -> ImportResult:
    """Import with BOT as the default bot."""
    async with database.read() as tx:
        planned = await tx.imports.plan(told, now=now, default_account=BOT)
    async with database.write() as tx:
        for part in planned.sets():
            await tx.imports.write(part, now)
    return planned.result
