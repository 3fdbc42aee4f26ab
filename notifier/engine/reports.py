"""What commands and pages show of cases, messages, broadcasts and the whole: one document each.

The documents are what ``--json`` prints: ids are text, times ISO in UTC, every state is listed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.case import Case
from notifier.domain.ids import BroadcastId, CaseId, MessageId
from notifier.domain.message import AnyChannel, MachineChannel, MessageState
from notifier.domain.roster import ChannelName
from notifier.domain.secrecy import shown
from notifier.domain.times import iso_utc, iso_utc_or_none
from notifier.engine.broadcasts import progress_state
from notifier.engine.linking.coverage import as_document, coverage
from notifier.engine.parts import Parts
from notifier.engine.station import Reach
from notifier.errors import NotFound
from notifier.store.rows import Broadcast, CaseFilter, JournalLine, MessageFilter, Relay, StoredMessage

Document = dict[str, object]

OFF, OK = "off", "ok"


# ── the whole ────────────────────────────────────────────────────────────────────────────────────


async def status(parts: Parts) -> Document:
    """How everything stands now."""
    station = parts.station
    async with station.db.read() as tx:
        messages = await tx.messages.counts()
        cases = await tx.cases.counts()
        late_s = await tx.timers.lateness(station.now())
        queued = await tx.messages.queued_by_channel()
        linked = await tx.contacts.linked_counts()
        covered = await coverage(station, tx)
        there = (await tx.walls.on_post()).values()
    return {
        "messages": {str(state): number for state, number in messages.items()},
        "cases": {str(state): number for state, number in cases.items()},
        "timers_late_s": round(late_s, 3),
        "channels": {
            str(channel): {
                "state": OK if accounts else OFF,
                "accounts": len(accounts),
                # What waits for an account that is set up no more is counted too.
                "queued": queued[channel],
            }
            for channel, accounts in _accounts(station.reach).items()
        },
        "linked": {
            "people": linked.people,
            "telegram": linked.telegram,
            "phone": linked.phone,
            "neither": linked.neither,
        },
        "coverage": as_document(covered),
        "on_post": {
            "people": sum(number for number, _ in there),
            "kept_on": sum(kept_on for _, kept_on in there),
        },
    }


def _accounts(reach: Reach) -> dict[AnyChannel, tuple[str, ...]]:
    """What is sent from, or to, by channel; webhooks stand there only where they are set up."""
    people: dict[AnyChannel, tuple[str, ...]] = {
        ChannelName.TELEGRAM: reach.telegram,
        ChannelName.SMS: reach.sms,
    }
    return people | ({MachineChannel.WEBHOOK: reach.webhooks} if reach.webhooks else {})


# ── cases ────────────────────────────────────────────────────────────────────────────────────────


async def cases(parts: Parts, wanted: CaseFilter) -> list[Document]:
    """The cases that pass the filter, oldest first. Raises NotFound for a unit that there is not."""
    async with parts.station.db.read() as tx:
        if wanted.unit is not None and await tx.roster.unit(wanted.unit) is None:
            raise NotFound(f"there is no unit {wanted.unit}")
        return [case_document(case) for case in await tx.cases.listing(wanted)]


def case_document(case: Case) -> Document:
    """One case."""
    return {
        "id": str(case.id),
        "kind": str(case.kind),
        "unit": case.unit,
        "subject": case.subject,
        "state": str(case.state),
        "outcome": case.outcome,
        "step": case.cursor.step,
        "holder": case.holder,
        "opened_at": iso_utc(case.opened_at),
        "closed_at": iso_utc_or_none(case.closed_at),
        "called": list(case.called),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEvent:
    """One line of a trace. ``rank`` orders what happened in the same instant."""

    at: datetime
    rank: int
    number: int
    event: str
    person: str | None
    channel: str | None
    reason: str | None
    message: MessageId | None


async def trace(parts: Parts, case_id: CaseId) -> Document:
    """One case, with everything decided in it and what became of its messages. Raises NotFound."""
    async with parts.station.db.read() as tx:
        case = await tx.cases.get(case_id)
        lines = await tx.journal.of_case(case_id)
        messages = await tx.messages.of_case(case_id)
    events = trace_of(lines, messages)
    return {"case": case_document(case), "events": [_event_document(event) for event in events]}


def trace_of(lines: Iterable[JournalLine], messages: Iterable[StoredMessage]) -> list[TraceEvent]:
    """What was decided, and what became of the messages, in the order in which it happened."""
    fates = [fate for message in messages for fate in _fates(message)]
    return sorted([*map(_decided, lines), *fates], key=lambda e: (e.at, e.rank, e.number))


def _decided(line: JournalLine) -> TraceEvent:
    return TraceEvent(
        at=line.at,
        rank=0,
        number=line.id,
        event=line.event,
        person=line.person,
        channel=line.channel,
        reason=line.reason,
        message=line.message,
    )


def _fates(message: StoredMessage) -> Iterable[TraceEvent]:
    """What became of a message, in the order in which it happens to messages."""
    moments = (
        ("repeated", _sent_again(message), "the first attempt's outcome is unknown"),
        ("sent", message.sent_at, None),
        ("delivered", message.delivered_at, None),
        _end(message),
    )
    for rank, (event, at, reason) in enumerate(moments, start=1):
        if at is not None:
            yield TraceEvent(
                at=at,
                rank=rank,
                number=message.id,
                event=event,
                person=message.person,
                channel=message.channel,
                reason=reason,
                message=message.id,
            )


def _sent_again(message: StoredMessage) -> datetime | None:
    return (message.sent_at or message.not_before or message.created_at) if message.repeated else None


def _end(message: StoredMessage) -> tuple[str, datetime | None, str | None]:
    """How it ended unsent, if so. A cancelled call is ``withdrawn``: it is cases that are cancelled."""
    ended = message.ended_at or message.not_before or message.created_at
    match message.state:
        case MessageState.FAILED | MessageState.EXPIRED | MessageState.WITHHELD | MessageState.UNCERTAIN:
            return str(message.state), ended, message.error
        case MessageState.CANCELLED:
            return "withdrawn", ended, message.error
        case _:
            return "", None, None


def _event_document(event: TraceEvent) -> Document:
    return {
        "at": iso_utc(event.at),
        "event": event.event,
        "person": event.person,
        "channel": None if event.channel is None else str(event.channel),
        "reason": event.reason,
        "message": _text(event.message),
    }


# ── messages ─────────────────────────────────────────────────────────────────────────────────────


async def messages(parts: Parts, wanted: MessageFilter) -> list[Document]:
    """The messages that pass the filter, newest first."""
    async with parts.station.db.read() as tx:
        return [message_document(message) for message in await tx.messages.listing(wanted)]


def message_document(message: StoredMessage) -> Document:
    """One message."""
    number = message.values.get("number")
    return {
        "id": str(message.id),
        "state": str(message.state),
        "channel": str(message.channel),
        "lane": message.lane.name.lower(),
        "kind": message.template,
        "person": message.person,
        "case": _text(message.case),
        "broadcast": _text(message.broadcast),
        "number": number if isinstance(number, int) else None,
        "text": shown(message.template, message.text),
        "error": message.error,
        "repeated": message.repeated,
        "attempts": message.attempts,
        "created_at": iso_utc(message.created_at),
        "sent_at": iso_utc_or_none(message.sent_at),
        "delivered_at": iso_utc_or_none(message.delivered_at),
        "answered_at": iso_utc_or_none(message.answered_at),
        "ended_at": iso_utc_or_none(message.ended_at),
        "expires_at": iso_utc_or_none(message.expires_at),
    }


# ── broadcasts ───────────────────────────────────────────────────────────────────────────────────


async def broadcast(parts: Parts, broadcast_id: BroadcastId) -> Document:
    """One broadcast: its recipients by state, and its relays. Raises NotFound."""
    async with parts.station.db.read() as tx:
        found = await tx.broadcasts.get(broadcast_id)
        if found is None:
            raise NotFound(f"there is no broadcast {broadcast_id}")
        states = await tx.messages.recipient_states(broadcast_id)
        confirmed = await tx.messages.confirmed(broadcast_id)
        relays = await tx.broadcasts.relays(broadcast_id)
    return _broadcast_document(found, states, confirmed, relays)


def _broadcast_document(
    found: Broadcast, states: Mapping[MessageState, int], confirmed: int, relays: Iterable[Relay]
) -> Document:
    counted = Counter({str(state): number for state, number in states.items()})
    return {
        "id": str(found.id),
        "kind": found.kind,
        "title": found.title,
        "state": progress_state(found, counted),
        "expected": counted.total(),
        "confirmed": confirmed,
        "states": dict(counted),
        "units": [_relay_document(relay) for relay in relays],
    }


def _relay_document(relay: Relay) -> Document:
    """One unit's relay; ``flagged`` stands there only where more were told than there are members."""
    told: Document = {
        "unit": relay.unit,
        "members": relay.members,
        "asked": relay.asked,
        "relayed": relay.relayed,
    }
    return told | {"flagged": True} if relay.flagged else told


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
