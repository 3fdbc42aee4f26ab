"""The wall of a city: 200 pages of it open while post after post is empty, and how long a page takes."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp

from notifier.bootstrap import open_parts
from notifier.config import Config
from notifier.domain.ids import PersonId, UnitCode
from notifier.engine.importing import import_roster
from notifier.engine.parts import Parts
from notifier.sandbox.options import NO_TELEGRAM_LIMITS, SandboxOptions, TelegramOptions
from notifier.sandbox.serve import serve_sandbox
from notifier.store.rows import CaseFilter
from notifier.web.console.faces import cell_id
from tests.bench.city import VILLAGES, City, write_city
from tests.bench.figures import Figures, percentile
from tests.bench.outbox import settings_for
from tests.bench.processes import Process, service
from tests.processes import free_port

PEOPLE = VILLAGES * 117
"""A little over 60,000, so that none of the villages is empty."""
PAGES = 200
LOADS = 200
BEGINS_AFTER = timedelta(seconds=20)
"""From writing the shifts to the first empty post: their import falls into it."""
UP_WITHIN_S = 60.0
EVERY = timedelta(seconds=0.1)
"""From one village's deadline to the next one's."""
LOOK_EVERY_S = 0.25
ENDS_WITHIN_S = 120.0

_CALLING = re.compile(rb'id="(u-[0-9a-f]+)" class="cell s-calling"')
_STREAM = re.compile(r'sse-connect="([^"]*)"')


@dataclass
class Watch:
    """What came over the streams: for each cell, when each of the pages was told that its post is empty."""

    told: dict[str, list[datetime]] = field(default_factory=dict)
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    connected: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    number: int = 0
    lost: int = 0

    def note(self, line: bytes, seen: set[bytes], at: datetime) -> None:
        """One line of one stream."""
        for cell in set(_CALLING.findall(line)) - seen:
            seen.add(cell)
            self.told.setdefault(cell.decode(), []).append(at)
            self.number += 1
        if self.number == VILLAGES * PAGES:
            self.complete.set()


async def wall(folder: Path) -> Figures:
    """514 villages, 60,000 people, SQLite; the service is a process of its own, and the pages are another."""
    options = SandboxOptions(telegram=TelegramOptions(limits=NO_TELEGRAM_LIMITS))
    url = f"sqlite+aiosqlite:///{folder / 'wall.db'}"
    async with serve_sandbox(options) as sandbox:
        port = free_port()
        settings = settings_for(url, sandbox.url) | {"HTTP_PORT": str(port)}
        config = Config.model_validate({name.lower(): value for name, value in settings.items()})
        async with open_parts(config) as parts:
            await import_roster(
                parts, write_city(folder / "wall", City(people=PEOPLE, grace="1s", remind_before=""))
            )
            cookies = {"notifier": await _session(parts)}
            base = f"http://127.0.0.1:{port}"
            connector = aiohttp.TCPConnector(limit=0)
            async with (
                service(settings, roles="scheduler,sender,web", folder=folder) as [process],
                aiohttp.ClientSession(base, cookies=cookies, connector=connector) as client,
            ):
                await _until_up(client)
                figures = await _open_pages(client, parts, process, folder / "shifts")
                # Then every village has an open case, which is the most that a page may have to show.
                return figures | await _loads(client, process)


# ── many open pages ──────────────────────────────────────────────────────────────────────────────


async def _until_up(client: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(UP_WITHIN_S):
        while True:
            try:
                async with client.get("/healthz"):
                    return
            except aiohttp.ClientConnectionError:
                # Another process's doing: it can only be tried.
                await asyncio.sleep(0.1)


async def _open_pages(client: aiohttp.ClientSession, parts: Parts, process: Process, folder: Path) -> Figures:
    async with client.get("/console") as answer:
        [address] = _STREAM.findall(await answer.text())
    watch, lateness = Watch(), list[float]()
    async with _running(partial(_page, client, address.replace("&amp;", "&"), watch), PAGES):
        for _ in range(PAGES):
            await watch.connected.acquire()
        await import_roster(parts, _shifts(folder, datetime.now(UTC) + BEGINS_AFTER))
        cpu, started = process.cpu_seconds, time.monotonic()
        async with _running(partial(_look_if_late, client, lateness)):
            ends = BEGINS_AFTER.total_seconds() + VILLAGES * EVERY.total_seconds() + ENDS_WITHIN_S
            async with asyncio.timeout(ends):
                await watch.complete.wait()
        spent = (process.cpu_seconds - cpu) / (time.monotonic() - started)
    waits = await _waits(parts, watch)
    return {
        "wall_open_pages": float(PAGES),
        "wall_news_p50_s": percentile(waits, 0.5),
        "wall_news_p99_s": percentile(waits, 0.99),
        "wall_news_max_s": max(waits),
        "wall_late_timer_max_s": max(lateness),
        "wall_pages_lost": float(watch.lost),
        "wall_service_cpu_share": spent,
    }


async def _page(client: aiohttp.ClientSession, address: str, watch: Watch) -> None:
    seen: set[bytes] = set()
    async with client.get(address, timeout=aiohttp.ClientTimeout(total=None), read_bufsize=2**22) as answer:
        answer.raise_for_status()
        watch.connected.release()
        buffer = b""
        async for chunk in answer.content.iter_any():
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                watch.note(line, seen, datetime.now(UTC))
    watch.lost += 1


async def _look_if_late(client: aiohttp.ClientSession, lateness: list[float]) -> None:
    """What /healthz says of the oldest timer, again and again; nothing when it could not be read in time."""
    while True:
        async with client.get("/healthz") as answer:
            late = (await answer.json())["timers_late_s"]
        if late is not None:
            lateness.append(float(late))
        await asyncio.sleep(LOOK_EVERY_S)


async def _waits(parts: Parts, watch: Watch) -> list[float]:
    """By page and village: the seconds from the case to the cell."""
    async with parts.station.db.read() as tx:
        opened = {cell_id(case.unit): case.opened_at for case in await tx.cases.listing(CaseFilter())}
    return [(at - opened[cell]).total_seconds() for cell, times in watch.told.items() for at in times]


# ── one page ─────────────────────────────────────────────────────────────────────────────────────


async def _loads(client: aiohttp.ClientSession, process: Process) -> Figures:
    times, size, cpu = [], 0, process.cpu_seconds
    for _ in range(LOADS):
        started = time.monotonic()
        async with client.get("/console") as answer:
            answer.raise_for_status()
            size = len(await answer.read())
        times.append((time.monotonic() - started) * 1000)
    return {
        "wall_page_p50_ms": percentile(times, 0.5),
        "wall_page_p95_ms": percentile(times, 0.95),
        "wall_page_cpu_ms": (process.cpu_seconds - cpu) / LOADS * 1000,
        "wall_page_kb": size / 1024,
    }


# ── the city ─────────────────────────────────────────────────────────────────────────────────────


def _shifts(folder: Path, first: datetime) -> Path:
    """One person a village, whose grace ends at that village's moment."""
    folder.mkdir()
    city, rows = City(people=PEOPLE), ["post,start,end,people"]
    for village in range(VILLAGES):
        start = first + village * EVERY - timedelta(seconds=1)
        end = start + timedelta(hours=8)
        rows.append(f"P{village:03},{start.isoformat()},{end.isoformat()},q{city.people_of(village)[3]}")
    (folder / "shifts.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


async def _session(parts: Parts) -> str:
    """The desk's, who sees everything."""
    async with parts.station.db.read() as tx:
        desk = next(o.person for o in await tx.roster.offices_of(UnitCode("C")) if o.title == "duty_desk")
    async with parts.station.db.write() as tx:
        return await parts.sessions.begin(tx, PersonId(desk or ""), "bench")


@asynccontextmanager
async def _running(
    work: Callable[[], Coroutine[object, object, None]], times: int = 1
) -> AsyncIterator[None]:
    """So many of them at once, while the block runs; what one of them raises is raised at the end."""
    tasks = [asyncio.create_task(work()) for _ in range(times)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error
