"""One case as its page shows it: what it is about, its two clocks, every call and event, what may be done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.case import Call, CallState, Case, CaseState, Chain, Place
from notifier.domain.ids import PersonId, SheetKey, ShiftKey, UnitCode
from notifier.domain.pausing import Pause
from notifier.domain.policy import Kind
from notifier.domain.precedence import may_take_over
from notifier.domain.roster import ChannelName, Lineage, Person, Post, Shift, Unit, post_of
from notifier.domain.sheet import Sheet
from notifier.engine.console.choosing import Candidate, candidates
from notifier.engine.parts import Parts
from notifier.engine.reports import TraceEvent, trace_of
from notifier.store.rows import StoredMessage
from notifier.store.tx import Tx

BY_ITSELF = ("sent", "delivered")
"""Fates of messages: the table of calls tells them, and a timeline that told each would be read by nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the case is about, as far as the roster still knows it."""

    post: Post | None = None
    shift: Shift | None = None
    sheet: Sheet | None = None
    title: Mapping[str, str] | None = None
    """The list's, by language."""
    words: str | None = None
    """What is neither a shift nor a list, in a few words of the reader's own language, while it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLine:
    """One message of a call to one person. ``read``: a tap or an answer; texts by SMS tell no such thing."""

    channel: ChannelName
    state: str
    queued_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    answered_at: datetime | None
    error: str | None
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One person's call, and every message in which he was called."""

    call: Call
    lines: tuple[CallLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """What the rule lets the visitor do now, whatever his rights."""

    take: bool = False
    hold: bool = False
    hand_on: bool = False
    hand_to: bool = False
    take_over: bool = False
    close: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """All that the page says. ``path`` runs from the unit up to the root; ``people`` are all who are named.

    ``ahead`` are the places of the chain that have not been reached; ``pauses`` hold over its post.
    ``candidates`` are those whom it concerns and to whom it can be handed.
    """

    at: datetime
    case: Case
    path: tuple[Unit, ...]
    about: About
    people: Mapping[PersonId, Person]
    calls: tuple[Called, ...]
    events: tuple[TraceEvent, ...]
    ahead: tuple[Place, ...]
    pauses: tuple[Pause, ...]
    may: Actions
    candidates: tuple[Candidate, ...]

    @property
    def as_seen(self) -> str:
        """How it stands, in a form that an action sends back: ``held/p12``."""
        return standing_as_seen(self.case)


def standing_as_seen(case: Case) -> str:
    """State and holder: when these differ from what somebody saw, his decision was about something else."""
    return f"{case.state}/{case.holder or ''}"


async def read_case(parts: Parts, tx: Tx, case: Case, reader: PersonId, now: datetime) -> CaseView:
    """The case for somebody who may see it: a fixed number of statements, however long its story."""
    messages = await tx.messages.of_case(case.id)
    events = trace_of(await tx.journal.of_case(case.id), messages)
    path = await tx.roster.path(case.unit)
    chain = await parts.cases.chain_of(tx, case, now) if case.is_open else Chain(places=())
    ahead = _ahead(case, chain)
    about = await _about(parts, tx, case, reader, now)
    pauses = _pauses(await tx.pauses.standing(now), about.post, path, now)
    lineage = await parts.station.lineage(tx, case.unit, now)
    chosen = candidates(case, chain, reader) if case.is_open else ()
    named = {*_named(case, events, ahead), *(pause.by for pause in pauses if pause.by)}
    return CaseView(
        at=now,
        case=case,
        path=path,
        about=about,
        people=await tx.roster.people({*named, *(one.person for one in chosen)}),
        calls=tuple(_calls(case, messages)),
        events=tuple(event for event in events if event.event not in BY_ITSELF),
        ahead=ahead,
        pauses=pauses,
        may=_actions(case, chain, lineage, reader, now),
        candidates=chosen,
    )


async def _about(parts: Parts, tx: Tx, case: Case, reader: PersonId, now: datetime) -> About:
    if case.kind in (Kind.UNSIGNED, Kind.UNVERIFIED):
        return await _about_sheet(parts, tx, case)
    if case.kind is not Kind.UNSTAFFED:
        return About(words=await parts.cases.in_words(tx, case.kind, case.subject, reader, now))
    key = ShiftKey(case.subject)
    return About(post=await tx.roster.post(post_of(key)), shift=await tx.shifts.get(key))


async def _about_sheet(parts: Parts, tx: Tx, case: Case) -> About:
    sheet = await tx.sheets.get(SheetKey(case.subject))
    if sheet is None:
        return About()
    settings = await parts.station.rules.at(tx, sheet.settings_version)
    checklist = next((one for one in settings.checklists if one.id == sheet.checklist), None)
    post = await tx.roster.post(post_of(sheet.shift)) if sheet.shift else None
    return About(sheet=sheet, title=checklist.title if checklist else None, post=post)


# ── calls ────────────────────────────────────────────────────────────────────────────────────────


def _calls(case: Case, messages: Iterable[StoredMessage]) -> Iterable[Called]:
    lines: dict[PersonId, list[CallLine]] = {}
    for message in messages:
        if message.call and message.person is not None:
            lines.setdefault(message.person, []).append(_line(message))
    for call in case.calls:
        yield Called(call=call, lines=tuple(lines.get(call.person, ())))


def _line(message: StoredMessage) -> CallLine:
    # Telegram has no receipts: what is delivered there is known by a tap or an answer.
    by_tap = message.channel is ChannelName.TELEGRAM
    return CallLine(
        channel=message.way,
        state=message.state,
        queued_at=message.created_at,
        sent_at=message.sent_at,
        delivered_at=message.delivered_at,
        read_at=message.answered_at or (message.delivered_at if by_tap else None),
        answered_at=message.answered_at,
        error=message.error,
        repeated=message.repeated,
    )


def _ahead(case: Case, chain: Chain) -> tuple[Place, ...]:
    """Who would be called next, in order, as the chain stands now."""
    called = set(case.called)
    here = (case.cursor.step, case.cursor.order)
    return tuple(
        place
        for place in chain.places
        if (place.step, place.order) > here and (place.person is None or place.person not in called)
    )


# ── what may be done ─────────────────────────────────────────────────────────────────────────────


def _actions(case: Case, chain: Chain, lineage: Lineage, reader: PersonId, now: datetime) -> Actions:
    if not case.is_open:
        return Actions()
    holds = case.holder == reader
    call = case.call_to(reader)
    had_it = call is not None and call.state is CallState.LAPSED
    was_called = call is not None and call.state is not CallState.REMOVED
    takes = (
        case.state is not CaseState.HELD
        and (was_called or reader in chain.people)
        and reader not in chain.unable
        and not had_it
    )
    takes_over = case.holder is not None and not had_it and may_take_over(reader, case.holder, lineage, now)
    return Actions(
        take=takes,
        hold=takes or holds,
        hand_on=holds,
        hand_to=holds or case.holder is None,
        take_over=takes_over and reader not in chain.unable,
        close=True,
    )


def _pauses(
    standing: Sequence[Pause], post: Post | None, path: Sequence[Unit], now: datetime
) -> tuple[Pause, ...]:
    above: set[UnitCode] = {unit.code for unit in path}
    code = post.code if post else None
    return tuple(
        pause
        for pause in standing
        if pause.holds(now) and (pause.unit in above or (code is not None and pause.post == code))
    )


def _named(case: Case, events: Iterable[TraceEvent], ahead: Iterable[Place]) -> Iterable[PersonId]:
    people: list[str | PersonId | None] = [case.holder]
    people += [call.person for call in case.calls]
    people += [event.person for event in events]
    people += [place.person for place in ahead]
    return {PersonId(person) for person in people if person}
