"""How messages stand in their table, and how their states climb."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, case, func, literal_column

from notifier.domain.message import Button, Draft, Keyboard, Lane, MessageState, channel_named
from notifier.store.rows import Outcome, StoredMessage
from notifier.store.tables import messages

S = MessageState

BEST_FIRST = (
    S.DELIVERED,
    S.SENT,
    S.SENDING,
    S.QUEUED,
    S.UNCERTAIN,
    S.WITHHELD,
    S.FAILED,
    S.EXPIRED,
    S.CANCELLED,
)
"""Which of a recipient's messages speaks for him."""

OVER = frozenset({S.EXPIRED, S.CANCELLED, S.WITHHELD})
"""Nobody is to get it any more, on another channel either."""

ENDED = OVER | {S.FAILED}
"""States that end a message without its being taken: ``ended_at`` says when."""

RECEIPT_CLIMBS = {
    # Even for what waits to be sent again after an unknown outcome: it was taken, so it need not be.
    S.SENT: frozenset({S.QUEUED, S.SENDING, S.UNCERTAIN}),
    # It is in somebody's hands, whatever we thought had become of it.
    S.DELIVERED: frozenset(S) - {S.DELIVERED},
    S.FAILED: frozenset({S.SENDING, S.SENT, S.UNCERTAIN}),
}
"""From which states a receipt lifts a message."""


def in_states(*states: MessageState) -> ColumnElement[bool]:
    """The condition, with the states written into the statement: only so do partial indexes serve it."""
    said: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in states]
    return messages.c.state == said[0] if len(said) == 1 else messages.c.state.in_(said)


def draft_values(draft: Draft, now: datetime) -> dict[str, object]:
    """A draft as a new row. One that is over before it began does not fall back."""
    return {
        "key": draft.key,
        "person": draft.person,
        "channel": draft.channel.value,
        "account": draft.account,
        "address": draft.address,
        "lane": int(draft.lane),
        "call": draft.call,
        "template": draft.template,
        "values": dict(draft.values),
        "text": draft.text,
        "keyboard": [[[button.label, button.data] for button in row] for row in draft.keyboard],
        "edits": draft.edits,
        "matter": draft.matter,
        "case": draft.case,
        "broadcast": draft.broadcast,
        "rides_on": draft.rides_on,
        "state": draft.state.value,
        "error": draft.error,
        "repeated": False,
        "attempts": 0,
        "created_at": now,
        "not_before": draft.not_before,
        "expires_at": draft.expires_at,
        "fallback_at": None if draft.state in OVER else draft.fallback_at,
        "ended_at": now if draft.state in ENDED else None,
    }


def stored(row: RowMapping) -> StoredMessage:
    """A row as the engine reads it."""
    fields: dict[str, Any] = dict(row)
    fields["channel"] = channel_named(fields["channel"])
    fields["lane"] = Lane(fields["lane"])
    fields["state"] = MessageState(fields["state"])
    fields["keyboard"] = _keyboard(fields["keyboard"])
    return StoredMessage(**fields)


def _keyboard(rows: Iterable[Iterable[tuple[str, str]]]) -> Keyboard:
    return tuple(tuple(Button(label, data) for label, data in row) for row in rows)


def settled(row: StoredMessage, outcome: Outcome) -> StoredMessage | None:
    """The row with the outcome of its attempt on record, or None where the outcome is not its to have.

    A receipt may have come before our own record: then its state stands, and an acceptance still adds
    the provider's id and the time.
    """
    if row.fence != outcome.fence:
        return None
    if row.state is S.SENDING:
        return _apply(row, outcome)
    if outcome.state is S.SENT and row.state in RECEIPT_CLIMBS:
        return replace(
            row,
            provider_id=row.provider_id or outcome.provider_id,
            sent_at=row.sent_at or outcome.at,
            repeated=row.repeated or outcome.repeated,
        )
    return None


def _apply(row: StoredMessage, outcome: Outcome) -> StoredMessage:
    taken = outcome.state in (S.SENT, S.DELIVERED)
    stops_fallback = outcome.state is S.DELIVERED or outcome.state in OVER or (taken and not row.call)
    return replace(
        row,
        state=outcome.state,
        error=outcome.error,
        repeated=row.repeated or outcome.repeated,
        provider_id=outcome.provider_id or row.provider_id,
        not_before=outcome.not_before if outcome.state is S.QUEUED else row.not_before,
        fallback_at=None if stops_fallback else row.fallback_at,
        sent_at=outcome.at if taken else row.sent_at,
        delivered_at=outcome.at if outcome.state is S.DELIVERED else row.delivered_at,
        ended_at=outcome.at if outcome.state in ENDED else None,
    )


def sent_values(
    at: datetime, provider_id: ColumnElement[str], *, repeated: bool
) -> dict[str, ColumnElement[Any] | object]:
    """What ``settled`` makes of a row that is being sent and was accepted, as values of an UPDATE."""
    values: dict[str, ColumnElement[Any] | object] = {
        "state": S.SENT.value,
        "error": None,
        "provider_id": func.coalesce(provider_id, messages.c.provider_id),
        "fallback_at": case((messages.c.call, messages.c.fallback_at), else_=None),
        "sent_at": at,
        "ended_at": None,
    }
    return values | {"repeated": True} if repeated else values


def receipted(
    row: StoredMessage, state: MessageState, provider_id: str | None, code: str | None, now: datetime
) -> StoredMessage:
    """The row after a receipt: climbed, or as it was. What changed carries ``now``."""
    if row.state not in RECEIPT_CLIMBS.get(state, ()):
        return row
    if state is S.FAILED:
        if row.provider_id not in (None, provider_id):
            # An earlier attempt failed; the one that counts did not.
            return row
        return replace(row, state=S.FAILED, error=code, provider_id=provider_id, ended_at=now)
    arrived = state is S.DELIVERED
    return replace(
        row,
        state=state,
        error=None,
        provider_id=row.provider_id or provider_id,
        fallback_at=None if arrived or not row.call else row.fallback_at,
        sent_at=row.sent_at or now,
        delivered_at=now if arrived else None,
        ended_at=None,
    )


def carried(row: StoredMessage, head: StoredMessage) -> StoredMessage:
    """The row after what became of the list it rides on. What ended before the list went stays so."""
    if row.state in ENDED:
        return row
    at = head.delivered_at or head.sent_at or head.ended_at or head.created_at
    match head.state:
        case S.SENT | S.DELIVERED:
            lifted = receipted(row, head.state, None, None, at)
            return replace(lifted, repeated=row.repeated or head.repeated)
        case S.UNCERTAIN if row.state is S.QUEUED:
            return replace(row, state=S.UNCERTAIN, error=head.error)
        case S.FAILED if row.state is not S.DELIVERED:
            return replace(row, state=S.FAILED, error=head.error, ended_at=at)
        case S.EXPIRED | S.CANCELLED if row.state is S.QUEUED:
            return replace(row, state=head.state, error=head.error, ended_at=at, fallback_at=None)
        case _:
            return row


def answered(row: StoredMessage, now: datetime) -> StoredMessage:
    """The row once its reader answered: delivered, whatever we knew of it."""
    lifted = receipted(row, S.DELIVERED, row.provider_id or "", None, now)
    return replace(lifted, provider_id=row.provider_id, answered_at=row.answered_at or now, fallback_at=None)
