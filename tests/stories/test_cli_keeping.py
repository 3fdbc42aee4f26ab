"""At the shell: what is kept is backed up, brought back, moved, given out, blanked."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from notifier.engine.parts import Parts
from tests.stories.cli_desk import CITY, Desk, at_desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Iterator[Desk]:
    yield from at_desk(tmp_path, monkeypatch, sqlite_url)


@pytest.fixture
def full(desk: Desk) -> Desk:
    assert desk.does("import", CITY).status == 0
    return desk


def another(desk: Desk) -> str:
    return f"sqlite+aiosqlite:///{desk.folder}/another.db"


def status(desk: Desk) -> object:
    told = desk.does("status", "--json")
    assert told.status == 0
    return {**told.document, "timers_late_s": None}


def test_a_backup_is_restored_into_an_empty_database(full: Desk) -> None:
    before = status(full)
    done = full.does("backup", "backup.db")
    assert (done.status, done.out) == (0, "backed up to backup.db\n")
    assert full.does("backup", "backup.db").status == 1
    refused = full.does("restore", "backup.db")
    assert (refused.status, len(refused.complaints)) == (1, 1)
    assert "not empty" in refused.complaints[0]
    full.set("DATABASE_URL", another(full))
    done = full.does("restore", "backup.db")
    assert done.status == 0
    assert done.out.startswith("restored and checked: ")
    assert "people: 9 rows" in done.complaints
    assert status(full) == before
    assert full.does("restore", "backup.db", "--force").status == 0
    assert full.does("backup", "backup.db", "--force").status == 0


def test_without_a_database_there_is_nothing_to_back_up(desk: Desk) -> None:
    desk.set("DATABASE_URL", another(desk))
    done = desk.does("backup", "backup.db")
    assert (done.status, len(done.complaints)) == (1, 1)
    assert not (desk.folder / "another.db").exists()


def test_a_database_is_moved_and_moved_back(full: Desk, sqlite_url: str) -> None:
    before = status(full)
    moved = full.does("db", "copy", sqlite_url, another(full))
    assert moved.status == 0
    assert moved.out.startswith("copied and checked: ")
    assert "people: 9 rows" in moved.complaints
    again = full.does("db", "copy", sqlite_url, another(full))
    assert (again.status, len(again.complaints)) == (1, 1)
    assert "not empty" in again.complaints[0]
    full.set("DATABASE_URL", another(full))
    assert status(full) == before


def test_a_url_we_cannot_use_is_not_repeated(full: Desk, sqlite_url: str) -> None:
    refused = full.does("db", "copy", sqlite_url, "mysql://root:geheim@h/x")
    assert (refused.status, len(refused.complaints)) == (1, 1)
    assert "geheim" not in refused.err


def test_a_person_is_exported_and_erased(full: Desk) -> None:
    told = full.does("person", "export", "p11")
    assert told.status == 0
    assert told.document["people"][0]["name"]
    done = full.does("person", "erase", "p11", "--by", "p01", "--reason", "left the service")
    assert done.status == 0
    assert done.out.startswith("erased p11: ")
    told = full.does("person", "export", "p11")
    assert told.document["people"][0]["name"] == ""
    [line] = full.inside(_journal)
    assert line == ("erased", "p01", "p11", "left the service")


def test_an_erasure_wants_to_know_who_and_why(full: Desk) -> None:
    assert full.does("person", "erase", "p11", "--by", "p01").status == 2
    assert full.does("person", "erase", "p11", "--reason", "x").status == 2
    stranger = full.does("person", "erase", "p11", "--by", "nobody", "--reason", "x")
    assert (stranger.status, stranger.complaints) == (
        1,
        ["there is no person nobody; give an id of people.csv"],
    )
    assert full.does("person", "export", "nobody").status == 1
    assert json.loads(full.does("person", "export", "p11").out)["people"][0]["name"]


async def _journal(parts: Parts) -> list[tuple[str, str | None, str | None, str | None]]:
    async with parts.station.db.read() as tx:
        return [(line.event, line.person, line.subject, line.reason) for line in await tx.journal.recent(9)]
