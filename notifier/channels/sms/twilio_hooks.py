"""What Twilio posts to us: whether it is Twilio, and what it says. Total over any form."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from twilio.request_validator import RequestValidator

from notifier.channels.plain import plain
from notifier.channels.sms.twilio_codes import receipt_state
from notifier.domain.ids import MessageId
from notifier.domain.message import Incoming, IncomingKind, MessageState, Receipt
from notifier.domain.roster import ChannelName

EMPTY_TWIML: Final = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
"""The answer that says nothing back; to be served as ``text/xml``."""
_OPT_WORDS: Final = frozenset({"STOP", "START"})
_MAX_REF_DIGITS: Final = 18


class _Form(dict[str, list[str]]):
    """A form's fields with all their values, as RequestValidator asks for them."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def verify(
    public_url: str, path_qs: str, form: Iterable[tuple[str, str]], signature: str, tokens: Sequence[str]
) -> bool:
    """Whether Twilio signed this call with one of ``tokens``.

    ``path_qs`` is the path and query as they came, ``form`` every field of the body, repeated ones too
    (``parse_qsl(body, keep_blank_values=True)``). The address is PUBLIC_URL's, whatever Host says.
    """
    fields = _Form()
    for name, value in form:
        fields.setdefault(name, []).append(value)
    url = public_url.rstrip("/") + path_qs
    # No early end: how long it takes says nothing about which token is in use.
    verdicts = [RequestValidator(token).validate(url, fields, signature) for token in tokens if token]
    return any(verdicts)


def parse_inbound(form: Mapping[str, str]) -> Incoming | None:
    """An SMS that somebody sent; ``account`` is the number it was sent to. None without a sender."""
    sender = _number(form.get("From"))
    if not sender:
        return None
    text = plain(form.get("Body"))
    opt = plain(form.get("OptOutType")).strip().upper()
    only_media = not text.strip() and form.get("NumMedia", "0") not in ("", "0")
    return Incoming(
        channel=ChannelName.SMS,
        account=_number(form.get("To")),
        sender=sender,
        kind=IncomingKind.MEDIA if only_media else IncomingKind.TEXT,
        text=text,
        opt=opt if opt in _OPT_WORDS else None,
    )


def inbound_id(form: Mapping[str, str]) -> str:
    """Twilio's own id of an inbound SMS, by which a repeat is known; empty if there is none."""
    return plain(form.get("MessageSid")) or plain(form.get("SmsSid"))


def parse_status(form: Mapping[str, str], query: Mapping[str, str]) -> Receipt | None:
    """A status callback, with its address's ``query``. None if it names no message or no state of ours."""
    provider_id = inbound_id(form)
    state = receipt_state(plain(form.get("MessageStatus")) or plain(form.get("SmsStatus")))
    if not provider_id or state is None:
        return None
    return Receipt(
        channel=ChannelName.SMS,
        provider_id=provider_id,
        message=_message(plain(query.get("ref"))),
        state=state,
        code=_code(plain(form.get("ErrorCode"))) if state is MessageState.FAILED else None,
    )


def _code(code: str) -> str | None:
    return code if code.isascii() and code.isdigit() and code.strip("0") else None


def _message(ref: str) -> MessageId | None:
    usable = ref.isascii() and ref.isdigit() and len(ref) <= _MAX_REF_DIGITS
    return MessageId(int(ref)) if usable else None


def _number(value: object) -> str:
    """The bare number: without a channel's prefix, and with the plus that a form decoded as a blank."""
    text = plain(value).strip().rpartition(":")[2].strip()
    return f"+{text}" if text.isascii() and text.isdigit() and len(text) > len("123456") else text
