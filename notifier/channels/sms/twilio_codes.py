"""Twilio's error codes and statuses in the domain's terms. The one place that knows them."""

from collections.abc import Mapping
from typing import Final

from notifier.domain.message import MessageState
from notifier.errors import CarrierError, Verdict

OPTED_OUT: Final = 21610
WRONG_NUMBER: Final = frozenset({21211, 21217, 21614, 21635, 30005, 30006})
"""No number, not a mobile one, or nobody's: whoever keeps the roster must look at it."""
_PASSING: Final = frozenset({30001, 30003, 30008})
_CROWDED: Final = frozenset({14107, 20429, 21611, 63038})
"""Rate limits, and a sender's queue that is full."""
_ACCOUNT: Final = frozenset({20003, 20005, 20403, 20404})
"""The account, its token or its address: nothing gets through until an operator mends it."""
_SENDER: Final = frozenset({21212, 21408, 21603, 21606, 21659, 21660, 21701, 21703})
"""The sender or the account's permissions do not fit this recipient; an operator can mend it."""
CROWDED_PAUSE_S: Final = 1.0
_STATES: Final[Mapping[str, MessageState]] = {
    "accepted": MessageState.SENT,
    "scheduled": MessageState.SENT,
    "queued": MessageState.SENT,
    "sending": MessageState.SENT,
    "sent": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.DELIVERED,
    "undelivered": MessageState.FAILED,
    "failed": MessageState.FAILED,
    "canceled": MessageState.FAILED,
}


def receipt_state(status: str) -> MessageState | None:
    """The state that a status of Twilio's means; None for inbound and unknown ones."""
    return _STATES.get(status.lower())


def is_wrong_number(code: str | None) -> bool:
    """Whether the code of a CarrierError or a Receipt says that the number itself is wrong."""
    return code is not None and code.isascii() and code.isdigit() and int(code) in WRONG_NUMBER


def verdict_on_refusal(code: int) -> CarrierError:
    """What a refusal of a call means for its message."""
    if code in _CROWDED:
        return CarrierError(Verdict.SLOW_DOWN, str(code), retry_after=CROWDED_PAUSE_S)
    if code in _ACCOUNT:
        return CarrierError(Verdict.NOT_SENT, str(code), alarm=True)
    return CarrierError(verdict_on_code(str(code)), str(code), alarm=code in _SENDER)


def verdict_on_code(code: str | None) -> Verdict:
    """What a failed receipt's code means: NOT_SENT may be tried again, everything else is for good."""
    number = int(code) if code is not None and code.isascii() and code.isdigit() else 0
    if number == OPTED_OUT:
        return Verdict.STOP_CONTACT
    return Verdict.NOT_SENT if number in _PASSING else Verdict.REFUSED
