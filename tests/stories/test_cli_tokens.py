"""At the shell: tokens for programs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from notifier.domain.access import Right
from notifier.engine.parts import Parts
from notifier.store.rows import JournalLine
from tests.stories.cli_desk import CITY, Desk, at_desk

FOR = ("--for", "p15", "--name", "报表", "--by", "p01")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Iterator[Desk]:
    for desk in at_desk(tmp_path, monkeypatch, sqlite_url):
        desk.does("import", CITY)
        yield desk


def lines(desk: Desk) -> list[JournalLine]:
    async def look(parts: Parts) -> list[JournalLine]:
        async with parts.station.db.read() as tx:
            return await tx.journal.recent(10, events={"token_given", "token_revoked"})

    return desk.inside(look)


def lets_in(desk: Desk, text: str) -> bool:
    async def look(parts: Parts) -> bool:
        async with parts.station.db.read() as tx:
            return await parts.tokens.find(tx, text) is not None

    return desk.inside(look)


def test_a_token_is_made_listed_and_revoked(desk: Desk) -> None:
    made = desk.does("token", "create", *FOR, "--rights", "act, pause", "--unit", "BS", "--days", "30")
    text = made.out.strip()
    assert text.startswith("ntf_")
    assert text not in made.err
    assert lets_in(desk, text)
    listed = desk.does("token", "list", "--json")
    [told] = listed.document
    assert (told["person"], told["name"], told["unit"], told["by"]) == ("p15", "报表", "BS", "p01")
    assert told["rights"] == ["see", "act", "pause"]
    assert told["last_used"] is None
    assert text not in listed.out
    assert "报表" in desk.does("token", "list").out
    assert desk.does("token", "revoke", told["id"], "--by", "p01").out == ""
    assert not lets_in(desk, text)
    assert desk.does("token", "list", "--json").document == []
    again = desk.does("token", "revoke", told["id"], "--by", "p01")
    assert again.status == 1
    assert again.complaints == [
        f"there is no token {told['id']} that still stands; see `notifier token list`"
    ]
    given, taken = lines(desk)[1], lines(desk)[0]
    assert (given.event, given.subject, given.person, given.unit) == ("token_given", "p15", "p01", "BS")
    assert (taken.event, taken.subject, taken.channel) == ("token_revoked", "p15", "shell")
    assert text not in str(lines(desk))


def test_without_rights_it_only_looks(desk: Desk) -> None:
    desk.does("token", "create", *FOR)
    [told] = desk.does("token", "list", "--json").document
    assert (told["rights"], told["unit"]) == (["see"], None)
    desk.does("token", "create", *FOR, "--rights", "all")
    assert desk.does("token", "list", "--json").document[1]["rights"] == list(Right)


def test_what_is_wrong_is_named(desk: Desk) -> None:
    wrong = desk.does("token", "create", *FOR, "--rights", "see,fly")
    assert wrong.status == 2
    assert "there is no right 'fly'" in wrong.err
    for given, line in (
        (("--for", "nobody", "--name", "x", "--by", "p01"), "there is no person nobody"),
        ((*FOR, "--unit", "ZZ"), "there is no unit ZZ"),
        (("--for", "p15", "--name", " ", "--by", "p01"), "a token needs a name"),
        (("--for", "p15", "--name", "x", "--by", "p99"), "there is no person p99"),
    ):
        refused = desk.does("token", "create", *given)
        assert refused.status == 1
        assert line in refused.complaints[0]
        assert refused.out == ""
    assert desk.does("token", "list", "--json").document == []
