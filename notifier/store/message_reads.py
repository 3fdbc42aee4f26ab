"""Looking messages up and counting them; nothing here changes one."""

from collections import Counter
from collections.abc import Collection

from sqlalchemy import func, select

from notifier.domain.ids import CaseId, MatterId, MessageId, PersonId
from notifier.domain.message import AnyChannel, MessageState, channel_named
from notifier.store.message_base import MessagePart
from notifier.store.message_values import in_states
from notifier.store.rows import MessageFilter, StoredMessage
from notifier.store.statements import batches
from notifier.store.tables import messages


class MessageReads(MessagePart):
    """Readings of the table."""

    async def get(self, message_id: MessageId) -> StoredMessage | None:
        """The message, or None."""
        found = await self._all(select(messages).where(messages.c.id == message_id))
        return found[0] if found else None

    async def by_provider(self, account: str, address: str, provider_id: str) -> StoredMessage | None:
        """The message a carrier knows by its own id in this chat; the newest, when one edited another."""
        found = await self._all(
            select(messages)
            .where(
                messages.c.provider_id == provider_id,
                messages.c.address == address,
                messages.c.account == account,
            )
            .order_by(messages.c.id.desc())
            .limit(1)
        )
        return found[0] if found else None

    async def ids_in(self, state: MessageState) -> list[MessageId]:
        """The ids of all that are in that state, in order."""
        query = select(messages.c.id).where(in_states(state)).order_by(messages.c.id)
        return [MessageId(number) for number in await self._conn.scalars(query)]

    async def counts(self) -> dict[MessageState, int]:
        """How many messages there are in each state, zeros too."""
        counted = await self._conn.execute(select(messages.c.state, func.count()).group_by(messages.c.state))
        return dict.fromkeys(MessageState, 0) | {MessageState(state): number for state, number in counted}

    async def queued_by_channel(self) -> Counter[AnyChannel]:
        """How many are queued, by channel."""
        counted = await self._conn.execute(
            select(messages.c.channel, func.count())
            .where(in_states(MessageState.QUEUED))
            .group_by(messages.c.channel)
        )
        return Counter({channel_named(name): number for name, number in counted})

    async def listing(self, which: MessageFilter) -> list[StoredMessage]:
        """The messages that pass the filter, the newest first."""
        query = select(messages).order_by(messages.c.id.desc()).limit(which.limit)
        if which.state is not None:
            query = query.where(in_states(which.state))
        if which.broadcast is not None:
            query = query.where(messages.c.broadcast == which.broadcast)
        if which.case is not None:
            query = query.where(messages.c.case == which.case)
        if which.person is not None:
            query = query.where(messages.c.person == which.person)
        return await self._all(query)

    async def said_about(
        self, about: Collection[MatterId], people: Collection[PersonId], templates: Collection[str]
    ) -> dict[MatterId, list[StoredMessage]]:
        """The messages of those people's matters that have one of the templates, the oldest first."""
        found: dict[MatterId, list[StoredMessage]] = {}
        asked = set(about)
        for batch in batches(people):
            # Through the person, who has an index.
            theirs = select(messages).where(messages.c.person.in_(batch), messages.c.matter.is_not(None))
            for message in await self._all(
                theirs.where(messages.c.template.in_(templates)).order_by(messages.c.id)
            ):
                if message.matter in asked:
                    found.setdefault(message.matter, []).append(message)
        return found

    async def who_answered(self, case: CaseId) -> frozenset[PersonId]:
        """Everybody who answered a message of that case."""
        query = select(messages.c.person).where(messages.c.case == case, messages.c.answered_at.is_not(None))
        return frozenset(person for person in await self._conn.scalars(query) if person is not None)

    async def of_case(self, case: CaseId) -> list[StoredMessage]:
        """A case's messages in the order they were queued."""
        return await self._all(select(messages).where(messages.c.case == case).order_by(messages.c.id))
