"""The program as processes of their own: started, looked at, frozen, killed without warning."""

import asyncio
import json
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

STARTS_WITHIN_S = 60.0
ENDS_WITHIN_S = 40.0
LOOK_EVERY_S = 0.02
_PORTS = range(20_000, 30_000)
"""Below those that the kernel gives to outgoing connections, which would take a dead process's port."""

_CHANCE = random.SystemRandom()
"""Ports are no part of what a seed repeats."""

Found = TypeVar("Found")


async def until(look: Callable[[], Awaitable[Found]], seconds: float, what: str) -> Found:
    """What ``look`` finds, as soon as that is true. Fails, saying ``what`` never was, after ``seconds``."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := await look()):
        assert asyncio.get_running_loop().time() < deadline, f"not within {seconds:.0f} s: {what}"
        await asyncio.sleep(LOOK_EVERY_S)
    return found


def free_port() -> int:
    """A port on which nobody listens."""
    while True:
        port = _CHANCE.choice(_PORTS)
        with socket.socket() as trial, suppress(OSError):
            trial.bind(("127.0.0.1", port))
            return port


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What a process of the program is started with: these settings and no others."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("NOTIFIER_")}
    return ours | {f"NOTIFIER_{name}": value for name, value in settings.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a command left behind."""

    status: int
    out: str
    err: str


@dataclass
class Program:
    """One ``notifier run``. Started by ``running``, which leaves nothing behind."""

    name: str
    port: int
    log: Path
    process: asyncio.subprocess.Process

    @property
    def url(self) -> str:
        """Where its web role answers."""
        return f"http://127.0.0.1:{self.port}"

    def events(self, name: str) -> list[dict[str, Any]]:
        """The lines of its log with that event, oldest first."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        parsed = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in parsed if line.get("event") == name]

    async def says(self, event: str, seconds: float = STARTS_WITHIN_S) -> None:
        """Wait until its log has that event."""

        async def look() -> bool:
            assert self.process.returncode is None, f"{self.name} ended: {self.log.read_text()[-2000:]}"
            return bool(self.events(event))

        await until(look, seconds, f"{self.name} says {event}")

    async def is_healthy(self, session: aiohttp.ClientSession) -> bool:
        """Whether /healthz says 200 just now."""
        with suppress(aiohttp.ClientError):
            async with session.get(f"{self.url}/healthz") as answer:
                return answer.status == 200
        return False

    def freeze(self) -> None:
        """Stop it in its tracks, whatever it holds."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on, as if no time had passed."""
        self.process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        """Kill -9: no farewells."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """End it in good order; its exit status."""
        self.process.terminate()
        async with asyncio.timeout(ENDS_WITHIN_S):
            return await self.process.wait()


@asynccontextmanager
async def running(
    folder: Path, settings: Mapping[str, str], *, name: str = "run", only: Sequence[str] = ()
) -> AsyncIterator[Program]:
    """Start ``notifier run`` (with these roles only), and wait until it runs; kill it at the end."""
    port, log = int(settings.get("HTTP_PORT") or free_port()), folder / f"{name}.log"
    roles = ["--only", ",".join(only)] if only else []
    with log.open("wb") as to:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "notifier", "run", *roles),
            env=environment({**settings, "HTTP_PORT": str(port)}),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=to,
            stderr=to,
        )
    program = Program(name=name, port=port, log=log, process=process)
    try:
        await program.says("running")
        yield program
    finally:
        # Also when it is frozen: nothing withstands this signal.
        await program.kill()


async def command(folder: Path, settings: Mapping[str, str], *arguments: str) -> Ended:
    """Run one command to its end, as somebody at a shell beside the running program."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "notifier", *arguments),
        env=environment(settings),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(STARTS_WITHIN_S):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    return Ended(status=process.returncode or 0, out=out.decode(), err=err.decode())
