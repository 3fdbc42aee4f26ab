import pytest

from notifier.channels.sms.reach import ONE_WAY, can_reply
from notifier.channels.sms.senders import sender_for
from notifier.channels.sms.twilio_codes import is_wrong_number, verdict_on_code, verdict_on_refusal
from notifier.errors import Verdict


@pytest.mark.parametrize(
    ("code", "verdict", "alarm"),
    [
        (21610, Verdict.STOP_CONTACT, False),
        (21211, Verdict.REFUSED, False),
        (21614, Verdict.REFUSED, False),
        (21635, Verdict.REFUSED, False),
        (30007, Verdict.REFUSED, False),
        (21408, Verdict.REFUSED, True),
        (20429, Verdict.SLOW_DOWN, False),
        (20003, Verdict.NOT_SENT, True),
        (99999, Verdict.REFUSED, False),
    ],
)
def test_refusals(code: int, verdict: Verdict, alarm: bool) -> None:
    error = verdict_on_refusal(code)
    assert (error.verdict, error.code, error.alarm) == (verdict, str(code), alarm)
    assert (error.retry_after > 0) is (verdict is Verdict.SLOW_DOWN)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("30003", Verdict.NOT_SENT),
        ("30008", Verdict.NOT_SENT),
        ("30001", Verdict.NOT_SENT),
        ("30007", Verdict.REFUSED),
        ("21610", Verdict.STOP_CONTACT),
        (None, Verdict.REFUSED),
        ("x", Verdict.REFUSED),
    ],
)
def test_receipts(code: str | None, verdict: Verdict) -> None:
    assert verdict_on_code(code) is verdict


def test_wrong_numbers_are_told_apart() -> None:
    assert all(is_wrong_number(code) for code in ("21211", "21614", "30006", "21635"))
    assert not any(is_wrong_number(code) for code in ("21610", "30008", "connect", None))


def test_who_can_answer() -> None:
    assert not can_reply("+8613812345678")
    assert not can_reply("+919812345678")
    assert not can_reply("+84912345678")
    assert can_reply("+85291234567")
    assert can_reply("+15550001111")
    assert can_reply("")


def test_no_prefix_hides_another() -> None:
    assert not [(a, b) for a in ONE_WAY for b in ONE_WAY if a != b and b.startswith(a)]


def test_each_recipient_keeps_one_sender() -> None:
    senders = ["+15550001111", "+15550002222", "+15550003333"]
    people = [f"+86138{n:08d}" for n in range(300)]
    chosen = {person: sender_for(person, senders) for person in people}
    assert set(chosen.values()) == set(senders)
    assert all(sender_for(person, list(reversed(senders))) == chosen[person] for person in people)
    fewer = senders[:2]
    kept = [person for person in people if chosen[person] in fewer]
    assert all(sender_for(person, fewer) == chosen[person] for person in kept)
