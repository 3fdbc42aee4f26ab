"""What an import of the whole city costs those who write beside it."""

import asyncio
import re
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from notifier.store.database import Database
from tests.bench.city import City, write_city
from tests.bench.figures import Figures, percentile
from tests.bench.measures import environment, running

LOOK_S = 0.002
DEADLINES = 30


async def import_beside_calls(folder: Path) -> Figures:
    """`notifier import` of 60,000 people as a process of its own: what others wait for meanwhile.

    ``…_writer_wait_…``: how long a transaction took to begin, asked for every 2 ms, beside the first import
    and beside one that changes every phone. ``import_call_…``: from a shift's deadline to the carrier's
    acceptance of the call, while every phone is changed over and over.
    """
    figures = await _writer_waits(folder / "waits")
    return figures | await _calls(folder / "calls")


async def _writer_waits(folder: Path) -> Figures:
    source = write_city(folder / "city", City())
    database = Database.open(f"sqlite+aiosqlite:///{folder / 'bench.db'}")
    await database.upgrade()
    figures: Figures = {}
    for name in ("first", "phones"):
        waits: list[float] = []

        async def look(waits: list[float] = waits) -> None:
            asked = time.perf_counter()
            async with database.write():
                waits.append(time.perf_counter() - asked)
            await asyncio.sleep(LOOK_S)

        figures[f"import_{name}_s"] = await _beside(environment(folder), source, look)
        for share, words in ((0.5, "p50"), (0.99, "p99"), (1.0, "max")):
            figures[f"import_{name}_writer_wait_{words}_ms"] = percentile(waits, share) * 1000
        _change_phones(source)
    await database.close()
    return figures


async def _calls(folder: Path) -> Figures:
    first = datetime.now(UTC) + timedelta(seconds=30)
    city = City(grace="1s")
    source = write_city(folder / "city", city)
    starts = [first + timedelta(seconds=0.5 * number) for number in range(DEADLINES)]
    rows = [_one_shift(city, village, start) for village, start in enumerate(starts)]
    (source / "shifts.csv").write_text("\n".join(["post,start,end,people", *rows]), encoding="utf-8")
    async with running(folder / "bench.db", source) as (sandbox, _):
        (source / "shifts.csv").unlink()
        accepted = sandbox.state.telegram.ledger.accepted

        def calls() -> dict[int, datetime]:
            return {
                (int(message.address) - 1_000_000) // city.per_village: message.wall
                for message in accepted
                if "还没收到" in message.text
            }

        async def pause() -> None:
            await asyncio.sleep(LOOK_S)

        imports = 0
        while datetime.now(UTC) < starts[-1] + timedelta(seconds=1):
            _change_phones(source)
            await _beside(environment(folder, sandbox.url), source, pause)
            imports += 1
        await sandbox.state.until(lambda: len(calls()) >= DEADLINES, 30)
        waits = [(calls()[village] - start).total_seconds() - 1 for village, start in enumerate(starts)]
    return {
        "import_call_p50_s": percentile(waits, 0.5),
        "import_call_max_s": max(waits),
        "import_call_imports": float(imports),
    }


def _one_shift(city: City, village: int, start: datetime) -> str:
    end = start + timedelta(hours=1)
    return f"P{village:03},{start.isoformat()},{end.isoformat()},q{city.people_of(village)[3]}"


async def _beside(env: dict[str, str], source: Path, look: Callable[[], Awaitable[None]]) -> float:
    """Import as a process of its own, looking again and again meanwhile; how long it took, in seconds."""
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "notifier", "import", str(source)),
        env=env,
        cwd=source.parent,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    ended = asyncio.create_task(process.wait())
    while not ended.done():
        await look()
    if ended.result() != 0:
        raise RuntimeError(f"import ended with {ended.result()}")
    return time.monotonic() - started


def _change_phones(source: Path) -> None:
    people = source / "people.csv"
    text = people.read_text(encoding="utf-8")
    other = "139" if ",138" in text else "138"
    people.write_text(re.sub(r",13[89](\d{8}),", rf",{other}\1,", text), encoding="utf-8")
