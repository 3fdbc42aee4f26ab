"""A small town over two bots and two numbers, for processes of their own that share one database."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from notifier.domain.message import MessageState
from notifier.sandbox.ledger import Accepted
from notifier.sandbox.options import SandboxOptions, TelegramLimits, TelegramOptions, TwilioOptions
from notifier.sandbox.serve import RunningSandbox, serve_sandbox
from notifier.store.database import Database
from tests import processes
from tests.processes import Ended, Program

BOTS = ("7001", "7002")
NUMBERS = ("+15550100001", "+15550100002")
SID, AUTH = "AC" + "6" * 32, "town-auth"
RATE = 4
PER_NUMBER = 3

VILLAGES = {"V1": 40, "V2": 20}
"""People of each bot; the first has those who are written to by text alone, too."""

_UNITS = "code,name,kind,parent\nC,例市,city,\nV1,例村甲,village,C\nV2,例村乙,village,C\n"
_POSTS = "code,unit,name,kind,headcount\nP1,V1,例村甲卡口,checkpoint,1\n"
_POLICIES = """\
notice:
  channels: [telegram, sms]
  fallback_after: 30m
  quiet_hours: ignore
  expires: 1d
"""
_PEOPLE = "id,name,phone,unit,locale,telegram\n"


@dataclass
class Town:
    """Carriers, a database, and whatever processes a story starts. Open with ``open_town``."""

    folder: Path
    settings: dict[str, str]
    sandbox: RunningSandbox
    database: Database

    # ── doing ────────────────────────────────────────────────────────────────────────────────────

    def running(self, name: str, *only: str, **more: str) -> AbstractAsyncContextManager[Program]:
        """Start a process of these roles (all by default)."""
        return processes.running(self.folder, {**self.settings, **more}, name=name, only=only)

    async def command(self, *arguments: str) -> Ended:
        """A command from a shell; it must do what it is told."""
        ended = await processes.command(self.folder, self.settings, *arguments)
        assert ended.status == 0, ended.err
        return ended

    async def imports(self) -> None:
        """Everybody is in the roster."""
        await self.command("import", str(self.folder / "city"))

    async def notices(self, words: str, unit: str) -> None:
        """A notice to everybody of a unit."""
        sent = ("broadcast", "send", "--kind", "notice", "--title", words, "--body", words)
        await self.command(*sent, "--to", f"unit:{unit}", "--yes")

    def writes(self, bot: str, words: str) -> None:
        """Somebody who has that bot writes to it."""
        phone = self.sandbox.state.phones.get(f"{bot}-0")
        assert phone is not None
        self.sandbox.state.chatters.write(phone, words, bot=int(bot))

    # ── looking ──────────────────────────────────────────────────────────────────────────────────

    def taken(self, words: str = "", account: str | None = None) -> list[Accepted]:
        """What the carriers took that says so, oldest first."""
        state = self.sandbox.state
        records = [*state.telegram.ledger.accepted, *state.twilio.ledger.accepted]
        fitting = (r for r in records if words in r.text and account in (None, r.account))
        return sorted(fitting, key=lambda record: record.at)

    async def takes(
        self, words: str, count: int, seconds: float, account: str | None = None
    ) -> list[Accepted]:
        """Wait until the carriers have taken so many."""
        await self.sandbox.state.until(lambda: len(self.taken(words, account)) >= count, seconds)
        return self.taken(words, account)

    def answers(self, bot: str) -> list[Accepted]:
        """What that bot said to who asked for help; so long after his words the sandbox counts it as none."""
        return self.taken("编号", bot)

    async def owners(self, kind: str) -> dict[str, str | None]:
        """Who holds what of that kind: the account's name -> the process's."""
        async with self.database.read() as tx:
            rows = await tx.leases.all()
        return {
            row.name.rpartition(":")[2]: row.owner
            for row in rows
            if row.name.rpartition(":")[0] == kind and "@" not in row.name
        }

    async def states(self) -> dict[MessageState, int]:
        """How many messages there are in each state, those with none left out."""
        async with self.database.read() as tx:
            return {state: count for state, count in (await tx.messages.counts()).items() if count}

    async def comes_to_rest(self, seconds: float) -> dict[MessageState, int]:
        """Wait until nothing is queued or being sent; how everything stands then."""

        async def look() -> bool:
            return not {MessageState.QUEUED, MessageState.SENDING} & (await self.states()).keys()

        await processes.until(look, seconds, f"all is sent: {await self.states()}")
        return await self.states()


def owned_by(owners: Mapping[str, str | None], program: Program) -> list[str]:
    """What that process holds: its name begins with its process id."""
    return [name for name, owner in owners.items() if owner and owner.startswith(f"{program.process.pid}-")]


def twice(taken: list[Accepted]) -> list[str]:
    """Texts that one address got more than once, word for word."""
    return [text for (_, text), times in Counter((r.address, r.text) for r in taken).items() if times > 1]


def fullest_second(taken: list[Accepted], account: str) -> int:
    """How many messages lie within an account's fullest second."""
    moments = [record.at for record in taken if record.account == account]
    return max((sum(at <= other < at + 1.0 for other in moments) for at in moments), default=0)


def closest(taken: list[Accepted]) -> float:
    """The shortest time between two messages to one chat, answers to its own words aside."""
    by_chat: dict[str, list[float]] = {}
    for record in taken:
        if not record.answer:
            by_chat.setdefault(record.address, []).append(record.at)
    return min((b - a for times in by_chat.values() for a, b in pairwise(sorted(times))), default=99.0)


@asynccontextmanager
async def open_town(folder: Path, database_url: str, **settings: str) -> AsyncIterator[Town]:
    """Strict carriers (Telegram's own limits, and 429s for more than that), an empty database, no process."""
    options = SandboxOptions(
        telegram=TelegramOptions(
            tokens=tuple(f"{bot}:town-secret" for bot in BOTS), limits=TelegramLimits(per_bot=30)
        ),
        twilio=TwilioOptions(account_sid=SID, auth_token=AUTH, senders=NUMBERS),
    )
    _write(folder / "city")
    database = Database.open(database_url)
    async with serve_sandbox(options) as sandbox:
        _register(sandbox)
        given = {
            "DATABASE_URL": database_url,
            "SCHEDULES_DIR": str(folder / "city"),
            "TELEGRAM_TOKEN": ",".join(f"{bot}:town-secret" for bot in BOTS),
            "TELEGRAM_API_URL": sandbox.url,
            "TELEGRAM_RATE": str(RATE),
            "TWILIO_ACCOUNT_SID": SID,
            "TWILIO_AUTH_TOKEN": AUTH,
            "TWILIO_FROM": ",".join(NUMBERS),
            "TWILIO_API_URL": sandbox.url,
            "TWILIO_RATE": str(RATE),
            **settings,
        }
        try:
            yield Town(folder=folder, settings=given, sandbox=sandbox, database=database)
        finally:
            await database.close()


def _people() -> list[tuple[str, str, str, str]]:
    """(id, phone, unit, telegram) of everybody: by one bot, by the other, by text alone."""
    units = [unit for unit, people in VILLAGES.items() for _ in range(people)]
    by_bot = [
        (f"{bot}-{n}", "", unit, f"{bot}:{int(bot) * 1000 + n}")
        for bot in BOTS
        for n, unit in enumerate(units)
    ]
    return by_bot + [(f"sms-{n}", f"1390000{n:04}", "V1", "") for n in range(2 * PER_NUMBER)]


def _write(city: Path) -> None:
    city.mkdir(parents=True)
    rows = [f"{who},例人{who},{phone},{unit},zh,{chat}\n" for who, phone, unit, chat in _people()]
    (city / "units.csv").write_text(_UNITS, encoding="utf-8")
    (city / "posts.csv").write_text(_POSTS, encoding="utf-8")
    (city / "policies.yaml").write_text(_POLICIES, encoding="utf-8")
    (city / "people.csv").write_text(_PEOPLE + "".join(rows), encoding="utf-8")


def _register(sandbox: RunningSandbox) -> None:
    for who, phone, _, chat in _people():
        sandbox.state.register(
            name=who,
            phone_id=who,
            number=f"+86{phone}" if phone else None,
            chat=int(chat.partition(":")[2]) if chat else None,
        )
