"""One call to a carrier for one message, and what is known of it afterwards."""

import structlog

from notifier.channels.ports import Sender, Settler
from notifier.domain.message import Accepted, Outgoing
from notifier.engine.letters import SILENT
from notifier.engine.sending.outcomes import Attempt
from notifier.engine.sending.settling import Settling
from notifier.engine.station import Station
from notifier.errors import CarrierError, Verdict
from notifier.store.rows import StoredMessage

log = structlog.get_logger(__name__)

_LONGEST_VALIDITY_S = 36_000


class Caller:
    """Makes the calls of one account."""

    def __init__(self, station: Station, sender: Sender, settling: Settling, settler: Settler | None) -> None:
        """``settler`` can be asked what became of a message whose outcome is unknown."""
        self._station = station
        self._sender = sender
        self._settling = settling
        self._settler = settler

    async def call(self, message: StoredMessage) -> Attempt:
        """Make one call, with no transaction open; the carrier's refusal is part of what comes back."""
        try:
            return Attempt(message=message, accepted=await self._sender.send(self._outgoing(message)))
        except CarrierError as error:
            if error.alarm:
                log.error("carrier_needs_an_operator", channel=message.channel, code=error.code)
            if error.verdict is Verdict.UNKNOWN and (found := await self.look_up(message)):
                return Attempt(message=message, accepted=found)
            return Attempt(message=message, error=error)

    async def look_up(self, message: StoredMessage) -> Accepted | None:
        """What the carrier has of this message, by its address and text, where it can be asked."""
        if self._settler is None:
            return None
        try:
            found = await self._settler.look_up(message.address, self._marked(message), None)
        except CarrierError:
            return None
        # The same words may have been said before: what is on record as another message is not this one.
        await self._settling.flush()
        async with self._station.db.read() as tx:
            for taken in found:
                known = await tx.messages.by_provider(message.account, message.address, taken.provider_id)
                if known is None or known.id == message.id:
                    return Accepted(provider_id=taken.provider_id)
        return None

    def _marked(self, message: StoredMessage) -> str:
        """The text, marked where it may be the second time that it is said."""
        if not message.repeated:
            return message.text
        now, chinese = self._station.now(), not message.text.isascii()
        mark = self._station.texts.render(
            "repeat_mark", channel=message.way, locale="zh" if chinese else "en", values={}, now=now
        ).text
        return f"{mark}{message.text}" if chinese else f"{mark} {message.text}"

    def _outgoing(self, message: StoredMessage) -> Outgoing:
        validity = None
        if message.expires_at is not None:
            left = (message.expires_at - self._station.now()).total_seconds() / self._station.clock.speed
            validity = max(1, min(_LONGEST_VALIDITY_S, int(left)))
        return Outgoing(
            id=message.id,
            account=message.account,
            address=message.address,
            text=self._marked(message),
            keyboard=message.keyboard,
            edits=message.edits,
            status_ref=str(message.id),
            validity_s=validity,
            silent=message.values.get(SILENT) is True,
        )
