"""Creating a message: what Twilio checks, in its order, and what it answers."""

import re
from collections.abc import Mapping

from notifier.sandbox.twilio.desk import TwilioDesk
from notifier.sandbox.twilio.errors import TwilioRefusal
from notifier.sandbox.twilio.messages import Message, new_sid
from notifier.sandbox.twilio.segments import count_segments

E164 = re.compile(r"\+[1-9]\d{6,14}")
SENDER = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
MAX_BODY = 1600
MAX_VALIDITY = 36_000


def create_message(
    desk: TwilioDesk, account: str, params: Mapping[str, str], *, answer_lost: bool
) -> Message:
    """Take an SMS and show it on the phone. Raises TwilioRefusal."""
    to = _recipient(desk, params)
    sender, service = _sender(desk, params, to)
    body = _body(params)
    _check_validity(params)
    if (sender, to) in desk.opted_out:
        raise TwilioRefusal(code=21610, message="Attempt to send to unsubscribed recipient")
    segments = count_segments(body)
    desk.admit(sender, segments)
    now = desk.options.now()
    message = Message(
        sid=new_sid(),
        account=account,
        to=to,
        sender=sender,
        body=body,
        status="accepted" if service else "queued",
        created=now,
        updated=now,
        segments=segments,
        service=service,
        callback=params.get("StatusCallback") or None,
    )
    desk.accept(message, answer_lost=answer_lost)
    return message


def _recipient(desk: TwilioDesk, params: Mapping[str, str]) -> str:
    to = params.get("To", "")
    if not to:
        raise TwilioRefusal(code=21604, message="A 'To' phone number is required.")
    if not E164.fullmatch(to):
        raise TwilioRefusal(code=21211, message=f"The 'To' number {to} is not a valid phone number.")
    if to in desk.settings.uncallable:
        raise TwilioRefusal(code=21614, message=f"'To' number {to} is not a valid mobile number")
    return to


def _sender(desk: TwilioDesk, params: Mapping[str, str], to: str) -> tuple[str, str | None]:
    service = params.get("MessagingServiceSid") or None
    sender = params.get("From") or None
    if service is not None:
        return _pool_sender(desk, service, sender, to), service
    if sender is None:
        raise TwilioRefusal(code=21603, message="A 'From' phone number is required.")
    if not SENDER.fullmatch(sender):
        raise TwilioRefusal(code=21212, message=f"The 'From' number {sender} is not a valid phone number.")
    if desk.settings.senders and sender not in desk.settings.senders:
        message = f"The 'From' phone number provided ({sender}) is not a valid message-capable Twilio number"
        raise TwilioRefusal(code=21606, message=message)
    return sender, None


def _pool_sender(desk: TwilioDesk, service: str, wanted: str | None, to: str) -> str:
    """A service keeps to the sender that a recipient already knows."""
    if not SERVICE.fullmatch(service):
        raise TwilioRefusal(code=21701, message="The Messaging Service resource does not exist")
    pool = desk.settings.services.get(service) or (wanted or desk.settings.default_sender,)
    if wanted is not None and wanted not in pool:
        message = f"The 'From' phone number provided ({wanted}) is not in the Messaging Service's sender pool"
        raise TwilioRefusal(code=21606, message=message)
    known = wanted or desk.last_sender.get(to)
    return known if known in pool else pool[0]


def _body(params: Mapping[str, str]) -> str:
    body = params.get("Body", "")
    if not body.strip():
        raise TwilioRefusal(code=21602, message="Message body is required.")
    if len(body) > MAX_BODY:
        message = f"The concatenated message body exceeds the {MAX_BODY} character limit"
        raise TwilioRefusal(code=21617, message=message)
    return body


def _check_validity(params: Mapping[str, str]) -> None:
    validity = params.get("ValidityPeriod")
    if validity and not (validity.isdecimal() and 1 <= int(validity) <= MAX_VALIDITY):
        raise TwilioRefusal(code=20001, message="Invalid parameter: ValidityPeriod")
