"""What had to come out of the evening, each a look into the store or onto the phones."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from notifier.demo import evening
from notifier.demo.evening import Who
from notifier.demo.stage import Stage
from notifier.domain.case import Case
from notifier.domain.ids import BroadcastId, PostCode, ShiftKey, UnitCode
from notifier.domain.message import MessageState
from notifier.domain.policy import Kind
from notifier.domain.roster import Shift
from notifier.domain.sheet import Sheet, SheetState
from notifier.sandbox.faults import Carrier
from notifier.sandbox.phones import Channel
from notifier.store.rows import CaseFilter, MessageFilter, PresenceRow

Check = Callable[[Stage, BroadcastId], Awaitable[bool]]

GRACE = timedelta(minutes=10)
UNSIGNED_AFTER = timedelta(minutes=45)
"""The list is due half an hour after the shift, and called for a quarter of an hour later."""


def shift_at(post: str) -> ShiftKey:
    """The key of this evening's shift at a post."""
    start, end = evening.at(evening.SHIFT_STARTS), evening.at(evening.SHIFT_ENDS)
    return Shift(post=PostCode(post), start=start, end=end).key


async def _presences(stage: Stage, post: str) -> list[PresenceRow]:
    async with stage.parts.station.db.read() as tx:
        return await tx.presences.during(shift_at(post))


async def _cases(stage: Stage, kind: Kind) -> list[Case]:
    async with stage.parts.station.db.read() as tx:
        return [case for case in await tx.cases.listing(CaseFilter()) if case.kind is kind]


async def _sheet(stage: Stage, post: str) -> Sheet:
    async with stage.parts.station.db.read() as tx:
        [sheet] = await tx.sheets.of_shift(shift_at(post))
    return sheet


def _got(stage: Stage, person: str, words: str) -> bool:
    return any(words in text for text in stage.human(person).phone.texts())


def _count(stage: Stage, person: str, words: str, channel: Channel) -> int:
    return sum(words in text for text in stage.human(person).phone.texts(channel))


async def reminded(stage: Stage, _: BroadcastId) -> bool:
    """Everybody rostered has the reminder, on no channel twice.

    On a slow machine it may go on both: two civil minutes without an outcome are half a second here.
    """
    return all(
        _got(stage, person, "请到") and all(_count(stage, person, "请到", way) <= 1 for way in Channel)
        for _, person in evening.SHIFTS
    )


async def arrived(stage: Stage, _: BroadcastId) -> bool:
    """Two came in time and said so themselves, each on his own channel."""
    found = [(await _presences(stage, post))[0].presence for post in (evening.GATE, evening.QUIET_GATE)]
    ways = [(p.person, p.by, p.channel) for p in found]
    on_time = all(p.since < evening.at(evening.SHIFT_STARTS) + GRACE for p in found)
    return on_time and ways == [
        (Who.AT_THE_GATE, Who.AT_THE_GATE, "telegram"),
        (Who.BY_SMS, Who.BY_SMS, "sms"),
    ]


async def escalated(stage: Stage, _: BroadcastId) -> bool:
    """One case only, opened when the grace was over, called in the order of succession."""
    [case] = await _cases(stage, Kind.UNSTAFFED)
    order = tuple(call.person for call in case.calls)
    expected = (Who.NEVER_CAME, Who.SLEEPING_SECRETARY, Who.DEPUTY)
    return case.opened_at >= evening.at(evening.SHIFT_STARTS) + GRACE and order == expected


async def taken_by_text(stage: Stage, _: BroadcastId) -> bool:
    """The deputy took it by SMS; the two called before him were told, and nobody was called after."""
    [case] = await _cases(stage, Kind.UNSTAFFED)
    async with stage.parts.station.db.read() as tx:
        lines = await tx.journal.of_case(case.id)
    taken = next((line for line in lines if line.event == "acknowledged"), None)
    if taken is None or (taken.person, taken.channel) != (Who.DEPUTY, "sms"):
        return False
    called_after = [line for line in lines if line.event in ("called", "repeated") and line.id > taken.id]
    told = _got(stage, Who.SLEEPING_SECRETARY, "已接手") and _got(stage, Who.NEVER_CAME, "已在安排")
    return told and not called_after


async def stood_in(stage: Stage, _: BroadcastId) -> bool:
    """The stand-in is on post by the deputy's word, which closed the case; all three were stood down."""
    [case] = await _cases(stage, Kind.UNSTAFFED)
    [row] = await _presences(stage, evening.EMPTY_GATE)
    by_proxy = (row.presence.person, row.presence.by) == (Who.STEPS_IN, Who.DEPUTY)
    called = (Who.NEVER_CAME, Who.SLEEPING_SECRETARY, Who.DEPUTY)
    return by_proxy and case.outcome == "staffed" and all(_got(stage, p, "已有人") for p in called)


async def signed_with_exception(stage: Stage, _: BroadcastId) -> bool:
    """One list signed without its third item, the other whole; both verified by somebody else."""
    partly, wholly = await _sheet(stage, evening.GATE), await _sheet(stage, evening.QUIET_GATE)
    exceptions = (partly.exceptions, wholly.exceptions) == ((3,), ())
    verified = all(sheet.state is SheetState.VERIFIED and not sheet.late for sheet in (partly, wholly))
    others = (partly.verifier, wholly.verifier) == (Who.GATE_SECRETARY, Who.FORGETFUL_SECRETARY)
    return exceptions and verified and others


async def signed_late(stage: Stage, _: BroadcastId) -> bool:
    """The third list became a case when its grace was over; it was signed late, and verified."""
    sheet = await _sheet(stage, evening.EMPTY_GATE)
    [case] = await _cases(stage, Kind.UNSIGNED)
    in_time = case.opened_at >= evening.at(evening.SHIFT_ENDS) + UNSIGNED_AFTER
    owner = (sheet.signer, case.subject) == (Who.STEPS_IN, sheet.key)
    return owner and in_time and sheet.late and case.outcome == "late" and sheet.state is SheetState.VERIFIED


async def praised(stage: Stage, praise: BroadcastId) -> bool:
    """Everybody of the two villages has the commendation, and nobody else."""
    async with stage.parts.station.db.read() as tx:
        sent = await tx.messages.listing(MessageFilter(broadcast=praise))
        members = [m for unit in ("BS01", "XX01") for m in await tx.roster.members(UnitCode(unit))]
    done = {MessageState.SENT, MessageState.DELIVERED}
    return {message.person for message in sent if message.state in done} == set(members)


async def relayed(stage: Stage, praise: BroadcastId) -> bool:
    """One village answered in time, the other when called; the author has both summaries."""
    async with stage.parts.station.db.read() as tx:
        counts = {relay.unit: relay.relayed for relay in await tx.broadcasts.relays(praise)}
    cases = [(case.unit, case.outcome) for case in await _cases(stage, Kind.UNRELAYED)]
    summaries = _got(stage, Who.AUTHOR, "截止：") and _got(stage, Who.AUTHOR, "办结：")
    return counts == {"BS01": 6, "XX01": 4} and cases == [("XX01", "relayed")] and summaries


async def all_closed(stage: Stage, _: BroadcastId) -> bool:
    """No case is open, no message waits, failed or is unknown, and no carrier refused anything."""
    async with stage.parts.station.db.read() as tx:
        still_open = await tx.cases.open_ids()
        counts = await tx.messages.counts()
    bad = (
        MessageState.QUEUED,
        MessageState.SENDING,
        MessageState.UNCERTAIN,
        MessageState.FAILED,
        MessageState.EXPIRED,
    )
    state = stage.town.sandbox.state
    refused = sum(state.ledger(carrier).refused_count for carrier in Carrier)
    return not still_open and not any(counts[s] for s in bad) and not refused


CHECKLIST: tuple[tuple[str, str, Check], ...] = (
    ("提醒：当班三人都收到", "Reminded: the three rostered", reminded),
    ("到岗：一人按钮、一人短信", "On post: one by button, one by SMS", arrived),
    ("缺岗：过十分钟立案，按序呼叫三人", "Missed: a case after the grace, three called in order", escalated),
    ("接手：副书记回短信，前两人获知", "Taken by SMS; those called before know who has it", taken_by_text),
    ("到岗即了：代记到岗，三人解除", "Staffed by proxy; all who were called stand down", stood_in),
    ("清单：除3签字、全签，均已核实", "Lists: one with an exception, both verified", signed_with_exception),
    ("漏签：到时催签，迟签，已核实", "Unsigned: called for, signed late, verified", signed_late),
    ("表扬：两村十人都收到", "Commended: ten people of two villages", praised),
    ("转达：一村按时、一村催后，小结两次", "Relayed: one in time, one when called; two summaries", relayed),
    ("收尾：无未结，无失败，渠道无拒收", "Nothing open, nothing failed, nothing refused", all_closed),
)
