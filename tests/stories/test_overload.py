"""Overload, made to happen: the service slows, says so, goes on afterwards, and has lost nothing."""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import asyncpg
import pytest
from sqlalchemy import make_url, text
from twilio.request_validator import RequestValidator

from notifier import service
from notifier.channels.telegram.sender import TelegramSender
from notifier.domain.message import Accepted, Draft, Lane, MessageState, Outgoing
from notifier.domain.roster import ChannelName
from notifier.engine.intake.reader import Reader
from notifier.engine.sending import account
from notifier.engine.shifts import WATCH, Shifts
from notifier.engine.watch import Watch
from notifier.sandbox.faults import Carrier, Fault, FaultKind
from notifier.store.rows import InboxItem, Timer
from notifier.store.writer_lock import FileLock
from tests.stories.live import SECONDS, Live, impatient, open_live  # noqa: F401 -- a fixture
from tests.stories.surroundings import AUTH, SENDER, SID

pytestmark = pytest.mark.usefixtures("impatient")

PHONE = "+8613800100012"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def text_in(live: Live, number: int, body: str = "帮助", sender: str = PHONE) -> int:
    """An SMS that comes in as Twilio delivers it; the status of our answer."""
    form = {"AccountSid": SID, "MessageSid": f"SM{number:032}", "From": sender, "To": SENDER, "Body": body}
    path = "/hooks/twilio/inbound"
    signature = RequestValidator(AUTH).compute_signature(f"{live.public}{path}", form)
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    return (await live.web.post(path, content=urlencode(form), headers=headers)).status_code


@pytest.fixture
async def live(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Live]:
    """The service on SQLite."""
    async with open_live(tmp_path, sqlite_url) as opened:
        await opened.until_health(lambda body: body["database"] == "ok" and "watch" in body["loops"])
        yield opened


# ── a full disk ──────────────────────────────────────────────────────────────────────────────────


async def test_a_full_disk_is_waited_out_and_nothing_taken_is_lost(live: Live) -> None:
    waiting = [
        InboxItem(source="sms", account=SID, provider_id=f"early{n}", payload=said(n), received_at=NOW)
        for n in range(40)
    ]
    async with live.parts.station.db.write() as tx:
        await tx.inbox.store(waiting)
        # Bounded on the one connection that writes, as a full disk bounds it.
        pages = (await tx.conn.execute(text("PRAGMA page_count"))).scalar_one()
        await tx.conn.execute(text(f"PRAGMA max_page_count = {pages}"))
    body = await live.until_health(lambda body: "reader" in body["waiting"])
    assert (body["database"], body["waiting"]["reader"], body["stuck"]) == ("full", "full", [])
    statuses = [await text_in(live, number, "满" * 500) for number in range(12)]
    assert statuses[-1] == 503, "what cannot be kept is not taken"
    assert await live.metric("notifier_database_up") == 0.0
    assert await live.metric("notifier_database_outages_total", kind="full") == 1.0

    async with live.parts.station.db.write() as tx:
        await tx.conn.execute(text("PRAGMA max_page_count = 1000000"))
    # Twilio calls again with what was not taken, and with what was, since it cannot know.
    assert {await text_in(live, number, "满" * 500) for number in range(12)} == {200}
    await live.until_health(lambda body: body["database"] == "ok")
    await live.is_read_off()
    assert await live.metric("notifier_database_up") == 1.0
    async with live.parts.station.db.read() as tx:
        query = (
            "SELECT count(*), count(DISTINCT provider_id) FROM inbox WHERE source = 'sms' AND state = 'done'"
        )
        kept = (await tx.conn.execute(text(query))).one()
    assert tuple(kept) == (52, 52)
    answers = [message for message in await live.messages() if message.template == "stranger"]
    assert len(answers) == 40
    await live.calls("p01")
    await live.reads("p01", "晚发了")


def said(number: int) -> str:
    """A stranger's words, as the webhook keeps them."""
    return json.dumps({"form": [["From", f"+86139000000{number:02}"], ["Body", "喂"]], "query": []})


# ── a locked database ────────────────────────────────────────────────────────────────────────────


async def test_another_program_that_writes_is_waited_out(live: Live, sqlite_url: str) -> None:
    other = sqlite3.connect(
        make_url(sqlite_url).database or "", isolation_level=None, timeout=5, check_same_thread=False
    )
    await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
    await locked(live)
    other.execute("ROLLBACK")
    other.close()
    await goes_on(live)


async def test_a_command_that_hangs_while_it_writes_is_waited_out(live: Live, sqlite_url: str) -> None:
    file = Path(make_url(sqlite_url).database or "")
    lock = FileLock(file.with_name(f"{file.name}-writer"))
    await lock.take(time.monotonic() + 5)
    await locked(live)
    lock.close()
    await goes_on(live)


async def locked(live: Live) -> None:
    """The writer is somebody else's: what comes in now is refused, and it is said."""
    assert await text_in(live, 1) == 503
    body = await live.until_health(lambda body: body["database"] == "locked")
    assert (bool(body["waiting"]), body["stuck"]) == (True, [])
    assert await live.metric("notifier_database_up") == 0.0


async def goes_on(live: Live) -> None:
    """It is free again: everything goes on by itself."""
    await live.until_health(lambda body: not body["waiting"].keys() - {"hooks"})
    assert await text_in(live, 1) == 200
    await live.until_health(lambda body: body["database"] == "ok")
    await live.is_read_off()
    await live.calls("p01")
    await live.reads("p01", "晚发了")


# ── PostgreSQL: a lock on a table, connections used up ───────────────────────────────────────────


@pytest.fixture
async def on_postgres(tmp_path: Path, postgres_url: str) -> AsyncIterator[Live]:
    """The service on PostgreSQL."""
    async with open_live(tmp_path, postgres_url) as opened:
        await opened.until_health(lambda body: body["database"] == "ok" and "watch" in body["loops"])
        yield opened


@pytest.mark.postgres
async def test_a_table_that_somebody_locks_is_waited_out(on_postgres: Live, postgres_url: str) -> None:
    live = on_postgres
    other = await connect(postgres_url)
    await other.execute("BEGIN; LOCK TABLE inbox, timers IN EXCLUSIVE MODE")
    await locked(live)
    await other.execute("ROLLBACK")
    await other.close()
    await goes_on(live)


@pytest.mark.postgres
async def test_connections_that_are_used_up_are_waited_out(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await connect(postgres_url)
    await admin.execute("CREATE ROLE few LOGIN; GRANT ALL ON SCHEMA public TO few")
    await admin.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO few")
    await admin.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO few")
    try:
        url = make_url(postgres_url).set(username="few").render_as_string(hide_password=False)
        async with open_live(tmp_path, url) as live:
            await live.until_health(lambda body: body["database"] == "ok" and "watch" in body["loops"])
            await admin.execute("ALTER ROLE few CONNECTION LIMIT 0")
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'few'"
            )
            assert await text_in(live, 1) == 503
            body = await live.until_health(lambda body: body["database"] == "crowded")
            assert (body["waiting"]["hooks"], body["stuck"]) == ("crowded", [])
            await admin.execute("ALTER ROLE few CONNECTION LIMIT -1")
            await goes_on(live)
    finally:
        await admin.execute("DROP OWNED BY few; DROP ROLE few")
        await admin.close()


async def connect(url: str) -> asyncpg.Connection:
    """Somebody else at the same database."""
    found = make_url(url)
    host = found.query.get("host") or found.host
    return await asyncpg.connect(user=found.username, database=found.database, host=host, port=found.port)


# ── a watch that hangs ───────────────────────────────────────────────────────────────────────────


async def test_a_watch_that_hangs_is_told_to_the_desk_by_another_loop(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_set, freed = Watch._take_set, asyncio.Event()

    async def hang(watch: Watch, lane: Lane) -> bool:
        await freed.wait()
        return await take_set(watch, lane)

    monkeypatch.setattr(Watch, "_take_set", hang)
    async with live.parts.station.db.write() as tx:
        due = Timer(key="late", lane=0, due_at=live.parts.station.now(), kind=WATCH, subject="no shift")
        await tx.timers.plan([due])
    await live.reads("p01", "晚发了")
    freed.set()
    await live.reads("p01", "恢复准时")
    async with live.parts.station.db.read() as tx:
        events = [line.event for line in await tx.journal.recent(50)]
    assert (events.count("timers_late"), events.count("timers_on_time")) == (1, 1)


# ── a carrier that hangs ─────────────────────────────────────────────────────────────────────────

Send = Callable[[TelegramSender, Outgoing], Awaitable[Accepted]]
CHATS = range(200_001, 200_061)


@dataclass
class InFlight:
    """How many calls are under way at once."""

    now: int = 0
    most: int = 0

    def counting(self, send: Send) -> Send:
        """The same, counted."""

        async def counted(sender: TelegramSender, message: Outgoing) -> Accepted:
            self.now += 1
            self.most = max(self.most, self.now)
            try:
                return await send(sender, message)
            finally:
                self.now -= 1

        return counted


async def test_a_carrier_that_hangs_holds_up_nothing_but_itself(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flights = InFlight()
    monkeypatch.setattr(TelegramSender, "send", flights.counting(TelegramSender.send))
    monkeypatch.setattr(service, "TelegramSender", partial(TelegramSender, timeout=1.0))
    monkeypatch.setattr(account, "IN_FLIGHT", 20)
    async with open_live(tmp_path, database_url) as live:
        live.state.arm(Fault(carrier=Carrier.TELEGRAM, kind=FaultKind.HANG, times=None))
        await queue_bulk(live)
        # p11 has a chat and a phone, p12 a phone only.
        await live.calls("p11", wait=timedelta(seconds=1))
        await live.calls("p12")
        await live.reads("p12", "晚发了")
        await live.reads("p11", "晚发了")
        body = await live.until_health(lambda body: body["channels"]["telegram"]["trouble"])
        assert body["channels"]["telegram"]["state"] == "trouble"
        assert (body["channels"]["sms"]["state"], body["database"], body["stuck"]) == ("ok", "ok", [])
        assert flights.most == 20, "bounded, and the bound is reached"

        live.state.faults.clear()
        bulk = await live.settled(lambda message: message.person is None)
    # What hung may have arrived, so somebody is to decide about it; all the rest went out.
    assert {message.state for message in bulk} == {MessageState.SENT, MessageState.UNCERTAIN}
    assert len(bulk) == len(CHATS)
    texts = [record.address for record in live.state.telegram.ledger.accepted]
    sent = [message.address for message in bulk if message.state is MessageState.SENT]
    assert sorted(sent) == sorted(address for address in texts if int(address) in CHATS)


async def queue_bulk(live: Live) -> None:
    """One message of no hurry to each of many chats."""
    now = live.parts.station.now()
    for chat in CHATS:
        live.state.register(name="例人", chat=chat)
    drafts = [
        Draft(
            key=f"bulk:{chat}",
            person=None,
            channel=ChannelName.TELEGRAM,
            account=live.parts.station.reach.telegram[0],
            address=str(chat),
            lane=Lane.BULK,
            template="notice",
            values={},
            text="通知",
            not_before=now,
            expires_at=now + timedelta(hours=1),
        )
        for chat in CHATS
    ]
    async with live.parts.station.db.write() as tx:
        await tx.messages.queue(drafts, now)
        await tx.signals.ring()


# ── a flood of replies ───────────────────────────────────────────────────────────────────────────


POSTED, POLLED = {"sqlite": 1000, "postgresql": 200}, 50
"""In one go. Reading them is all the work, and costs PostgreSQL several times as much."""


async def test_a_flood_is_kept_before_it_is_answered_and_read_in_sets_between_which_calls_go(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    monkeypatch.setattr(service, "LOOK_IF_LATE_EVERY_S", 5)
    note(monkeypatch, Reader, "_take_set", happened)
    note(monkeypatch, Shifts, "watch", happened)
    posted = POSTED[make_url(database_url).get_backend_name()]
    async with open_live(tmp_path, database_url) as live:
        for number in range(POLLED):
            live.state.chatters.inject(words_of(number))
        answers = await asyncio.gather(
            *(text_in(live, n, "喂", f"+8613900{n % 50:06}") for n in range(posted))
        )
        assert set(answers) == {200}
        async with live.parts.station.db.read() as tx:
            query = "SELECT count(*), count(DISTINCT provider_id) FROM inbox WHERE source = 'sms'"
            kept = tuple((await tx.conn.execute(text(query))).one())
        assert kept == (posted, posted)
        body = await live.until_health(lambda body: body["inbox_depth"] > 0)
        assert (body["database"], body["stuck"]) == ("ok", [])
        before = len(happened)
        now = live.parts.station.now()
        async with live.parts.station.db.write() as tx:
            await tx.timers.plan([Timer(key="due", lane=0, due_at=now, kind=WATCH, subject="no shift")])
        live.parts.station.wake.ring("watch")
        await live.is_read_off()
        assert "watch" in happened[before : before + 5], "it waited for a set or two, not for the flood"
        await live.state.until(lambda: not live.state.telegram.bots.all()[0].updates.pending, SECONDS)
        await live.is_read_off()
        assert await live.metric("notifier_incoming_total", source="sms", result="read") == posted
        assert await live.metric("notifier_incoming_total", source="telegram", result="read") == POLLED


def note(monkeypatch: pytest.MonkeyPatch, of: type, name: str, happened: list[str]) -> None:
    """Have it noted whenever that is done."""
    method = getattr(of, name)

    async def noted(*arguments: object) -> object:
        happened.append(name)
        return await method(*arguments)

    monkeypatch.setattr(of, name, noted)


def words_of(number: int) -> dict[str, object]:
    """What somebody unknown writes to the bot."""
    chat = {"id": 300_000 + number, "type": "private"}
    return {"message": {"message_id": 1, "date": 1, "chat": chat, "text": "喂"}}
