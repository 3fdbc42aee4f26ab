"""Deliveries at the console: what went out, what did not and what mends it, who cannot be reached."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from notifier.channels.sms.twilio_codes import OPTED_OUT, is_wrong_number, verdict_on_code, verdict_on_refusal
from notifier.domain.access import masked
from notifier.domain.chain import NO_CONTACT
from notifier.domain.ids import MessageId, PersonId
from notifier.domain.message import MessageState
from notifier.domain.roster import ChannelName, Person
from notifier.domain.secrecy import shown
from notifier.engine.access.guard import SeenUnits
from notifier.engine.station import Station
from notifier.errors import Verdict
from notifier.store.deliveries import DeliveryFilter, LostAddress, Uncertain
from notifier.store.rows import StoredMessage
from notifier.store.tx import Tx

PAGE: Final = 50
EXPORTED_TOGETHER: Final = 1000
MOST_EXPORTED: Final = 100_000
"""Messages of one file: what a spreadsheet still opens."""
LOST_SHOWN: Final = 100
_PHONE: Final = re.compile(r"\+?\d{8,}")
_FILTERED: Final = "30007"
_BLOCKED: Final = frozenset({"blocked", "deactivated", "kicked", "forbidden"})


class Fault(StrEnum):
    """Why a message failed for good, by what mends it."""

    WRONG_NUMBER = "wrong_number"
    STOPPED = "stopped"
    FILTERED = "filtered"
    SENDER = "sender"
    NOT_REACHED = "not_reached"
    NO_CONTACT = "no_contact"
    BLOCKED = "blocked"
    NEVER_STARTED = "never_started"
    TOO_LONG = "too_long"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """So many messages of a channel failed with that code of the carrier's; empty where it gave none."""

    channel: ChannelName
    code: str
    fault: Fault
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """All that the page says. ``counts`` hold every channel and state, zeros too.

    ``more_lost``: not all addresses that take nothing are in ``lost``. ``older`` is where the next page of
    ``messages`` begins; None at the end.
    """

    at: datetime
    since: datetime
    counts: Mapping[ChannelName, Mapping[MessageState, int]]
    failures: tuple[Failure, ...]
    lost: tuple[LostAddress, ...]
    more_lost: bool
    unreachable: int
    without_contact: tuple[Person, ...]
    messages: tuple[StoredMessage, ...]
    older: MessageId | None
    people: Mapping[PersonId, Person]


async def read_deliveries(
    station: Station,
    tx: Tx,
    seen: SeenUnits,
    wanted: DeliveryFilter,
    *,
    whole: bool,
    span: timedelta,
    before: MessageId | None,
    now: datetime,
) -> Deliveries:
    """The deliveries of those units within ``span``; ``whole``: of everybody, strangers too.

    ``wanted`` filters the list only; its units are those it may show.
    """
    since = now - span
    first = await tx.deliveries.first_since(since)
    units = None if whole else seen
    listed, older = await read_messages(tx, replace(wanted, first=first), before, PAGE)
    reach = station.reach
    unreachable, nobody = await tx.deliveries.without_contact(
        units, LOST_SHOWN, channels=reach.channels, accounts=reach.telegram
    )
    lost = await tx.deliveries.lost_addresses(units, LOST_SHOWN + 1)
    counted = await tx.deliveries.counts(first, units)
    failed = await tx.deliveries.failures(first, units)
    return Deliveries(
        at=now,
        since=since,
        counts={
            channel: {state: counted.get((channel, state), 0) for state in MessageState}
            for channel in ChannelName
        },
        failures=tuple(
            Failure(channel=channel, code=code or "", fault=fault_of(channel, code), number=number)
            for channel, code, number in failed
        ),
        lost=tuple(lost[:LOST_SHOWN]),
        more_lost=len(lost) > LOST_SHOWN,
        unreachable=unreachable,
        without_contact=tuple(nobody),
        messages=listed,
        older=older,
        people=await tx.roster.people({m.person for m in listed if m.person is not None}),
    )


async def read_messages(
    tx: Tx, wanted: DeliveryFilter, before: MessageId | None, size: int
) -> tuple[tuple[StoredMessage, ...], MessageId | None]:
    """One page of messages as they may be shown, the newest first, and where the next begins."""
    found = await tx.deliveries.listing(wanted, size + 1, before)
    listed = found[:size]
    older = listed[-1].id if len(found) > size else None
    return tuple(replace(message, text=told(message)) for message in listed), older


@dataclass(frozen=True, slots=True, kw_only=True)
class ToResend:
    """What would be sent again: kinds of messages, and the ids between which all of them are."""

    kinds: tuple[Uncertain, ...]
    first: MessageId
    last: MessageId

    @property
    def number(self) -> int:
        """How many messages."""
        return sum(kind.number for kind in self.kinds)


async def read_to_resend(tx: Tx, wanted: DeliveryFilter, since: datetime) -> ToResend:
    """Of those queued since then and meant by the filter, the uncertain ones."""
    first = await tx.deliveries.first_since(since)
    kinds = await tx.deliveries.uncertain(replace(wanted, first=first))
    return ToResend(
        kinds=tuple(kinds), first=first, last=max((kind.last for kind in kinds), default=MessageId(0))
    )


def fault_of(channel: ChannelName, code: str | None) -> Fault:
    """What a carrier's code comes down to."""
    if code is None:
        return Fault.OTHER
    if code == NO_CONTACT:
        return Fault.NO_CONTACT
    return _fault_of_sms(code) if channel is ChannelName.SMS else _fault_of_telegram(code)


def _fault_of_sms(code: str) -> Fault:
    if is_wrong_number(code):
        return Fault.WRONG_NUMBER
    if code == str(OPTED_OUT):
        return Fault.STOPPED
    if code == _FILTERED:
        return Fault.FILTERED
    if code.isascii() and code.isdigit() and verdict_on_refusal(int(code)).alarm:
        return Fault.SENDER
    return Fault.NOT_REACHED if verdict_on_code(code) is Verdict.NOT_SENT else Fault.OTHER


def _fault_of_telegram(code: str) -> Fault:
    if code in _BLOCKED:
        return Fault.BLOCKED
    return {"chat_not_found": Fault.NEVER_STARTED, "too_long": Fault.TOO_LONG}.get(code, Fault.OTHER)


def told(message: StoredMessage) -> str:
    """A message's text as the console shows it: no secret, and no number in full."""
    return without_numbers(shown(message.template, message.text)) or ""


def without_numbers(text: str | None) -> str | None:
    """The text with every phone number in it masked."""
    return _PHONE.sub(lambda found: masked(found[0]), text) if text else text
