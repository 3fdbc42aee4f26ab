"""Every law can be broken: forged books, each wrong in one place, and what is said of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from notifier.sandbox.app import create_sandbox
from notifier.sandbox.faults import Carrier
from tests.chaos import answer_laws as answers
from tests.chaos import sending_laws as sending
from tests.chaos.books import KEPT, Arrival, Books
from tests.chaos.crowd import Act
from tests.chaos.machines import Death
from tests.chaos.replay import replay
from tests.chaos.town import Shift, Town
from tests.chaos.weather import Attention

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SENT = Arrival(
    carrier=Carrier.TELEGRAM, account="7101", address="1", text="827 缺1人", at=100.0, outcome="accepted"
)
MARKED = replace(SENT, text="（重发）827 缺1人", at=102.0)
RATES = {"7101": 2.0}
SAID = Act(
    person="p1",
    carrier=Carrier.TELEGRAM,
    account="7101",
    address="1",
    provider_id="5",
    verb="ack",
    words="收到827 ★",
    ref="9",
    at=103.0,
)


def row(**more: Any) -> Any:
    given = {
        "id": 1, "key": "case:1:call", "state": "sent", "channel": "telegram", "account": "7101",
        "address": "1", "text": "827 缺1人", "attempts": 1, "edits": None, "call": True, "repeated": False,
        "case": 1, "provider_id": "9", "broadcast": None, "template": "call", "person": "p1",
        "sent_at": None, "delivered_at": None, "answered_at": None,
    }  # fmt: skip
    return SimpleNamespace(**{**given, **more})


def line(event: str, person: str | None = None, reason: str | None = None, **more: Any) -> Any:
    given = {"event": event, "person": person, "reason": reason, "case": 1, "subject": None, "at": NOW}
    return SimpleNamespace(**{**given, **more})


def heard(**more: Any) -> Any:
    given = {
        "id": 1,
        "source": "telegram",
        "account": "7101",
        "provider_id": "5",
        "state": "done",
        "tries": 0,
        "error": None,
    }
    return SimpleNamespace(**{**given, "received_at": NOW, **more})


def books(**tables: Sequence[Any]) -> Books:
    return Books(rows={**{table.name: [] for table in KEPT}, **tables})


@pytest.mark.parametrize(
    ("rows", "arrived"),
    [
        ([row(state="queued", attempts=0)], []),
        ([row(state="sending")], [SENT]),
        ([row()], []),
        ([], [SENT]),
        ([row()], [replace(SENT, text="another")]),
    ],
)
def test_a_lost_message_is_seen(rows: list[Any], arrived: list[Arrival]) -> None:
    assert list(sending.nothing_is_lost(books(messages=rows), arrived))
    assert not list(sending.nothing_is_lost(books(messages=[row()]), [SENT]))


@pytest.mark.parametrize(
    ("message", "arrived"),
    [
        (row(), [SENT, replace(SENT, at=102.0)]),
        (row(), [SENT, MARKED]),
        (row(call=False, repeated=True), [SENT, MARKED]),
        (row(repeated=True), [SENT, MARKED, replace(MARKED, at=105.0)]),
    ],
)
def test_a_blind_double_is_seen(message: Any, arrived: list[Arrival]) -> None:
    assert list(sending.nothing_is_doubled_blindly(books(messages=[message]), arrived))
    assert not list(sending.nothing_is_doubled_blindly(books(messages=[row(repeated=True)]), [SENT, MARKED]))


def test_a_doubt_without_a_cause_is_seen() -> None:
    doubted = books(messages=[row(state="uncertain")])
    assert list(sending.doubts_have_a_cause(doubted, [SENT], [], 2.0))
    assert not list(sending.doubts_have_a_cause(doubted, [replace(SENT, outcome="lost")], [], 2.0))
    assert not list(sending.doubts_have_a_cause(doubted, [SENT], [Death(process="a", at=100.1)], 2.0))


@pytest.mark.parametrize(
    "arrived",
    [
        [replace(SENT, address=str(n), at=100 + n / 10) for n in range(3)],
        [SENT, replace(SENT, at=100.7)],
        [replace(SENT, outcome="refused", limit="per_chat")],
        [replace(SENT, outcome="refused", throttled=True), replace(SENT, at=100.9, in_pause=True)],
        [replace(SENT, address="-1", at=100.0 + n) for n in range(21)],
    ],
)
def test_a_broken_limit_is_seen(arrived: list[Arrival]) -> None:
    written = books(messages=[row()])
    assert list(sending.no_limit_is_broken(written, arrived, RATES, [], Attention()))
    kept = [SENT, replace(SENT, at=101.0)]
    assert not list(sending.no_limit_is_broken(written, kept, RATES, [], Attention()))


@pytest.mark.parametrize(
    "tables",
    [
        {"inbox": []},
        {"inbox": [heard(state="failed", tries=3)]},
        {"inbox": [heard(), heard(id=2, provider_id="6")]},
        {"inbox": [heard()], "journal": [line("acknowledged", "p1", SAID.words)] * 2},
    ],
)
def test_an_answer_that_is_lost_or_heard_twice_is_seen(tables: dict[str, list[Any]]) -> None:
    state = create_sandbox().state
    assert list(answers.answers_are_heard_once(books(**tables), [SAID], state))
    assert not list(answers.answers_are_heard_once(books(inbox=[heard()]), [SAID], state))


def test_an_answer_without_effect_is_seen() -> None:
    state = create_sandbox().state
    called = [line("opened"), line("called", "p1", "step 1")]
    ignored = books(messages=[row()], inbox=[heard()], journal=called)
    assert list(answers.answers_have_effect(ignored, [SAID], state))
    taken = books(messages=[row()], inbox=[heard()], journal=[*called, line("acknowledged", "p1")])
    assert not list(answers.answers_have_effect(taken, [SAID], state))


def test_a_journal_that_does_not_tell_the_state_is_seen() -> None:
    lines = [line("opened"), line("called", "p1", "step 1"), line("acknowledged", "p1")]
    held = SimpleNamespace(id=1, state="held", holder="p1")
    assert not list(answers.the_journal_tells_the_state(books(cases=[held], journal=lines)))
    for wrong in (lines[:2], [*lines, line("lapsed", "p1")], [*lines, line("called", "p2", "step 2")]):
        assert list(answers.the_journal_tells_the_state(books(cases=[held], journal=wrong)))
    assert list(answers.the_journal_tells_the_state(books(journal=lines)))


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([("opened", None, None), ("called", "a", "step 1"), ("exhausted", None, None)], "exhausted"),
        ([("opened", None, None), ("exhausted", None, None), ("called", "d", "exhausted")], "exhausted"),
        ([("opened", None, None), ("acknowledged", "a", ""), ("undone", "a", "")], "calling"),
        ([("opened", None, None), ("acknowledged", "a", ""), ("undone", "b", "")], "held"),
        ([("opened", None, None), ("resolved", None, "staffed"), ("stood_down", "a", "")], "resolved"),
    ],
)
def test_a_journal_is_read(events: list[tuple[str, str | None, str | None]], state: str) -> None:
    told = replay(line(*event) for event in events)
    assert (told.state, told.wrong) == (state, ())


def test_an_empty_post_that_nobody_was_called_for_is_seen() -> None:
    shift = Shift(post="P1", start=NOW, end=NOW + timedelta(seconds=100), person="p1")
    over = line("shift_over", subject="P1 2026-11-23T00:00:00Z", at=NOW + timedelta(seconds=101))
    other = line("shift_over", subject="P2 2026-11-22T23:00:00Z", at=NOW + timedelta(seconds=50))
    before = Shift(post="P2", start=NOW - timedelta(hours=1), end=NOW + timedelta(seconds=50), person="p2")
    town = Town(people=(), shifts=(shift, before))
    assert list(answers.every_shift_was_seen_to(books(journal=[over, other]), town))
    assert list(answers.every_shift_was_seen_to(books(journal=[]), town))
    called = [SimpleNamespace(id=n, subject=s.subject) for n, s in enumerate((over, other))]
    assert not list(answers.every_shift_was_seen_to(books(journal=[over, other], cases=called), town))


def test_an_echo_that_changes_something_is_seen() -> None:
    before = books(messages=[row()], inbox=[heard()], journal=[line("opened")])
    assert not list(answers.an_echo_changes_nothing(before, before))
    for after in (
        books(messages=[row(state="delivered")], inbox=[heard()], journal=[line("opened")]),
        books(messages=[row(), row(id=2, key="answer:7:1")], inbox=[heard()], journal=[line("opened")]),
        books(messages=[row()], inbox=[heard(), heard(id=2)], journal=[line("opened")]),
        books(messages=[row()], inbox=[heard()], journal=[line("opened"), line("acknowledged", "p1")]),
        books(messages=[row()], inbox=[heard()], journal=[]),
    ):
        assert list(answers.an_echo_changes_nothing(before, after))


def test_who_was_forgotten_or_thanked_twice_is_seen() -> None:
    broadcast = SimpleNamespace(id=1, kind="commendation")
    thanked = row(broadcast=1, template="commendation")
    assert not list(
        answers.everybody_was_commended(books(broadcasts=[broadcast], messages=[thanked]), ["p1"])
    )
    for rows in ([], [thanked, thanked]):
        assert list(answers.everybody_was_commended(books(broadcasts=[broadcast], messages=rows), ["p1"]))
