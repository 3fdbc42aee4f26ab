"""The service as processes of its own, and what each of them costs."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from notifier.store.database import Database

LEASES_WITHIN_S = 40.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    """One running `notifier run`."""

    pid: int

    @property
    def cpu_seconds(self) -> float:
        """Processor time of all its threads so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def peak_mb(self) -> float:
        """The most memory that it has had resident."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What a process of the program is run with: these settings and no others."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("NOTIFIER_")}
    return ours | {f"NOTIFIER_{name}": value for name, value in settings.items()}


@asynccontextmanager
async def service(
    settings: Mapping[str, str], *, roles: str, folder: Path, processes: int = 1
) -> AsyncIterator[list[Process]]:
    """`notifier run --only ROLES`, so many times over, ready to send; ended when the block ends."""
    bots = [token.partition(":")[0] for token in settings["TELEGRAM_TOKEN"].split(",")]
    async with AsyncExitStack() as stack:
        started = [await stack.enter_async_context(_one(settings, roles, folder)) for _ in range(processes)]
        await _until_shared_out(settings["DATABASE_URL"], bots, processes)
        yield started


@asynccontextmanager
async def _one(settings: Mapping[str, str], roles: str, folder: Path) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "notifier", "run", "--only", roles,
        env=environment(settings), cwd=folder, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield Process(process.pid)
    finally:
        process.terminate()
        await process.wait()


async def _until_shared_out(url: str, bots: list[str], processes: int) -> None:
    """Until every bot's account has an owner, and every process has one where there are enough."""
    database = Database.open(url)
    try:
        async with asyncio.timeout(LEASES_WITHIN_S):
            # Another process's doing: it can only be asked.
            while len(await _owners(database, bots)) < processes:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    finally:
        await database.close()


async def _owners(database: Database, bots: list[str]) -> set[str]:
    wanted = {f"account:telegram:{bot}" for bot in bots}
    async with database.read() as tx:
        held = {row.name: row.owner for row in await tx.leases.all() if row.name in wanted}
    if len(held) < len(wanted):
        return set()
    return {owner for owner in held.values() if owner}
