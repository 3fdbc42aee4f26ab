"""The worst minute: a broadcast at its pace, single escalations in it, then every post empty at once.

The service is a process of its own; the carrier holds Telegram's limits and keeps the record that is read.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from notifier.bootstrap import open_parts
from notifier.config import Config
from notifier.domain.policy import Kind
from notifier.engine.broadcasts import Order
from notifier.engine.importing import import_roster
from notifier.engine.parts import Parts
from notifier.sandbox.ledger import Accepted
from notifier.sandbox.options import SandboxOptions, TelegramOptions
from notifier.sandbox.serve import serve_sandbox
from tests.bench.city import VILLAGES, City, write_city
from tests.bench.figures import Figures, percentile
from tests.bench.outbox import BODY, settings_for
from tests.bench.processes import service

RATE = 28.0
LISTENERS = 3_000
SINGLES = 110
SINGLE_EVERY = timedelta(seconds=0.7)
BEGINS_AFTER = timedelta(seconds=20)
"""From writing the shifts to the first deadline: the import and the start of the service fall into it."""
ALL_AFTER = timedelta(seconds=12)
"""From the last single deadline to that of every village at once."""
ENDS_WITHIN_S = 240.0


async def storm(folder: Path) -> Figures:
    """Paced broadcast of 3,000; 110 single escalations and 514 at once while it runs."""
    options = SandboxOptions(telegram=TelegramOptions())
    url = f"sqlite+aiosqlite:///{folder / 'storm.db'}"
    async with serve_sandbox(options) as sandbox:
        settings = settings_for(url, sandbox.url, rate=RATE)
        config = Config.model_validate({name.lower(): value for name, value in settings.items()})
        first = datetime.now(UTC) + BEGINS_AFTER
        deadlines = _deadlines(first)
        async with open_parts(config) as parts:
            await import_roster(parts, _write(folder / "storm", deadlines))
            async with service(settings, roles="scheduler,sender", folder=folder):
                await _broadcast(parts)
                ledger = sandbox.state.telegram.ledger
                whole = LISTENERS + len(deadlines)
                await sandbox.state.until(lambda: ledger.accepted_count >= whole, ENDS_WITHIN_S)
        return _figures(list(ledger.accepted), ledger.refused_count, deadlines)


def _deadlines(first: datetime) -> list[datetime]:
    """By village: the singles one after the other, then all the others at once."""
    singles = [first + n * SINGLE_EVERY for n in range(SINGLES)]
    return singles + [singles[-1] + ALL_AFTER] * VILLAGES


def _write(folder: Path, deadlines: Sequence[datetime]) -> Path:
    villages = len(deadlines)
    city = City(villages=villages, people=4 * villages, grace="1s", remind_before="", listeners=LISTENERS)
    write_city(folder, city)
    rows = ["post,start,end,people"]
    for village, deadline in enumerate(deadlines):
        start = deadline - timedelta(seconds=1)
        end = start + timedelta(hours=1)
        rows.append(f"P{village:03},{start.isoformat()},{end.isoformat()},q{city.people_of(village)[3]}")
    (folder / "shifts.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


async def _broadcast(parts: Parts) -> None:
    order = Order(
        kind=Kind.COMMENDATION,
        title="值守表扬",
        body=BODY,
        audience=("unit:L",),
        author=None,
        relay=False,
        reply_by=None,
        start_at=None,
    )
    await parts.broadcasts.prepare(order, datetime.now(UTC), lambda _: None)


def _figures(accepted: Sequence[Accepted], refused: int, deadlines: Sequence[datetime]) -> Figures:
    calls = {str(1_000_000 + 4 * village + 3): village for village in range(len(deadlines))}
    waits: dict[int, float] = {}
    for message in accepted:
        village = calls.get(message.address)
        if village is not None:
            waited = (message.wall - deadlines[village]).total_seconds()
            waits[village] = min(waited, waits.get(village, waited))
    bulk = [message.at for message in accepted if message.address not in calls]
    span = [message.at for message in accepted if bulk[0] <= message.at <= bulk[-1]]
    singles = [waits[village] for village in range(SINGLES)]
    return {
        "broadcast_budget_used": (len(span) - 1) / (RATE * (span[-1] - span[0])),
        "broadcast_429": float(refused),
        "broadcast_fullest_second": float(_fullest_second(span)),
        "escalation_in_broadcast_p50_s": percentile(singles, 0.5),
        "escalation_in_broadcast_p99_s": percentile(singles, 0.99),
        "escalation_in_broadcast_max_s": max(singles),
        "escalations_514_last_s": max(waits[village] for village in range(SINGLES, len(deadlines))),
    }


def _fullest_second(times: Sequence[float]) -> int:
    most = begins = 0
    for ends, at in enumerate(times):
        while times[begins] <= at - 1.0:
            begins += 1
        most = max(most, ends - begins + 1)
    return most
