"""At the shell: a broadcast is weighed before it is sent."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.cli_desk import CITY, Desk, at_desk

SEND = ("broadcast", "send", "--kind", "commendation", "--title", "通报表扬", "--body", "守卡认真")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Iterator[Desk]:
    for found in at_desk(tmp_path, monkeypatch, sqlite_url):
        found.does("import", CITY)
        yield found


def test_sending_prints_the_id_alone_and_says_the_rest_beside(desk: Desk) -> None:
    done = desk.does(*SEND, "--to", "unit:BS01", "--yes")
    assert (done.status, done.out) == (0, "1\n")
    assert "5 people: 2 by Telegram, 3 by SMS only, 0 nobody can reach" in done.err
    assert "SMS segments; takes 0:00:0" in done.err
    assert "3 cannot answer" in done.err
    assert "p12 p14 p15" in done.err


def test_without_a_terminal_it_must_be_told_yes(desk: Desk) -> None:
    done = desk.does(*SEND, "--to", "unit:BS01")
    assert (done.status, done.out) == (2, "")
    assert "5 people" in done.err
    assert desk.does("messages", "--json").document == []


def test_a_broadcast_has_the_shape_of_the_contract(desk: Desk) -> None:
    desk.does(*SEND, "--to", "unit:BS", "--relay", "--reply-by", "2h", "--yes")
    shown = desk.does("broadcast", "show", 1, "--json")
    found = json.loads(shown.out)
    assert list(found) == ["id", "kind", "title", "state", "expected", "confirmed", "states", "units"]
    assert (found["id"], found["kind"], found["title"]) == ("1", "commendation", "通报表扬")
    assert found["expected"] == sum(found["states"].values()) == 8
    assert list(found["states"]) == [
        "queued", "sending", "sent", "delivered", "uncertain", "failed", "expired", "cancelled", "withheld",
    ]  # fmt: skip
    assert found["units"] == [
        {"unit": "BS01", "members": 5, "asked": None, "relayed": None},
        {"unit": "BS02", "members": 2, "asked": None, "relayed": None},
    ]
    assert "通报表扬" in desk.does("broadcast", "show", 1).out


def test_terms_joined_by_commas_all_hold_and_repeated_ones_are_either(desk: Desk) -> None:
    both = desk.does(*SEND, "--to", "unit:BS,office:secretary", "--to", "person:p01", "--yes")
    assert "3 people" in both.err
    people = {message["person"] for message in desk.does("messages", "--json").document}
    assert people == {"p01", "p11", "p21"}


def test_only_to_holds_everybody_else_back(desk: Desk) -> None:
    desk.set("ONLY_TO", "p11")
    done = desk.does(*SEND, "--to", "unit:BS01", "--yes")
    assert "1 by Telegram, 0 by SMS only, 0 nobody can reach, 4 held back" in done.err
    assert desk.does("broadcast", "show", 1, "--json").document["states"]["withheld"] == 4


def test_the_text_may_come_from_a_file(desk: Desk) -> None:
    (desk.folder / "body.txt").write_text("今晚大家辛苦了\n", encoding="utf-8")
    arguments = ("--kind", "notice", "--title", "通知", "--body-file", desk.folder / "body.txt")
    assert desk.does("broadcast", "send", *arguments, "--to", "person:p11", "--yes").status == 0
    assert "今晚大家辛苦了" in desk.does("messages", "--json").document[0]["text"]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((*SEND, "--to", "unit:NOWHERE", "--yes"), 1),
        ((*SEND, "--to", "nonsense", "--yes"), 2),
        ((*SEND, "--yes"), 2),
        ((*SEND, "--to", "unit:BS", "--by", "nobody", "--yes"), 1),
        ((*SEND, "--to", "unit:BS", "--reply-by", "2h", "--yes"), 2),
        ((*SEND, "--to", "unit:BS", "--relay", "--reply-by", "soon", "--yes"), 2),
        ((*SEND, "--to", "unit:BS", "--at", "soon", "--yes"), 2),
        ((*SEND, "--to", "unit:BS", "--body-file", "nowhere.txt", "--yes"), 2),
        (("broadcast", "send", "--kind", "song", "--title", "a", "--body", "b", "--to", "unit:BS"), 2),
        (("broadcast", "send", "--kind", "notice", "--title", "a", "--body", " ", "--to", "unit:BS"), 2),
        (("broadcast", "show", "9"), 1),
        (("broadcast", "cancel", "9"), 1),
    ],
)
def test_exit_statuses(desk: Desk, arguments: tuple[object, ...], status: int) -> None:
    done = desk.does(*arguments)
    assert (done.status, done.out) == (status, "")
    if status == 1:
        assert len(done.complaints) == 1


def test_a_broadcast_of_later_can_be_cancelled_once(desk: Desk) -> None:
    desk.does(*SEND, "--to", "unit:BS01", "--at", "2026-11-24 09:00", "--yes")
    done = desk.does("broadcast", "cancel", 1)
    assert (done.status, done.out) == (0, "broadcast 1 is cancelled; 5 message(s) were stopped\n")
    shown = desk.does("broadcast", "show", 1, "--json").document
    assert (shown["state"], shown["states"]["cancelled"]) == ("cancelled", 5)
    assert desk.does("broadcast", "cancel", 1).status == 1
