"""``notifier demo``: one evening in an example city, played at high speed through the real program."""

import asyncio
import shutil
import signal
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from notifier.bootstrap import set_up_logs
from notifier.demo import evening
from notifier.demo.checks import CHECKLIST
from notifier.demo.narrator import Narrator, open_console
from notifier.demo.people import StoryBroke
from notifier.demo.plot import play_evening
from notifier.demo.stage import Stage, running
from notifier.demo.town import Town, built
from notifier.domain.ids import BroadcastId
from notifier.engine.importing import import_roster

LONGEST_S = 85.0
"""Real seconds after which a story that should take half a minute is given up."""

PORTS = (8000, 8001)
"""Where program and phones are, if these are free, when somebody stays to look."""

Result = TypeVar("Result")


async def play(once: bool) -> int:
    """Play the evening. Exit status 0 only if everything came out that had to.

    ``once``: end then; else go on serving until SIGINT or SIGTERM. Raises InputError where the example city
    is not as shipped.
    """
    console = open_console()
    folder = Path(tempfile.mkdtemp(prefix="notifier-demo-"))
    log_path = folder / "notifier.log"
    with log_path.open("w", encoding="utf-8") as log, _interruptions() as interrupted:
        set_up_logs("info", log)
        worked = await _play(console, folder, interrupted, once=once)
    if worked:
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    console.print(f"\n日志与数据留在 What was logged and stored is in:\n{log_path.parent}", style="red")
    return 1


async def _play(console: Console, folder: Path, interrupted: asyncio.Event, *, once: bool) -> bool:
    narrator = Narrator(console)
    try:
        async with built(folder, ports=(None, None) if once else PORTS, pressed=narrator.pressed) as town:
            _introduce(console, town)
            async with running(town, town.config) as stage:
                worked = await _unless_ended(stage, interrupted, _tell(stage, narrator))
            if not once and not interrupted.is_set():
                await _hand_over(town, narrator, interrupted)
        return bool(worked) or (interrupted.is_set() and not once)
    except (StoryBroke, TimeoutError) as broke:
        reason = str(broke) or f"the story was not over within {LONGEST_S:.0f} s"
        console.print(Panel(reason, title="演示没有按预期进行 The demo went another way", style="red"))
        return False


@contextmanager
def _interruptions() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C, or SIGTERM, sets."""
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    wanted = (signal.SIGINT, signal.SIGTERM)
    for number in wanted:
        loop.add_signal_handler(number, interrupted.set)
    try:
        yield interrupted
    finally:
        for number in wanted:
            loop.remove_signal_handler(number)


async def _unless_ended(
    stage: Stage, interrupted: asyncio.Event, work: Coroutine[object, object, Result]
) -> Result | None:
    """What the work returns; None when somebody interrupts it. Raises what ended the program under it."""
    working, order = asyncio.create_task(work), asyncio.create_task(interrupted.wait())
    try:
        await asyncio.wait({working, order, stage.service}, return_when=asyncio.FIRST_COMPLETED)
        if stage.service.done():
            stage.service.result()
            raise StoryBroke("the program ended by itself")
        return working.result() if working.done() else None
    finally:
        for task in (working, order):
            task.cancel()
        await asyncio.gather(working, order, return_exceptions=True)


async def _tell(stage: Stage, narrator: Narrator) -> bool:
    """The evening, then what had to come out of it."""
    began = time.monotonic()
    async with asyncio.timeout(LONGEST_S):
        async with narrator.following(stage):
            praise = await play_evening(stage, narrator)
        return await _check(stage, narrator.console, praise, began)


async def _check(stage: Stage, console: Console, praise: BroadcastId, began: float) -> bool:
    table = Table.grid(padding=(0, 1))
    results = [(zh, en, await stage.settled(check, praise)) for zh, en, check in CHECKLIST]
    for chinese, english, holds in results:
        mark = "[bold green]✓[/]" if holds else "[bold red]✗[/]"
        table.add_row(mark, chinese, f"[dim]{english}[/]")
    held, seconds = sum(holds for _, _, holds in results), time.monotonic() - began
    console.print()
    console.rule("[bold]核对[/]  [dim]What had to come out[/]", align="left")
    console.print(table)
    console.print(
        f"\n{held}/{len(results)}，用时 {seconds:.0f} 秒"
        f" [dim]({held} of {len(results)} hold; {seconds:.0f} s)[/]",
        highlight=False,
    )
    return held == len(results)


def _introduce(console: Console, town: Town) -> None:
    counts = town.imported.result.tables
    units, people, shifts = (counts[name].added for name in ("units", "people", "shifts"))
    console.print(
        Panel(
            f"[bold]乐清市的一个晚上[/]  {evening.DAY:%Y-%m-%d}，{evening.BEGINS:%H:%M} 起，"
            f"一秒当四分钟 [dim]One evening, four minutes a second[/]\n"
            f"已导入 {units} 个单位、{people} 人、{shifts} 个班"
            f" [dim]imported: {units} units, {people} people, {shifts} shifts[/]\n"
            f"程序 [dim]program[/] {town.program_url}   电话墙 [dim]phones[/] {town.phones_url}\n"
            "[cyan]→ 手机收到的[/] [dim]what a phone gets[/]   [green]← 本人说的[/] [dim]what people do[/]"
            "   [yellow]■ 程序记下的[/] [dim]what is written down[/]",
            title="notifier demo",
            highlight=False,
        )
    )


async def _hand_over(town: Town, narrator: Narrator, interrupted: asyncio.Event) -> None:
    """Start the program anew on a slower clock, with one more shift, and leave the phones to who watches."""
    config = evening.settings_for(
        town.folder,
        sandbox_url=town.sandbox.url,
        port=town.config.http_port,
        starts=town.civil.now(),
        speed=evening.SLOWER,
    )
    async with running(town, config) as stage, narrator.following(stage):
        start = _round(town.civil.now() + timedelta(minutes=10))
        end = start + timedelta(hours=1)
        more = ((evening.LATE_GATE, evening.YOURS),)
        await import_roster(stage.parts, evening.write_shifts(town.folder / "more", more, start, end))
        narrator.scene("轮到您了", "Your turn")
        narrator.note(_invitation(town))
        await _unless_ended(stage, interrupted, interrupted.wait())


def _round(moment: datetime) -> datetime:
    """The next full five minutes."""
    begun = moment.replace(minute=moment.minute // 5 * 5, second=0, microsecond=0)
    return begun + timedelta(minutes=5)


def _invitation(town: Town) -> str:
    name, officer = town.people[evening.YOURS].name, evening.DESK_OFFICER
    return (
        f"\n打开电话墙 [dim]open the phones[/]   [bold]{town.phones_url}[/]\n"
        f"控制台 [dim]the console[/]        [bold]{town.program_url}console[/]   工号 {officer}，"
        f"登录码在他的手机上 [dim]sign in as {officer}; the code is on his phone[/]\n"
        f"电话在控制台里也有 [dim]the phones are in it too[/]   {town.program_url}console/phones\n"
        f"{name} 收到了新的提醒：替他点“到岗”，或者不理，看接着叫到谁。时钟放慢到一秒当十秒。\n"
        f"[dim]A new reminder is on the phone of {name}: press 到岗 for him, or leave it and watch who is"
        " called. Ten seconds a second now.[/]\n按 Ctrl-C 结束 [dim]Ctrl-C ends[/]\n"
    )
