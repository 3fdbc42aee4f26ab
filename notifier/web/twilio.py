"""Twilio's webhooks: verified over the whole form, kept raw, then answered."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from notifier.channels.plain import plain
from notifier.channels.sms.twilio_hooks import EMPTY_TWIML, inbound_id, verify
from notifier.store.rows import InboxItem
from notifier.web.body import Bodies
from notifier.web.deps import WebDeps
from notifier.web.keeping import Keeper, refuse

SIGNATURE: Final = "X-Twilio-Signature"
MAX_FIELDS: Final = 500
MAX_ID: Final = 100
"""Characters. Twilio's ids have 34; an index takes far more, but not everything."""
SMS, RECEIPT = "sms", "receipt"

Pairs = Sequence[tuple[str, str]]


class TwilioHooks:
    """Inbound SMS and delivery receipts.

    What is kept is JSON: ``{"form": [[name, value], …], "query": [[name, value], …]}``.
    """

    def __init__(self, deps: WebDeps, keeper: Keeper, bodies: Bodies) -> None:
        """Without tokens or PUBLIC_URL every call is refused."""
        self._deps = deps
        self._keeper = keeper
        self._bodies = bodies

    def router(self) -> APIRouter:
        """Their routes."""
        router = APIRouter()
        router.add_api_route("/hooks/twilio/inbound", self.inbound, methods=["POST"], response_model=None)
        router.add_api_route("/hooks/twilio/status", self.status, methods=["POST"], response_model=None)
        return router

    async def inbound(self, request: Request) -> Response:
        """An SMS that somebody sent. What we say to it goes through the outbox, hence the empty TwiML."""
        form = await self._verified_form(request, SMS)
        await self._keeper.keep(self._item(SMS, inbound_id(dict(form)), form, request))
        return Response(EMPTY_TWIML, media_type="text/xml")

    async def status(self, request: Request) -> Response:
        """What became of a message of ours; each status of a message is kept once."""
        form = await self._verified_form(request, RECEIPT)
        await self._keeper.keep(self._item(RECEIPT, _status_id(form), form, request))
        return Response(status_code=204)

    async def _verified_form(self, request: Request, source: str) -> Pairs:
        signature = request.headers.get(SIGNATURE)
        public_url, tokens = self._deps.public_url, self._deps.twilio_tokens
        if not public_url or not tokens:
            raise refuse(self._deps, source, "off")
        if not signature:
            raise refuse(self._deps, source, "unsigned")
        form = _form(await self._bodies.read(request))
        if form is None or not verify(public_url, _path_qs(request), form, signature, tokens):
            raise refuse(self._deps, source, "signature")
        return form

    def _item(self, source: str, provider_id: str, form: Pairs, request: Request) -> InboxItem:
        payload = json.dumps({"form": form, "query": parse_qsl(request.url.query, keep_blank_values=True)})
        return InboxItem(
            source=source,
            account=plain(dict(form).get("AccountSid"))[:MAX_ID],
            provider_id=provider_id if 0 < len(provider_id) <= MAX_ID else _hash(payload),
            payload=payload,
            received_at=self._deps.now(),
        )


def _hash(payload: str) -> str:
    return f"sha256:{sha256(payload.encode()).hexdigest()}"


def _form(body: bytes) -> Pairs | None:
    """The form's fields in order; None when it has more than Twilio would ever send."""
    text = body.decode("utf-8", "replace")
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return None


def _path_qs(request: Request) -> str:
    """Path and query as they came over the wire: the signature is over every byte of them."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")


def _status_id(form: Pairs) -> str:
    fields = dict(form)
    sid = inbound_id(fields)
    status = plain(fields.get("MessageStatus")) or plain(fields.get("SmsStatus"))
    return f"{sid}:{status.lower()}:{plain(fields.get('ErrorCode'))}" if sid else ""
