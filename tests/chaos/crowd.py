"""The people behind the phones: they read, think, tap and write, twice now and then, while processes die."""

import asyncio
import itertools
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto

from notifier.sandbox.core import SandboxState
from notifier.sandbox.faults import Carrier
from notifier.sandbox.phones import Bubble, Channel, Phone
from notifier.sandbox.telegram.people import CannotDo
from notifier.sandbox.twilio.people import CannotText
from tests.chaos.offers import DUTIFUL, LIKES, Option, options

SILENT, TWICE, IN_WORDS = 0.45, 0.06, 0.3
"""How often somebody does not answer, answers twice, and writes though he has a button."""

THINKS_S = 1.2
LATEST = 12
"""How many of his latest messages somebody looks through again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing somebody said. ``provider_id`` is the update's number, or the text's sid.

    ``words`` is what he wrote, signed with a mark that nobody else uses; empty for a tap. ``ref`` is the
    message that he answered, by the carrier's number; ``at`` in monotonic seconds.
    """

    person: str
    carrier: Carrier
    account: str
    address: str
    provider_id: str
    verb: str
    words: str
    ref: str
    at: float


class Mood(Enum):
    """How everybody is disposed."""

    AS_PEOPLE_ARE = auto()
    DUTIFUL = auto()
    ASLEEP = auto()


class Crowd:
    """Everybody's hands. ``acts`` is all that was said, in order."""

    def __init__(self, state: SandboxState, chance: random.Random) -> None:
        """Nobody answers before ``live``."""
        self.acts: list[Act] = []
        self.mood = Mood.AS_PEOPLE_ARE
        self._state = state
        self._chance = chance
        self._numbers = itertools.count(1)
        self._done: set[tuple[str, str]] = set()
        self._thinking: set[asyncio.Task[None]] = set()
        self._read = dict.fromkeys(Carrier, 0)

    @property
    def is_idle(self) -> bool:
        """Whether nobody is about to say anything."""
        return not self._thinking

    async def live(self) -> None:
        """Read whatever comes, and answer, until cancelled."""
        try:
            while True:
                with suppress(TimeoutError):
                    await self._state.until(self._has_news)
                for phone, bubble in self._news():
                    self._consider(phone, bubble)
        finally:
            for task in tuple(self._thinking):
                task.cancel()

    def catch_up(self) -> None:
        """Everybody looks once more at what came last, and does what he owes."""
        for phone in self._state.phones:
            for bubble in itertools.islice(reversed(phone.bubbles), LATEST):
                if bubble.reached():
                    self._consider(phone, bubble)

    def speak_in_a_group(self, phone: Phone, bot: int, group: int) -> None:
        """Somebody has taken the bot into a group."""
        said = self._state.chatters.write(phone, "大家好", bot=bot, group=group)
        self._note(phone, Carrier.TELEGRAM, str(bot), str(group), str(said.update_id), "", "大家好", "")

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def _has_news(self) -> bool:
        return any(self._state.ledger(carrier).accepted_count > self._read[carrier] for carrier in Carrier)

    def _news(self) -> Iterator[tuple[Phone, Bubble]]:
        for carrier in Carrier:
            ledger = self._state.ledger(carrier)
            fresh = list(itertools.islice(ledger.accepted, self._read[carrier], None))
            self._read[carrier] += len(fresh)
            for record in fresh:
                for phone in self._phones_at(carrier, record.address):
                    if bubble := phone.find(record.account, record.ref):
                        yield phone, bubble

    def _phones_at(self, carrier: Carrier, address: str) -> list[Phone]:
        if carrier is Carrier.TWILIO:
            return self._state.phones.with_number(address)
        phone = self._state.phones.with_chat(int(address))
        return [phone] if phone else []

    # ── deciding ─────────────────────────────────────────────────────────────────────────────────

    def _consider(self, phone: Phone, bubble: Bubble) -> None:
        option = self._choose(phone, list(options(bubble)))
        if option is None or self.mood is Mood.ASLEEP:
            return
        self._done.add((phone.id, option.key))
        dutiful = self.mood is Mood.DUTIFUL
        times = 1 if dutiful or self._chance.random() >= TWICE else 2
        for _ in range(times):
            thinks = self._chance.uniform(0.02, THINKS_S / (4 if dutiful else 1))
            task = asyncio.create_task(self._answer(phone, bubble, option, thinks))
            self._thinking.add(task)
            task.add_done_callback(self._thinking.discard)

    def _choose(self, phone: Phone, offered: list[Option]) -> Option | None:
        fresh = [o for o in offered if (phone.id, o.key) not in self._done]
        if self.mood is Mood.DUTIFUL:
            wanted = [o for o in fresh if o.verb in DUTIFUL]
            return min(wanted, key=lambda o: DUTIFUL.index(o.verb), default=None)
        liked = [o for o in fresh if o.verb in LIKES]
        if not liked or self._chance.random() < SILENT:
            return None
        return self._chance.choices(liked, [LIKES[o.verb] for o in liked])[0]

    # ── doing ────────────────────────────────────────────────────────────────────────────────────

    async def _answer(self, phone: Phone, bubble: Bubble, option: Option, thinks: float) -> None:
        await asyncio.sleep(thinks)
        with suppress(CannotDo, CannotText):
            if option.data and (not option.words or self._chance.random() >= IN_WORDS):
                self._tap(phone, bubble, option.verb, option.data)
            elif option.words:
                self._write(phone, bubble, option.verb, f"{option.words} {self._mark()}")

    def _tap(self, phone: Phone, bubble: Bubble, verb: str, data: str) -> None:
        bot = int(bubble.account)
        act = self._state.chatters.tap(phone, int(bubble.ref), data, bot=bot)
        address = str(phone.chat)
        self._note(phone, Carrier.TELEGRAM, str(bot), address, str(act.update_id), verb, "", str(bubble.ref))

    def _write(self, phone: Phone, bubble: Bubble, verb: str, words: str) -> None:
        ref = str(bubble.ref)
        if bubble.channel is Channel.TELEGRAM:
            said = self._state.chatters.write(phone, words, bot=int(bubble.account))
            address, update = str(phone.chat), str(said.update_id)
            self._note(phone, Carrier.TELEGRAM, bubble.account, address, update, verb, words, ref)
        else:
            texted = self._state.texters.write(phone, words, to=bubble.account)
            number = phone.number or ""
            self._note(phone, Carrier.TWILIO, bubble.account, number, texted.sid, verb, words, ref)

    def _mark(self) -> str:
        """A row of stars that no other text has; what is understood does not depend on it."""
        return f"{next(self._numbers):b}".replace("0", "☆").replace("1", "★")

    def _note(
        self,
        phone: Phone,
        carrier: Carrier,
        account: str,
        address: str,
        provider_id: str,
        verb: str,
        words: str,
        ref: str,
    ) -> None:
        act = Act(
            person=phone.id,
            carrier=carrier,
            account=account,
            address=address,
            provider_id=provider_id,
            verb=verb,
            words=words,
            ref=ref,
            at=time.monotonic(),
        )
        self.acts.append(act)
