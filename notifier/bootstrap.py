"""The one place where parts are built and wired. Nothing happens at import."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TextIO, cast

import structlog

from notifier.channels.http import hush
from notifier.channels.sms.reach import can_reply
from notifier.config import Config, shipped
from notifier.domain.endpoints import is_loopback
from notifier.engine.clock import Clock, FastClock, RealClock
from notifier.engine.log_lines import LogLines
from notifier.engine.parts import Parts, assemble
from notifier.engine.reloading import load_settings
from notifier.engine.station import EVERYBODY, Reach, Rules, Station, Wake
from notifier.errors import InputError
from notifier.store.database import Database
from notifier.texts.catalogue import Catalogue

log = structlog.get_logger(__name__)

ROLES = ("scheduler", "sender", "receiver", "web")

COLLECT_AFTER = (20_000, 20, 20)
"""Objects made before Python looks for cycles that nobody reaches, and how often it looks among older ones.

Each look among old ones goes through all texts and statements that the service keeps: at Python's own
(700, 10, 10) a fifth of the processor time of sending went into looking.
"""


@asynccontextmanager
async def open_parts(config: Config, *, running: bool = False) -> AsyncIterator[Parts]:
    """The engine's parts for a command: database open and current, nothing turning.

    SQLite migrates itself; on PostgreSQL ``notifier db upgrade`` comes first. ``running``: this is the
    service, which anchors a civil clock that runs faster. Raises InputError.
    """
    texts = Catalogue.load(
        config.templates_dir,
        zone=config.zone,
        default_locale=config.locale,
        signature=config.sms_signature,
        # The program's own tests try the shipped texts, with room left for a signature of the usual length.
        tried=config.templates_dir == shipped("templates") and not config.sms_signature,
    )
    database = Database.open(config.database_url)
    try:
        if database.is_sqlite:
            await database.upgrade()
        elif not await database.is_current():
            raise InputError("the database is not at this program's version; run `notifier db upgrade` first")
        station = Station(
            db=database,
            clock=await _clock(config, database, running=running),
            texts=texts,
            reach=_reach(config),
            rules=Rules(config.zone),
            wake=Wake(),
            zone=config.zone,
            locale=config.locale,
            site=config.site,
            public_url=config.public_url,
        )
        yield assemble(station)
    finally:
        await database.close()


async def run(config: Config, roles: Collection[str] = ROLES) -> int:
    """Run the service until SIGINT or SIGTERM; what is being sent is finished, what is claimed released."""
    set_up_logs(config.log_level)
    gc.set_threshold(*COLLECT_AFTER)
    stopping = asyncio.Event()
    _stop_on_signals(stopping)
    await serve(config, roles, stopping)
    return 0


async def serve(config: Config, roles: Collection[str], stopping: asyncio.Event) -> None:
    """Run the service until ``stopping`` is set."""
    # Imported here: a command that only reads or writes the database starts in half of the time without.
    from notifier.service import Service

    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(open_parts(config, running=True))
        await load_settings(parts, config.schedules_dir, explicit="schedules_dir" in config.model_fields_set)
        service = await stack.enter_async_context(Service.open(config, parts))
        for warning in start_warnings(config):
            log.warning("setting", warning=warning)
        await service.turn_until(stopping, roles)


def start_warnings(config: Config) -> list[str]:
    """What a settings file leaves off that an operator may not expect."""
    rules = (
        (
            config.sms_on and config.public_url is None,
            "PUBLIC_URL is not set: inbound SMS and receipts are off",
        ),
        (not config.telegram_tokens, "TELEGRAM_TOKEN is not set: Telegram is off"),
        (not config.sms_on, "TWILIO_ACCOUNT_SID is not set: SMS is off"),
        (
            config.public_url is not None and _is_in_the_clear(config.public_url),
            "PUBLIC_URL is not https: codes and sessions of the console can be read on their way",
        ),
        (EVERYBODY not in config.allowed, "ONLY_TO is set: messages to everybody else are withheld"),
    )
    return [sentence for wrong, sentence in rules if wrong]


def _is_in_the_clear(url: str) -> bool:
    return not url.startswith("https://") and not is_loopback(url)


def set_up_logs(level: str, to: TextIO | None = None) -> None:
    """Structured lines on standard error, or ``to`` a file: events and ids, never a name, number or text."""
    hush()
    # A tick that was skipped because the one before is still at work is no news: see the loops' ages.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, LogLines(to or sys.stderr))),
    )


async def _clock(config: Config, database: Database, *, running: bool) -> Clock:
    if not config.fast_clock:
        return RealClock()
    start = config.clock_start_utc or datetime.now(UTC)
    async with database.read() as tx:
        anchor = await tx.clock.anchor()
    same_start = anchor is not None and (config.clock_start is None or anchor.civil_start == start)
    if anchor is not None and same_start and anchor.speed == config.clock_speed:
        return FastClock(anchor.civil_start, anchor.speed, anchor.real_start)
    clock = FastClock(start, config.clock_speed, datetime.now(UTC))
    if running:
        async with database.write() as tx:
            await tx.clock.set_anchor(start, config.clock_speed, datetime.now(UTC))
    return clock


def _reach(config: Config) -> Reach:
    replies = {"auto": can_reply, "yes": _always, "no": _never}[config.sms_replies]
    return Reach(
        telegram=tuple(config.telegram_tokens),
        sms=config.sms_accounts if config.sms_on else (),
        allowed=frozenset(config.allowed),
        webhooks=tuple(config.webhooks),
        can_reply=replies,
    )


def _always(_: str) -> bool:
    return True


def _never(_: str) -> bool:
    return False


def _stop_on_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
