"""From "tell this person that" to queued messages: channel, text, keyboard, deadlines, once each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from notifier.domain.ids import BroadcastId, CaseId, MatterId, MessageId, PersonId, UnitCode
from notifier.domain.message import AnyChannel, Button, Draft, Keyboard, Lane, MessageState
from notifier.domain.policy import Kind, Policy
from notifier.domain.roster import ChannelName, Contact, Person
from notifier.domain.times import NO_QUIET, QuietHours
from notifier.engine.ceiling import Ceiling, may_be_held_back
from notifier.engine.joining import POLICY_KIND, Joining
from notifier.engine.station import EVERYBODY, Station
from notifier.store.rows import StoredMessage
from notifier.store.tx import Tx
from notifier.texts.catalogue import Rendered

NUMBER = "number"
"""The key under which the matter's number stands in the values."""

SILENT = "silent"
"""The key under which the values keep that a message is to make no sound."""

NOT_BY_SMS = "not_by_sms"
"""The key under which the values keep that nobody is to be texted for it."""

_OURS = frozenset({POLICY_KIND, NUMBER, SILENT, NOT_BY_SMS})

REPLY_WORTH = timedelta(hours=1)
"""An answer to somebody's own words is stale after this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Something to be said to one person, before a channel is chosen.

    ``key`` is natural: the same letter posted twice goes out once. ``to`` binds it to one contact (an answer
    goes back the way the words came); ``prefer`` is a channel to be tried before the policy's. ``wait`` is
    the step's, which caps the fallback; so does ``patience``. ``keyboard`` replaces the template's buttons.
    ``call``: only a sign of life stops the fallback. ``silent``: without a sound by Telegram; ``by_sms``
    False: not by SMS at all.
    """

    key: str
    person: PersonId | None
    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    lane: Lane = Lane.DUTY
    kind: Kind = Kind.NOTICE
    matter: MatterId | None = None
    number: int | None = None
    case: CaseId | None = None
    broadcast: BroadcastId | None = None
    to: Contact | None = None
    prefer: ChannelName | None = None
    call: bool = False
    wait: timedelta | None = None
    patience: timedelta | None = None
    keyboard: Keyboard | None = None
    edits: str | None = None
    released: bool = True
    locale: str | None = None
    silent: bool = False
    by_sms: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What became of a letter: its message, or no way to send it (``message`` None)."""

    letter: Letter
    message: MessageId | None
    channel: AnyChannel | None
    new: bool


class Letters:
    """Posts letters inside the caller's transaction; nothing is sent here."""

    def __init__(self, station: Station) -> None:
        """Work with the station's texts, reach and clock."""
        self._station = station
        self._joining = Joining(station)
        self._ceiling = Ceiling(station)

    async def post(self, tx: Tx, letters: Sequence[Letter], now: datetime) -> list[Posted]:
        """Queue each letter on its person's best channel, in order.

        A person without a working contact yields ``message`` None and no row, except in a broadcast, where
        every recipient has a row: his is FAILED with ``no_contact``.
        """
        if not letters:
            return []
        desk = await _Desk.open(self._station, tx, letters)
        drafts = [desk.draft(letter, now) for letter in letters]
        queued = iter(await self._queue(tx, [draft for draft in drafts if draft], now))
        posted = []
        for letter, draft in zip(letters, drafts, strict=True):
            message, new = next(queued) if draft else (None, False)
            channel = draft.channel if draft and draft.state is not MessageState.FAILED else None
            posted.append(Posted(letter=letter, message=message, channel=channel, new=new))
        return posted

    async def fall_back(self, tx: Tx, message: StoredMessage, now: datetime) -> Posted | None:
        """Queue the message on the next channel of its person, or None where there is none left."""
        letter = _letter_of(message)
        if letter.person is None:
            return None
        desk = await _Desk.open(self._station, tx, [letter])
        later = desk.channels_after(letter, message.way)
        if not later:
            return None
        draft = desk.draft(replace(letter, to=later[0]), now)
        if draft is None:
            return None
        [(stored, new)] = await self._queue(tx, [replace(draft, fallback_at=None)], now)
        return Posted(letter=letter, message=stored, channel=draft.channel, new=new)

    async def _queue(self, tx: Tx, drafts: Sequence[Draft], now: datetime) -> list[tuple[MessageId, bool]]:
        """As ``queue`` of the store, but what would be one too many rides on a list."""
        tx.signals.note("send")
        if not any(draft.case or may_be_held_back(draft) for draft in drafts):
            return await tx.messages.queue(drafts, now)
        # One by one, since each may be what makes the next one too many.
        queued: list[tuple[MessageId, bool]] = []
        for draft in drafts:
            seats = self._ceiling if may_be_held_back(draft) else self._joining
            queued += await tx.messages.queue([await seats.seat(tx, draft, now)], now)
        return queued


class _Desk:
    """The people, contacts and rules that a set of letters needs, read once."""

    def __init__(
        self,
        station: Station,
        policies: Mapping[Kind, Policy],
        quiet: QuietHours,
        people: Mapping[PersonId, Person],
        contacts: Mapping[PersonId, tuple[Contact, ...]],
        parents: Mapping[UnitCode, UnitCode | None],
    ) -> None:
        self._station = station
        self._policies = policies
        self._quiet = quiet
        self._people = people
        self._contacts = contacts
        self._parents = parents

    @classmethod
    async def open(cls, station: Station, tx: Tx, letters: Iterable[Letter]) -> "_Desk":
        listed = list(letters)
        ids = {letter.person for letter in listed if letter.person}
        settings = await station.rules.current(tx)
        policies = {kind: settings.policy(kind) for kind in {letter.kind for letter in listed}}
        people = await tx.roster.people(ids)
        reach = station.reach
        contacts = await tx.contacts.usable(ids, channels=reach.channels, accounts=reach.telegram)
        parents: dict[UnitCode, UnitCode | None] = {}
        if EVERYBODY not in reach.allowed:
            parents = {code: unit.parent for code, unit in (await tx.roster.units()).items()}
        return cls(station, policies, settings.quiet, people, contacts, parents)

    def channels_after(self, letter: Letter, channel: ChannelName) -> list[Contact]:
        """The person's contacts on channels after that one, as the policy orders them."""
        order = self._policies[letter.kind].channels
        rest = order[order.index(channel) + 1 :] if channel in order else ()
        return [contact for name in rest for contact in self._on(letter, name)]

    def draft(self, letter: Letter, now: datetime) -> Draft | None:
        """The message row for that letter, or None where it cannot be sent at all."""
        contact = letter.to or self._first(letter)
        if contact is None:
            return self._undeliverable(letter) if letter.broadcast else None
        rendered = self._render(letter, contact, now)
        policy = self._policies[letter.kind]
        answer = letter.lane is Lane.REPLY
        quiet = self._quiet if policy.keeps_quiet and not answer else NO_QUIET
        start = quiet.open_from(now)
        return Draft(
            key=f"{letter.key}:{contact.channel}",
            person=letter.person,
            channel=contact.channel,
            account=self._station.reach.account_for(contact),
            address=contact.address,
            lane=letter.lane,
            template=letter.template,
            values=_kept(letter),
            text=rendered.text,
            keyboard=self._keyboard(letter, contact, rendered),
            matter=letter.matter,
            case=letter.case,
            broadcast=letter.broadcast,
            not_before=start if letter.released else None,
            expires_at=quiet.add_open(start, REPLY_WORTH if answer else policy.expires),
            fallback_at=self._fallback_at(letter, contact, start, quiet),
            call=letter.call,
            edits=letter.edits,
            state=MessageState.QUEUED if self._allowed(letter) else MessageState.WITHHELD,
        )

    def _undeliverable(self, letter: Letter) -> Draft:
        return Draft(
            key=f"{letter.key}:none",
            person=letter.person,
            channel=ChannelName.SMS,
            account="",
            address="",
            lane=letter.lane,
            template=letter.template,
            values=_kept(letter),
            text="",
            broadcast=letter.broadcast,
            state=MessageState.FAILED,
            error="no_contact",
        )

    def _render(self, letter: Letter, contact: Contact, now: datetime) -> Rendered:
        person = self._people.get(letter.person) if letter.person else None
        sms = contact.channel is ChannelName.SMS
        return self._station.texts.render(
            letter.template,
            channel=contact.channel,
            locale=letter.locale or (person.locale if person else self._station.locale),
            values={
                "site": self._station.site,
                "name": person.name if person else "",
                NUMBER: letter.number,
                **letter.values,
            },
            now=now,
            can_reply=not sms or self._station.reach.can_reply(contact.address),
        )

    def _keyboard(self, letter: Letter, contact: Contact, rendered: Rendered) -> Keyboard:
        if contact.channel is not ChannelName.TELEGRAM:
            return ()
        if letter.keyboard is not None:
            return letter.keyboard
        if letter.matter is None:
            return ()
        person = self._people.get(letter.person) if letter.person else None
        locale = letter.locale or (person.locale if person else self._station.locale)
        label, matter = self._station.texts.label, letter.matter
        return tuple(
            tuple(Button(label(verb, locale), f"{verb}:{matter}") for verb in row) for row in rendered.buttons
        )

    def _fallback_at(
        self, letter: Letter, contact: Contact, start: datetime, quiet: QuietHours
    ) -> datetime | None:
        if letter.to is not None or not self.channels_after(letter, contact.channel):
            return None
        after = self._policies[letter.kind].fallback_after
        if letter.call and letter.wait is not None:
            after = min(after, letter.wait / 2)
        if letter.patience is not None:
            after = min(after, letter.patience)
        return quiet.add_open(start, after)

    def _first(self, letter: Letter) -> Contact | None:
        order = self._policies[letter.kind].channels
        for name in (letter.prefer, *order) if letter.prefer else order:
            if on_channel := self._on(letter, name):
                return on_channel[0]
        return None

    def _on(self, letter: Letter, channel: ChannelName) -> list[Contact]:
        if letter.person is None or (channel is ChannelName.SMS and not letter.by_sms):
            return []
        own = self._contacts.get(letter.person, ())
        return sorted((c for c in own if c.channel is channel), key=lambda c: c.account)

    def _allowed(self, letter: Letter) -> bool:
        person = self._people.get(letter.person) if letter.person else None
        if person is None:
            return EVERYBODY in self._station.reach.allowed
        return self._station.reach.may_write_to(person, self._parents)


def _kept(letter: Letter) -> dict[str, object]:
    """What a message keeps, so that another channel's text can be made later."""
    kept = {**letter.values, NUMBER: letter.number, POLICY_KIND: letter.kind}
    marks = {SILENT: letter.silent, NOT_BY_SMS: not letter.by_sms}
    return kept | {name: True for name, holds in marks.items() if holds}


def occasion(message: StoredMessage) -> str:
    """The key of the letter behind a message: the same for its copies on all channels."""
    return message.key.rsplit(":", 1)[0]


def _letter_of(message: StoredMessage) -> Letter:
    """The letter behind a stored message, to be posted on another channel."""
    return Letter(
        key=occasion(message),
        person=message.person,
        template=message.template,
        values={name: value for name, value in message.values.items() if name not in _OURS},
        lane=message.lane,
        kind=Kind(str(message.values.get(POLICY_KIND, Kind.NOTICE))),
        matter=message.matter,
        number=_number_of(message),
        case=message.case,
        broadcast=message.broadcast,
        call=message.call,
        silent=SILENT in message.values,
        by_sms=NOT_BY_SMS not in message.values,
    )


def _number_of(message: StoredMessage) -> int | None:
    number = message.values.get(NUMBER)
    return number if isinstance(number, int) else None
