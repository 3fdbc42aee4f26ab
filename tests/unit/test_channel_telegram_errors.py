import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.channels.telegram.errors import NOT_MODIFIED, ChatMoved, verdict_on_answer
from notifier.channels.telegram.sender import base_url
from notifier.errors import CarrierError, Verdict


def refused(status: int, description: str = "", **parameters: Any) -> CarrierError:
    answer = {"ok": False, "error_code": status, "description": description, "parameters": parameters}
    return verdict_on_answer(status, json.dumps(answer).encode())


@pytest.mark.parametrize(
    ("status", "description", "verdict", "code"),
    [
        (403, "Forbidden: bot was blocked by the user", Verdict.STOP_CONTACT, "blocked"),
        (403, "Forbidden: user is deactivated", Verdict.STOP_CONTACT, "deactivated"),
        (403, "Forbidden: bot was kicked from the group chat", Verdict.STOP_CONTACT, "kicked"),
        (403, "Forbidden: bot can't initiate conversation with a user", Verdict.STOP_CONTACT, "forbidden"),
        (400, "Bad Request: chat not found", Verdict.STOP_CONTACT, "chat_not_found"),
        (400, "Bad Request: message text is empty", Verdict.REFUSED, "bad_request"),
        (400, "Bad Request: message is not modified: specified new", Verdict.REFUSED, NOT_MODIFIED),
        (400, "Bad Request: message is too long", Verdict.REFUSED, "too_long"),
        (502, "Bad Gateway", Verdict.UNKNOWN, "http_502"),
    ],
)
def test_refusals(status: int, description: str, verdict: Verdict, code: str) -> None:
    error = refused(status, description)
    assert (error.verdict, error.code, error.alarm) == (verdict, code, False)


@pytest.mark.parametrize(
    ("status", "code"), [(401, "invalid_token"), (404, "invalid_token"), (409, "conflict")]
)
def test_what_an_operator_must_mend(status: int, code: str) -> None:
    error = refused(status, "Unauthorized")
    assert (error.verdict, error.code, error.alarm) == (Verdict.NOT_SENT, code, True)


@pytest.mark.parametrize(("given_s", "seconds"), [(7, 7.0), (0.5, 0.5), (0, 1.0), ("soon", 1.0), (None, 1.0)])
def test_slow_down_says_for_how_long(given_s: object, seconds: float) -> None:
    error = refused(429, "Too Many Requests: retry after 7", retry_after=given_s)
    assert (error.verdict, error.retry_after) == (Verdict.SLOW_DOWN, seconds)


def test_a_moved_group_carries_its_new_id() -> None:
    error = refused(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-100123)
    assert isinstance(error, ChatMoved)
    assert (error.verdict, error.new_address) == (Verdict.NOT_SENT, "-100123")


@pytest.mark.parametrize("body", [b"<html>403</html>", b"[]", b'{"message": "denied"}', b""])
def test_a_proxys_refusal_stops_no_contact(body: bytes) -> None:
    error = verdict_on_answer(403, body)
    assert (error.verdict, error.code, error.alarm) == (Verdict.NOT_SENT, "http_403", True)


def test_a_proxys_429_is_still_one() -> None:
    assert verdict_on_answer(429, b"slow").verdict is Verdict.SLOW_DOWN


@given(st.integers(300, 999), st.binary() | st.text().map(str.encode))
def test_total_and_silent_about_the_body(status: int, body: bytes) -> None:
    error = verdict_on_answer(status, body)
    assert str(error) == f"{error.verdict}: {error.code}"


@pytest.mark.parametrize(
    ("given_url", "url"),
    [
        (None, "https://api.telegram.org/bot"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/bot"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000/bot"),
        ("http://127.0.0.1:9000/bot", "http://127.0.0.1:9000/bot"),
        ("http://127.0.0.1:9000/bot/", "http://127.0.0.1:9000/bot"),
    ],
)
def test_base_url(given_url: str | None, url: str) -> None:
    assert base_url(given_url) == url
