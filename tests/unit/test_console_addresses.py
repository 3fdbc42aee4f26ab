"""Where a request came from, and where a visitor may be led."""

import pytest
from starlette.requests import Request

from notifier.web.console.sign_in import address_of
from notifier.web.console.visit import csrf_of, safe_next


def request_from(peer: str | None, forwarded: str | None = None) -> Request:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded is not None else []
    client = (peer, 1) if peer is not None else None
    return Request({"type": "http", "client": client, "headers": headers})


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.5", None, "203.0.113.5"),
        # Whoever is not a proxy on this machine may say what he likes.
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        # Only the last entry is the proxy's own; the others came with the request.
        ("::1", "10.0.0.1, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        # A subscriber has 2**64 addresses.
        ("2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        ("127.0.0.1", "2001:db8:1:2::9", "2001:db8:1:2::/64"),
        (None, None, ""),
    ],
)
def test_where_it_came_from(peer: str | None, forwarded: str | None, address: str) -> None:
    assert address_of(request_from(peer, forwarded)) == address


@pytest.mark.parametrize("wanted", ["/console", "/console/units/V1?did=pause", "/console?town=T1"])
def test_pages_of_the_console_are_led_to(wanted: str) -> None:
    assert safe_next(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "",
        "/",
        "console",
        "//evil.example",
        "https://evil.example/console",
        "/console//evil.example",
        "/console\\evil",
        "/consolation",
        "/console/\n",
        "javascript:1",
    ],
)
def test_nothing_else_is(wanted: str | None) -> None:
    assert safe_next(wanted) == "/console"


def test_a_token_for_changes_does_not_tell_the_session() -> None:
    assert csrf_of("a") != csrf_of("b")
    assert "secret-token" not in csrf_of("secret-token")
