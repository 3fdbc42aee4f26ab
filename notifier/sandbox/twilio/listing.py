"""The list of messages: filters and pages as Twilio has them."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from notifier.sandbox.twilio.errors import TwilioRefusal
from notifier.sandbox.twilio.messages import API_VERSION, Message, MessageStore

DEFAULT_PAGE, MAX_PAGE = 50, 1000
FILTERS = ("To", "From", "DateSent", "DateSent<", "DateSent>")
Test = Callable[[Message], bool]


def list_messages(store: MessageStore, account: str, params: Mapping[str, str]) -> dict[str, Any]:
    """One page of an account's messages, newest first. Raises TwilioRefusal."""
    size = min(max(_whole(params, "PageSize", DEFAULT_PAGE), 1), MAX_PAGE)
    page = max(_whole(params, "Page", 0), 0)
    tests = _tests(params)
    fitting = (message for message in store.newest_first(account) if all(test(message) for test in tests))
    rows = list(itertools.islice(_after(fitting, params.get("PageToken"), page * size), size + 1))
    shown = rows[:size]
    link = _Links(account=account, filters={key: params[key] for key in FILTERS if key in params}, size=size)
    return {
        "first_page_uri": link.to(0),
        "uri": link.to(page, params.get("PageToken")),
        "next_page_uri": link.to(page + 1, f"PA{shown[-1].sid}") if len(rows) > size else None,
        "previous_page_uri": link.to(page - 1) if page else None,
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + max(len(shown) - 1, 0),
        "messages": [message.view() for message in shown],
    }


class _Links:
    def __init__(self, *, account: str, filters: Mapping[str, str], size: int) -> None:
        self._base = f"/{API_VERSION}/Accounts/{account}/Messages.json"
        self._fixed = {**filters, "PageSize": str(size)}

    def to(self, page: int, token: str | None = None) -> str:
        query = {**self._fixed, "Page": str(page)}
        if token:
            query["PageToken"] = token
        return f"{self._base}?{urlencode(query)}"


def _after(fitting: Iterator[Message], token: str | None, skip: int) -> Iterator[Message]:
    """Go on behind the token's message, so that new arrivals shift no page; without a token, count."""
    if not token:
        return itertools.islice(fitting, skip, None)
    behind = itertools.dropwhile(lambda message: f"PA{message.sid}" != token, fitting)
    return itertools.islice(behind, 1, None)


def _whole(params: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(params.get(name, default))
    except ValueError:
        raise TwilioRefusal(code=20001, message=f"Invalid parameter: {name}") from None


def _tests(params: Mapping[str, str]) -> list[Test]:
    tests: list[Test] = []
    if to := params.get("To"):
        tests.append(lambda message: message.to == to)
    if sender := params.get("From"):
        tests.append(lambda message: message.sender == sender)
    if on := params.get("DateSent"):
        day = _moment(on).date()
        tests.append(lambda message: _sent(message).date() == day)
    if until := params.get("DateSent<"):
        tests.append(_not_after(until))
    if since := params.get("DateSent>"):
        first = _moment(since)
        tests.append(lambda message: _sent(message) >= first)
    return tests


def _not_after(until: str) -> Test:
    last = _moment(until)
    if len(until) == len("2026-01-31"):
        return lambda message: _sent(message).date() <= last.date()
    return lambda message: _sent(message) <= last


def _sent(message: Message) -> datetime:
    return message.sent or message.created


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise TwilioRefusal(code=20001, message="Invalid parameter: DateSent") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
