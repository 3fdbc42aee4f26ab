"""What other programs are told of a case, and where and with which keys."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from notifier.config import load_config
from notifier.domain.case import Case, CaseState
from notifier.domain.case_news import CaseNews, news_of
from notifier.domain.endpoints import endpoint_name, is_endpoint, signing_key
from notifier.domain.ids import CaseId, PersonId, UnitCode
from notifier.domain.policy import Kind
from notifier.errors import SettingError
from tests.receiver import KEY
from tests.stories.surroundings import NO_ENV_FILE

NEW = Case(
    id=CaseId(1),
    kind=Kind.UNSTAFFED,
    unit=UnitCode("BS01"),
    subject="BS01-G1",
    opened_at=datetime(2026, 11, 23, 12, 10, tzinfo=UTC),
)
CALLING = replace(NEW, version=1)
HELD = replace(CALLING, state=CaseState.HELD, holder=PersonId("p11"), version=2)


@pytest.mark.parametrize(
    ("before", "after", "news"),
    [
        (NEW, CALLING, [CaseNews.OPENED]),
        (NEW, replace(CALLING, state=CaseState.EXHAUSTED), [CaseNews.OPENED, CaseNews.EXHAUSTED]),
        (CALLING, replace(CALLING, version=2), []),
        (CALLING, HELD, [CaseNews.HELD]),
        (HELD, replace(HELD, holder=PersonId("p12")), [CaseNews.HELD]),
        (HELD, replace(HELD, version=3), []),
        (HELD, replace(HELD, state=CaseState.CALLING, holder=None), [CaseNews.CALLING]),
        (HELD, replace(HELD, state=CaseState.RESOLVED), [CaseNews.RESOLVED]),
        (CALLING, replace(CALLING, state=CaseState.CANCELLED), [CaseNews.CANCELLED]),
    ],
)
def test_each_turn_of_a_case_is_told_once(before: Case, after: Case, news: list[CaseNews]) -> None:
    assert list(news_of(before, after)) == news


@pytest.mark.parametrize("state", [state for state in CaseState if state is not CaseState.CALLING])
def test_every_state_that_a_case_may_come_to_has_its_event(state: CaseState) -> None:
    assert [news.removeprefix("case.") for news in news_of(CALLING, replace(CALLING, state=state))] == [state]


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://duty.example/hooks?key=1", True),
        ("http://127.0.0.1:9/", True),
        ("http://localhost", True),
        ("http://duty.example", False),
        ("ftp://duty.example", False),
        ("duty.example", False),
        ("https://", False),
        ("https://duty.example:port", False),
        ("https://[half", False),
    ],
)
def test_events_go_encrypted_or_not_off_this_machine(url: str, is_one: bool) -> None:
    assert is_endpoint(url) is is_one


def test_an_endpoint_s_name_tells_its_host_and_no_more() -> None:
    one, other = (endpoint_name(f"https://duty.example/{path}") for path in ("s3cret", "other"))
    assert one.startswith("duty.example-")
    assert one != other
    assert "s3cret" not in one


@pytest.mark.parametrize(
    ("text", "length"),
    [
        (KEY, 32),
        (f"whsec_{KEY}", 32),
        (base64.b64encode(b"x" * 23).decode(), 0),
        (base64.b64encode(b"x" * 65).decode(), 0),
        ("a pass phrase of some length, surely long enough", 0),
        ("密钥", 0),
    ],
)
def test_a_key_is_base64_and_of_a_length_that_holds(text: str, length: int) -> None:
    assert len(signing_key(text)) == length


HERE = "http://127.0.0.1:9/events"
THERE = "https://duty.example/events"
REAL = {"telegram_token": "7001:secret", "only_to": "p01"}
SANDBOX = {"telegram_token": "7001:secret", "telegram_api_url": "http://127.0.0.1:8081"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"webhook_url": HERE}, "NOTIFIER_WEBHOOK_SECRET is missing"),
        ({"webhook_url": HERE, "webhook_secret": " , "}, "NOTIFIER_WEBHOOK_SECRET is missing"),
        ({"webhook_secret": KEY}, "NOTIFIER_WEBHOOK_URL is missing"),
        ({"webhook_url": "http://duty.example", "webhook_secret": KEY}, "NOTIFIER_WEBHOOK_URL: holds"),
        ({"webhook_url": HERE, "webhook_secret": f"{KEY},short"}, "NOTIFIER_WEBHOOK_SECRET: is no base64"),
        ({**SANDBOX, "webhook_url": THERE, "webhook_secret": KEY}, "NOTIFIER_WEBHOOK_URL leads off"),
        ({"clock_speed": 60, "webhook_url": THERE, "webhook_secret": KEY}, "NOTIFIER_WEBHOOK_URL leads off"),
    ],
)
def test_what_is_wrong_ends_the_start_with_one_line(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_config(NO_ENV_FILE, **given)
    line = str(caught.value)
    assert line.startswith(said)
    assert "\n" not in line
    assert KEY not in line


@pytest.mark.parametrize(
    "given", [{**REAL, "webhook_url": f"{HERE},{THERE}"}, {**SANDBOX, "webhook_url": HERE}]
)
def test_endpoints_and_keys_are_read(given: dict[str, Any]) -> None:
    config = load_config(NO_ENV_FILE, **given, webhook_secret=f"whsec_{KEY}, {KEY}")
    assert list(config.webhooks.values()) == given["webhook_url"].split(",")
    assert config.webhook_keys == (base64.b64decode(KEY),) * 2
