"""Somebody at the shell: the commands on a database of his own, at a fixed hour in the fixture's city."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog
from typer.testing import CliRunner

from notifier.bootstrap import open_parts
from notifier.cli.app import app
from notifier.config import load_config
from notifier.engine.parts import Parts

CITY = Path(__file__).parent.parent / "fixtures" / "city"

T = TypeVar("T")

_SETTINGS = {
    "TELEGRAM_TOKEN": "100:abcdef",
    "TELEGRAM_API_URL": "http://127.0.0.1:9",
    "TWILIO_ACCOUNT_SID": "AC00",
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_FROM": "+15550001111",
    "TWILIO_API_URL": "http://127.0.0.1:9",
}


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def complaints(self) -> list[str]:
        """The lines on standard error."""
        return self.err.splitlines()


class Desk:
    """A shell, its settings, and the database behind it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
        self.folder = folder
        self._env = monkeypatch
        monkeypatch.chdir(folder)
        for name, value in _SETTINGS.items():
            self.set(name, value)
        self.set("DATABASE_URL", database_url)
        self.at("2026-11-23T19:00:00")

    def set(self, name: str, value: str) -> None:
        """A setting."""
        self._env.setenv(f"NOTIFIER_{name}", value)

    def at(self, civil: str) -> None:
        """From here on each command begins at that hour of the city."""
        self.set("CLOCK_START", civil)

    def does(self, *arguments: object) -> Done:
        """Give a command; what is not its doing is raised."""
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(status=result.exit_code, out=result.stdout, err=result.stderr)

    def city(self, **files: str) -> Path:
        """A copy of the fixture's city, with some of its files (by stem) written anew."""
        folder = self.folder / "city"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(CITY, folder)
        for stem, text in files.items():
            next(folder.glob(f"{stem}.*")).write_text(text, encoding="utf-8")
        return folder

    def inside(self, work: Callable[[Parts], Awaitable[T]]) -> T:
        """Do something with the engine's parts, as a running program would."""

        async def opened() -> T:
            async with open_parts(load_config()) as parts:
                return await work(parts)

        return asyncio.run(opened())


def at_desk(folder: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[Desk]:
    """A desk for one test; commands set the logs up for their own standard error, which ends with them."""
    yield Desk(folder, monkeypatch, database_url)
    structlog.reset_defaults()
