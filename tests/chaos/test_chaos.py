"""The program killed again and again while everything goes wrong that can, and what must hold all the same.

`make test` plays a short form of it, `make chaos` the long one. CHAOS_SEED plays a run once more: the same
faults, lives and people, as far as the machine lets them meet at the same moments.
"""

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest

from tests.chaos import answer_laws as answers
from tests.chaos import sending_laws as sending
from tests.chaos.books import Books, arrivals, load_books
from tests.chaos.plan import RATE, SMS_RATE, Plan
from tests.chaos.stage import Stage, set_up
from tests.chaos.town import BOTS, SENDERS

LONG = os.environ.get("CHAOS") == "long"
SEED = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(10**6))
RATES = {**dict.fromkeys(BOTS, RATE), **dict.fromkeys(SENDERS, SMS_RATE)}

SHIFT = timedelta(seconds=100 if LONG else 45)
SQLITE = Plan(name="SQLite", seed=SEED, deaths=45 if LONG else 3, longest=4.0, shift=SHIFT)
ONE = Plan(name="PostgreSQL", seed=SEED, deaths=25, webhook=True, longest=8.0, recovers=10.0)
TWO = Plan(
    name="PostgreSQL, two processes",
    seed=SEED,
    deaths=40 if LONG else 2,
    shortest=0.3 if LONG else 1.0,
    processes=2,
    webhook=not LONG,
    longest=8.0 if LONG else 2.0,
    recovers=6.0 if LONG else 2.5,
    freezes=4 if LONG else 0,
    shift=SHIFT,
)


async def test_on_sqlite(sqlite_url: str, tmp_path: Path) -> None:
    await play(SQLITE, tmp_path, sqlite_url)


@pytest.mark.postgres
@pytest.mark.skipif(not LONG, reason="one process on PostgreSQL is played in the long form")
async def test_on_postgres(postgres_url: str, tmp_path: Path) -> None:
    await play(ONE, tmp_path, postgres_url)


@pytest.mark.postgres
async def test_two_processes_on_postgres(postgres_url: str, tmp_path: Path) -> None:
    await play(TWO, tmp_path, postgres_url)


async def play(plan: Plan, folder: Path, url: str) -> None:
    """Play a run to its end, and hold it to every law."""
    async with set_up(plan, folder, url) as stage:
        took: dict[str, float] = {}
        try:
            for part in (stage.begin, stage.storm, stage.calm):
                took[part.__name__] = await timed(part())
            started = time.monotonic()
            before = await stage.echo()
            took["echo"] = time.monotonic() - started
            after = await stage.end()
            broken = [*laws(stage, after), *answers.an_echo_changes_nothing(before, after)]
        except (AssertionError, TimeoutError) as error:
            broken = [str(error)]
        sys.stdout.write(told(stage, took))
        await keep(stage)
        if broken:
            pytest.fail(f"seed {plan.seed}, everything is in {folder}\n" + "\n".join(broken[:40]))


def laws(stage: Stage, books: Books) -> Iterator[str]:
    """Everything that is wrong, by the carriers' books and ours."""
    arrived, acts, state = arrivals(stage.state), stage.crowd.acts, stage.state
    yield from sending.nothing_is_lost(books, arrived)
    yield from sending.nothing_is_doubled_blindly(books, arrived)
    yield from sending.doubts_have_a_cause(books, arrived, stage.deaths, sum(RATES.values()))
    yield from sending.no_limit_is_broken(books, arrived, RATES, stage.deaths, stage.attention)
    yield from answers.answers_are_heard_once(books, acts, state)
    yield from answers.answers_have_effect(books, acts, state)
    yield from answers.the_journal_tells_the_state(books)
    yield from answers.every_shift_was_seen_to(books, stage.town)
    yield from answers.everybody_was_commended(books, stage.audience)
    yield from answers.nothing_failed(books)


async def timed(part: Awaitable[object]) -> float:
    """How many seconds it took."""
    started = time.monotonic()
    await part
    return time.monotonic() - started


def told(stage: Stage, took: Mapping[str, float]) -> str:
    """What a run was like, in a few figures."""
    seconds = ", ".join(f"{part} {duration:.0f} s" for part, duration in took.items())
    arrived = Counter(arrival.outcome for arrival in arrivals(stage.state))
    return (
        f"\n{stage.plan.name}: seed {stage.plan.seed}, {len(stage.deaths)} kills,"
        f" {stage.plan.freezes} freezes, {seconds}; sent {dict(arrived)},"
        f" said {len(stage.crowd.acts)}, {stage.broadcasts} broadcasts,"
        f" {len(stage.town.shifts)} shifts; longest inattention {stage.attention.worst:.2f} s\n"
    )


async def keep(stage: Stage) -> None:
    """Write all that is on record beside the logs: a test's own PostgreSQL goes with it."""
    books = await load_books(stage.database)
    record = {
        "books": {name: [dict(row._mapping) for row in rows] for name, rows in books.rows.items()},
        "arrived": [asdict(arrival) for arrival in arrivals(stage.state)],
        "said": [asdict(act) for act in stage.crowd.acts],
        "deaths": [asdict(death) for death in stage.deaths],
    }
    text = json.dumps(record, ensure_ascii=False, default=str)
    (stage.folder / "record.json").write_text(text, encoding="utf-8")
