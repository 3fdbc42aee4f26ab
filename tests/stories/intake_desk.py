"""What comes in, in a test: the real store and engine, a clock moved by hand, carriers that take all."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from notifier.config import shipped
from notifier.domain.case import Case
from notifier.domain.ids import PersonId
from notifier.domain.message import Lane, MessageState
from notifier.domain.policy import Kind
from notifier.engine.catching_up import CatchingUp
from notifier.engine.clock import ManualClock
from notifier.engine.importing import import_roster
from notifier.engine.intake.reader import Reader
from notifier.engine.metrics import Metrics
from notifier.engine.parts import Parts, assemble
from notifier.engine.station import Reach, Rules, Station, Wake
from notifier.engine.tenure import Tenure
from notifier.engine.watch import Watch
from notifier.service import _handlers
from notifier.store.database import Database
from notifier.store.rows import InboxItem, JournalLine, Matter, MessageFilter, Outcome, StoredMessage
from notifier.texts.catalogue import Catalogue

CITY = Path(__file__).parents[1] / "fixtures" / "city"
ZONE = ZoneInfo("Asia/Shanghai")
BOT = "7001"
NUMBER = "+15550100001"

CHATS = {"p01": 100001, "p02": 100002, "p11": 100011, "p13": 100013, "p21": 100021, "p22": 100022}
PHONES = {
    "p01": "+8613800100001",
    "p02": "+8613800100002",
    "p11": "+8613800100011",
    "p12": "+8613800100012",
    "p13": "+8613800100013",
    "p14": "+8613800100014",
    "p15": "+8613800100014",
    "p21": "+8613800100021",
    "p22": "+8613800100022",
}
GATE = "BS01-G1 2026-11-23T12:00:00Z"
"""岐元村, 20:00 to midnight: p14, who shares a phone with p15 and has no chat."""
NIGHT = "BS01-G1 2026-11-23T16:00:00Z"
"""The same post, midnight to 8:00: p15."""
PAIR = "BS02-G1 2026-11-23T12:00:00Z"
"""密东村, 20:00 to midnight, two of them: p21 (secretary) and p22 (English)."""


@cache
def _texts() -> Catalogue:
    return Catalogue.load(shipped("templates"), zone=ZONE, default_locale="zh")


def civil(moment: str) -> datetime:
    """``11-23 20:10`` as a moment."""
    return datetime.fromisoformat(f"2026-{moment}").replace(tzinfo=ZONE).astimezone(UTC)


class Bots:
    """Stands for our bots beside sending."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.left: list[str] = []

    async def answer_callback(self, callback_id: str, text: str | None = None) -> None:
        self.ended.append(callback_id)

    async def leave_chat(self, address: str) -> None:
        self.left.append(address)


@dataclass
class IntakeDesk:
    """The fixture city, everybody's phones, and the reader that is tried."""

    parts: Parts
    clock: ManualClock
    reader: Reader
    watch: Watch
    bots: Bots
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _seen: int = 0

    @property
    def db(self) -> Database:
        return self.parts.station.db

    # ── time ─────────────────────────────────────────────────────────────────────────────────────

    async def at(self, moment: str) -> None:
        """Go on to that civil time, doing on the way what falls due, and sending what is queued."""
        target = civil(moment)
        while True:
            await self._settle()
            async with self.db.read() as tx:
                due = await tx.timers.next_due()
            if due is None or due > target:
                break
            self.clock.set(due)
        self.clock.set(target)
        await self._settle()

    async def _settle(self) -> None:
        while await self.watch.turn():
            pass
        await self.sends()

    async def sends(self) -> None:
        """The carriers take all that is queued for now."""
        now = self.clock.now()
        async with self.db.write() as tx:
            for account in (BOT, NUMBER):
                while taken := await tx.messages.claim(account, list(Lane), 50, now, 1):
                    await tx.messages.settle([self._accepted(message, now) for message in taken])

    def _accepted(self, message: StoredMessage, now: datetime) -> Outcome:
        provider_id = message.edits or str(next(self._ids) + 9000)
        return Outcome(message=message.id, state=MessageState.SENT, at=now, fence=1, provider_id=provider_id)

    # ── coming in ────────────────────────────────────────────────────────────────────────────────

    async def sms(self, sender: str, text: str, **form: str) -> list[str]:
        """That person (or number) writes an SMS. The templates of all that was queued because of it."""
        fields = {"From": PHONES.get(sender, sender), "To": NUMBER, "Body": text, **form}
        return await self.comes("sms", {"form": [list(pair) for pair in fields.items()], "query": []})

    async def receipt(self, message: StoredMessage, status: str, code: str = "") -> list[str]:
        """The carrier says what became of a message."""
        form = [["MessageSid", message.provider_id], ["MessageStatus", status], ["ErrorCode", code]]
        return await self.comes("receipt", {"form": form, "query": [["ref", str(message.id)]]})

    async def chat(self, sender: str | int, text: str, quoted: str | None = None, **more: Any) -> list[str]:
        """That person (or chat) writes to the bot."""
        chat = {"id": CHATS.get(str(sender), sender), "type": "private"}
        message = {"message_id": next(self._ids), "date": 1, "chat": chat, "text": text, **more}
        if quoted is not None:
            message["reply_to_message"] = {"message_id": int(quoted)}
        return await self.update({"message": message})

    async def taps(self, person: str, verb: str, template: str = "") -> list[str]:
        """That person taps a button of the last message (of that template) that has it."""
        message = await self.last(person, template)
        found = [b.data for row in message.keyboard for b in row if b.data.split(":")[0] == verb]
        data = found[0] if found else verb
        return await self.tap_data(person, data, message.provider_id or "0")

    async def tap_data(self, person: str, data: str, message_id: str) -> list[str]:
        """That person taps a button that carries this."""
        chat = {"id": CHATS[person], "type": "private"}
        query = {
            "id": f"cb{next(self._ids)}",
            "from": {"id": CHATS[person]},
            "message": {"message_id": int(message_id), "chat": chat},
            "data": data,
        }
        return await self.update({"callback_query": query})

    async def update(self, update: dict[str, Any]) -> list[str]:
        """Any update."""
        return await self.comes("telegram", {"update_id": next(self._ids), **update})

    async def comes(self, source: str, payload: object) -> list[str]:
        """Anything, as it is stored; read, and what is queued by it sent. The templates queued."""
        await self.stores(source, json.dumps(payload))
        return await self.reads()

    async def stores(self, source: str, payload: str, provider_id: str | None = None) -> None:
        """It came in, and nobody has read it yet."""
        item = InboxItem(
            source=source,
            account=BOT if source == "telegram" else "AC",
            provider_id=provider_id or str(next(self._ids)),
            payload=payload,
            received_at=self.clock.now(),
        )
        async with self.db.write() as tx:
            await tx.inbox.store([item])

    async def reads(self) -> list[str]:
        """The reader reads until nothing is left."""
        await self.news()
        while await self.reader.turn():
            pass
        found = [message.template for message in await self.news()]
        await self.sends()
        return found

    async def news(self) -> list[StoredMessage]:
        """The messages queued since the last look, in order."""
        async with self.db.read() as tx:
            found = [m for m in await tx.messages.listing(MessageFilter()) if m.id > self._seen]
        self._seen = max((m.id for m in found), default=self._seen)
        return sorted(found, key=lambda m: m.id)

    # ── looking ──────────────────────────────────────────────────────────────────────────────────

    async def messages(self, person: str = "") -> list[StoredMessage]:
        """All messages, or one person's, in order."""
        wanted = MessageFilter(person=PersonId(person) if person else None)
        async with self.db.read() as tx:
            return list(reversed(await tx.messages.listing(wanted)))

    async def last(self, person: str, template: str = "") -> StoredMessage:
        """The last message (of that template) to that person."""
        found = [m for m in await self.messages(person) if template in ("", m.template)]
        assert found, f"{person} got no {template}"
        return found[-1]

    async def matter(self, person: str, topic: str = "shift", subject: str = "") -> Matter:
        """That person's last matter of that topic, open or closed."""
        async with self.db.read() as tx:
            numbers = await tx.matters.numbers_of([PersonId(person)], civil("01-01 00:00"))
            found = [m for n in numbers for m in await tx.matters.by_number([PersonId(person)], n)]
        own = [m for m in found if m.topic == topic and subject in m.subject]
        assert own, f"{person} has no matter about a {topic}"
        return max(own, key=lambda m: m.id)

    async def number(self, person: str, topic: str = "shift", subject: str = "") -> int:
        """The number of that matter."""
        return (await self.matter(person, topic, subject)).number

    async def case(self, subject: str = GATE, kind: Kind = Kind.UNSTAFFED) -> Case:
        """The last case about that."""
        async with self.db.read() as tx:
            found = await tx.cases.last_for(kind, subject)
        assert found is not None, f"there is no case about {subject}"
        return found

    async def journal(self) -> list[JournalLine]:
        """Everything written down, in order."""
        async with self.db.read() as tx:
            return list(reversed(await tx.journal.recent(10_000)))

    async def events(self, person: str = "") -> list[str]:
        """What was written down (about that person), in order."""
        return [line.event for line in await self.journal() if person in ("", line.person)]

    async def on_post(self, post: str = "BS01-G1") -> list[str]:
        """Who is on that post."""
        async with self.db.read() as tx:
            return [row.presence.person for row in await tx.presences.on_post(post)]  # type: ignore[arg-type]


async def open_intake(
    database: Database, moment: str = "11-23 10:00", *, allowed: Sequence[str] = ("*",)
) -> IntakeDesk:
    """The fixture city taken in at that civil time, and planned."""
    clock = ManualClock(civil(moment))
    station = Station(
        db=database,
        clock=clock,
        texts=_texts(),
        reach=Reach(
            telegram=(BOT,), sms=(NUMBER,), allowed=frozenset(allowed), can_reply=lambda number: True
        ),
        rules=Rules(ZONE),
        wake=Wake(),
        zone=ZONE,
        locale="zh",
        site="乐清值守",
    )
    parts = assemble(station)
    await import_roster(parts, CITY)
    await parts.planner.plan()
    tenure = Tenure("watch", fence=1, trusted_until=float("inf"))
    metrics = Metrics()
    bots = Bots()
    desk = IntakeDesk(
        parts=parts,
        clock=clock,
        reader=Reader(parts, {BOT: bots}, metrics),
        watch=Watch(
            station, _handlers(parts), parts.aftermath, tenure, metrics, CatchingUp(station, polled=())
        ),
        bots=bots,
    )
    await desk.at(moment)
    return desk


MINUTE = timedelta(minutes=1)
