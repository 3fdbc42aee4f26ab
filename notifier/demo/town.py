"""The town before anything happens: carriers that answer, a roster imported, a phone for everybody."""

import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from notifier.bootstrap import open_parts
from notifier.config import Config
from notifier.demo import evening
from notifier.demo.people import Human, Pressed
from notifier.domain.roster import Office
from notifier.engine.clock import Clock, ManualClock
from notifier.engine.importing import ImportReport, import_roster
from notifier.engine.parts import Parts
from notifier.errors import InputError
from notifier.sandbox.core import SandboxState
from notifier.sandbox.options import SandboxOptions, TelegramOptions, TwilioOptions
from notifier.sandbox.serve import RunningSandbox, serve_sandbox


@dataclass(slots=True)
class CivilTime:
    """The civil clock as the phones show it; stands still until the program's runs."""

    clock: Clock = field(default_factory=lambda: ManualClock(evening.at(evening.BEGINS)))

    def now(self) -> datetime:
        """The civil moment, in the units' own zone, so that the phones show it so."""
        return self.clock.now().astimezone(evening.ZONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """Everything but the program itself, which ``config`` says how to run.

    ``parts`` are a command's, opened before the program runs: their clock stands still.
    """

    folder: Path
    config: Config
    civil: CivilTime
    sandbox: RunningSandbox
    parts: Parts
    people: dict[str, Human]
    imported: ImportReport

    @property
    def program_url(self) -> str:
        """Where the program answers."""
        return f"http://{self.config.http_host}:{self.config.http_port}/"

    @property
    def phones_url(self) -> str:
        """Where the phones can be looked at, and used."""
        return f"{self.sandbox.url}/"


@asynccontextmanager
async def built(
    folder: Path, *, ports: tuple[int | None, int | None], pressed: Pressed
) -> AsyncIterator[Town]:
    """Start the carriers, import the city, hand out the phones. ``ports``: preferred for program, phones."""
    port, sandbox_port = free_port(ports[0]), free_port(ports[1])
    civil = CivilTime()
    async with serve_sandbox(_carriers(port, civil), port=sandbox_port) as sandbox:
        city = evening.lay_out_city(folder)
        config = evening.settings_for(folder, sandbox_url=sandbox.url, port=port)
        async with open_parts(config) as parts:
            imported = await import_roster(parts, city)
            people = await hand_out_phones(parts, sandbox.state, pressed)
            yield Town(
                folder=folder,
                config=config,
                civil=civil,
                sandbox=sandbox,
                parts=parts,
                people=people,
                imported=imported,
            )


def free_port(preferred: int | None = None) -> int:
    """A port of this machine that nobody listens on: the preferred one if it is free."""
    with suppress(OSError):
        return _bindable(preferred or 0)
    return _bindable(0)


def _bindable(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return int(probe.getsockname()[1])


def _carriers(port: int, civil: CivilTime) -> SandboxOptions:
    return SandboxOptions(
        telegram=TelegramOptions(tokens=(evening.TOKEN,)),
        twilio=TwilioOptions(
            account_sid=evening.ACCOUNT,
            senders=(evening.SMS_FROM,),
            inbound_url=f"http://127.0.0.1:{port}/hooks/twilio/inbound",
        ),
        now=civil.now,
    )


async def hand_out_phones(parts: Parts, state: SandboxState, pressed: Pressed) -> dict[str, Human]:
    """A phone for everybody on the roster, named as the roster names them. Raises InputError."""
    async with parts.station.db.read() as tx:
        told = await tx.imports.export()
    units = {unit.code: unit.name for unit in told.units or ()}
    chats = {link.person: link.chat for link in told.links}
    people: dict[str, Human] = {}
    for person in told.people or ():
        seat = _title(told.offices or (), person.id)
        title = parts.station.texts.label(seat, "zh") if seat else ""
        chat = chats.get(person.id)
        phone = state.register(
            name=f"{person.name} · {units[person.unit]}{title}",
            phone_id=person.id,
            number=person.phone,
            chat=int(chat) if chat else None,
        )
        people[person.id] = Human(
            id=person.id,
            name=person.name,
            unit=units[person.unit],
            title=title,
            state=state,
            phone=phone,
            pressed=pressed,
        )
    _check_everybody_is_there(people)
    return people


def _title(seats: Iterable[Office], person: str) -> str | None:
    return next((seat.title for seat in seats if seat.person == person), None)


def _check_everybody_is_there(people: dict[str, Human]) -> None:
    wanted = {value for name, value in vars(evening.Who).items() if not name.startswith("_")}
    if missing := sorted(wanted - people.keys()):
        raise InputError(
            f"the demo plays with the example city as shipped, and {', '.join(missing)} is not in it;"
            " put schedules/ back as it was, or import your own data with `notifier import`"
        )
