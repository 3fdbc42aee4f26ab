"""Each role a process of its own, an outage of the database, and commands beside a running program."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from notifier.domain.message import MessageState
from notifier.sandbox.options import SandboxOptions, TelegramOptions, TwilioOptions
from notifier.sandbox.phones import Bubble, Channel
from notifier.sandbox.serve import RunningSandbox, serve_sandbox
from tests import processes
from tests.cluster import USER, Cluster
from tests.stories.processes_town import BOTS, PER_NUMBER, VILLAGES, Town, open_town, twice
from tests.stories.surroundings import AUTH, SENDER, SID, TOKEN, register_people

CITY = Path(__file__).parents[1] / "fixtures" / "city"
ROLES = ("scheduler", "sender", "receiver", "web")
EVERYBODY = 2 * sum(VILLAGES.values()) + 2 * PER_NUMBER
CUTS = 3


# ── one role each ────────────────────────────────────────────────────────────────────────────────


@dataclass
class People:
    """The fixture's people at their phones."""

    sandbox: RunningSandbox

    async def gets(self, person: str, *words: str) -> Bubble:
        """Wait until that person has read all these words in one message."""
        phone = self.sandbox.state.phones.get(person)
        assert phone is not None

        def look() -> Bubble | None:
            read = (bubble for bubble in phone.bubbles if bubble.incoming and bubble.reached())
            return next((bubble for bubble in read if all(word in bubble.text for word in words)), None)

        try:
            found = await self.sandbox.state.until(look, 30)
        except TimeoutError:
            raise AssertionError(f"{person} never got {words}, but {phone.texts()}") from None
        assert found is not None
        return found

    def taps(self, person: str, label: str, on: Bubble) -> None:
        """Press that button."""
        phone = self.sandbox.state.phones.get(person)
        assert phone is not None
        [data] = [b["callback_data"] for row in on.buttons() for b in row if b["text"] == label]
        self.sandbox.state.chatters.tap(phone, int(on.ref), data)

    def texts(self, person: str, words: str) -> None:
        """Write an SMS."""
        phone = self.sandbox.state.phones.get(person)
        assert phone is not None
        self.sandbox.state.texters.write(phone, words)


@pytest.mark.postgres
async def test_a_process_for_each_role_sees_an_empty_post_staffed(tmp_path: Path, postgres_url: str) -> None:
    """The rostered one has a phone alone: her SMS comes in at the web's, the tap at the receiver's."""
    async with _one_process_a_role(tmp_path, postgres_url) as people:
        await people.gets("p14", "还没收到", "到岗")
        called = await people.gets("p11", "岐元村卡口", "缺1人", "请点“收到”")
        people.taps("p11", "收到", called)
        await people.gets("p11", "交给您了")
        people.texts("p14", "到岗")
        assert (await people.gets("p14", "已记到岗")).channel is Channel.SMS
        await people.gets("p11", "已有人", "此事已了")


@asynccontextmanager
async def _one_process_a_role(folder: Path, database_url: str) -> AsyncIterator[People]:
    """They run already when the roster comes, from 20:30 on: each civil minute takes two seconds."""
    port = processes.free_port()
    public = f"http://127.0.0.1:{port}"
    options = SandboxOptions(
        telegram=TelegramOptions(tokens=(TOKEN,), open_chats=False),
        twilio=TwilioOptions(
            account_sid=SID, auth_token=AUTH, senders=(SENDER,), inbound_url=f"{public}/hooks/twilio/inbound"
        ),
    )
    async with serve_sandbox(options) as sandbox, AsyncExitStack() as stack:
        register_people(sandbox, CITY)
        settings = {
            "DATABASE_URL": database_url,
            "SCHEDULES_DIR": str(CITY),
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_API_URL": sandbox.url,
            "TWILIO_ACCOUNT_SID": SID,
            "TWILIO_AUTH_TOKEN": AUTH,
            "TWILIO_FROM": SENDER,
            "TWILIO_API_URL": sandbox.url,
            "TWILIO_RATE": "10",
            "SMS_REPLIES": "yes",
            "PUBLIC_URL": public,
            "HTTP_PORT": str(port),
            "CLOCK_START": "2026-11-23T20:30:00",
            "CLOCK_SPEED": "30",
        }
        starts = [processes.running(folder, settings, name=role, only=[role]) for role in ROLES]
        # The first one sets the clock that all of them go by.
        await stack.enter_async_context(starts.pop(0))
        await asyncio.gather(*(stack.enter_async_context(start) for start in starts))
        imported = await processes.command(folder, settings, "import", str(CITY))
        assert imported.status == 0, imported.err
        yield People(sandbox)


# ── the database goes away ───────────────────────────────────────────────────────────────────────


@pytest.mark.postgres
async def test_cut_connections_and_a_restarted_server_cost_nobody_a_message(
    tmp_path: Path, postgres_url: str, postgres_cluster: Cluster
) -> None:
    async with (
        open_town(tmp_path, postgres_url, TELEGRAM_RATE="15") as town,
        town.running("run") as program,
    ):
        await town.imports()
        await town.notices("first", "C")
        for cut in range(CUTS):
            await town.takes("first", 10 * (cut + 1), 30)
            await _cut_all(postgres_cluster, postgres_url)
        await town.takes("first", 10 * (CUTS + 1), 30)
        await asyncio.to_thread(postgres_cluster.restart)
        await _everybody_got(town, "first")

        # It listens again: what a command queues now goes out, and what people write is answered.
        await town.notices("second", "V2")
        town.writes(BOTS[0], "帮助")
        await town.sandbox.state.until(lambda: town.answers(BOTS[0]), 30)
        await town.takes("second", 2 * VILLAGES["V2"], 30)
        await town.comes_to_rest(30)
        assert program.events("database_away")
        assert not program.events("turn_failed")


async def _everybody_got(town: Town, words: str) -> None:
    taken = await town.takes(words, EVERYBODY, 60)
    assert set(await town.comes_to_rest(30)) <= {MessageState.SENT, MessageState.DELIVERED}
    assert len(taken) == EVERYBODY
    assert twice(taken) == []


async def _cut_all(cluster: Cluster, url: str) -> None:
    name = url.partition("@/")[2].partition("?")[0]
    connection = await asyncpg.connect(user=USER, database="postgres", host=str(cluster.folder))
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
    finally:
        await connection.close()


# ── beside a running program ─────────────────────────────────────────────────────────────────────


async def test_on_sqlite_a_second_run_is_refused_and_commands_wake_the_first(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with open_town(tmp_path, sqlite_url, TELEGRAM_RATE="25") as town, town.running("run"):
        await town.imports()
        second = await processes.command(town.folder, town.settings, "run")
        assert second.status == 1
        [line] = [line for line in second.err.splitlines() if not line.startswith("{")]
        assert "another `notifier run` is at work on" in line
        await town.notices("first", "V2")
        await town.takes("first", 2 * VILLAGES["V2"], 30)
        assert set(await town.comes_to_rest(30)) <= {MessageState.SENT, MessageState.DELIVERED}


@pytest.mark.postgres
async def test_a_run_before_the_upgrade_is_refused_in_one_line(
    tmp_path: Path, postgres_cluster: Cluster
) -> None:
    blank = postgres_cluster.url("postgres")
    ended = await processes.command(tmp_path, {"DATABASE_URL": blank}, "run")
    assert ended.status == 1
    assert ended.err.splitlines() == [
        "the database is not at this program's version; run `notifier db upgrade` first"
    ]
