"""Retries come later each time, never all together, and not later than a minute apart."""

from notifier.engine.sending.outcomes import retry_delay_s


def test_each_retry_waits_for_longer_up_to_a_minute() -> None:
    for attempts, ceiling in ((1, 1.0), (2, 2.0), (3, 4.0), (6, 32.0), (7, 60.0), (500, 60.0)):
        delays = [retry_delay_s(attempts) for _ in range(50)]
        assert ceiling / 2 <= min(delays)
        assert max(delays) <= ceiling


def test_what_failed_together_does_not_come_back_together() -> None:
    assert len({retry_delay_s(4) for _ in range(50)}) > 40
