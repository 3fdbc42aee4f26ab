"""What becomes of an SMS after it was taken, and the receipts that tell of it."""

import asyncio
from collections.abc import Sequence

from notifier.sandbox.faults import Fault, FaultKind
from notifier.sandbox.twilio.desk import TwilioDesk
from notifier.sandbox.twilio.hooks import call_hook, taken
from notifier.sandbox.twilio.messages import API_VERSION, Message

REASONS = {
    30001: "Queue overflow",
    30002: "Account suspended",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
}
DEFAULT_ERROR = 30008
Receipt = dict[str, str]


def follow(desk: TwilioDesk, message: Message) -> None:
    """Let an SMS that was just taken run its course."""
    faults = desk.faults.receipts(message.to, message.sender)
    desk.background.start(_run_course(desk, message, faults))


async def _run_course(desk: TwilioDesk, message: Message, faults: Sequence[Fault]) -> None:
    kinds = {fault.kind for fault in faults}
    receipts: list[Receipt] = []
    hold = FaultKind.RECEIPT_REORDER in kinds
    for status, seconds in _course(desk, faults):
        await asyncio.sleep(seconds)
        if message.status == "canceled":
            return
        _climb(desk, message, status, faults)
        receipts.append(_receipt(message))
        if not hold:
            await _report(desk, message, receipts, faults)
            receipts = []
    if hold:
        await _report(desk, message, list(reversed(receipts)), faults)


def _course(desk: TwilioDesk, faults: Sequence[Fault]) -> list[tuple[str, float]]:
    final = next((fault.final for fault in faults if fault.kind is FaultKind.RECEIPT_FAIL), "delivered")
    settings = desk.settings
    if final == "failed":
        return [("failed", settings.sent_after)]
    return [("sent", settings.sent_after), (final, max(0.0, settings.delivered_after - settings.sent_after))]


def _climb(desk: TwilioDesk, message: Message, status: str, faults: Sequence[Fault]) -> None:
    message.status = status
    message.updated = desk.options.now()
    message.sent = message.sent or message.updated
    if status in ("undelivered", "failed"):
        fault = next(fault for fault in faults if fault.kind is FaultKind.RECEIPT_FAIL)
        message.error = fault.code or DEFAULT_ERROR
        message.error_message = fault.description or REASONS.get(message.error, REASONS[DEFAULT_ERROR])
    desk.tick(message)


def _receipt(message: Message) -> Receipt:
    receipt = {
        "AccountSid": message.account,
        "ApiVersion": API_VERSION,
        "From": message.sender,
        "MessageSid": message.sid,
        "MessageStatus": message.status,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
    }
    if message.service:
        receipt["MessagingServiceSid"] = message.service
    if message.error is not None:
        receipt["ErrorCode"] = str(message.error)
        receipt["ErrorMessage"] = message.error_message or ""
    return receipt


async def _report(
    desk: TwilioDesk, message: Message, receipts: Sequence[Receipt], faults: Sequence[Fault]
) -> None:
    kinds = {fault.kind for fault in faults}
    if message.callback is None or FaultKind.RECEIPT_DROP in kinds:
        return
    late = sum(fault.seconds for fault in faults if fault.kind is FaultKind.RECEIPT_DELAY)
    if late:
        await asyncio.sleep(late)
    times = 2 if FaultKind.RECEIPT_DUPLICATE in kinds else 1
    for receipt in receipts:
        if receipt["MessageStatus"] in desk.settings.callback_statuses:
            for _ in range(times):
                await _call(desk, message.callback, receipt)


async def _call(desk: TwilioDesk, url: str, receipt: Receipt) -> None:
    await call_hook(desk, "status", url, receipt, tries=desk.settings.callback_tries, enough=taken)
