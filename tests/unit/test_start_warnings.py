"""What is said at start of settings that leave something off, or open."""

import pytest

from notifier.bootstrap import start_warnings
from notifier.config import Config


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://duty.example", True),
        ("https://duty.example", False),
        ("http://127.0.0.1:8000", False),
        (None, False),
    ],
)
def test_an_address_in_the_clear_is_warned_of(url: str | None, warned: bool) -> None:
    config = Config(_env_file=None, public_url=url)  # type: ignore[call-arg]
    assert any("PUBLIC_URL is not https" in line for line in start_warnings(config)) is warned
