"""The service: every loop of one process, started together, stopped together."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import aiohttp
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from notifier.channels.http import open_session
from notifier.channels.sms.twilio_sender import TwilioSender
from notifier.channels.telegram.sender import TelegramSender
from notifier.channels.training import TrainingPhones
from notifier.channels.webhook.sender import WebhookSender
from notifier.config import Config
from notifier.domain.message import AnyChannel, MachineChannel
from notifier.domain.pacing import ChatPacer
from notifier.domain.roster import ChannelName
from notifier.engine import pausing
from notifier.engine.access import sign_in
from notifier.engine.alarms import Alarms
from notifier.engine.broadcasts import DEADLINE, RELEASE, STOP
from notifier.engine.cases import CASE_CLOCK
from notifier.engine.catching_up import CatchingUp
from notifier.engine.console.health import AccountHealth
from notifier.engine.cover_letters import COVER
from notifier.engine.digests import DAILY
from notifier.engine.exchange_letters import EXCHANGE
from notifier.engine.forecast import Pacing
from notifier.engine.house import House
from notifier.engine.intake.poller import Poller
from notifier.engine.intake.reader import Reader
from notifier.engine.keeping import AT_HOUR, AT_MINUTE, keep
from notifier.engine.linking.joining import OVER as VOUCHER_OVER
from notifier.engine.linking.joining import forget_codes
from notifier.engine.linking.tokens import name_of
from notifier.engine.loops import Job, Pause, Pulses, Turn, keep_turning, steady
from notifier.engine.metrics import Metrics
from notifier.engine.objectives import Objectives
from notifier.engine.offices import OFFICE
from notifier.engine.parts import Parts
from notifier.engine.planner import REREAD
from notifier.engine.punctuality import CALLS_WAIT, ON_TIME
from notifier.engine.punctuality import LOOK_EVERY_S as LOOK_IF_LATE_EVERY_S
from notifier.engine.relays import ASK, SILENT
from notifier.engine.sending.account import Account
from notifier.engine.sending.settling import Settling
from notifier.engine.sheets import ASK_DAILY, REMIND_ONCE, UNSIGNED_AT, UNVERIFIED_AT
from notifier.engine.shift_timers import CHANGES
from notifier.engine.shifts import END, REMIND, WATCH
from notifier.engine.taking_in import LOOK_EVERY_S, Successor
from notifier.engine.tenure import RENEW_EVERY_S, Tenures
from notifier.engine.uploading import Uploads
from notifier.engine.watch import Handler, Watch
from notifier.errors import CarrierError
from notifier.web.app import WebDeps, create_app
from notifier.web.serve import serve as serve_http

log = structlog.get_logger(__name__)

PLAN_EVERY_S = 600.0
SIGNAL_WAIT_S = 5.0
STOP_WITHIN_S = 25.0
POLLER, SIGNALS, TICKER = "poller-", "signals", "ticker-"
VITAL_JOBS = ("leases", "clock", "punctuality")
"""Jobs without which nothing goes on for long: like a loop, each must be done within the last minute."""
LISTENERS = (POLLER, SIGNALS)
SMS_CHAT_RATE = 1.0
"""Messages a second to one phone."""
WEBHOOK_RATE = 20.0
"""Events a second to one endpoint: an evening when every post is empty is told in half a minute."""


class Service:
    """One process's loops. Build with ``open``."""

    def __init__(self, config: Config, parts: Parts, session: aiohttp.ClientSession) -> None:
        """Build everything that may turn here; nothing turns yet."""
        self._config = config
        self._parts = parts
        self._session = session
        station = parts.station
        self.metrics = Metrics()
        self.pulses = Pulses(self.metrics.outage)
        self._tenures = Tenures(station.db, f"{os.getpid()}-{secrets.token_hex(4)}")
        self._bots = {
            bot: TelegramSender(session, token, api_url=config.telegram_api_url)
            for bot, token in config.telegram_tokens.items()
        }
        self._accounts: list[Account] = []
        parts.cases.when_moved(Objectives(self.metrics).moved)
        parts.signing_in.when_counted(self.metrics.sign_in)
        self._successor = Successor(station)

    @classmethod
    @asynccontextmanager
    async def open(cls, config: Config, parts: Parts) -> AsyncIterator["Service"]:
        """The service with its one HTTP session, which is closed at the end."""
        session = open_session()
        try:
            yield cls(config, parts, session)
        finally:
            await session.close()

    async def turn_until(self, stopping: asyncio.Event, roles: Collection[str]) -> None:
        """Turn the loops of these roles until told to stop, then finish what is being sent."""
        loops = self._loops(roles)
        ticker = self._ticker(roles)
        async with AsyncExitStack() as stack:
            self._tenures.alone = await stack.enter_async_context(self._parts.station.db.alone())
            await self._prepare(roles)
            if "web" in roles:
                app = create_app(self._web())
                where = (self._config.http_host, self._config.http_port)
                await stack.enter_async_context(serve_http(app, *where, leave=app.state.leave))
            ticker.start()
            tasks = [
                asyncio.create_task(keep_turning(self.pulses.of(name), turn, pause, stopping), name=name)
                for name, (turn, pause) in loops.items()
            ]
            log.info("running", roles=sorted(roles))
            await _until(stopping, tasks)
            log.info("stopping")
            ticker.shutdown(wait=False)
            await self._stop(tasks)

    # ── starting and stopping ────────────────────────────────────────────────────────────────────

    async def _prepare(self, roles: Collection[str]) -> None:
        await self._tenures.turn()
        if "receiver" not in roles:
            return
        for bot, sender in self._bots.items():
            try:
                await self._choose_mode(bot, sender)
            except CarrierError as error:
                # Said, not fatal: SMS must go out while Telegram cannot be reached.
                log.warning("telegram_not_reached", code=error.code)

    async def _choose_mode(self, bot: str, sender: TelegramSender) -> None:
        config = self._config
        secret = config.telegram_webhook_secret
        if config.telegram_mode == "webhook" and config.public_url and secret:
            url = f"{config.public_url}/hooks/telegram/{bot}"
            await sender.set_webhook(url, secret.get_secret_value())
        else:
            await sender.delete_webhook()

    async def _stop(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            if task.get_name().startswith(LISTENERS):
                # They only wait for news, for up to half a minute; what they would fetch stays where it is.
                task.cancel()
        done, late = await asyncio.wait(tasks, timeout=STOP_WITHIN_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for account in self._accounts:
            await account.stop()
        await self._tenures.release()
        for task in done:
            if not task.cancelled():
                task.result()

    # ── the loops ────────────────────────────────────────────────────────────────────────────────

    def _loops(self, roles: Collection[str]) -> dict[str, tuple[Turn, Pause]]:
        loops: dict[str, tuple[Turn, Pause]] = {SIGNALS: (self._listen(), _at_once)}
        if "scheduler" in roles:
            loops |= self._scheduler_loops()
        if "sender" in roles:
            loops |= self._sender_loops()
        if "receiver" in roles:
            loops |= self._receiver_loops()
        return loops

    def _scheduler_loops(self) -> dict[str, tuple[Turn, Pause]]:
        parts, station = self._parts, self._parts.station
        polled = tuple(self._bots) if self._config.telegram_mode == "polling" else ()
        watch = Watch(
            station,
            _handlers(parts),
            parts.aftermath,
            self._tenures.seek("watch"),
            self.metrics,
            CatchingUp(station, polled),
        )
        alarms = Alarms(station, self._session, self._config.alarm_url, self.metrics)
        return {
            "watch": (watch.turn, watch.pause),
            "planner": (self._plan, self._until_replan),
            "alarms": (alarms.turn, alarms.pause),
            "digests": (self._digest, parts.digests.pause),
        }

    async def _digest(self) -> bool:
        return await self._parts.digests.turn(self._tenures.seek("watch"))

    async def _plan(self) -> bool:
        if self._tenures.seek("watch").held:
            await self._parts.planner.plan()
        return False

    async def _until_replan(self) -> None:
        # A pause longer than a minute would look like a stuck loop.
        held = self._tenures.seek("watch").held
        await self._parts.station.wake.wait("plan", 30.0 if held else 1.0)

    def _sender_loops(self) -> dict[str, tuple[Turn, Pause]]:
        config = self._config
        for bot, sender in self._bots.items():
            chats = ChatPacer(config.telegram_chat_rate, int(config.telegram_group_rate))
            self._add_account(ChannelName.TELEGRAM, bot, sender, config.telegram_rate, chats)
        if config.sms_on:
            twilio = TwilioSender(
                self._session,
                sid=config.twilio_account_sid or "",
                tokens=config.twilio_tokens,
                api_url=config.twilio_api_url,
                public_url=config.public_url,
            )
            for number in config.sms_accounts:
                self._add_account(
                    ChannelName.SMS, number, twilio, config.twilio_rate, ChatPacer(SMS_CHAT_RATE, None)
                )
        for name, url in config.webhooks.items():
            receiver = WebhookSender(self._session, url, config.webhook_keys)
            self._add_account(MachineChannel.WEBHOOK, name, receiver, WEBHOOK_RATE, ChatPacer(0, None))
        return {
            f"sender-{account.channel}-{position}": (account.turn, account.pause)
            for position, account in enumerate(self._accounts, 1)
        }

    def _add_account(
        self,
        channel: AnyChannel,
        name: str,
        sender: TelegramSender | TwilioSender | WebhookSender,
        rate: float,
        chats: ChatPacer,
    ) -> None:
        parts = self._parts
        self._accounts.append(
            Account(
                parts.station,
                channel,
                name,
                sender,
                self._tenures.seek(f"account:{channel}:{name}"),
                Settling(parts.station, parts.aftermath, parts.contacts_lost, self.metrics),
                self.metrics,
                rate=rate,
                chats=chats,
                settler=sender if isinstance(sender, TwilioSender) else None,
            )
        )

    def _receiver_loops(self) -> dict[str, tuple[Turn, Pause]]:
        station = self._parts.station
        reader = Reader(self._parts, self._bots, self.metrics)
        loops: dict[str, tuple[Turn, Pause]] = {"reader": (reader.turn, reader.pause)}
        if self._config.telegram_mode == "polling":
            for position, (bot, sender) in enumerate(self._bots.items(), 1):
                poller = Poller(station, sender, self._tenures.seek(f"poll:{bot}"), self.metrics)
                loops[f"{POLLER}{position}"] = (poller.turn, poller.pause)
        return loops

    def _listen(self) -> Turn:
        """A ring from another process wakes everything here."""
        station = self._parts.station
        station.db.on_note(lambda topics: station.wake.ring(*topics))
        seen = -1

        async def listen() -> bool:
            nonlocal seen
            count = await station.db.wait_signal(seen, SIGNAL_WAIT_S)
            if count != seen:
                seen = count
                station.wake.ring()
            return True

        return listen

    # ── the house and the page ───────────────────────────────────────────────────────────────────

    def _ticker(self, roles: Collection[str]) -> AsyncIOScheduler:
        house = House(
            self._parts.station,
            self._parts.broadcasts,
            self.pulses,
            self._session,
            self._config.heartbeat_url,
            lambda: self._tenures.seek("watch").held,
        )
        ticker = AsyncIOScheduler(
            timezone=self._config.timezone,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        jobs: list[tuple[str, Job, str, dict[str, float]]] = [
            ("leases", self._renew, "interval", {"seconds": RENEW_EVERY_S}),
            ("clock", house.look_at_the_clock, "interval", {"seconds": 5}),
            ("punctuality", self._parts.punctuality.look, "interval", {"seconds": LOOK_IF_LATE_EVERY_S}),
        ]
        if "scheduler" in roles:
            jobs += [
                ("heartbeat", house.heartbeat, "interval", {"seconds": 60}),
                ("clear_up", house.clear_up, "interval", {"seconds": 60}),
                ("uploads", Uploads(self._parts).forget_old, "interval", {"seconds": 60}),
                ("imports", self._succeed, "interval", {"seconds": LOOK_EVERY_S}),
                ("retention", self._forget, "cron", {"hour": AT_HOUR, "minute": AT_MINUTE}),
            ]
        for name, job, trigger, when in jobs:
            pulse = self.pulses.of if name in VITAL_JOBS else self.pulses.of_visitors
            ticker.add_job(steady(pulse(f"{TICKER}{name}"), job), trigger, id=name, **when)
        return ticker

    async def _forget(self) -> None:
        if self._tenures.seek("watch").held:
            await keep(self._parts.station)

    async def _succeed(self) -> None:
        if self._tenures.seek("watch").held:
            await self._successor.look()

    async def _renew(self) -> None:
        if await self._tenures.turn():
            self._parts.station.wake.ring()

    def _web(self) -> WebDeps:
        config, station = self._config, self._parts.station
        secret = config.telegram_webhook_secret
        return WebDeps(
            parts=self._parts,
            database=station.db,
            now=station.now,
            wake=lambda: station.wake.ring("intake"),
            pulses=self.pulses,
            metrics=self.metrics,
            telegram_bots=station.reach.telegram,
            telegram_secret=secret.get_secret_value() if secret else None,
            twilio_tokens=config.twilio_tokens,
            public_url=config.public_url,
            pacing=Pacing(telegram=config.telegram_rate, sms=config.twilio_rate),
            channels=self._channel_notes,
            accounts=self._account_notes,
            phones=TrainingPhones(self._session, config.sandbox_url) if config.sandbox_url else None,
            bot_name=partial(name_of, next(iter(self._bots.values()))) if self._bots else None,
        )

    def _account_notes(self) -> list[AccountHealth]:
        """How each account last fared, for the console; its name may be a number."""
        return [
            AccountHealth(
                channel=account.channel, name=account.name, sends=account.sends, trouble=account.trouble
            )
            for account in self._accounts
        ]

    def _channel_notes(self) -> dict[str, dict[str, object]]:
        """How each channel's accounts last fared, for /healthz; a carrier's failure is not ours."""
        notes: dict[str, dict[str, object]] = {}
        machines = tuple(MachineChannel) if self._config.webhooks else ()
        for channel in (*ChannelName, *machines):
            own = [account for account in self._accounts if account.channel is channel]
            notes[channel] = {
                "state": _worst(own),
                "accounts": len(own),
                "trouble": sorted({account.trouble for account in own if account.trouble}),
            }
        return notes


def _worst(accounts: list[Account]) -> str:
    if not accounts:
        return "off"
    return "trouble" if any(account.trouble for account in accounts) else "ok"


async def _at_once() -> None:
    """The listening loop waits inside its turn."""


async def _until(stopping: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Wait for the order to stop. A loop that ends by itself is a fault of ours: stop, and let it be seen."""
    order = asyncio.create_task(stopping.wait())
    await asyncio.wait([order, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    await order


def _handlers(parts: Parts) -> dict[str, Handler]:
    """What each kind of timer stands for."""
    return {
        REMIND: parts.shifts.remind,
        WATCH: parts.shifts.watch,
        END: parts.planner.end_of_shift,
        REREAD: parts.planner.reread,
        CHANGES: parts.shift_changes.tell,
        CASE_CLOCK: parts.cases.clock,
        ASK_DAILY: parts.sheets.ask_daily,
        DAILY: parts.digests.due,
        REMIND_ONCE: parts.sheets.remind_once,
        UNSIGNED_AT: parts.sheet_cases.unsigned,
        UNVERIFIED_AT: parts.sheet_cases.unverified,
        RELEASE: parts.broadcasts.release,
        STOP: parts.broadcasts.go_on_stopping,
        ASK: parts.relays.ask,
        DEADLINE: parts.relays.deadline,
        SILENT: parts.relays.open_silent,
        OFFICE: parts.offices.change,
        COVER: parts.covering.turn,
        EXCHANGE: parts.exchanges.turn,
        pausing.BEGIN: parts.pausing.begin,
        pausing.OVER: parts.pausing.over,
        sign_in.SEND: parts.signing_in.send,
        sign_in.OVER: parts.signing_in.over,
        VOUCHER_OVER: forget_codes,
        ON_TIME: parts.punctuality.on_time_again,
        CALLS_WAIT: parts.punctuality.alarm_again,
    }
