"""Whatever people say of their shifts, nobody comes to stand two at once, or with too little rest between.

One station plays all examples, each on days of its own; what they say is read and done, nothing is sent.
"""

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from itertools import combinations, count
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.message import Incoming, IncomingKind
from notifier.domain.roster import ChannelName, Shift
from notifier.engine.importing import import_roster
from notifier.engine.intake.conversation import Conversation
from notifier.engine.subjects import SHIFT
from notifier.store.tables import timers
from notifier.store.tx import Tx
from tests.stories.harness import Edits, Station, duty_station

NAMES = {"p11": "赵志强", "p12": "周丽华", "p13": "吴永明", "p14": "郑秀英", "p15": "孙小军"}
POSTS = ("BS01-G1", "BS01-G2")
REST = timedelta(hours=8)
LENGTH = timedelta(hours=4)
BEGINS = [timedelta(hours=h) for h in (0, 10, 24, 34, 48)]
"""From the evening: ten hours on leave six of rest, fourteen on leave enough."""

CITY: Edits = {
    "people.csv": {
        "p12,周丽华,+8613800100012,BS01,zh,": "p12,周丽华,13800100012,BS01,zh,100012",
        "p14,郑秀英,13800100014,BS01,zh,": "p14,郑秀英,13800100014,BS01,zh,100014",
        "p15,孙小军,13800100014,BS01,zh,": "p15,孙小军,13800100015,BS01,zh,100015",
    },
    "offices.csv": {"BS01,committee,3,p13,absent,2026-12-01": "BS01,committee,3,p13,in_post,"},
    "posts.csv": {"checkpoint,1\nBS02": "checkpoint,1\nBS01-G2,BS01,岐元村南卡口,checkpoint,2\nBS02"},
    "policies.yaml": {
        "  remind_before: [12h, 30m]\n": "",
        "unsigned:\n": "cover: {ask: 2}\nunsigned:\n",
    },
}

people = st.sampled_from(sorted(NAMES))
rosters = st.lists(st.tuples(people, people), min_size=len(BEGINS), max_size=len(BEGINS))
"""Who is to stand each shift, at the one post and at the other; who could not, does not."""

words = st.sampled_from(
    ["请假", "同意", "同意", "不同意", "我来", "我来", "撤销", "不便", "换班", "换班", "顶", "顶"]
)
deeds = st.lists(
    st.tuples(people, words, people, st.integers(0, 5), st.sampled_from([0, 1, 5, 20, 40])),
    min_size=4,
    max_size=25,
)
"""Somebody says something, where it may be of a colleague, naming one of his matters; so much later."""


QUIET = [("p12", "p13"), *[("p14", "p15")] * 4]
SWAPPED = [("p12", "换班", "p13", 0, 0), ("p13", "同意", "p11", 0, 1), ("p13", "撤销", "p11", 0, 5)]
COVERED = [
    ("p12", "请假", "p11", 0, 1),
    ("p11", "同意", "p11", 0, 1),
    ("p15", "我来", "p11", 0, 1),
    ("p14", "我来", "p11", 0, 1),
    ("p14", "换班", "p13", 1, 1),
    ("p12", "撤销", "p11", 0, 1),
]
REST_OF_THE_POST = [("p13", "p12"), *[("p14", "p14")] * 4]
ASKED = [("p13", "请假", "p11", 0, 1), ("p11", "同意", "p11", 0, 1), ("p11", "不便", "p11", 0, 1)]
"""Played whatever else is: two swap and think better of it; a leave is granted and somebody comes; for
another, those of the post are asked."""


class Days:
    """Plays one example after the other on one station, a week apart."""

    def __init__(self, station: Station, folder: Path) -> None:
        self._station = station
        self._parts = station.engine.parts
        self._conversation = Conversation(self._parts)
        self._folder = folder
        self._items = count(1)
        self.done: set[str] = set()
        folder.mkdir()

    async def plays(self, roster: list[tuple[str, str]], said: list[tuple[str, str, str, int, int]]) -> None:
        clock = self._station.clock
        start = clock.now() + timedelta(days=30)
        await self._forgets_the_days_before()
        clock.set(start)
        shifts = _valid(
            [(start + timedelta(hours=6) + at, people) for at, people in zip(BEGINS, roster, strict=True)]
        )
        rows = [f"{s.post},{s.start.isoformat()},{s.end.isoformat()},{s.people[0]}" for s in shifts]
        text = "\n".join(["post,start,end,people", *rows, ""])
        (self._folder / "shifts.csv").write_text(text, encoding="utf-8")
        await import_roster(self._parts, self._folder)
        async with self._parts.station.db.write() as tx:
            told = [(s.people[0], SHIFT, s.key, UnitCode("BS01")) for s in shifts]
            await tx.matters.ensure(told, start)
        for person, word, other, which, minutes in said:
            await self._until(clock.now() + timedelta(minutes=minutes))
            await self._says(person, word, other, which)
            await self._look(start)

    async def written(self) -> set[str]:
        """What has happened, by the journal."""
        async with self._parts.station.db.read() as tx:
            return {line.event for line in await tx.journal.recent(10_000)}

    async def _until(self, target: datetime) -> None:
        while True:
            await self._station.engine.watch_only()
            async with self._parts.station.db.read() as tx:
                due = await tx.timers.next_due()
            if due is None or due > target:
                break
            self._station.clock.set(due)
        self._station.clock.set(target)

    async def _forgets_the_days_before(self) -> None:
        """What is left to do of them is no matter here, and costs time."""
        async with self._parts.station.db.write() as tx:
            await tx.conn.execute(delete(timers))

    async def _says(self, person: str, word: str, other: str, which: int) -> None:
        now = self._station.clock.now()
        async with self._parts.station.db.write() as tx:
            text = f"{word}{await _number(tx, PersonId(person), which)}"
            text += f" {NAMES[other]}" if word in ("换班", "顶") else ""
            incoming = Incoming(
                channel=ChannelName.TELEGRAM,
                account="700",
                sender=f"1000{person[1:]}",
                kind=IncomingKind.TEXT,
                text=text,
            )
            known = await tx.roster.person(PersonId(person))
            assert known is not None
            replies, _ = await self._conversation.hear(tx, next(self._items), incoming, [known], now)
        self.done |= {reply.template for reply in replies}

    async def _look(self, since: datetime) -> None:
        async with self._parts.station.db.read() as tx:
            for person in NAMES:
                standing = await _stands(tx, PersonId(person), since)
                for one, next_one in combinations(standing, 2):
                    assert one.end + REST <= next_one.start, f"{person}: {one.key} and {next_one.key}"


async def _stands(tx: Tx, person: PersonId, since: datetime) -> list[Shift]:
    shifts = await tx.shifts.of_person(person, since, since + timedelta(days=7))
    away = await tx.shifts.on_leave([shift.key for shift in shifts])
    return [shift for shift in shifts if (person, shift.key) not in away]


async def _number(tx: Tx, person: PersonId, which: int) -> str:
    """The number of one of the matters open for him; mostly none."""
    numbers = [matter.number for matter in await tx.matters.open_of(person)]
    return str(numbers[-which]) if 0 < which <= len(numbers) else ""


def _valid(wanted: list[tuple[datetime, tuple[str, str]]]) -> list[Shift]:
    """The roster without those who would be in two places, or not have rested."""
    found: list[Shift] = []
    for start, pair in wanted:
        for post, person in zip(POSTS, pair, strict=True):
            one = Shift(post=PostCode(post), start=start, end=start + LENGTH, people=(PersonId(person),))
            own = [other for other in found if other.people == one.people]
            if all(other.end + REST <= one.start for other in own):
                found.append(one)
    return found


def test_no_words_put_anybody_in_two_places_or_break_his_rest(tmp_path: Path, database_url: str) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        station = runner.run(stack.enter_async_context(duty_station(tmp_path, database_url, edits=CITY)))
        days = Days(station, tmp_path / "shifts")

        @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
        @example(roster=QUIET, said=SWAPPED)
        @example(roster=QUIET, said=COVERED)
        @example(roster=REST_OF_THE_POST, said=ASKED)
        @given(roster=rosters, said=deeds)
        def plays(roster: list[tuple[str, str]], said: list[tuple[str, str, str, int, int]]) -> None:
            runner.run(days.plays(roster, said))

        try:
            plays()
            assert {"exchange_asked", "leave_noted", "undone"} <= days.done
            assert {"covered", "cover_asked"} <= runner.run(days.written())
        finally:
            runner.run(stack.aclose())
