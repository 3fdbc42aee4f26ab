"""The roster, rotas and settings given back as files."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from notifier.engine.parts import Parts
from notifier.engine.rotas import ROTAS
from notifier.engine.station import Station
from notifier.engine.taking_in import finish_released
from notifier.errors import InputError
from notifier.files import PersonRow, TelegramLink, write_roster
from notifier.store.rows import LinkOrder, RosterTables


async def export_roster(parts: Parts, folder: Path) -> tuple[Path, ...]:
    """Write the roster, rotas and settings in force as files that ``import`` takes, changing nothing.

    Returns the paths written. Raises InputError where the folder cannot be written.
    """
    station = parts.station
    await finish_released(station)
    async with station.db.read() as tx:
        told = await tx.imports.export()
        rotas = await tx.settings.document(ROTAS)
        settings = await station.rules.current(tx)
    documents = {**settings.sources, **({} if rotas is None else {ROTAS: rotas})}
    try:
        return await asyncio.to_thread(_write, folder, told, documents, station)
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({error.strerror}); give another folder") from None


def _write(
    folder: Path, told: RosterTables, documents: Mapping[str, str], station: Station
) -> tuple[Path, ...]:
    chats = _chats(told.links, station.reach.telegram)
    paths = write_roster(
        folder,
        zone=station.zone,
        units=told.units or (),
        people=[PersonRow(person=person, telegram=chats.get(person.id)) for person in told.people or ()],
        offices=told.offices or (),
        posts=told.posts or (),
        shifts=told.shifts or (),
    )
    written = [folder / name for name in documents]
    for path in written:
        path.write_text(documents[path.name], encoding="utf-8", newline="")
    return (*paths, *written)


def _chats(links: Iterable[LinkOrder], bots: tuple[str, ...]) -> dict[str, TelegramLink]:
    """One chat a person, as the table has room for: that with the first bot before any other."""
    first = next(iter(bots), "")
    chats: dict[str, TelegramLink] = {}
    for link in links:
        if link.chat is not None and (link.person not in chats or link.account == first):
            # Without its bot, so that the file fits wherever it is taken in.
            bot = None if link.account in (first, "", None) else link.account
            chats[link.person] = TelegramLink(bot=bot, chat=link.chat)
    return chats
