"""`check --chains` at the shell: what will be amiss ahead, for people and for programs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from notifier.domain.roster import ChannelName
from notifier.engine.parts import Parts
from tests.stories.cli_desk import CITY, Desk, at_desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Iterator[Desk]:
    """A shell in the fixture's city."""
    yield from at_desk(tmp_path, monkeypatch, sqlite_url)


def test_what_will_be_amiss_is_shown_with_its_mend_and_who_could_stand_in(desk: Desk) -> None:
    desk.does("import", CITY)
    done = desk.does("check", "--chains")
    assert done.status == 0
    [gap] = [line for line in done.out.splitlines() if "BS01-G1: 1 missing" in line]
    assert "2026-11-24 20:00" in gap
    assert "p11 赵志强" in gap
    assert "take a post kept no more out of posts.csv" in gap
    [mute] = [line for line in done.out.splitlines() if " mute " in line]
    assert "p14 郑秀英, p15 孙小军" in mute


def test_without_chains_nothing_ahead_is_shown(desk: Desk) -> None:
    desk.does("import", CITY)
    assert "missing" not in desk.does("check").out
    assert "ahead" not in desk.does("check", "--json").document


def test_the_document_has_chains_and_what_is_ahead(desk: Desk) -> None:
    desk.does("import", CITY)

    async def blocks(parts: Parts) -> None:
        async with parts.station.db.write() as tx:
            await tx.contacts.mark(
                ChannelName.TELEGRAM, "100", "100011", "blocked", None, parts.station.now()
            )

    desk.inside(blocks)
    done = desk.does("check", "--chains", "--json")
    document = done.document
    assert (done.status, done.err, document["units"], document["broken"]) == (0, "", 4, [])
    assert any("cannot answer at all" in line for line in document["warnings"])
    first = document["chains"][0]
    assert (first["unit"], first["kind"], first["reaches_somebody"]) == ("BS01", "unstaffed", True)
    assert {
        "step": 3,
        "call": "committee",
        "person": "p13",
        "passed_over": "absent until 2026-12-01",
    } in first["places"]
    by_concern = {(one["unit"], one["concern"]): one for one in document["ahead"]}
    gap = by_concern["BS02", "unrostered"]
    assert (gap["post"], gap["missing"], gap["start"]) == ("BS02-G1", 2, "2026-11-24T12:00:00Z")
    silenced = by_concern["BS01", "silenced"]
    assert (silenced["people"], silenced["office"], silenced["channels"]) == (
        ["p11"],
        "secretary",
        ["telegram"],
    )
    assert (silenced["reached"], silenced["stand_ins"]) == (True, ["p12"])


def test_a_document_of_a_broken_city_ends_with_the_same_status(desk: Desk) -> None:
    desk.does("import", CITY)
    for name in ("TELEGRAM_TOKEN", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"):
        desk.set(name, "")
    done = desk.does("check", "--chains", "--json")
    assert done.status == 1
    assert any("both channels are off" in line for line in done.document["broken"])
    assert {one["concern"] for one in done.document["ahead"]} >= {"no_chain", "unreached"}
