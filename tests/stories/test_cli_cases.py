"""At the shell: what is open, why, and setting it right by hand."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from notifier.domain.ids import CaseId
from notifier.domain.policy import Kind
from notifier.engine.parts import Parts
from tests.stories.cli_desk import CITY, Desk, at_desk

SUBJECT = "BS01-G1 2026-11-23T12:00:00Z"
CASE_KEYS = [
    "id", "kind", "unit", "subject", "state", "outcome", "step", "holder", "opened_at", "closed_at", "called",
]  # fmt: skip
EVENT_KEYS = ["at", "event", "person", "channel", "reason", "message"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Iterator[Desk]:
    yield from at_desk(tmp_path, monkeypatch, sqlite_url)


@pytest.fixture
def night(desk: Desk) -> Desk:
    """A quarter past eight, and nobody at 岐元村卡口."""
    desk.does("import", CITY)
    desk.at("2026-11-23T20:15:00")

    async def opened(parts: Parts) -> None:
        async with parts.station.db.write() as tx:
            case = await parts.cases.open(tx, Kind.UNSTAFFED, SUBJECT, "0 of 1 on post", parts.station.now())
            assert case is not None

    desk.inside(opened)
    return desk


def test_cases_have_the_shape_of_the_contract(night: Desk) -> None:
    [case] = night.does("cases", "--json").document
    assert list(case) == CASE_KEYS
    assert case | {"opened_at": "", "closed_at": ""} == {
        "id": "1",
        "kind": "unstaffed",
        "unit": "BS01",
        "subject": SUBJECT,
        "state": "calling",
        "outcome": None,
        "step": 1,
        "holder": None,
        "opened_at": "",
        "closed_at": "",
        "called": ["p14"],
    }
    assert case["opened_at"].startswith("2026-11-23T12:15:0")
    assert case["opened_at"].endswith("Z")


def test_cases_are_filtered_by_unit_and_openness(night: Desk) -> None:
    assert len(night.does("cases", "--open", "--unit", "YQ", "--json").document) == 1
    assert night.does("cases", "--unit", "BS02", "--json").document == []
    assert night.does("cases", "--unit", "NOWHERE").status == 1
    night.does("case", "cancel", 1, "--by", "p01", "--reason", "drill")
    assert night.does("cases", "--open", "--json").document == []
    assert "p14" in night.does("cases").out


def test_a_trace_tells_what_was_decided_and_what_became_of_it(night: Desk) -> None:
    trace = night.does("trace", 1, "--json").document
    assert list(trace) == ["case", "events"]
    assert list(trace["case"]) == CASE_KEYS
    assert all(list(event) == EVENT_KEYS for event in trace["events"])
    opened, called = trace["events"]
    assert (opened["event"], opened["reason"]) == ("opened", "0 of 1 on post")
    assert (called["event"], called["person"], called["channel"]) == ("called", "p14", "sms")
    assert called["message"] == "1"
    assert "opened" in night.does("trace", 1).out


def test_a_case_is_taken_by_hand_and_says_so(night: Desk) -> None:
    done = night.does("case", "ack", 1, "--by", "p12", "--reason", "打过电话")
    assert (done.status, done.out) == (0, "case 1 is held by p12\n")
    events = night.does("trace", 1, "--json").document["events"]
    [taken] = [event for event in events if event["event"] == "acknowledged"]
    assert (taken["person"], taken["channel"], taken["reason"]) == ("p12", "shell", "打过电话")
    assert [event["person"] for event in events if event["event"] == "withdrawn"] == ["p14"]


@pytest.mark.parametrize("how_long", [("--for", "15m"), ("--until", "2026-11-23 20:30:30")])
def test_a_case_is_held_with_a_note_and_a_time(night: Desk, how_long: tuple[str, str]) -> None:
    done = night.does("case", "hold", 1, "--by", "p12", "--note", "打过电话，在路上", *how_long)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("case 1 is held by p12 until 2026-11-23 20:30")
    events = night.does("trace", 1, "--json").document["events"]
    kept = [(e["event"], e["person"], e["reason"]) for e in events if e["event"] in ("acknowledged", "held")]
    assert kept == [("acknowledged", "p12", "打过电话，在路上"), ("held", "p12", "打过电话，在路上")]


def test_a_hold_is_cut_to_what_the_policy_allows_and_says_so(night: Desk) -> None:
    done = night.does("case", "hold", 1, "--by", "p12", "--note", "路断了", "--for", "1d")
    assert "until 2026-11-23 20:35" in done.out
    assert "p12 has it" in night.does("case", "hold", 1, "--by", "p11", "--note", "x", "--for", "5m").err


def test_what_changes_nothing_is_one_line_and_a_failure(night: Desk) -> None:
    night.does("case", "ack", 1, "--by", "p12", "--reason", "x")
    again = night.does("case", "ack", 1, "--by", "p12", "--reason", "x")
    assert (again.status, again.out, len(again.complaints)) == (1, "", 1)
    other = night.does("case", "ack", 1, "--by", "p11", "--reason", "x")
    assert "p12 has it" in other.err
    night.does("case", "resolve", 1, "--by", "p12", "--reason", "x")
    closed = night.does("case", "cancel", 1, "--by", "p12", "--reason", "x")
    assert closed.status == 1
    assert "resolved already" in closed.err


@pytest.mark.parametrize(
    ("verb", "state", "outcome"),
    [("resolve", "resolved", "resolved by hand"), ("cancel", "cancelled", "cancelled")],
)
def test_a_case_is_closed_by_hand_with_the_reason_kept(
    night: Desk, verb: str, state: str, outcome: str
) -> None:
    assert night.does("case", verb, 1, "--by", "p01", "--reason", "去看过了").status == 0
    trace = night.does("trace", 1, "--json").document
    assert (trace["case"]["state"], trace["case"]["outcome"]) == (state, outcome)
    assert trace["case"]["closed_at"] is not None
    [closed] = [event for event in trace["events"] if event["event"] == state]
    assert (closed["person"], closed["reason"]) == ("p01", "去看过了")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("case", "ack", "9", "--by", "p11", "--reason", "x"), 1),
        (("case", "ack", "1", "--by", "nobody", "--reason", "x"), 1),
        (("case", "ack", "1", "--by", "p11"), 2),
        (("case", "ack", "one", "--by", "p11", "--reason", "x"), 2),
        (("case", "hold", "1", "--by", "p12", "--note", "x"), 2),
        (("case", "hold", "1", "--by", "p12", "--note", "x", "--for", "5m", "--until", "20:30"), 2),
        (("case", "hold", "1", "--by", "p12", "--note", "x", "--for", "soon"), 2),
        (("case", "hold", "1", "--by", "p12", "--note", "x", "--until", "2026-11-23 19:00"), 2),
        (("case", "hold", "9", "--by", "p12", "--note", "x", "--for", "5m"), 1),
        (("trace", "9"), 1),
        (("trace",), 2),
        (("messages", "resend"), 2),
        (("messages", "resend", "1", "--uncertain"), 2),
        (("messages", "resend", "9"), 1),
        (("messages", "resend", "1"), 1),
        (("messages", "--state", "lost"), 2),
        (("nonsense",), 2),
        (("run", "--only", "cook"), 2),
        (("db", "copy", "a", "b"), 1),
    ],
)
def test_exit_statuses(night: Desk, arguments: tuple[str, ...], status: int) -> None:
    done = night.does(*arguments)
    assert done.status == status
    assert done.out == ""
    if status == 1:
        assert len(done.complaints) == 1


def test_status_has_the_shape_of_the_contract(night: Desk) -> None:
    done = night.does("status", "--json")
    status = json.loads(done.out)
    assert list(status) == [
        "messages", "cases", "timers_late_s", "channels", "linked", "coverage", "on_post",
    ]  # fmt: skip
    assert list(status["messages"]) == [
        "queued", "sending", "sent", "delivered", "uncertain", "failed", "expired", "cancelled", "withheld",
    ]  # fmt: skip
    assert list(status["cases"]) == ["calling", "held", "resolved", "exhausted", "cancelled"]
    assert (status["messages"]["queued"], status["cases"]["calling"]) == (1, 1)
    assert status["on_post"] == {"people": 0, "kept_on": 0}
    assert status["channels"] == {
        "telegram": {"state": "ok", "accounts": 1, "queued": 0},
        "sms": {"state": "ok", "accounts": 1, "queued": 1},
    }
    assert isinstance(status["timers_late_s"], float)
    assert done.err == ""
    assert night.does("status").status == 0


def test_a_channel_without_a_token_is_off(desk: Desk) -> None:
    desk.set("TELEGRAM_TOKEN", "")
    channels = desk.does("status", "--json").document["channels"]
    assert channels["telegram"] == {"state": "off", "accounts": 0, "queued": 0}


def test_messages_are_listed_and_filtered(night: Desk) -> None:
    [message] = night.does("messages", "--json").document
    assert (message["id"], message["state"], message["channel"]) == ("1", "queued", "sms")
    assert (message["kind"], message["person"], message["case"]) == ("call_unstaffed_rostered", "p14", "1")
    assert message["text"].startswith(str(message["number"]))
    assert night.does("messages", "--state", "sent", "--json").document == []
    assert "call_unstaffed_rostered" in night.does("messages").out


def test_resending_is_for_uncertain_messages_only(night: Desk) -> None:
    assert "queued" in night.does("messages", "resend", 1).err
    assert night.does("messages", "resend", "--uncertain").out.startswith("0 ")


def test_a_bad_setting_is_one_line(desk: Desk) -> None:
    desk.set("TIMEZONE", "Nowhere/Else")
    done = desk.does("status")
    assert (done.status, len(done.complaints)) == (1, 1)
    assert "NOTIFIER_TIMEZONE" in done.err


def test_a_database_that_is_not_there_is_one_line_without_its_password(desk: Desk) -> None:
    desk.set("DATABASE_URL", "postgresql+asyncpg://somebody:secret@127.0.0.1:9/nothing")
    done = desk.does("status")
    assert (done.status, len(done.complaints)) == (1, 1)
    assert "secret" not in done.err


def test_a_file_that_is_no_database_is_one_line(desk: Desk) -> None:
    (desk.folder / "text.db").write_text("this is no database, whatever its name says" * 50)
    desk.set("DATABASE_URL", f"sqlite+aiosqlite:///{desk.folder}/text.db")
    done = desk.does("status")
    assert (done.status, len(done.complaints)) == (1, 1)


def test_closed_cases_name_their_case_id(night: Desk) -> None:
    async def recur(parts: Parts) -> CaseId | None:
        async with parts.station.db.write() as tx:
            case = await parts.cases.open(tx, Kind.UNSTAFFED, SUBJECT, "again", parts.station.now())
            return case.previous if case else None

    night.does("case", "resolve", 1, "--by", "p01", "--reason", "x")
    assert night.inside(recur) == 1
