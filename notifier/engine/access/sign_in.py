"""Coming in without a password: a code to the person's own phone, and a link where we can be reached by one.

Whoever asks is answered before anybody is written to, by the same few statements whether he is known or not:
the letter is a timer's work. Times are the machine's own, but for the timers'.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest

from notifier.domain.ids import PersonId
from notifier.domain.message import Lane
from notifier.domain.secrecy import SIGN_IN_CODE
from notifier.engine.access.sessions import Sessions, hashed
from notifier.engine.clock import machine_now
from notifier.engine.letters import Letter, Letters
from notifier.engine.station import Station
from notifier.errors import NotifierError
from notifier.files.findings import BadValue
from notifier.files.phones import HOME_COUNTRY, read_phone
from notifier.store.rows import JournalLine, SignIn, Timer
from notifier.store.tx import Tx

SEND, OVER = "sign_in", "sign_in_over"

VALID_FOR = timedelta(minutes=5)
TRIES = 5
DIGITS = 6
COUNTED_FOR = timedelta(minutes=15)
PER_PERSON = 3
"""Codes for one person within COUNTED_FOR that let nobody in; more are not sent."""
PER_ADDRESS = 10
"""Askings from one address within COUNTED_FOR that let nobody in; more are refused."""

_OTHER_CHANNEL_AFTER = timedelta(seconds=30)
_LONGEST_TYPED = 100
_TICKET_BYTES = 24
_LINK_BYTES = 18


class Step(StrEnum):
    """What is counted of signing in; nothing of it says who."""

    ASKED = "asked"
    TOO_MANY = "too_many"
    CODE_SENT = "code_sent"
    CODE_NOT_SENT = "code_not_sent"
    SIGNED_IN = "signed_in"
    REFUSED = "refused"


class TooMany(NotifierError):
    """That address has asked too often; it may again within COUNTED_FOR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Somebody is in: his session's token is for his browser."""

    person: PersonId
    token: str


class SigningIn:
    """Takes askings, writes to whom they name, and lets in who answers."""

    def __init__(
        self,
        station: Station,
        letters: Letters,
        sessions: Sessions,
        real_now: Callable[[], datetime] = machine_now,
    ) -> None:
        """Work with the station's letters; who comes in has a session of ``sessions``."""
        self._station = station
        self._letters = letters
        self._sessions = sessions
        self._real_now = real_now
        self._count: Callable[[Step], None] = lambda _: None

    def when_counted(self, count: Callable[[Step], None]) -> None:
        """Have each step counted, too."""
        self._count = count

    # ── before anything is written: who floods us must not keep others from writing ──

    async def require_room(self, tx: Tx, address: str) -> None:
        """Raise TooMany for an address that has asked too often. Reads only."""
        since = self._real_now() - COUNTED_FOR
        if await tx.sign_ins.count_from(hashed(address), since) >= PER_ADDRESS:
            self._count(Step.TOO_MANY)
            raise TooMany

    async def may_try(self, tx: Tx, ticket: str) -> bool:
        """Whether a code may let anybody in with that ticket. Reads only."""
        return self._worked(await tx.sign_ins.has_tries(hashed(ticket), self._real_now()))

    async def may_follow(self, tx: Tx, link: str) -> bool:
        """Whether that link lets anybody in. Reads only."""
        return self._worked(await tx.sign_ins.by_link(hashed(link), self._real_now()) is not None)

    def _worked(self, works: bool) -> bool:
        if not works:
            self._count(Step.REFUSED)
        return works

    # ── asking ───────────────────────────────────────────────────────────────────────────────────

    async def ask(self, tx: Tx, typed: str, address: str) -> str:
        """Somebody at ``address`` says who he is, by id or phone. The ticket is for his browser.

        Nothing of what happens here shows whether anybody is known by that. Raises TooMany.
        """
        now = self._real_now()
        said = "".join(letter for letter in typed if letter.isprintable()).strip()[:_LONGEST_TYPED]
        phone = await self._phone(tx, said)
        person = await tx.sign_ins.find_person(said, phone)
        asked = hashed(f"person {person}" if person else f"nobody {phone or said.casefold()}")
        for_person, for_address = await tx.sign_ins.count_alone(asked, hashed(address), now - COUNTED_FOR)
        if for_address >= PER_ADDRESS:
            self._count(Step.TOO_MANY)
            raise TooMany
        self._count(Step.ASKED)
        ticket = secrets.token_urlsafe(_TICKET_BYTES)
        asking = SignIn(
            person=person,
            asked_at=now,
            expires_at=now + VALID_FOR,
            tries_left=TRIES,
            limited=for_person >= PER_PERSON,
        )
        number = await tx.sign_ins.add(
            asking, asked_hash=asked, address_hash=hashed(address), ticket_hash=hashed(ticket)
        )
        await self._set_timers(tx, number)
        return ticket

    async def _phone(self, tx: Tx, said: str) -> str:
        """What was said as E.164; empty when it is no number."""
        home = (await self._station.rules.current(tx)).holidays or HOME_COUNTRY
        try:
            return read_phone(said, home)
        except BadValue:
            return ""

    async def _set_timers(self, tx: Tx, number: int) -> None:
        station = self._station
        civil = station.now()
        over = civil + VALID_FOR * station.clock.speed
        await tx.timers.set(_timer(SEND, number, civil), _timer(OVER, number, over))
        tx.signals.note("watch")

    # ── the letter ───────────────────────────────────────────────────────────────────────────────

    async def send(self, tx: Tx, subject: str, now: datetime) -> None:
        """Make the code and write it to whom the asking names, if it names anybody."""
        asking = await tx.sign_ins.get(int(subject))
        if asking is None or asking.code_hash is not None:
            return
        if asking.person is None or asking.limited or asking.expires_at <= self._real_now():
            self._count(Step.CODE_NOT_SENT)
            return
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        link = secrets.token_urlsafe(_LINK_BYTES) if self._station.public_url else None
        salt = secrets.token_hex(_LINK_BYTES)
        await tx.sign_ins.give_code(
            asking.id, salt=salt, code_hash=_salted(salt, code), link_hash=hashed(link) if link else None
        )
        letter = Letter(
            key=_occasion(asking.id),
            person=asking.person,
            template=SIGN_IN_CODE,
            values={
                "code": code,
                "link": f"{self._station.public_url}/console/in/{link}" if link else None,
                "minutes": VALID_FOR // timedelta(minutes=1),
            },
            lane=Lane.REPLY,
            patience=_OTHER_CHANNEL_AFTER * self._station.clock.speed,
        )
        [posted] = await self._letters.post(tx, [letter], now)
        self._count(Step.CODE_SENT if posted.message is not None else Step.CODE_NOT_SENT)

    async def over(self, tx: Tx, subject: str, now: datetime) -> None:
        """It works no more: nothing of it goes out any longer, and no text keeps it."""
        await tx.sign_ins.blank(_occasion(int(subject)), now)

    # ── coming in ────────────────────────────────────────────────────────────────────────────────

    async def by_code(self, tx: Tx, ticket: str, typed: str, agent: str) -> Entry | None:
        """Who is let in by that code, in the browser that asked; None spends one of its tries."""
        asking = await tx.sign_ins.try_ticket(hashed(ticket), self._real_now())
        expected = (asking.code_hash if asking else None) or ""
        given = _salted((asking.salt if asking else None) or "", typed)
        if not self._worked(compare_digest(given, expected)) or asking is None:
            return None
        return await self._let_in(tx, asking, agent, "code")

    async def by_link(self, tx: Tx, link: str, agent: str) -> Entry | None:
        """Who is let in by that link."""
        asking = await tx.sign_ins.by_link(hashed(link), self._real_now())
        return await self._let_in(tx, asking, agent, "link") if asking else None

    async def _let_in(self, tx: Tx, asking: SignIn, agent: str, how: str) -> Entry | None:
        person = await tx.sign_ins.use(asking.id, self._real_now())
        if person is None:
            return None
        token = await self._sessions.begin(tx, person, agent)
        now = self._station.now()
        line = JournalLine(at=now, event="signed_in", person=person, channel="web", reason=how)
        await tx.journal.write([line])
        await self.over(tx, str(asking.id), now)
        self._count(Step.SIGNED_IN)
        return Entry(person=person, token=token)


def _timer(kind: str, number: int, due_at: datetime) -> Timer:
    return Timer(key=f"{kind}:{number}", lane=Lane.REPLY, due_at=due_at, kind=kind, subject=str(number))


def _occasion(number: int) -> str:
    return f"sign_in:{number}"


def _salted(salt: str, code: str) -> str:
    return sha256(f"{salt} {code}".encode("utf-8", "surrogatepass")).hexdigest()
