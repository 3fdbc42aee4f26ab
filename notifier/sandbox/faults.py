"""Faults on demand: what a carrier does wrong, to whom, and how often."""

import itertools
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Carrier(StrEnum):
    """Whose fault it is."""

    TELEGRAM = "telegram"
    TWILIO = "twilio"


class FaultKind(StrEnum):
    """What goes wrong. The `_after` kinds and `slow` strike once the message is taken.

    The `receipt_` kinds strike what the carrier says of a text, the `incoming_` kinds what people say:
    it comes twice, or late, so that later words overtake it. A bot that polls gets its updates by number,
    as Telegram gives them, so only a webhook's can be late.
    """

    REFUSE = "refuse"
    THROTTLE = "throttle"
    ERROR = "error"
    ERROR_AFTER = "error_after"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    SLOW = "slow"
    SLOW_BEFORE = "slow_before"
    HANG = "hang"
    HANG_AFTER = "hang_after"
    RECEIPT_FAIL = "receipt_fail"
    RECEIPT_DROP = "receipt_drop"
    RECEIPT_DUPLICATE = "receipt_duplicate"
    RECEIPT_REORDER = "receipt_reorder"
    RECEIPT_DELAY = "receipt_delay"
    INCOMING_DUPLICATE = "incoming_duplicate"
    INCOMING_DELAY = "incoming_delay"


BEFORE = frozenset(
    {FaultKind.REFUSE, FaultKind.THROTTLE, FaultKind.ERROR, FaultKind.CUT_BEFORE, FaultKind.HANG}
)
AFTER = frozenset({FaultKind.ERROR_AFTER, FaultKind.CUT_AFTER, FaultKind.HANG_AFTER})
RECEIPTS = frozenset(kind for kind in FaultKind if kind.startswith("receipt_"))
INCOMING = frozenset(kind for kind in FaultKind if kind.startswith("incoming_"))
REQUESTS = frozenset(FaultKind) - RECEIPTS - INCOMING
SENDING_METHODS = {Carrier.TELEGRAM: frozenset({"sendMessage"}), Carrier.TWILIO: frozenset({"create"})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong `times` times (None: until cleared), each time with `probability`.

    `method`: a Bot API method in its usual spelling, or create, fetch, list, update, delete for Twilio; None
    means sending only, `*` everything. `address` is a chat or phone, `account` a bot id or sender. `code` is
    the carrier's error code, `status` the HTTP status (else the usual one for the code); `body` replaces the
    answer of an error by this text, as proxies do. `seconds` belongs to the slow kinds and to the delays,
    `final` to receipt_fail.
    """

    carrier: Carrier
    kind: FaultKind
    times: int | None = 1
    probability: float = 1.0
    seed: int | None = None
    method: str | None = None
    address: str | None = None
    account: str | None = None
    code: int | None = None
    status: int | None = None
    description: str | None = None
    body: str | None = None
    retry_after: int = 1
    seconds: float = 1.0
    final: str = "undelivered"

    def concerns(self, method: str, address: str, account: str) -> bool:
        """Whether a request is of the kind that this fault strikes."""
        if self.address not in (None, address) or self.account not in (None, account):
            return False
        if self.method is None:
            return method in SENDING_METHODS[self.carrier]
        return self.method == "*" or self.method.lower() == method.lower()


@dataclass(slots=True, kw_only=True)
class ArmedFault:
    """A fault with what is left of it."""

    id: str
    fault: Fault
    left: int | None
    struck: int = 0
    chance: random.Random = field(repr=False)

    def strikes(self) -> bool:
        """Draw once; spends one of its times when it strikes."""
        if self.left == 0:
            return False
        if self.fault.probability < 1.0 and self.chance.random() >= self.fault.probability:
            return False
        self.struck += 1
        if self.left is not None:
            self.left -= 1
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What befalls one request: waits and verdicts, before and after it is taken."""

    delay_before: float = 0.0
    before: Fault | None = None
    delay_after: float = 0.0
    after: Fault | None = None


CALM = Plan()


class FaultBook:
    """All armed faults, in the order they were armed. Spent ones stay listed until cleared."""

    def __init__(self) -> None:
        """Begin with none."""
        self._armed: dict[str, ArmedFault] = {}
        self._numbers = itertools.count(1)

    def arm(self, fault: Fault) -> ArmedFault:
        """Put a fault in force."""
        armed = ArmedFault(
            id=str(next(self._numbers)), fault=fault, left=fault.times, chance=random.Random(fault.seed)
        )
        self._armed[armed.id] = armed
        return armed

    def armed(self) -> tuple[ArmedFault, ...]:
        """All faults that were armed and not cleared."""
        return tuple(self._armed.values())

    def clear(self, fault_id: str | None = None) -> None:
        """Take one fault back, or all."""
        if fault_id is None:
            self._armed.clear()
        else:
            self._armed.pop(fault_id, None)

    def plan(self, carrier: Carrier, method: str, address: str, account: str) -> Plan:
        """What befalls this request; spends the faults that strike it."""
        if not self._armed:
            return CALM
        return _plan_of(self._draw(REQUESTS, carrier, method, address, account))

    def receipts(self, address: str, account: str) -> tuple[Fault, ...]:
        """What befalls the receipts of one SMS; spends the faults that strike."""
        if not self._armed:
            return ()
        return tuple(self._draw(RECEIPTS, Carrier.TWILIO, "create", address, account))

    def incoming(self, carrier: Carrier, address: str, account: str) -> tuple[Fault, ...]:
        """What befalls one thing that a person said; spends the faults that strike."""
        if not self._armed:
            return ()
        (sending,) = SENDING_METHODS[carrier]
        return tuple(self._draw(INCOMING, carrier, sending, address, account))

    def _draw(
        self, kinds: frozenset[FaultKind], carrier: Carrier, method: str, address: str, account: str
    ) -> list[Fault]:
        struck: list[Fault] = []
        for armed in self._armed.values():
            fault = armed.fault
            # One verdict a request: a fault that could not show must not be spent.
            if fault.kind in BEFORE | AFTER and any(other.kind in BEFORE | AFTER for other in struck):
                continue
            of_this_sort = fault.carrier is carrier and fault.kind in kinds
            if of_this_sort and fault.concerns(method, address, account) and armed.strikes():
                struck.append(fault)
        return struck


def copies_of(faults: Iterable[Fault]) -> int:
    """How often something a person said comes."""
    return 2 if any(fault.kind is FaultKind.INCOMING_DUPLICATE for fault in faults) else 1


def lateness_of(faults: Iterable[Fault]) -> float:
    """By how many seconds something a person said is late."""
    return sum(fault.seconds for fault in faults if fault.kind is FaultKind.INCOMING_DELAY)


def _plan_of(struck: Iterable[Fault]) -> Plan:
    faults = tuple(struck)
    return Plan(
        delay_before=sum(fault.seconds for fault in faults if fault.kind is FaultKind.SLOW_BEFORE),
        before=next((fault for fault in faults if fault.kind in BEFORE), None),
        delay_after=sum(fault.seconds for fault in faults if fault.kind is FaultKind.SLOW),
        after=next((fault for fault in faults if fault.kind in AFTER), None),
    )
