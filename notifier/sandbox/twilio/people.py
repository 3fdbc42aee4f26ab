"""What people do by SMS: write back, and say STOP."""

import asyncio
from dataclasses import dataclass

from notifier.sandbox.faults import Carrier, copies_of, lateness_of
from notifier.sandbox.phones import Channel, Phone
from notifier.sandbox.twilio.desk import TwilioDesk
from notifier.sandbox.twilio.hooks import answered, call_hook
from notifier.sandbox.twilio.messages import API_VERSION, Message, new_sid
from notifier.sandbox.twilio.segments import count_segments

STOP_WORDS = frozenset({"STOP", "END", "CANCEL", "QUIT", "UNSUBSCRIBE", "STOPALL", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})
CONFIRMATIONS = {
    "STOP": "You are unsubscribed and will get no more texts from this number. Reply START to undo this.",
    "START": "You are subscribed again and will get texts from this number. Reply STOP to end.",
    "HELP": "Reply STOP to get no more texts. Rates for messages and data may apply.",
}
INBOUND_TRIES = 2


class CannotText(Exception):
    """This phone cannot send that SMS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texted:
    """What became of an SMS a person wrote. `carried`: whether it reached the carrier at all."""

    sid: str
    carried: bool
    keyword: str | None


class SmsPeople:
    """The hands of everybody with a number."""

    def __init__(self, desk: TwilioDesk) -> None:
        """Act upon a desk."""
        self._desk = desk

    def write(self, phone: Phone, text: str, *, to: str | None = None) -> Texted:
        """Write to a sender: the named one, else whoever wrote last. Raises CannotText."""
        if phone.number is None:
            raise CannotText("this phone has no number")
        message = self._message(phone, phone.number, text, to)
        carried = not phone.number.startswith(self._desk.settings.one_way_prefixes or ("none",))
        self._desk.show(message, incoming=False, status="sent" if carried else "undelivered")
        keyword = keyword_of(text)
        if carried:
            self._desk.store.add(message)
            confirm = self._obey(keyword, message)
            self._call(message, keyword)
            if confirm and keyword:
                self._confirm(message, CONFIRMATIONS[keyword])
        return Texted(sid=message.sid, carried=carried, keyword=keyword)

    def _message(self, phone: Phone, number: str, text: str, to: str | None) -> Message:
        desk = self._desk
        last = phone.latest(Channel.SMS)
        sender = to or desk.last_sender.get(number) or (last.account if last else None)
        now = desk.options.now()
        return Message(
            sid=new_sid(),
            account=desk.account,
            to=sender or (desk.settings.senders or (desk.settings.default_sender,))[0],
            sender=number,
            body=text,
            status="received",
            direction="inbound",
            created=now,
            updated=now,
            sent=now,
            segments=count_segments(text),
        )

    def _obey(self, keyword: str | None, message: Message) -> bool:
        """Do what a keyword says; whether that is to be confirmed."""
        pair = (message.to, message.sender)
        if keyword == "STOP":
            first_time = pair not in self._desk.opted_out
            self._desk.opted_out.add(pair)
            return first_time
        if keyword == "START":
            was_out = pair in self._desk.opted_out
            self._desk.opted_out.discard(pair)
            return was_out
        return keyword == "HELP"

    def _confirm(self, message: Message, text: str) -> None:
        """The carrier's own answer, of which the program hears nothing."""
        now = self._desk.options.now()
        answer = Message(
            sid=new_sid(),
            account=message.account,
            to=message.sender,
            sender=message.to,
            body=text,
            status="delivered",
            direction="outbound-reply",
            created=now,
            updated=now,
            sent=now,
            segments=count_segments(text),
        )
        self._desk.store.add(answer)
        self._desk.show(answer, incoming=True, status="delivered")

    def _call(self, message: Message, keyword: str | None) -> None:
        url = self._desk.settings.inbound_url
        if not url:
            return
        faults = self._desk.faults.incoming(Carrier.TWILIO, message.sender, message.to)
        form, late = _inbound_form(message, keyword), lateness_of(faults)
        for _ in range(copies_of(faults)):
            self._desk.background.start(_post(self._desk, url, form, late))


async def _post(desk: TwilioDesk, url: str, form: dict[str, str], late: float) -> None:
    await asyncio.sleep(late)
    await call_hook(desk, "inbound", url, form, tries=INBOUND_TRIES, enough=answered)


def keyword_of(text: str) -> str | None:
    """STOP, START or HELP, if that is all the text says."""
    word = text.strip().upper()
    if word in STOP_WORDS:
        return "STOP"
    if word in START_WORDS:
        return "START"
    return "HELP" if word in HELP_WORDS else None


def _inbound_form(message: Message, keyword: str | None) -> dict[str, str]:
    form = {
        "AccountSid": message.account,
        "ApiVersion": API_VERSION,
        "Body": message.body,
        "From": message.sender,
        "MessageSid": message.sid,
        "NumMedia": "0",
        "NumSegments": str(message.segments),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "To": message.to,
    }
    if keyword:
        form["OptOutType"] = keyword
    return form
