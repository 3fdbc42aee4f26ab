"""Twilio's Messages API: sending, and asking what became of a message."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.base.version import Version
from twilio.http.response import Response
from twilio.rest import Client

from notifier.channels.http import not_the_carrier
from notifier.channels.sms.twilio_codes import receipt_state, verdict_on_refusal
from notifier.channels.sms.twilio_http import SharedSessionClient
from notifier.domain.message import Accepted, MessageState, Outgoing, Receipt
from notifier.domain.roster import ChannelName
from notifier.errors import CarrierError, Verdict

MAX_CHARS: Final = 1600
MAX_VALIDITY_S: Final = 36_000
CALL_S: Final = 10.0
STATUS_PATH: Final = "/hooks/twilio/status"
LOOKED_THROUGH: Final = 200
"""How many of an address's latest messages a look-up reads at most."""
_BAD_TOKEN: Final = frozenset({"20003", "http_401"})

_Call = Callable[[Any], Coroutine[Any, Any, Any]]


class TwilioSender:
    """Ports Sender and Settler for one Twilio account; ``account`` of a message is its sender.

    That is a number, or the id of a messaging service (MG…).
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        sid: str,
        tokens: Sequence[str],
        api_url: str | None = None,
        public_url: str | None = None,
        timeout: float = CALL_S,
    ) -> None:
        """Use the shared ``session``. Of several tokens, the one last taken comes first."""
        http = SharedSessionClient(session, api_url=api_url, timeout=timeout)
        self._clients = [Client(sid, token, http_client=http) for token in tokens]
        self._callback = f"{public_url.rstrip('/')}{STATUS_PATH}?ref=" if public_url else None

    async def send(self, message: Outgoing) -> Accepted:
        """Send as SMS; a keyboard is not shown. Edits, and texts beyond 1600 characters, are refused."""
        _check(message)
        fields = self._fields(message)

        async def create(client: Any) -> Any:
            return await client.messages.create_async(**fields)

        sent = await self._call(create)
        if not isinstance(sent.sid, str) or not sent.sid:
            raise CarrierError(Verdict.UNKNOWN, "bad_answer")
        return Accepted(provider_id=sent.sid)

    async def look_up(self, address: str, text: str, since: datetime | None) -> list[Receipt]:
        """What Twilio holds for this address with this very text since then (to the second), latest first."""

        async def find(client: Any) -> Any:
            # Not filtered by DateSent, which a message still queued does not have.
            return await client.messages.list_async(to=address, limit=LOOKED_THROUGH)

        floor = since.replace(microsecond=0) if since else None
        found = await self._call(find)
        return [_receipt(one) for one in found if _is_meant(one, text, floor)]

    def _fields(self, message: Outgoing) -> dict[str, object]:
        fields: dict[str, object] = {"to": message.address, "body": message.text}
        fields["messaging_service_sid" if message.account.startswith("MG") else "from_"] = message.account
        if self._callback and message.status_ref:
            fields["status_callback"] = self._callback + quote(message.status_ref, safe="")
        if message.validity_s is not None:
            fields["validity_period"] = min(max(message.validity_s, 1), MAX_VALIDITY_S)
        return fields

    async def _call(self, call: _Call) -> Any:
        failure = CarrierError(Verdict.NOT_SENT, "no_token", alarm=True)
        for client in tuple(self._clients):
            try:
                return await _translated(call, client)
            except CarrierError as error:
                failure = error
            if failure.code not in _BAD_TOKEN:
                break
            # While a token is rotated one of the pair is refused: begin with the other from now on.
            self._clients.append(self._clients.pop(self._clients.index(client)))
        raise failure


async def _translated(call: _Call, client: Any) -> Any:
    try:
        return await call(client)
    except TwilioException as error:
        failure = _refusal(error)
    except (ValueError, TypeError, AttributeError, LookupError):
        # What comes of twilio's reading a 2xx answer that is not in its form.
        failure = CarrierError(Verdict.UNKNOWN, "bad_answer")
    # Raised outside the handler: twilio's errors quote the address.
    raise failure


def _refusal(error: TwilioException) -> CarrierError:
    if isinstance(error, (TwilioRestException, TwilioServiceException)):
        return _verdict(error.status, error.code)
    # A list that was refused comes as a bare exception with the answer beside its text.
    answer = error.args[1] if len(error.args) > 1 else None
    if not isinstance(answer, Response):
        return CarrierError(Verdict.UNKNOWN, "bad_answer")
    return _refusal(Version.exception("GET", "", answer, ""))


def _verdict(status: int, code: object) -> CarrierError:
    if not isinstance(code, int) or code == status:
        # twilio puts the HTTP status where an answer has no code, as a proxy's has none.
        return not_the_carrier(status)
    return verdict_on_refusal(code)


def _check(message: Outgoing) -> None:
    if message.edits is not None:
        raise CarrierError(Verdict.REFUSED, "cannot_edit")
    if len(message.text) > MAX_CHARS:
        raise CarrierError(Verdict.REFUSED, "too_long")


def _is_meant(found: Any, text: str, floor: datetime | None) -> bool:
    if str(found.direction or "").startswith("inbound") or (found.body or "").strip() != text.strip():
        return False
    made = found.date_created
    # twilio leaves a date as text where it cannot read it: better one message too many than one overlooked.
    return floor is None or not isinstance(made, datetime) or _aware(made) >= floor


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _receipt(found: Any) -> Receipt:
    code = str(found.error_code) if found.error_code else None
    # In a state without a name of ours Twilio holds it all the same.
    state = receipt_state(str(found.status)) or MessageState.SENT
    return Receipt(channel=ChannelName.SMS, provider_id=str(found.sid), message=None, state=state, code=code)
