"""Two processes lock the same rows in every order, and neither loses anything by it."""

import asyncio
from pathlib import Path

import pytest

from notifier.engine.clock import ManualClock
from notifier.store.database import Database
from tests.contract.processes_crossing import NOW, open_cases, open_crossing

pytestmark = pytest.mark.postgres

ROUNDS = 8
DEADLOCK = "40P01"


async def test_no_lost_race_escapes_untried(postgres_url: str, tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    databases = [Database.open(postgres_url) for _ in range(2)]
    one, two = [await open_crossing(database, clock, seed) for seed, database in enumerate(databases)]
    one.cases = two.cases = await open_cases(one, tmp_path / "city")
    try:
        await asyncio.gather(*(each.does(deed, ROUNDS) for each in (one, two) for deed in each.deeds))
    finally:
        for database in databases:
            await database.close()
    # Who decides waits his turn: nobody is thrown out of a ring of waiters, which takes a second to notice.
    assert DEADLOCK not in one.lost_races + two.lost_races
