"""For every test: no way out but loopback, and databases of its own."""

import asyncio
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import asyncpg
import pytest
from hypothesis import settings
from pytest_socket import socket_allow_hosts

from notifier.store.database import Database
from tests import cluster, scratch
from tests.browser import chromium

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("notifier", deadline=None)
settings.load_profile("notifier")

_TEMPLATE = "notifier_template"
_LOOPBACK = ["127.0.0.1", "::1", "localhost"]
_NOT_RUN = "PostgreSQL: no binaries found on this machine"
_MISSING = {
    _NOT_RUN: "on PostgreSQL: no postgres, initdb and pg_ctl on this machine",
    chromium.NOT_RUN: "of pages in a browser: no Chromium here, and `make browser` could not bring it",
}
"""Why tests are skipped -> what is said of it."""
_numbers = itertools.count(1)


def pytest_configure() -> None:
    """Have the tests' folders made in memory where there is room; ``--basetemp`` says otherwise."""
    if memory := scratch.folder():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup() -> None:
    """Shut every socket beyond loopback, whatever the code under test does."""
    socket_allow_hosts(_LOOPBACK, allow_unix_socket=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not run."""
    for reason, told in _MISSING.items():
        skipped = [r for r in terminalreporter.stats.get("skipped", []) if reason in str(r.longrepr)]
        if skipped:
            terminalreporter.write_line(f"NOT RUN: {len(skipped)} test(s) {told}", red=True, bold=True)


@pytest.fixture(scope="session", autouse=True)
def servers_end_quickly() -> Iterator[None]:
    """Have uvicorn look every 5 ms whether its requests have ended: over a thousand servers end in a run."""
    impatient = ModuleType("asyncio")
    vars(impatient).update(vars(asyncio))
    vars(impatient)["sleep"] = lambda seconds: asyncio.sleep(seconds / 20)
    with patch("uvicorn.server.asyncio", impatient):
        yield


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[cluster.Cluster]:
    """A cluster for this worker, with a migrated database to copy from. Skips where there are no binaries."""
    binaries = cluster.find_binaries()
    if binaries is None:
        pytest.skip(_NOT_RUN)
    with cluster.running(binaries) as started:
        _apart(_create(started, _TEMPLATE))
        _apart(_migrate(started.url(_TEMPLATE)))
        yield started


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy from."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _apart(_migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a migrated SQLite file of the test's own."""
    path = tmp_path / "notifier.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
async def postgres_url(postgres_cluster: cluster.Cluster) -> AsyncIterator[str]:
    """The URL of a migrated PostgreSQL database of the test's own."""
    name = f"test_{next(_numbers)}"
    await _create(postgres_cluster, name, template=_TEMPLATE)
    yield postgres_cluster.url(name)
    await _administer(postgres_cluster, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated database of the test's own, once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database of the test's own, once on SQLite and once on PostgreSQL."""
    opened = Database.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    """A migrated SQLite database of the test's own: for what does not depend on the engine beneath."""
    opened = Database.open(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
async def postgres_database(postgres_url: str) -> AsyncIterator[Database]:
    """A migrated PostgreSQL database of the test's own: mark such a test ``postgres``."""
    opened = Database.open(postgres_url)
    yield opened
    await opened.close()


async def _migrate(url: str) -> None:
    database = Database.open(url)
    await database.upgrade()
    await database.close()


async def _create(where: cluster.Cluster, name: str, *, template: str = "template1") -> None:
    await _administer(where, f"CREATE DATABASE {name} TEMPLATE {template}")


async def _administer(where: cluster.Cluster, statement: str) -> None:
    connection = await asyncpg.connect(user=cluster.USER, database="postgres", host=str(where.folder))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _apart(work: Coroutine[object, object, None]) -> None:
    """Run to the end on a loop of its own, leaving the tests' loop policy as it is."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()
