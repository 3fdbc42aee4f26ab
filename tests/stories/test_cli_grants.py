"""At the shell: rights in the console by hand, and somebody signed out of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from notifier.domain.access import ALL_RIGHTS, Right
from notifier.domain.ids import PersonId
from notifier.engine.access.guard import Guard
from notifier.engine.access.scopes import load_scope
from notifier.engine.parts import Parts
from notifier.store.rows import JournalLine
from tests.stories.cli_desk import CITY, Desk, at_desk

P15 = PersonId("p15")
WHY = ("--by", "p01", "--reason", "stands in at the town")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Iterator[Desk]:
    for desk in at_desk(tmp_path, monkeypatch, sqlite_url):
        desk.does("import", CITY)
        desk.at("2026-11-23T20:15:00")
        yield desk


def may(desk: Desk, right: Right) -> set[str]:
    """The units in which p15 has that right now."""

    async def look(parts: Parts) -> set[str]:
        async with parts.station.db.read() as tx:
            scope = await load_scope(tx, P15, parts.station.now())
            return set((await Guard.open(tx, scope)).units(right))

    return desk.inside(look)


def journal(desk: Desk, event: str) -> JournalLine:
    async def look(parts: Parts) -> JournalLine:
        async with parts.station.db.read() as tx:
            return (await tx.journal.recent(1, events={event}))[0]

    return desk.inside(look)


def test_a_grant_adds_rights_until_it_ends(desk: Desk) -> None:
    assert may(desk, Right.SEE) == set()
    number = desk.does("grant", "p15", "--unit", "BS", "--for", "2h", *WHY).out.strip()
    assert may(desk, Right.SEE) == {"BS", "BS01", "BS02"}
    assert may(desk, Right.ACT) == set()
    [told] = desk.does("grants", "--json").document
    assert (told["id"], told["rights"], told["until"]) == (number, ["see"], told["until"])
    assert told["until"].startswith("2026-11-23T14:15")
    line = journal(desk, "granted")
    assert (line.unit, line.subject, line.person, line.channel) == ("BS", "p15", "p01", "shell")
    assert line.reason == "see: stands in at the town"
    desk.at("2026-11-23T22:16:00")
    assert may(desk, Right.SEE) == set()
    assert desk.does("grants", "--json").document == []


def test_rights_by_name_and_all(desk: Desk) -> None:
    desk.does("grant", "p15", "--unit", "BS01", "--right", "act", "--right", "pause", "--for", "1d", *WHY)
    assert [may(desk, right) for right in (Right.SEE, Right.ACT, Right.ROSTER)] == [{"BS01"}, {"BS01"}, set()]
    desk.does("grant", "p15", "--unit", "YQ", "--right", "all", "--until", "2026-12-01 08:00", *WHY)
    assert all(may(desk, right) == {"YQ", "BS", "BS01", "BS02"} for right in ALL_RIGHTS)
    assert "act pause" in desk.does("grants").out


def test_a_grant_taken_back_is_over_at_once(desk: Desk) -> None:
    number = desk.does("grant", "p15", "--unit", "BS", "--for", "2h", *WHY).out.strip()
    desk.does("revoke-grant", number, "--by", "p01", "--reason", "came back")
    assert may(desk, Right.SEE) == set()
    assert journal(desk, "grant_revoked").reason == "came back"
    again = desk.does("revoke-grant", number, "--by", "p01", "--reason", "twice")
    assert again.complaints == [f"there is no grant {number} that still stands; see `notifier grants`"]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (
            ("nobody", "--unit", "BS", "--for", "2h", *WHY),
            "there is no person nobody; give an id of people.csv",
        ),
        (("p15", "--unit", "X", "--for", "2h", *WHY), "there is no unit X; give a code of units.csv"),
        (
            ("p15", "--unit", "BS", "--until", "2026-11-01 08:00", *WHY),
            "it would be over before it begins; give a later end",
        ),
        (
            ("p15", "--unit", "BS", "--for", "2h", "--by", "p01", "--reason", " "),
            "a grant needs a reason; add it",
        ),
        (
            ("p15", "--unit", "BS", "--for", "2h", "--by", "zz", "--reason", "r"),
            "there is no person zz; give an id of people.csv",
        ),
    ],
)
def test_a_grant_that_makes_no_sense(desk: Desk, given: tuple[str, ...], complaint: str) -> None:
    assert desk.does("grant", *given).complaints == [complaint]
    assert desk.does("grants", "--json").document == []


@pytest.mark.parametrize(
    "given",
    [
        ("p15", "--unit", "BS", *WHY),
        ("p15", "--unit", "BS", "--for", "2h", "--until", "2026-12-01 08:00", *WHY),
        ("p15", "--unit", "BS", "--for", "2h", "--right", "fly", *WHY),
    ],
)
def test_wrong_usage(desk: Desk, given: tuple[str, ...]) -> None:
    assert desk.does("grant", *given).status == 2


def test_sessions_ended_at_the_shell(desk: Desk) -> None:
    async def sign_in(parts: Parts) -> str:
        async with parts.station.db.write() as tx:
            return await parts.sessions.begin(tx, P15, "Firefox")

    async def lives(parts: Parts) -> bool:
        async with parts.station.db.read() as tx:
            return await parts.sessions.find(tx, token) is not None

    token = desk.inside(sign_in)
    assert desk.inside(lives)
    assert desk.does("revoke-sessions", "p15").out == "1 session(s) ended\n"
    assert not desk.inside(lives)
    line = journal(desk, "sessions_revoked")
    assert (line.subject, line.person, line.channel) == ("p15", None, "shell")
    assert desk.does("revoke-sessions", "p15", "--by", "p01", "--reason", "lost his phone").out == (
        "0 session(s) ended\n"
    )
    assert desk.does("revoke-sessions", "nobody").complaints == [
        "there is no person nobody; give an id of people.csv"
    ]
