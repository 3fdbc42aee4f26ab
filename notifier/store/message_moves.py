"""Messages that follow somebody to another address."""

from sqlalchemy import update

from notifier.domain.message import MessageState
from notifier.store.message_base import MessagePart
from notifier.store.message_values import in_states
from notifier.store.tables import messages


class MessageMoves(MessagePart):
    """What waits for an address that is left."""

    async def readdress(self, account: str, address: str, to: str) -> int:
        """Let what is queued for an address of that account go to another one; how many.

        What was to change a message at the old address becomes a message of its own.
        """
        waiting = in_states(MessageState.QUEUED) & (messages.c.account == account)
        moving = update(messages).where(waiting, messages.c.address == address)
        return (await self._conn.execute(moving.values(address=to, edits=None))).rowcount
