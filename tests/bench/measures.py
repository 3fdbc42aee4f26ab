"""The measures. Each returns figures by name; times are seconds unless the name says otherwise."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from notifier.bootstrap import open_parts, serve
from notifier.config import Config
from notifier.domain.roster import Shift
from notifier.engine.importing import import_roster
from notifier.engine.parts import Parts
from notifier.sandbox.options import NO_TELEGRAM_LIMITS, SandboxOptions, TelegramOptions
from notifier.sandbox.serve import RunningSandbox, serve_sandbox
from notifier.store.database import Database
from notifier.store.rows import Timer
from tests.bench.city import City, write_city
from tests.bench.figures import Figures, percentile

PORT = 18_431
TOKEN = "123456:bench"


def environment(folder: Path, url: str | None = None) -> dict[str, str]:
    """What a command of its own process is run with."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("NOTIFIER_")}
    ours["NOTIFIER_DATABASE_URL"] = f"sqlite+aiosqlite:///{folder / 'bench.db'}"
    ours["NOTIFIER_HTTP_PORT"] = str(PORT)
    if url is not None:
        ours |= {"NOTIFIER_TELEGRAM_TOKEN": TOKEN, "NOTIFIER_TELEGRAM_API_URL": url}
    return ours


async def start_to_health(folder: Path, runs: int = 5) -> Figures:
    """From starting the process to the first 200 of /healthz, carriers in the sandbox."""
    times = []
    async with serve_sandbox(SandboxOptions()) as sandbox, aiohttp.ClientSession() as session:
        for _ in range(runs):
            started = time.monotonic()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "notifier", "run", env=environment(folder, sandbox.url), cwd=folder,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
            await _until_healthy(session)
            times.append(time.monotonic() - started)
            process.terminate()
            await process.wait()
    return {"start_to_healthz_median_s": percentile(times, 0.5), "start_to_healthz_max_s": max(times)}


async def _until_healthy(session: aiohttp.ClientSession) -> None:
    while True:
        try:
            async with session.get(f"http://127.0.0.1:{PORT}/healthz") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.01)


def import_city(folder: Path) -> Figures:
    """`notifier import` of 514 villages and 60,000 people, as a process of its own."""
    source = write_city(folder / "city", City())
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "notifier", "import", str(source)],
        env=environment(folder),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise RuntimeError(f"import ended with {status}")
    return {"import_60000_s": time.monotonic() - started, "import_60000_peak_mb": usage.ru_maxrss / 1024}


async def plan_a_day(folder: Path) -> Figures:
    """Planning one day of the whole city: 1,028 shifts with 60,000 people to remind, then writing them."""
    now = datetime.now(UTC).replace(microsecond=0)
    starts = (now + timedelta(hours=3), now + timedelta(hours=15))
    source = write_city(folder / "day", City(starts=starts))
    async with open_parts(_config(folder / "plan.db", "http://127.0.0.1:1")) as parts:
        await import_roster(parts, source)
        started = time.monotonic()
        timers = await parts.planner.plan()
        planned = time.monotonic() - started
        started = time.monotonic()
        reminders = await _remind_all(parts, now)
        reminded = time.monotonic() - started
    return {
        "plan_day_s": planned,
        "plan_day_timers": float(timers),
        "write_reminders_s": reminded,
        "write_reminders_messages": float(reminders),
    }


async def _remind_all(parts: Parts, now: datetime) -> int:
    """Write the early reminder of every shift, as the watch does when it falls due; how many messages."""
    async with parts.station.db.read() as tx:
        shifts: list[Shift] = []
        while page := await tx.shifts.between(
            now, now + timedelta(days=2), after=shifts[-1] if shifts else None
        ):
            shifts += page
    for shift in shifts:
        async with parts.station.db.write() as tx:
            await parts.shifts.remind(tx, f"43200 {shift.key}", parts.station.now())
    async with parts.station.db.read() as tx:
        return sum((await tx.messages.counts()).values())


async def due_scan(folder: Path, timers: int = 1_000_000, scans: int = 300) -> Figures:
    """Looking for due timers among a million that are not due, and among them 514 that are."""
    database = Database.open(f"sqlite+aiosqlite:///{folder / 'scan.db'}")
    await database.upgrade()
    now = datetime.now(UTC)
    later = now + timedelta(days=1)
    for first in range(0, timers, 20_000):
        async with database.write() as tx:
            await tx.timers.plan(_timer(n, later) for n in range(first, first + 20_000))
    empty = [await _scan(database, now) for _ in range(scans)]
    async with database.write() as tx:
        await tx.timers.plan(_timer(timers + n, now) for n in range(514))
    full = [await _scan(database, now) for _ in range(scans)]
    await database.close()
    return {
        "due_scan_none_p99_ms": percentile(empty, 0.99) * 1000,
        "due_scan_514_p99_ms": percentile(full, 0.99) * 1000,
    }


def _timer(number: int, due_at: datetime) -> Timer:
    return Timer(key=f"bench:{number}", lane=0, due_at=due_at, kind="bench", subject=str(number))


async def _scan(database: Database, now: datetime) -> float:
    async with database.write() as tx:
        started = time.perf_counter()
        await tx.timers.due(now, 0, 600)
        return time.perf_counter() - started


async def deadline_to_acceptance(folder: Path, deadlines: int = 100) -> Figures:
    """From a shift's deadline to the carrier's acceptance of the first call, while nothing else happens."""
    first = datetime.now(UTC) + timedelta(seconds=15)
    city = City(villages=deadlines, people=deadlines * 4, grace="1s")
    source = write_city(folder / "deadlines", city)
    rows = [_one_shift(city, village, first) for village in range(deadlines)]
    (source / "shifts.csv").write_text("\n".join(["post,start,end,people", *rows]), encoding="utf-8")
    async with running(folder / "deadlines.db", source) as (sandbox, _parts):
        calls = {str(1_000_000 + city.people_of(v)[3]): v for v in range(deadlines)}
        state = sandbox.state

        def all_called() -> bool:
            texts = [m for m in state.telegram.ledger.accepted if "还没收到" in m.text]
            return len(texts) >= deadlines

        await state.until(all_called, 90)
        waits = []
        for message in state.telegram.ledger.accepted:
            if "还没收到" in message.text:
                due = first + timedelta(seconds=1 + 0.3 * calls[message.address])
                waits.append((message.wall - due).total_seconds())
    return {
        "deadline_to_acceptance_p50_s": percentile(waits, 0.5),
        "deadline_to_acceptance_p99_s": percentile(waits, 0.99),
    }


def _one_shift(city: City, village: int, first: datetime) -> str:
    start = first + timedelta(seconds=0.3 * village)
    end = start + timedelta(hours=1)
    return f"P{village:03},{start.isoformat()},{end.isoformat()},q{city.people_of(village)[3]}"


@asynccontextmanager
async def running(database: Path, source: Path) -> AsyncIterator[tuple[RunningSandbox, Parts]]:
    """The whole service in this process, against a sandbox that sets no limits."""
    options = SandboxOptions(telegram=TelegramOptions(limits=NO_TELEGRAM_LIMITS))
    async with serve_sandbox(options) as sandbox:
        config = _config(database, sandbox.url)
        async with open_parts(config) as parts:
            await import_roster(parts, source)
            stopping = asyncio.Event()
            service = asyncio.create_task(serve(config, ("scheduler", "sender", "receiver"), stopping))
            try:
                yield sandbox, parts
            finally:
                stopping.set()
                await service


def _config(database: Path, url: str | None = None) -> Config:
    carriers: dict[str, object] = {"telegram_token": TOKEN, "telegram_api_url": url} if url else {}
    settings: dict[str, object] = {
        "database_url": f"sqlite+aiosqlite:///{database}",
        "http_port": PORT,
        "log_level": "error",
    }
    return Config.model_validate(settings | carriers)
