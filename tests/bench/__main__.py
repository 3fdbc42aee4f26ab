"""`make bench`: measure, print a table, write bench.json."""

import asyncio
import json
import platform
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import measures

GOALS = {
    "start_to_healthz_median_s": 2.0,
    "import_60000_s": 20.0,
    "import_60000_peak_mb": 300.0,
    "plan_day_s": 20.0,
    "due_scan_none_p99_ms": 5.0,
    "due_scan_514_p99_ms": 5.0,
    "deadline_to_acceptance_p99_s": 0.3,
}
"""At most this much of each; figures without a goal are for the reader."""


async def measure(folder: Path) -> measures.Figures:
    """Every measure, one after the other, so that none disturbs another."""
    figures = measures.import_city(folder)
    figures |= await measures.start_to_health(folder)
    figures |= await measures.plan_a_day(folder)
    figures |= await measures.due_scan(folder)
    figures |= await measures.deadline_to_acceptance(folder)
    return figures


def main() -> None:
    """Measure and report. The verdict is the reader's: nothing fails here for being slow."""
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(Path(folder)))
    table = Table("measure", "figure", "at most")
    for name, value in figures.items():
        goal = GOALS.get(name)
        table.add_row(name, f"{value:,.3f}", "" if goal is None else f"{goal:g}")
    Console().print(table)
    report = {"machine": platform.machine(), "python": platform.python_version(), "figures": figures}
    Path("bench.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
