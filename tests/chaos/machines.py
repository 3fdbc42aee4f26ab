"""The program as processes of its own, which are killed without warning, and the address in front of them."""

import asyncio
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.processes import environment, free_port

Settings = Mapping[str, str]

ENDS_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """One kill -9, in monotonic seconds."""

    process: str
    at: float


class Machine:
    """One `notifier run`, started anew after each death, each life with a log of its own."""

    def __init__(self, name: str, folder: Path, settings: Callable[[], Settings], front: "Front") -> None:
        """``settings`` are read at each start."""
        self.name = name
        self.deaths: list[Death] = []
        self._folder = folder
        self._settings = settings
        self._front = front
        self._process: asyncio.subprocess.Process | None = None
        self._log: IO[bytes] | None = None
        self._lives = 0

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The process that lives now; fails if it ended by itself."""
        assert self._process is not None, f"{self.name} is not running"
        code = self._process.returncode
        assert code is None, f"{self.name} ended by itself with {code}, see {self._log_file}"
        return self._process

    @property
    def _log_file(self) -> Path:
        return self._folder / f"{self.name}-{self._lives}.log"

    async def start(self) -> None:
        """Begin a life."""
        self._lives += 1
        self._log = self._log_file.open("wb")
        port = free_port()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "notifier",
            "run",
            env=environment({**self._settings(), "HTTP_PORT": str(port)}),
            cwd=self._folder,
            stdout=self._log,
            stderr=self._log,
        )
        self._front.backends[self.name] = port

    async def kill(self) -> None:
        """Kill -9: no farewells."""
        process = self.process
        process.send_signal(signal.SIGKILL)
        self.deaths.append(Death(process=self.name, at=time.monotonic()))
        await self._ended(process)

    def freeze(self) -> None:
        """Stop it in its tracks, whatever it holds."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on, as if no time had passed."""
        self.process.send_signal(signal.SIGCONT)

    async def stop(self) -> None:
        """End it in good order."""
        process = self.process
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(ENDS_WITHIN_S):
            await self._ended(process)
        assert process.returncode == 0, f"{self.name} ended with {process.returncode}, see {self._log_file}"

    async def abandon(self) -> None:
        """Leave nothing running, whatever happened."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._ended(self._process)

    async def _ended(self, process: asyncio.subprocess.Process) -> None:
        self._front.backends.pop(self.name, None)
        await process.wait()
        if self._log is not None:
            self._log.close()


class Front:
    """The public address: passes each connection to some process that takes it, else cuts it."""

    def __init__(self) -> None:
        """Nobody is behind it yet."""
        self.backends: dict[str, int] = {}
        self._server: asyncio.Server | None = None
        self._chance = random.Random()
        self._passing: set[asyncio.Task[None]] = set()

    async def open(self) -> str:
        """Listen; returns the address."""
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Listen no more, and cut what is open."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._passing):
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        try:
            behind = await self._connect()
            if behind is not None:
                await _join(reader, writer, *behind)
        except asyncio.CancelledError:
            return
        finally:
            self._passing.discard(task)
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        ports = list(self.backends.values())
        self._chance.shuffle(ports)
        for port in ports:
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        return None


async def _join(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    other_reader: asyncio.StreamReader,
    other_writer: asyncio.StreamWriter,
) -> None:
    """Carry bytes both ways until either side ends."""
    ways = {
        asyncio.create_task(_carry(reader, other_writer)),
        asyncio.create_task(_carry(other_reader, writer)),
    }
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        other_writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
