"""What somebody known says: read, held against what is open for him, done, and answered."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from notifier.domain.ids import MatterId
from notifier.domain.language.interpret import interpret
from notifier.domain.language.model import (
    Answer,
    AskBack,
    Forward,
    NothingOpen,
    Reading,
    Silence,
    Stale,
    Utterance,
    Verb,
)
from notifier.domain.language.parse import parse
from notifier.domain.matters import UNIQUE_FOR
from notifier.domain.message import Incoming, IncomingKind
from notifier.domain.policy import Kind
from notifier.domain.roster import ChannelName, Person
from notifier.domain.times import iso_utc, parse_iso_utc
from notifier.engine.case_letters import local_phone
from notifier.engine.cover_letters import COVER, LEAVE
from notifier.engine.exchange_letters import EXCHANGE
from notifier.engine.intake.answers.basis import Basis, Handler
from notifier.engine.intake.answers.case_answers import CaseAnswers
from notifier.engine.intake.answers.claim_answers import ClaimOrders
from notifier.engine.intake.answers.cover_answers import CoverAnswers, LeaveAnswers
from notifier.engine.intake.answers.desk_answers import DeskAnswers
from notifier.engine.intake.answers.exchange_answers import ExchangeAnswers
from notifier.engine.intake.answers.general_answers import GeneralAnswers
from notifier.engine.intake.answers.list_answers import ListAnswers
from notifier.engine.intake.answers.office_answers import OfficeAnswers
from notifier.engine.intake.answers.proxy_answers import ProxyAnswers
from notifier.engine.intake.answers.relay_answers import RelayAnswers
from notifier.engine.intake.answers.relief_answers import ReliefAnswers
from notifier.engine.intake.answers.sheet_answers import SheetAnswers
from notifier.engine.intake.answers.shift_answers import ShiftAnswers
from notifier.engine.intake.answers.voucher_answers import VoucherAnswers
from notifier.engine.intake.facts import Facts
from notifier.engine.intake.leftovers import Leftovers
from notifier.engine.intake.passing import Passing
from notifier.engine.intake.readings import Readings
from notifier.engine.intake.replies import civil_day
from notifier.engine.intake.standing import Standing, Standings, narrowed
from notifier.engine.intake.taps import Tap, read_tap
from notifier.engine.intake.undoing import Undoing
from notifier.engine.intake.visit import LONGEST_WORDS, Reply, Visit
from notifier.engine.parts import Parts
from notifier.engine.subjects import DESK, OFFICE, RELAY, SHEET, SHIFT, UNSIGNED, VERIFY
from notifier.store.rows import StoredMessage
from notifier.store.tx import Tx

ASKED_FOR = timedelta(minutes=10)
"""How long a question back is remembered: the same words said again within it are meant."""

_OPT = {"STOP": Verb.STOP, "START": Verb.START}
_NOT_FOR_OTHERS = frozenset({Verb.DECLINE, Verb.LEAVE, Verb.ETA, Verb.HAND_ON, Verb.LATER, Verb.WONT_SIGN})
"""Understood well enough: to somebody else's case they are answered by who has it, not passed on."""


class Conversation:
    """Answers the words and taps of people of the roster."""

    def __init__(self, parts: Parts) -> None:
        """Wire every answer."""
        facts = Facts(parts)
        basis = Basis(parts, facts)
        self._parts = parts
        self._facts = facts
        self._basis = basis
        self._standings = Standings(parts)
        self._readings = Readings(basis)
        self._passing = Passing(parts, facts)
        self._leftovers = Leftovers(basis, self._readings)
        self._lists = ListAnswers(self._readings, self._do)
        calls = CaseAnswers(basis, self._passing)
        self._sheets = SheetAnswers(basis)
        undoing = Undoing(basis, self._readings)
        offices = OfficeAnswers(basis, calls)
        covers = CoverAnswers(basis)
        exchanges = ExchangeAnswers(basis, covers)
        self._general = {
            **GeneralAnswers(basis, self._passing, self._readings, undoing).table(),
            **offices.orders(),
            **ProxyAnswers(basis).orders(),
            **exchanges.orders(),
            **ClaimOrders(basis, self._readings).orders(),
            **VoucherAnswers(basis).orders(),
        }
        self._by_topic: Mapping[str, Mapping[Verb, Handler]] = {
            SHIFT: {
                **ShiftAnswers(basis, calls).table(),
                **ReliefAnswers(basis).table(),
                **exchanges.of_shifts(),
            },
            SHEET: self._sheets.signer_table(),
            VERIFY: {**calls.table(), **self._sheets.verifier_table()},
            UNSIGNED: calls.table(),
            OFFICE: offices.table(),
            COVER: covers.table(),
            LEAVE: LeaveAnswers(basis, calls).table(),
            EXCHANGE: exchanges.table(),
            DESK: DeskAnswers(basis).table(),
            RELAY: {**calls.table(), **RelayAnswers(basis).table()},
        }

    async def hear(
        self, tx: Tx, item: int, incoming: Incoming, people: Sequence[Person], now: datetime
    ) -> tuple[list[Reply], bool]:
        """The answers to it, and whether anything was open for these people when it came."""
        tap = read_tap(incoming.data) if incoming.kind is IncomingKind.TAP else None
        visit = await self._visit(tx, item, incoming, people, tap, now)
        if visit.quoted is not None and visit.quoted.person in {person.id for person in people}:
            await tx.messages.mark_answered(visit.quoted.id, now)
        tapped = incoming.kind is IncomingKind.TAP
        replies = await (self._tapped(visit, tap) if tapped else self._said(visit))
        await self._parts.silence.heard(tx, [person.id for person in people], now)
        return replies, visit.has_open

    async def shown(
        self, tx: Tx, item: int, incoming: Incoming, people: Sequence[Person], now: datetime
    ) -> tuple[list[Reply], bool]:
        """A picture, a voice, a place: not kept, and asked for in words."""
        visit = await self._visit(tx, item, incoming, people, None, now)
        return [await self._leftovers.media(visit)], visit.has_open

    async def _visit(
        self,
        tx: Tx,
        item: int,
        incoming: Incoming,
        people: Sequence[Person],
        tap: Tap | None,
        now: datetime,
    ) -> Visit:
        said = _utterance(incoming, tap)
        words = incoming.text.strip()[:LONGEST_WORDS]
        if tap is not None:
            words = self._parts.station.texts.label(tap.verb, people[0].locale)
        return Visit(
            tx=tx,
            item=item,
            incoming=incoming,
            now=now,
            people=tuple(people),
            said=said,
            words=words,
            standings=tuple(await self._standings.of(tx, people, said, now)),
            quoted=await _quoted(tx, incoming),
            tapped=incoming.kind is IncomingKind.TAP,
        )

    # ── taps ─────────────────────────────────────────────────────────────────────────────────────

    async def _tapped(self, visit: Visit, tap: Tap | None) -> list[Reply]:
        if tap is None or tap.verb == "seen":
            # What was tapped is on record as answered; there is nothing more to it.
            return []
        if tap.every:
            return await self._lists.tapped(visit)
        if tap.verb == "item":
            standing = visit.standing(tap.matter)
            if standing is None or standing.sheet is None or tap.argument is None:
                return await self._readings.stale(visit, Stale(number=0, matter=tap.matter))
            await visit.tx.messages.answered_by_person(standing.person.id, standing.matter.id, visit.now)
            return await self._sheets.toggle(visit, standing, tap.argument)
        return await self._answer(visit, tap.matter)

    # ── words ────────────────────────────────────────────────────────────────────────────────────

    async def _said(self, visit: Visit) -> list[Reply]:
        quoted = visit.quoted
        if quoted is not None and quoted.matter is None and quoted.broadcast and _is_ack(visit):
            return []
        replies = await self._lists.said(visit)
        return await self._answer(visit, quoted.matter if quoted else None) if replies is None else replies

    async def _answer(self, visit: Visit, quoted: MatterId | None) -> list[Reply]:
        if quoted is None and not visit.said.numbers:
            policy = (await self._parts.station.rules.current(visit.tx)).policy(Kind.UNSTAFFED)
            fewer = narrowed(visit.standings, visit.now, policy.checkin_from)
            visit = replace(visit, standings=tuple(fewer))
        views = [standing.view for standing in visit.standings]
        ids = [person.id for person in visit.people]
        numbers = await visit.tx.matters.numbers_of(ids, visit.now - UNIQUE_FOR)
        reading = interpret(
            visit.said,
            views,
            quoted=quoted,
            known=numbers - {view.number for view in views},
            confirmed=await self._was_asked(visit),
        )
        return await self._respond(visit, reading)

    async def _respond(self, visit: Visit, reading: Reading) -> list[Reply]:
        match reading:
            case Answer():
                return await self._do(visit, reading)
            case AskBack():
                await self._note_question(visit)
                return [await self._readings.ask(visit, reading)]
            case Stale():
                return await self._readings.stale(visit, reading)
            case Forward():
                return await self._forward(visit, reading)
            case NothingOpen():
                return await self._nothing(visit)
            case Silence():
                return await self._leftovers.thanks(visit)

    async def _do(self, visit: Visit, answer: Answer) -> list[Reply]:
        standing = visit.standing(answer.matter)
        if standing is not None:
            await visit.tx.messages.answered_by_person(standing.person.id, standing.matter.id, visit.now)
            handler = self._handler(standing, answer.verb)
            if handler is not None:
                return await handler(visit, standing, answer)
        general = self._general.get(answer.verb)
        if general is not None:
            return await general(visit, answer)
        return await self._forward(visit, Forward(matter=answer.matter))

    def _handler(self, standing: Standing, verb: Verb) -> Handler | None:
        if standing.topic in self._by_topic:
            return self._by_topic[standing.topic].get(verb)
        return self._leftovers.noted if verb is Verb.ACK else None

    async def _nothing(self, visit: Visit) -> list[Reply]:
        """Nothing that this word fits is open: said so, or what it may have meant is told how it stands."""
        mended = [standing for standing in visit.standings if standing.takes(visit.said.verb)]
        if len(mended) == 1 and not visit.has_open:
            return await self._answer(visit, mended[0].matter.id)
        return [await self._leftovers.nothing_open(visit)]

    async def _forward(self, visit: Visit, reading: Forward) -> list[Reply]:
        standing = visit.standing(reading.matter)
        if standing is not None and visit.said.verb in _NOT_FOR_OTHERS and _is_anothers(standing):
            return [await self._readings.how_it_stands(visit, standing.matter, standing.person)]
        asking = [s for s in visit.standings if s.view.asks]
        person = standing.person if standing else (asking[0].person if asking else visit.sender)
        told = await self._passing.to_holder(visit, person, standing)
        await self._basis.journal(
            visit,
            "forwarded",
            person,
            matter=standing.matter if standing else None,
            case=standing.case.id if standing and standing.case else None,
        )
        values = await self._facts.plain(visit, person)
        shown = [standing] if standing is not None and standing.view.asks else asking
        values |= {
            "numbers": await self._facts.numbers(visit, shown),
            "contact_name": told.name if told else None,
            "contact_phone": local_phone(told.phone) if told else None,
        }
        return [Reply(template="forwarded_noted", values=values, person=person, courtesy=True)]

    # ── the same words, said again ───────────────────────────────────────────────────────────────

    async def _was_asked(self, visit: Visit) -> bool:
        day = civil_day(visit.now, self._parts.station.zone)
        last = await visit.tx.answers.last_question(visit.channel, visit.incoming.sender, day)
        if last is None:
            return False
        at, _, mark = last.partition(" ")
        return mark == _mark(visit) and visit.now - parse_iso_utc(at) <= ASKED_FOR

    async def _note_question(self, visit: Visit) -> None:
        day = civil_day(visit.now, self._parts.station.zone)
        question = f"{iso_utc(visit.now)} {_mark(visit)}"
        await visit.tx.answers.note_question(visit.channel, visit.incoming.sender, day, question)


def _utterance(incoming: Incoming, tap: Tap | None) -> Utterance:
    if incoming.opt in _OPT:
        return Utterance(verb=_OPT[incoming.opt], text=incoming.opt)
    if incoming.kind is not IncomingKind.TAP:
        return parse(incoming.text)
    return Utterance(verb=tap.word if tap else Verb.UNKNOWN, text="")


async def _quoted(tx: Tx, incoming: Incoming) -> StoredMessage | None:
    if incoming.channel is not ChannelName.TELEGRAM or incoming.quoted is None:
        return None
    return await tx.messages.by_provider(incoming.account, incoming.sender, incoming.quoted)


def _is_ack(visit: Visit) -> bool:
    return visit.said.verb is Verb.ACK and not visit.said.numbers


def _is_anothers(standing: Standing) -> bool:
    return standing.case is not None and standing.case.holder not in (None, standing.person.id)


def _mark(visit: Visit) -> str:
    """Tells the same words again without keeping them."""
    return sha256(visit.said.text.encode()).hexdigest()[:16]
