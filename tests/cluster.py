"""A private PostgreSQL cluster from the machine's own binaries, for as long as the tests run."""

import contextlib
import glob
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests import scratch

_OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # Kept in the cluster's own folder, and so gone with it however the server ends.
    "dynamic_shared_memory_type": "mmap",
    "timezone": "America/St_Johns",
}
_FORGETFUL = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "max_wal_size": "128MB"}
"""For tests, of which nothing outlives the machine. What is committed outlives the server all the same."""

USER = "notifier"


@dataclass(frozen=True)
class Cluster:
    """A running cluster, reached through a unix socket in ``folder``."""

    folder: Path
    postgres: Path
    account: str | None
    forgetful: bool = True

    def url(self, database: str) -> str:
        """The URL of one of its databases, as the program takes it."""
        return f"postgresql+asyncpg://{USER}@/{database}?host={self.folder}"

    def restart(self) -> None:
        """Cut every connection and come back, as after a crash of the server."""
        self.control("restart")

    def control(self, verb: str) -> None:
        """``start``, ``stop`` or ``restart``; waits until it is done. Stopping is immediate: no farewells."""
        chosen = _OPTIONS | _FORGETFUL if self.forgetful else _OPTIONS
        options = " ".join(f"-c {key}={value}" for key, value in chosen.items())
        command: list[str | Path] = [
            self.postgres / "pg_ctl",
            verb,
            "-w",
            "-D",
            self.folder / "data",
            "-l",
            self.folder / "log",
        ]
        if verb != "start":
            command += ["-m", "immediate"]
        if verb != "stop":
            command += ["-o", f"{options} -c unix_socket_directories={self.folder}"]
        _run(self.account, *command)


def find_binaries() -> Path | None:
    """The folder with ``postgres``, ``initdb`` and ``pg_ctl``, or None."""
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=_version, reverse=True)
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        told = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
        places.append(told.stdout.strip())
    if found := shutil.which("postgres"):
        places.append(os.path.dirname(os.path.realpath(found)))
    needed = ("postgres", "initdb", "pg_ctl")
    usable = (
        Path(place) for place in places if all(os.access(f"{place}/{name}", os.X_OK) for name in needed)
    )
    return next(usable, None)


@contextlib.contextmanager
def running(binaries: Path, *, forgetful: bool = True) -> Iterator[Cluster]:
    """Start a cluster, and take it down again with everything in it. ``forgetful``: it need not last."""
    account = _unprivileged_account()
    # A unix socket's path holds about 100 characters, so not under pytest's own long folders.
    folder = Path(tempfile.mkdtemp(prefix="ntf-pg-", dir=scratch.folder() if forgetful else None))
    cluster = Cluster(folder=folder, postgres=binaries, account=account, forgetful=forgetful)
    try:
        if account:
            shutil.chown(folder, account)
        initdb: list[str | Path] = [
            binaries / "initdb",
            "-D",
            folder / "data",
            "-U",
            USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        _run(account, *initdb, "--locale=C", "--no-sync", "--no-instructions")
        cluster.control("start")
        try:
            yield cluster
        finally:
            cluster.control("stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _version(place: str) -> float:
    number = Path(place).parent.name
    return float(number) if number.replace(".", "", 1).isdigit() else 0.0


def _unprivileged_account() -> str | None:
    """Whom to run as when we are root, which PostgreSQL refuses to be; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _run(account: str | None, *command: str | Path) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        user=account,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}")
