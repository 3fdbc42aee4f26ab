"""What one attempt means for its message: pure readings of a carrier's verdict."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.joining import is_list
from notifier.domain.message import Accepted, MachineChannel, MessageState
from notifier.errors import CarrierError, Verdict
from notifier.store.rows import Outcome, StoredMessage

_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 60.0
_LONGEST_RETRY_TO_MACHINES_S = 600.0
"""Nobody's night hangs on them, and an endpoint may be down for hours with much waiting for it."""


INTERRUPTED = CarrierError(Verdict.UNKNOWN, "interrupted")
"""The process that was sending died in the middle: nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One finished call to the carrier: ``accepted`` or ``error``, exactly one of them."""

    message: StoredMessage
    accepted: Accepted | None = None
    error: CarrierError | None = None


def accepted(message: StoredMessage, taken: Accepted, fence: int, now: datetime) -> Outcome:
    """The carrier has it; another program that has it is where the message was to go."""
    return Outcome(
        message=message.id,
        state=MessageState.DELIVERED if _is_to_machine(message) else MessageState.SENT,
        at=now,
        fence=fence,
        provider_id=taken.provider_id,
        repeated=message.repeated,
        carries=is_list(message.key),
    )


def refused(message: StoredMessage, error: CarrierError, fence: int, now: datetime, speed: float) -> Outcome:
    """The carrier did not take it, or we do not know: what the verdict makes of the message.

    Retry delays are real seconds, so civil time is stretched by ``speed``.
    """
    state, delay_s, repeated = _next_state(message, error)
    return Outcome(
        message=message.id,
        state=state,
        at=now,
        fence=fence,
        error=error.code,
        not_before=now + timedelta(seconds=delay_s * speed) if state is MessageState.QUEUED else None,
        repeated=repeated,
        carries=is_list(message.key),
    )


def _next_state(message: StoredMessage, error: CarrierError) -> tuple[MessageState, float, bool]:
    match error.verdict:
        case Verdict.NOT_SENT:
            return MessageState.QUEUED, _delay_s(message), message.repeated
        case Verdict.SLOW_DOWN:
            return MessageState.QUEUED, 0.0, message.repeated
        case Verdict.UNKNOWN if _is_to_machine(message):
            # A program knows a repeat by its id: nothing is said twice.
            return MessageState.QUEUED, _delay_s(message), message.repeated
        case Verdict.UNKNOWN if message.call and not message.repeated:
            # Two rings beat silence: a call is repeated once, and marked.
            return MessageState.QUEUED, 0.0, True
        case Verdict.UNKNOWN:
            return MessageState.UNCERTAIN, 0.0, message.repeated
        case _:
            return MessageState.FAILED, 0.0, message.repeated


def _is_to_machine(message: StoredMessage) -> bool:
    return isinstance(message.channel, MachineChannel)


def _delay_s(message: StoredMessage) -> float:
    longest = _LONGEST_RETRY_TO_MACHINES_S if _is_to_machine(message) else _LONGEST_RETRY_S
    return retry_delay_s(message.attempts, longest)


def retry_delay_s(attempts: int, longest_s: float = _LONGEST_RETRY_S) -> float:
    """Growing, with jitter, so that what failed together does not come back together."""
    ceiling = min(longest_s, _FIRST_RETRY_S * 2.0 ** min(attempts - 1, 10))
    return ceiling * random.uniform(0.5, 1.0)
