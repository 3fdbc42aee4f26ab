"""`notifier import` as a process of its own, killed amid its sets; and two of them at once."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from notifier.bootstrap import open_parts
from notifier.config import Config
from notifier.engine.importing import ImportReport, import_roster
from notifier.engine.taking_in import Successor
from notifier.store.database import Database
from tests.bench.city import City, write_city

CITY = City(villages=20, people=2500)
WITHIN_S = 120
"""Long enough for a busy machine; nothing is judged by it."""


async def start(database_url: str, source: Path) -> asyncio.subprocess.Process:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("NOTIFIER_")}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "notifier", "import", str(source)),
        env=ours | {"NOTIFIER_DATABASE_URL": database_url},
        cwd=source.parent,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


async def kill_amid_its_sets(database: Database, process: asyncio.subprocess.Process) -> None:
    """Kill it when some of its sets are applied and others are not, while it cannot go on."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            async with database.write() as tx:
                await tx.imports.alone()
                mark = await tx.staging.mark()
                if mark is not None and mark[1] > 0:
                    process.kill()
                    await process.wait()
                    return
            assert process.returncode is None, "it was over before it could be killed"


async def dry_run(database_url: str, source: Path) -> ImportReport:
    """What an import would still change."""
    config = Config.model_validate({"database_url": database_url})
    async with open_parts(config) as parts:
        return await import_roster(parts, source, dry_run=True)


async def test_an_import_that_is_killed_is_finished_by_the_service(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    source = write_city(tmp_path / "city", CITY)
    await kill_amid_its_sets(database, await start(database_url, source))
    async with database.read() as tx:
        some = len((await tx.imports.known()).people)
    assert some < CITY.people
    async with open_parts(Config.model_validate({"database_url": database_url})) as parts:
        service = Successor(parts.station)
        await service.look()
        await service.look()
    async with database.read() as tx:
        assert await tx.staging.mark() is None
        assert len((await tx.imports.known()).people) == CITY.people
    assert (await dry_run(database_url, source)).is_empty


@pytest.mark.parametrize("killed", [False, True])
async def test_the_next_import_finishes_the_one_before_and_then_has_its_way(
    database: Database, database_url: str, tmp_path: Path, killed: bool
) -> None:
    first = write_city(tmp_path / "first", CITY)
    second = write_city(tmp_path / "second", CITY)
    people = second / "people.csv"
    people.write_text(people.read_text(encoding="utf-8").replace(",138", ",139"), encoding="utf-8")
    one = await start(database_url, first)
    if killed:
        await kill_amid_its_sets(database, one)
    other = await start(database_url, second)
    _, complaints = await other.communicate()
    if not killed:
        assert (await one.communicate())[1] == b""
        assert one.returncode == 0
    assert (other.returncode, complaints) == (0, b"")
    if killed:
        assert (await dry_run(database_url, second)).is_empty
    else:
        # Whichever came last, it is one of the two, whole.
        reports = [await dry_run(database_url, source) for source in (first, second)]
        assert sorted(report.is_empty for report in reports) == [False, True]
