"""The outbox: queuing, claiming, and what became of each attempt."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, update

from notifier.domain.ids import MessageId
from notifier.domain.message import Draft, Lane, MessageState
from notifier.domain.secrecy import SECRET_TEMPLATES
from notifier.store.message_base import MessagePart
from notifier.store.message_values import draft_values, in_states, sent_values, settled, stored
from notifier.store.rows import Outcome, StoredMessage
from notifier.store.statements import batches, insert_or, listed
from notifier.store.tables import messages

WORTH_AGAIN = timedelta(hours=6)
"""How long a message that is sent again by command is worth sending."""

LOOK_PAST = 200
"""Rows looked at beyond those wanted, past further messages to the same addresses."""

_TOLD = (messages.c.id, messages.c.provider_id)
"""What an acceptance adds to a message."""


class MessageQueue(MessagePart):
    """Queued -> sending -> what became of it. A claim is told from an older one by its fence."""

    async def queue(self, drafts: Sequence[Draft], now: datetime) -> list[tuple[MessageId, bool]]:
        """Add messages whose keys are new; those of known keys stay as they are.

        For each draft, in order, its message's id and whether it was added now. A draft that is FAILED or
        WITHHELD already is added as such.
        """
        if not drafts:
            return []
        insert = insert_or(self._conn, messages).on_conflict_do_nothing(index_elements=["key"])
        added = await self._conn.execute(
            insert.returning(messages.c.key, messages.c.id), [draft_values(draft, now) for draft in drafts]
        )
        new: dict[str, MessageId] = {key: MessageId(number) for key, number in added}
        known = await self._ids_of(draft.key for draft in drafts if draft.key not in new)
        ids = known | new
        # Popped, so that of two drafts of one key only the first counts as added.
        return [(ids[draft.key], new.pop(draft.key, None) is not None) for draft in drafts]

    async def claim(
        self,
        account: str,
        lanes: Sequence[Lane],
        limit: int,
        now: datetime,
        fence: int,
        busy: Collection[str] = (),
    ) -> list[StoredMessage]:
        """Take at most ``limit`` due messages of an account to be sent now, in order of sending.

        Each counts one attempt more and is ``sending`` under ``fence``: commit before calling the carrier.
        Held back: what is not released, not due yet, or expired; and all but the first message to an
        address, and every one to a ``busy`` address, since a chat takes one at a time: so a flood to one
        chat never fills the claim and keeps the others waiting.
        """
        claimed: list[StoredMessage] = []
        taken = set(busy)
        # A lane at a time, the most urgent first: so each statement reads no row of the index but those
        # it takes, however many wait in the lanes below.
        for lane in sorted(lanes):
            if len(claimed) < limit:
                more = await self._claim_lane(account, lane, limit - len(claimed), now, fence, taken)
                taken.update(message.address for message in more)
                claimed += more
        return claimed

    async def settle(self, outcomes: Sequence[Outcome]) -> list[MessageId]:
        """Put outcomes on record. The ids of those that were theirs to have, in order.

        Not on record: an attempt under another fence (somebody else settled it), and a failure of what a
        receipt says was delivered. A FAILED message keeps its ``fallback_at``: falling back, and clearing
        it, is the caller's.
        """
        first: dict[MessageId, Outcome] = {}
        for outcome in outcomes:
            first.setdefault(outcome.message, outcome)
        # What was sent while it waited for no receipt is nearly all: written without being read.
        sent = await self._settle_sent([o for o in first.values() if o.state is MessageState.SENT])
        rest = [o for o in outcomes if o.message not in sent or first[o.message] is not o]
        applied = sent | await self._settle_each(rest)
        lists = [o.message for o in first.values() if o.carries and o.message in applied]
        if lists:
            await self._take_along((await self._held_by_id(lists)).values())
        return [message for message in first if message in applied]

    async def _settle_sent(self, outcomes: Sequence[Outcome]) -> set[MessageId]:
        """Those of these, each of a message of its own, that were being sent under their fence until now."""
        if not outcomes:
            return set()
        alike: dict[tuple[datetime, int, bool], list[Outcome]] = {}
        for outcome in outcomes:
            alike.setdefault((outcome.at, outcome.fence, outcome.repeated), []).append(outcome)
        await self._lock([outcome.message for outcome in outcomes])
        applied: set[MessageId] = set()
        for (at, fence, repeated), group in alike.items():
            told = listed(self._conn, _TOLD, [(o.message, o.provider_id) for o in group])
            # Wrapped, lest SQLite look through all that is being sent for each of these.
            being_sent = func.coalesce(messages.c.state, "") == MessageState.SENDING.value
            taken = update(messages).where(messages.c.id == told.c.id, being_sent, messages.c.fence == fence)
            values = sent_values(at, told.c.provider_id, repeated=repeated)
            applied.update(await self._conn.scalars(taken.values(values).returning(messages.c.id)))
        return applied

    async def _settle_each(self, outcomes: Sequence[Outcome]) -> set[MessageId]:
        rows = await self._held_by_id(outcome.message for outcome in outcomes)
        applied: dict[MessageId, StoredMessage] = {}
        for outcome in outcomes:
            row = rows.get(outcome.message)
            after = settled(row, outcome) if row else None
            if after is not None:
                rows[after.id] = applied[after.id] = after
        await self._write_back(list(applied.values()))
        return set(applied)

    async def release_claims(self, ids: Iterable[MessageId], fence: int) -> int:
        """Put back what was claimed and never tried, as if it had not been claimed. How many."""
        released = 0
        back = {"state": MessageState.QUEUED.value, "attempts": messages.c.attempts - 1}
        for batch in batches(ids):
            mine = (messages.c.id.in_(batch), in_states(MessageState.SENDING), messages.c.fence == fence)
            released += (await self._conn.execute(update(messages).where(*mine).values(back))).rowcount
        return released

    async def orphans(self, account: str, fence: int, limit: int) -> list[StoredMessage]:
        """Messages in ``sending`` whose sender lost the account before ``fence``: their outcome is unknown.

        Settle each under its own, old ``fence``.
        """
        return await self._all(
            select(messages)
            .where(in_states(MessageState.SENDING), messages.c.account == account, messages.c.fence < fence)
            .order_by(messages.c.lane, messages.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )

    async def requeue_uncertain(self, ids: Iterable[MessageId] | None, now: datetime) -> list[MessageId]:
        """Send uncertain messages again, marked as repeats; None is all of them. Which, in order.

        Not a text that told somebody a code: that works no more, or may be given anew, and is blanked.
        """
        # Somebody wants it sent now: when it was to expire at first no longer counts.
        again = {
            "state": MessageState.QUEUED.value,
            "repeated": True,
            "not_before": now,
            "expires_at": now + WORTH_AGAIN,
            "ended_at": None,
        }
        # What rides on a list is sent again with it.
        uncertain = in_states(MessageState.UNCERTAIN) & messages.c.rides_on.is_(None)
        uncertain &= messages.c.template.not_in(SECRET_TEMPLATES)
        chosen: list[ColumnElement[bool]] = [uncertain]
        if ids is not None:
            chosen = [_themselves_or_their_lists(batch) & uncertain for batch in batches(ids)]
        requeued: list[MessageId] = []
        for condition in chosen:
            sending = update(messages).where(condition).values(again).returning(messages.c.id)
            requeued += await self._conn.scalars(sending)
        return sorted(requeued)

    async def _ids_of(self, keys: Iterable[str]) -> dict[str, MessageId]:
        found: dict[str, MessageId] = {}
        for batch in batches(keys):
            rows = await self._conn.execute(
                select(messages.c.key, messages.c.id).where(messages.c.key.in_(batch))
            )
            found.update((key, MessageId(number)) for key, number in rows)
        return found

    async def _claim_lane(
        self, account: str, lane: Lane, limit: int, now: datetime, fence: int, busy: Collection[str]
    ) -> list[StoredMessage]:
        taken = listed(self._conn, (messages.c.address,), ((address,) for address in sorted(busy)))
        due = (
            select(messages.c.id, messages.c.address)
            .where(
                in_states(MessageState.QUEUED),
                messages.c.account == account,
                messages.c.lane == int(lane),
                messages.c.not_before <= now,
                or_(messages.c.expires_at.is_(None), messages.c.expires_at > now),
                messages.c.address.not_in(select(taken.c.address)),
            )
            .order_by(messages.c.not_before, messages.c.id)
            .limit(limit + LOOK_PAST)
            .with_for_update(skip_locked=True, of=messages)
        )
        first_of_each: dict[str, int] = {}
        for number, address in await self._conn.execute(due):
            first_of_each.setdefault(address, number)
        chosen = list(first_of_each.values())[:limit]
        if not chosen:
            return []
        mine = {"state": MessageState.SENDING.value, "fence": fence, "attempts": messages.c.attempts + 1}
        these = listed(self._conn, (messages.c.id,), ((number,) for number in chosen))
        claiming = update(messages).where(messages.c.id.in_(select(these.c.id))).values(mine)
        rows = (await self._conn.execute(claiming.returning(messages))).mappings()
        return sorted((stored(row) for row in rows), key=lambda row: (row.not_before or now, row.id))


def _themselves_or_their_lists(ids: Sequence[MessageId]) -> ColumnElement[bool]:
    lists = select(messages.c.rides_on).where(messages.c.id.in_(ids), messages.c.rides_on.is_not(None))
    return or_(messages.c.id.in_(ids), messages.c.id.in_(lists))
