"""Tells the evening on the terminal as it happens: what phones show, and what the journal says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

from rich.cells import chop_cells
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from notifier.demo import evening, words
from notifier.demo.people import Human
from notifier.demo.stage import Stage
from notifier.domain.case import Case
from notifier.domain.ids import PersonId
from notifier.sandbox.feed import Event
from notifier.store.rows import JournalLine, MessageFilter
from notifier.store.tx import Tx

NARROW = 100
"""Columns where the output is no terminal."""
WHO = 28
MOST_BUTTONS = 4
LOOK_S = 0.2
"""How often the journal is looked into while no phone rings."""

_ROUTES = {"telegram": "Telegram", "sms": "短信 SMS"}


def open_console() -> Console:
    """The terminal as it is, or plain lines of a fixed width for a file or a log."""
    probe = Console()
    return probe if probe.is_terminal else Console(width=NARROW)


class Narrator:
    """Prints scenes, texts and journal lines in the order in which they came about."""

    def __init__(self, console: Console) -> None:
        """Nothing is told before ``following``."""
        self.console = console
        self._queue: asyncio.Queue[Event] = asyncio.Queue()
        self._shown: set[str] = set()
        self._last_line = 0
        self._scenes = 0
        self._glossed: set[str] = set()

    def scene(self, chinese: str, english: str) -> None:
        """Begin a part of the story."""
        self._queue.put_nowait({"type": "scene", "zh": chinese, "en": english})

    def note(self, markup: str) -> None:
        """Say something to who watches."""
        self._queue.put_nowait({"type": "note", "text": markup})

    def pressed(self, human: Human, label: str) -> None:
        """A button was pressed, which leaves no text on the phone."""
        self._queue.put_nowait({"type": "tap", "phone": human.id, "label": label})

    @asynccontextmanager
    async def following(self, stage: Stage) -> AsyncIterator[None]:
        """Tell while the block runs; at its end everything that has happened is on the terminal."""
        with stage.town.sandbox.state.feed.subscription() as self._queue:
            telling = asyncio.create_task(self._tell_on(stage), name="narrator")
            try:
                yield
            finally:
                told = asyncio.create_task(self._queue.join())
                await asyncio.wait({telling, told}, return_when=asyncio.FIRST_COMPLETED)
                if not telling.done():
                    await self._tell_journal(stage)
                for task in (telling, told):
                    task.cancel()
                with suppress(asyncio.CancelledError):
                    await telling

    async def _tell_on(self, stage: Stage) -> None:
        while True:
            event = None
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    event = await self._queue.get()
            if event is None:
                await self._tell_journal(stage)
                continue
            await self._tell(stage, event)
            self._queue.task_done()

    async def _tell(self, stage: Stage, event: Event) -> None:
        if event["type"] == "scene":
            self._scenes += 1
            self._glossed.clear()
            self.console.print()
            self.console.rule(f"[bold]{self._scenes}  {event['zh']}[/]  [dim]{event['en']}[/]", align="left")
        elif event["type"] == "tap":
            self._row(stage.town.civil.now(), _who(stage, event["phone"]), f"〔{event['label']}〕", "green")
        elif event["type"] == "note":
            self.console.print(event["text"], highlight=False)
        if event["type"] not in ("scene", "note"):
            await self._tell_journal(stage)
        if event["type"] == "message":
            await self._tell_text(stage, event["phone"], event["message"])

    # ── phones ───────────────────────────────────────────────────────────────────────────────────

    async def _tell_text(self, stage: Stage, phone: str, bubble: dict[str, Any]) -> None:
        if bubble["id"] in self._shown:
            return
        self._shown.add(bubble["id"])
        moment, route = datetime.fromisoformat(bubble["at"]), _ROUTES[bubble["channel"]]
        who = _who(stage, phone)
        if bubble["direction"] == "out":
            self._row(moment, who, bubble["text"], "green", route=route)
            return
        gloss = self._once(await _gloss(stage, phone, bubble["text"]))
        self._row(
            moment, who, bubble["text"], "cyan", route=route, buttons=_buttons(bubble["buttons"]), gloss=gloss
        )

    def _once(self, gloss: str) -> str:
        """A gloss the first time it is needed in a scene."""
        if gloss in self._glossed:
            return ""
        self._glossed.add(gloss)
        return gloss

    def _row(
        self,
        moment: datetime,
        who: str,
        text: str,
        colour: str,
        *,
        route: str = "Telegram",
        buttons: str = "",
        gloss: str = "",
    ) -> None:
        """One text; to a phone it is cyan with an arrow to the person, from it green with an arrow away."""
        arrow = "→" if colour == "cyan" else "←"
        said = Text(self._folded(text), style=colour)
        if buttons:
            said.append(f"\n{buttons}", style="bold")
        if gloss:
            said.append(f"\n{gloss}", style="dim italic")
        row = Table.grid(padding=(0, 1))
        row.add_column(width=5)
        row.add_column(width=WHO)
        row.add_column(ratio=1, overflow="fold")
        row.add_row(
            f"[dim]{moment.astimezone(evening.ZONE):%H:%M}[/]", f"{arrow} {who}\n  [dim]{route}[/]", said
        )
        self.console.print(row)

    def _folded(self, text: str) -> str:
        """The text in lines that fit: Chinese breaks anywhere, not only at its few spaces."""
        width = max(20, self.console.width - WHO - 10)
        return "\n".join(piece for line in text.splitlines() for piece in chop_cells(line, width))

    # ── the journal ──────────────────────────────────────────────────────────────────────────────

    async def _tell_journal(self, stage: Stage) -> None:
        async with stage.parts.station.db.read() as tx:
            news = [line for line in await tx.journal.recent(50) if line.id > self._last_line]
            for line in reversed(news):
                self._last_line = max(self._last_line, line.id)
                if line.event in words.EVENTS:
                    case = await tx.cases.get(line.case) if line.case else None
                    self._line(line, await _sentence(stage, tx, line, case))

    def _line(self, line: JournalLine, sentence: str) -> None:
        self.console.print(
            f"[dim]{line.at.astimezone(evening.ZONE):%H:%M}[/] [bold yellow]■[/] {sentence}", highlight=False
        )


def _buttons(rows: list[list[dict[str, str]]]) -> str:
    """The buttons under a text; of a long list the first and the last two."""
    labels = [f"〔{key['text']}〕" for row in rows for key in row]
    return "".join(labels if len(labels) <= MOST_BUTTONS else [labels[0], "……", *labels[-2:]])


def _who(stage: Stage, phone: str) -> str:
    return stage.human(phone).label if phone in stage.town.people else phone


async def _gloss(stage: Stage, person: str, text: str) -> str:
    """What that text says, in a few words of English, by the template it was made from."""
    async with stage.parts.station.db.read() as tx:
        for message in await tx.messages.listing(MessageFilter(person=PersonId(person), limit=30)):
            if message.text == text:
                return words.TEMPLATES.get(message.template, message.template.replace("_", " "))
    return ""


async def _sentence(stage: Stage, tx: Tx, line: JournalLine, case: Case | None) -> str:
    chinese, english = words.EVENTS[line.event]
    if line.event == "acknowledged" and case is None:
        chinese, english = words.RECEIVED
    unit = await tx.roster.unit(line.unit) if line.unit else None
    place = unit.name if unit else ""
    person = stage.human(line.person).name if line.person in stage.town.people else ""
    parts = [f"[yellow]{place}[/]", f"[bold]{chinese}[/]", person]
    if case is not None and line.event in ("opened", "resolved", "cancelled"):
        parts.insert(1, words.KINDS[case.kind][0])
        english = f"{english}: {words.KINDS[case.kind][1]}"
    said = [*parts, f"[dim]{english}[/]", _reason(stage, line.reason or "")]
    return " ".join(part for part in said if part)


def _reason(stage: Stage, reason: str) -> str:
    """The journal's reason, with people by name, not by id."""
    known = words.REASONS.get(reason, reason)
    named = " ".join(stage.human(word).name if word in stage.town.people else word for word in known.split())
    return f"[dim]{escape(f'({named})')}[/]" if named else ""
