"""When an office is silent: calls without a known answer, of late and since he was last heard of."""

from datetime import UTC, datetime, timedelta

import pytest

from notifier.domain.policy import Kind, Policy
from notifier.domain.silence import is_silent

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLICY = Policy(kind=Kind.SILENT, after_calls=3, within=timedelta(hours=24))


def ago(*hours: float) -> list[datetime]:
    return [NOW - timedelta(hours=hour) for hour in hours]


@pytest.mark.parametrize(
    ("calls", "heard", "silent"),
    [
        ((3, 2, 1), None, True),
        ((2, 1), None, False),
        ((30, 26, 24, 2, 1), None, False),
        ((5, 4, 3, 2, 1), 2.5, False),
        ((5, 4, 3, 2, 1), 3.5, True),
        ((3, 2, 1), 1, False),
        ((), None, False),
    ],
)
def test_an_office_is_silent(calls: tuple[float, ...], heard: float | None, silent: bool) -> None:
    heard_at = ago(heard)[0] if heard is not None else None
    assert is_silent(ago(*calls), heard_at, POLICY, NOW) is silent
