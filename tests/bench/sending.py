"""Durable sending against the bare ceiling, on both databases; and against a carrier that takes its time."""

from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg

from notifier.store.database import Database
from tests import cluster
from tests.bench.carrier import LightCarrier, light_carrier
from tests.bench.ceiling import ceiling
from tests.bench.figures import Figures, Rate, median
from tests.bench.outbox import Outbox, open_outbox, sending

MESSAGES = 6_000
ROUNDS = 3
SLOW_S = 0.05
PROCESSES = {"sqlite": 1, "postgres": 1, "postgres_two": 2}


async def durable_sending(folder: Path) -> Figures:
    """Round by round in turn: the ceiling, SQLite, PostgreSQL with one process and with two."""
    ceilings: list[Rate] = []
    drained: dict[str, list[Rate]] = {}
    async with AsyncExitStack() as stack:
        carrier = await stack.enter_async_context(light_carrier())
        outboxes = await _open_all(stack, folder, carrier)
        for _ in range(ROUNDS):
            for name, outbox in outboxes.items():
                broadcast = await outbox.write()
                if name == "sqlite":
                    token = outbox.settings["TELEGRAM_TOKEN"]
                    ceilings.append(await ceiling(carrier.url, token, await outbox.sample(broadcast)))
                async with sending(outbox, PROCESSES[name]) as senders:
                    drained.setdefault(name, []).append(await outbox.drain(broadcast, carrier, senders))
    figures = {
        "ceiling_per_s": median([rate.a_second for rate in ceilings]),
        "ceiling_cpu_ms": median([rate.cpu_ms for rate in ceilings]),
    }
    for name, rates in drained.items():
        figures |= _compared(name, rates, outboxes[name].written, ceilings)
    return figures | _two_to_one(drained)


async def slow_carrier(folder: Path) -> Figures:
    """SQLite, one process, limits off, a carrier that answers after 50 ms."""
    async with light_carrier(SLOW_S) as carrier:
        url = f"sqlite+aiosqlite:///{folder / 'slow.db'}"
        async with open_outbox(folder / "slow", url, carrier, people=MESSAGES) as outbox:
            rates = []
            for _ in range(ROUNDS):
                broadcast = await outbox.write()
                async with sending(outbox) as senders:
                    rates.append(await outbox.drain(broadcast, carrier, senders))
    return {"slow_carrier_per_s": median([rate.a_second for rate in rates])}


def _compared(name: str, rates: list[Rate], written: list[Rate], ceilings: list[Rate]) -> Figures:
    """Shares are of the ceiling measured in the same round. ``whole``: queuing and rendering counted too."""
    rounds = list(zip(rates, written, ceilings, strict=True))
    return {
        f"{name}_per_s": median([rate.a_second for rate in rates]),
        f"{name}_share": median([rate.a_second / top.a_second for rate, _, top in rounds]),
        f"{name}_cpu_ms": median([rate.cpu_ms for rate in rates]),
        f"{name}_queue_ms": median([one.seconds / one.messages * 1000 for one in written]),
        f"{name}_whole_per_s": median([r.messages / (r.seconds + w.seconds) for r, w, _ in rounds]),
        f"{name}_whole_share": median(
            [r.messages / (r.seconds + w.seconds) / top.a_second for r, w, top in rounds]
        ),
    }


def _two_to_one(drained: dict[str, list[Rate]]) -> Figures:
    if "postgres" not in drained:
        return {}
    pairs = zip(drained["postgres_two"], drained["postgres"], strict=True)
    return {"postgres_two_to_one": median([two.a_second / one.a_second for two, one in pairs])}


async def _open_all(stack: AsyncExitStack, folder: Path, carrier: LightCarrier) -> dict[str, Outbox]:
    """By name; PostgreSQL's where the machine has its binaries. It keeps what it is told, as SQLite does."""
    urls = {"sqlite": f"sqlite+aiosqlite:///{folder / 'sending.db'}"}
    binaries = cluster.find_binaries()
    if binaries is not None:
        postgres = stack.enter_context(cluster.running(binaries, forgetful=False))
        urls |= {name: await _database(postgres, name) for name in ("postgres", "postgres_two")}
    return {
        name: await stack.enter_async_context(
            open_outbox(folder / name, url, carrier, people=MESSAGES, bots=PROCESSES[name])
        )
        for name, url in urls.items()
    }


async def _database(postgres: cluster.Cluster, name: str) -> str:
    connection = await asyncpg.connect(user=cluster.USER, database="postgres", host=str(postgres.folder))
    await connection.execute(f"CREATE DATABASE bench_{name}")
    await connection.close()
    database = Database.open(postgres.url(f"bench_{name}"))
    await database.upgrade()
    await database.close()
    return postgres.url(f"bench_{name}")
