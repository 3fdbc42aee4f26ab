"""When there is a list, which one an ask goes on, and what its buttons answer."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.ids import MessageId
from notifier.domain.joining import (
    ALONE,
    HOUR,
    MOST_BUTTONS,
    SPARED,
    WINDOW,
    Line,
    Listed,
    Seat,
    digest_at,
    find_seat,
    held_until,
    is_list,
    list_key,
    list_keyboard,
)
from notifier.domain.language.model import Verb
from notifier.domain.message import Button, MessageState

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
S = MessageState


def listed(n: int, state: S, *, ago: float = 0, base: int | None = None) -> Listed:
    return Listed(id=MessageId(n), base=MessageId(base or n), at=NOW - timedelta(seconds=ago), state=state)


@pytest.mark.parametrize("asked", range(ALONE))
@pytest.mark.parametrize("can_edit", [True, False])
def test_the_first_two_go_by_themselves(asked: int, can_edit: bool) -> None:
    assert find_seat(asked, [], NOW, can_edit=can_edit) is None


@pytest.mark.parametrize("can_edit", [True, False])
def test_the_third_makes_a_list_that_goes_at_once(can_edit: bool) -> None:
    assert find_seat(2, [], NOW, can_edit=can_edit) == Seat()


@pytest.mark.parametrize("asked", [0, 5])
def test_a_list_that_waits_takes_everything_aboard(asked: int) -> None:
    lists = [listed(1, S.SENT, ago=70), listed(2, S.QUEUED, ago=-50)]
    assert find_seat(asked, lists, NOW, can_edit=False) == Seat(on=MessageId(2))


@pytest.mark.parametrize("state", [S.SENDING, S.SENT, S.DELIVERED])
def test_what_comes_later_changes_the_list_that_went(state: S) -> None:
    assert find_seat(3, [listed(1, state, ago=10)], NOW, can_edit=True) == Seat(edits=MessageId(1))


def test_each_change_is_of_the_message_that_the_reader_sees() -> None:
    lists = [listed(1, S.SENT, ago=30), listed(2, S.SENDING, ago=5, base=1)]
    assert find_seat(4, lists, NOW, can_edit=True) == Seat(edits=MessageId(1))


def test_a_change_does_not_ring_so_that_after_a_minute_there_is_a_new_list() -> None:
    lists = [listed(1, S.SENT, ago=61), listed(2, S.SENT, ago=5, base=1)]
    assert find_seat(4, lists, NOW, can_edit=True) == Seat()


@pytest.mark.parametrize("state", [S.FAILED, S.UNCERTAIN, S.EXPIRED, S.CANCELLED])
@pytest.mark.parametrize("can_edit", [True, False])
def test_a_list_that_did_not_go_is_not_waited_for(state: S, can_edit: bool) -> None:
    assert find_seat(3, [listed(1, state, ago=10)], NOW, can_edit=can_edit) == Seat()


def test_where_nothing_can_be_changed_one_more_goes_a_minute_later() -> None:
    lists = [listed(1, S.SENT, ago=10)]
    assert find_seat(3, lists, NOW, can_edit=False) == Seat(not_before=NOW + timedelta(seconds=50))


@given(
    asked=st.integers(0, 50),
    lists=st.lists(st.tuples(st.sampled_from(list(S)), st.integers(-60, 300)), max_size=5),
    can_edit=st.booleans(),
)
def test_nothing_waits_longer_than_a_minute(asked: int, lists: list[tuple[S, int]], can_edit: bool) -> None:
    """A list that waits may be due in a minute at the most, and no new one is put off beyond that."""
    stood = [listed(n, state, ago=ago) for n, (state, ago) in enumerate(lists, 1)]
    seat = find_seat(asked, stood, NOW, can_edit=can_edit)
    if seat is None:
        assert asked < ALONE
        return
    if seat.not_before is not None:
        # A list that is on its way already went by now.
        went = max(stood[-1].at, NOW) if stood[-1].at > NOW else NOW
        assert NOW <= seat.not_before <= went + WINDOW
    if seat.edits is not None:
        assert can_edit
    if seat.on is not None:
        assert stood[-1].state is S.QUEUED


def test_a_list_is_known_by_its_key() -> None:
    assert is_list(list_key("case:1:call:1:1:p02:sms"))
    assert not is_list("case:1:call:1:1:p02:sms")


# ── buttons ──────────────────────────────────────────────────────────────────────────────────────


def line(n: int) -> Line:
    return Line(data=f"ack:{n}", label=f"收到 {100 + n}")


def test_one_button_for_all_then_one_for_each() -> None:
    assert list_keyboard(Verb.ACK, [line(1), line(2), line(3)], "全部收到") == (
        (Button("全部收到", "all:ack"),),
        (Button("收到 101", "ack:1"), Button("收到 102", "ack:2")),
        (Button("收到 103", "ack:3"),),
    )


@pytest.mark.parametrize("verb", [Verb.SIGN, Verb.VERIFY, Verb.RELAYED, Verb.RETURN])
def test_what_binds_is_never_said_for_all(verb: Verb) -> None:
    assert list_keyboard(verb, [line(1)], "全部收到") == ((Button("收到 101", "ack:1"),),)


def test_no_list_has_more_buttons_than_a_reader_can_use() -> None:
    rows = list_keyboard(Verb.ACK, [line(n) for n in range(100)], "全部收到")
    assert sum(map(len, rows)) == 1 + MOST_BUTTONS


# ── the ceiling ──────────────────────────────────────────────────────────────────────────────────


@given(minutes=st.lists(st.integers(0, 59), max_size=40).map(sorted), ceiling=st.integers(1, 20))
def test_when_it_may_go_there_is_room_again(minutes: list[int], ceiling: int) -> None:
    said = [NOW - timedelta(minutes=59 - minute) for minute in minutes]
    until = held_until(said, ceiling)
    if until is None:
        assert len(said) < ceiling
        return
    assert NOW < until <= NOW + HOUR
    assert sum(at > until - HOUR for at in said) < ceiling


def test_a_digest_goes_before_something_in_it_would_expire_and_never_in_the_past() -> None:
    over = NOW + HOUR
    assert digest_at(over, None, NOW) == over
    assert digest_at(over, over + SPARED, NOW) == over
    assert digest_at(over, NOW + 6 * SPARED, NOW) == NOW + 5 * SPARED
    assert digest_at(over, NOW + SPARED / 2, NOW) == NOW
