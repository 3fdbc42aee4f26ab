"""`make bench`: measure, print a table, write bench.json. `make bench ARGS="sending"`: the parts named."""

import argparse
import asyncio
import json
import platform
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import chain, flood, full, importing, measures, outlook, sending, storm, wall
from tests.bench.figures import Figures

Measure = Callable[[Path], Awaitable[Figures]]


async def city(folder: Path) -> Figures:
    """Starting, importing, planning; in this order, since a start is measured with the city in place."""
    figures = measures.import_city(folder)
    figures |= await measures.start_to_health(folder)
    return figures | await measures.plan_a_day(folder)


PARTS: Mapping[str, tuple[Measure, ...]] = {
    "city": (city,),
    "import": (importing.import_beside_calls,),
    "ahead": (outlook.look_ahead,),
    "chain": (chain.resolve_chains,),
    "timers": (measures.due_scan, measures.deadline_to_acceptance),
    "sending": (sending.durable_sending, sending.slow_carrier),
    "storm": (storm.storm,),
    "full": (full.full_outbox,),
    "flood": (flood.flood_of_replies,),
    "wall": (wall.wall,),
}

AT_MOST = {
    "start_to_healthz_median_s": 2.0,
    "import_60000_s": 20.0,
    "import_60000_peak_mb": 300.0,
    "import_call_max_s": 1.0,
    "plan_day_s": 20.0,
    "coverage_city_s": 10.0,
    "chain_p99_ms": 1.0,
    "due_scan_none_p99_ms": 5.0,
    "due_scan_514_p99_ms": 5.0,
    "deadline_to_acceptance_p99_s": 0.3,
    "broadcast_429": 0.0,
    "escalation_in_broadcast_p99_s": 1.0,
    "escalations_514_last_s": 1.15 * 514 / 28,
    "service_60000_peak_mb": 250.0,
    "wall_page_p95_ms": 100.0,
    "wall_news_p99_s": 2.0,
}
AT_LEAST = {
    "sqlite_share": 0.7,
    "postgres_share": 0.7,
    "postgres_two_to_one": 1.6,
    "slow_carrier_per_s": 2000.0,
    "broadcast_budget_used": 0.97,
}
"""Figures without a goal are for the reader."""


async def measure(folder: Path, parts: list[str]) -> Figures:
    """Every measure, one after the other, so that none disturbs another."""
    figures: Figures = {}
    for part in parts:
        started = time.monotonic()
        for measuring in PARTS[part]:
            figures |= await measuring(folder)
        Console().print(f"{part}: {time.monotonic() - started:.0f} s")
    return figures


def goal(name: str) -> str:
    """What a figure should be, in words; empty where it has no goal."""
    if name in AT_MOST:
        return f"at most {AT_MOST[name]:.4g}"
    return f"at least {AT_LEAST[name]:g}" if name in AT_LEAST else ""


def main() -> None:
    """Measure and report. The verdict is the reader's: nothing fails here for being slow."""
    options = argparse.ArgumentParser(prog="make bench ARGS=", description=__doc__)
    options.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all of them unless some are named")
    parts = options.parse_args().parts or list(PARTS)
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(Path(folder), parts))
    table = Table("measure", "figure", "goal")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.3f}", goal(name))
    Console().print(table)
    report = {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "figures": figures,
        "goals": {name: goal(name) for name in figures if goal(name)},
    }
    Path("bench.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
