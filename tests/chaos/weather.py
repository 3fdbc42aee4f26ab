"""What goes wrong at the carriers, one time in ten for each class; and how attentive this machine was."""

import asyncio
import random
import time
from collections.abc import Iterator
from typing import Any

from notifier.sandbox.core import SandboxState
from notifier.sandbox.faults import Carrier, Fault
from notifier.sandbox.faults import FaultKind as K

SHARE = 0.1
RARELY = 0.01
"""What takes a contact for good is rare, or soon nobody could be reached at all."""

TELEGRAM: tuple[tuple[K, dict[str, Any]], ...] = (
    (K.REFUSE, {"code": 400, "description": "Bad Request: refused on demand"}),
    (K.THROTTLE, {"retry_after": 1}),
    (K.ERROR, {"status": 502}),
    (K.ERROR_AFTER, {"status": 503}),
    (K.CUT_BEFORE, {}),
    (K.CUT_AFTER, {}),
    (K.HANG, {}),
    (K.HANG_AFTER, {}),
    (K.SLOW, {"seconds": 0.4}),
    (K.INCOMING_DUPLICATE, {}),
    (K.INCOMING_DELAY, {"seconds": 0.7}),
    (K.REFUSE, {"code": 403, "probability": RARELY}),
    (K.ERROR, {"method": "getUpdates", "status": 500}),
    (K.CUT_AFTER, {"method": "getUpdates"}),
    (K.CUT_BEFORE, {"method": "answerCallbackQuery"}),
)
TWILIO: tuple[tuple[K, dict[str, Any]], ...] = (
    (K.REFUSE, {"code": 21612}),
    (K.THROTTLE, {}),
    (K.ERROR, {"status": 500}),
    (K.ERROR_AFTER, {"status": 503}),
    (K.CUT_BEFORE, {}),
    (K.CUT_AFTER, {}),
    (K.HANG, {}),
    (K.HANG_AFTER, {}),
    # Receipts come sooner than the answer to the call.
    (K.SLOW, {"seconds": 0.6}),
    (K.RECEIPT_FAIL, {"code": 30003}),
    (K.RECEIPT_DROP, {}),
    (K.RECEIPT_DUPLICATE, {}),
    (K.RECEIPT_REORDER, {}),
    (K.RECEIPT_DELAY, {"seconds": 1.0}),
    (K.INCOMING_DUPLICATE, {}),
    (K.INCOMING_DELAY, {"seconds": 0.7}),
    (K.REFUSE, {"code": 21211, "probability": RARELY}),
    (K.ERROR, {"method": "list", "status": 500}),
)
"""All that the sandbox can do wrong but for ``slow_before``, which dates a message later than it came."""


def arm_everything(state: SandboxState, chance: random.Random) -> None:
    """Every class of fault at both carriers, until they are cleared."""
    for carrier, faults in ((Carrier.TELEGRAM, TELEGRAM), (Carrier.TWILIO, TWILIO)):
        for kind, more in faults:
            given = {"probability": SHARE, **more}
            state.arm(Fault(carrier=carrier, kind=kind, times=None, seed=chance.randrange(2**31), **given))


def struck(state: SandboxState) -> Iterator[tuple[str, int]]:
    """How often each armed fault struck."""
    for armed in state.faults.armed():
        yield f"{armed.fault.carrier} {armed.fault.kind}", armed.struck


class Attention:
    """Notes when this process was not served, so that what arrived meanwhile was dated later than it came.

    The carriers live in this process: what they date together after a pause may have come evenly during it.
    """

    TICK_S = 0.01

    def __init__(self) -> None:
        """Nothing noted yet."""
        self._gaps: list[tuple[float, float]] = []

    async def watch(self) -> None:
        """Note every gap until cancelled."""
        before = time.monotonic()
        while True:
            await asyncio.sleep(self.TICK_S)
            now = time.monotonic()
            if now - before > 2 * self.TICK_S:
                self._gaps.append((before, now))
            before = now

    def longest_gap(self, since: float, until: float) -> float:
        """The longest gap, in seconds, that touches that span; at least one tick."""
        gaps = (end - start for start, end in self._gaps if end >= since and start <= until)
        return max(gaps, default=self.TICK_S)

    @property
    def worst(self) -> float:
        """The longest gap of all."""
        return self.longest_gap(float("-inf"), float("inf"))
