"""Pacing holds to the carriers' budgets, whatever the moments of sending."""

from bisect import bisect_left
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.domain.message import Lane
from notifier.domain.pacing import BULK_EVERY, CHAT_MARGIN, TOLERANCE_S, ChatPacer, LanePicker, Pacer

GAPS = st.lists(st.one_of(st.floats(0, 0.2), st.floats(0, 3)), min_size=1, max_size=200)


def most_in_a_second(times: list[float]) -> int:
    """The most sendings in any [t, t + 1), leaving rounding of the last digits aside."""
    return max((bisect_left(times, t + 1 - 1e-6) - i for i, t in enumerate(times)), default=0)


def send(pacer: Pacer, gaps: list[float]) -> list[float]:
    """Sends as soon as it may, looking up from other work only every so often."""
    now, times = 0.0, []
    for gap in gaps:
        now += gap
        while pacer.take(now):
            times.append(now)
        now = pacer.next_free(now)
    return times


@settings(deadline=None)
@given(rate=st.sampled_from([1.0, 2.0, 4.0, 5.0, 28.0, 80.0]), gaps=GAPS)
def test_no_second_sees_more_than_its_share(rate: float, gaps: list[float]) -> None:
    times = send(Pacer(rate, 0.0), gaps)
    most = most_in_a_second(times)
    assert most <= max(ceil(rate), floor((1 + TOLERANCE_S) * rate) + 1)
    assert most <= 1.25 * rate


@given(stalls=st.lists(st.floats(0, 0.4), min_size=1, max_size=80))
def test_what_a_stall_held_back_counts_from_when_it_went_out(stalls: list[float]) -> None:
    """The process stands still between taking a message's turn and writing it to the line."""
    pacer, now, out = Pacer(28, 0.0), 0.0, []
    for stall in stalls:
        now = max(now, pacer.next_free(now))
        assert pacer.take(now)
        now += stall
        pacer.went_out(now)
        out.append(now)
    assert most_in_a_second(out) <= floor((1 + TOLERANCE_S) * 28) + 1


def test_the_rate_is_reached() -> None:
    pacer, now, sent = Pacer(28, 0.0), 0.0, 0
    while now < 60:
        sent += pacer.take(now)
        now = max(pacer.next_free(now), now + 1e-4)
    assert 0.98 * 28 * 60 <= sent <= 28 * 60 + 2


@pytest.mark.parametrize("rate", [1.0, 28.0])
def test_a_new_owner_and_a_long_rest_save_nothing_up(rate: float) -> None:
    pacer = Pacer(rate, 100.0)
    assert pacer.next_free(100.0) == pytest.approx(100 + 1 / rate)
    assert not pacer.take(100.0)
    burst = 0
    while pacer.take(1000.0):
        burst += 1
    assert burst <= 1 + 0.05 * rate


def test_an_sms_costs_its_segments_and_a_pause_stops_everything() -> None:
    pacer = Pacer(1, 0.0)
    assert pacer.take(1.0, cost=3)
    assert pacer.next_free(1.0) == 4.0
    pacer.pause(30.0)
    pacer.pause(20.0)
    assert pacer.next_free(5.0) == 30.0
    assert not pacer.take(29.9)
    assert pacer.take(30.0)


@pytest.mark.parametrize("rate", [0, None])
def test_no_rate_is_no_limit_but_still_obeys_a_pause(rate: float | None) -> None:
    pacer = Pacer(rate, 0.0)
    assert all(pacer.take(0.0) for _ in range(1000))
    pacer.pause(2.0)
    assert pacer.next_free(0.0) == 2.0


def test_a_chat_is_spaced_and_replies_may_skip_that() -> None:
    chats = ChatPacer(1.0)
    assert chats.take("7", 0.0)
    assert chats.next_free("7", 0.0) == pytest.approx(1.03)
    assert not chats.take("7", 0.8)
    assert not chats.is_free("7", 0.8)
    assert chats.is_free("7", 0.8, reply=True)
    assert chats.take("8", 0.8)
    assert chats.take("7", 0.8, reply=True)
    assert chats.next_free("7", 0.8) == pytest.approx(1.83)
    chats.pause("7", 9.0)
    assert chats.next_free("7", 0.8, reply=True) == 9.0


@settings(deadline=None)
@given(gaps=GAPS, reply=st.booleans())
def test_a_group_gets_no_more_than_20_in_any_minute(gaps: list[float], reply: bool) -> None:
    chats, now, times = ChatPacer(1.0, 20), 0.0, []
    for gap in gaps:
        now = chats.next_free("-100", now + gap, reply=reply)
        assert chats.take("-100", now, reply=reply)
        times.append(now)
    # To within what adding up floats loses.
    assert all(later - earlier >= 60 - 1e-6 for earlier, later in zip(times, times[20:], strict=False))


def test_chats_that_fell_silent_are_forgotten() -> None:
    chats = ChatPacer(1.0)
    for n in range(10_000):
        chats.take(str(n), n / 28)
        chats.take(f"-{n}", n / 28)
    assert len(chats) < 28 * 2 * 2 * 65
    chats.take("1", 10_000.0)
    assert len(chats) == 1


def test_a_slow_call_keeps_the_next_at_its_distance() -> None:
    """The carrier may have taken it at the very end; a quick one costs no time at all."""
    pacer = ChatPacer()
    assert pacer.take("1", 0.0)
    pacer.landed("1", 0.1)
    assert pacer.next_free("1", 0.1) == CHAT_MARGIN
    assert pacer.take("1", CHAT_MARGIN)
    pacer.landed("1", 5.0)
    assert pacer.next_free("1", 5.0) >= 5.8
    assert pacer.is_free("1", 5.0, reply=True)


@settings(deadline=None)
@given(st.lists(st.frozensets(st.sampled_from(Lane)), max_size=200))
def test_lanes_are_strict_but_for_the_floor_of_bulk(turns: list[frozenset[Lane]]) -> None:
    picker, others = LanePicker(), 0
    for waiting in turns:
        lane = picker.pick(waiting)
        if not waiting:
            assert lane is None
            continue
        assert lane is not None
        assert lane == picker.pick(waiting), "asking changes nothing"
        picker.sent(lane)
        assert lane in waiting
        assert lane in (min(waiting), Lane.BULK)
        if lane is Lane.BULK:
            assert others == BULK_EVERY - 1 or waiting == {Lane.BULK}
            others = 0
        elif Lane.BULK in waiting:
            others += 1
        assert others < BULK_EVERY


def test_bulk_gets_five_percent_of_a_storm() -> None:
    picker = LanePicker()
    bulk = 0
    for _ in range(200):
        lane = picker.pick({Lane.ESCALATION, Lane.BULK})
        assert lane is not None
        picker.sent(lane)
        bulk += lane is Lane.BULK
    assert bulk == 10
