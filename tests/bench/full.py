"""An outbox with a message to everybody in it: what it takes of memory, and what a message then costs."""

from pathlib import Path

from tests.bench.carrier import light_carrier
from tests.bench.figures import Figures, median
from tests.bench.outbox import open_outbox, sending

FEW, MANY, TIMES = 600, 60_000, 10


async def full_outbox(folder: Path) -> Figures:
    """Ten times 600, then 60,000, sent without a limit by one process with every role, on SQLite."""
    url = f"sqlite+aiosqlite:///{folder / 'full.db'}"
    async with (
        light_carrier() as carrier,
        open_outbox(folder / "full", url, carrier, people=MANY, villages=MANY // FEW) as outbox,
        sending(outbox, roles="scheduler,sender,receiver,web") as senders,
    ):
        few = []
        for _ in range(TIMES):
            few.append(await outbox.drain(await outbox.write("unit:V000", FEW), carrier, senders))
        many = await outbox.drain(await outbox.write(), carrier, senders)
        peak = senders[0].peak_mb
    cost_of_few = sum(rate.cpu_seconds for rate in few) / (FEW * TIMES) * 1000
    return {
        "cost_at_600_cpu_ms": cost_of_few,
        "cost_at_60000_cpu_ms": many.cpu_ms,
        "cost_60000_to_600": many.cpu_ms / cost_of_few,
        "at_600_per_s": median([rate.a_second for rate in few]),
        "at_60000_per_s": many.a_second,
        "service_60000_peak_mb": peak,
    }
