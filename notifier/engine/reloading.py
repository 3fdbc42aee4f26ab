"""Settings files brought into force: all of a folder's, or none."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import structlog

from notifier.domain.policy import Settings
from notifier.engine.parts import Parts
from notifier.engine.station import Station
from notifier.errors import Conflict, InputError
from notifier.files import SETTINGS_FILES, read_settings, settings_from_texts

log = structlog.get_logger(__name__)


async def load_settings(parts: Parts, folder: Path, *, explicit: bool = True) -> int:
    """What ``run`` does with SCHEDULES_DIR as it starts; returns the version in force.

    The folder is taken when it was chosen by hand (``explicit``: SCHEDULES_DIR is set), or when the database
    has no settings yet. So the folder shipped with the program never overwrites what was imported from
    elsewhere. Of a folder with a mistake nothing is taken: where there are settings in force they stay, and
    the mistake is logged, since nobody is to stay uncalled for a slip of the pen; without any it is raised.
    """
    async with parts.station.db.read() as tx:
        stored = await tx.settings.current()
    if stored is not None and not explicit:
        return stored[0]
    try:
        return await reload_settings(parts, folder)
    except InputError as error:
        if stored is None:
            raise
        for line in str(error).splitlines():
            log.error("settings_refused", problem=line, version_in_force=stored[0])
        return stored[0]


async def reload_settings(parts: Parts, folder: Path) -> int:
    """Bring the settings files of ``folder`` into force, if they differ; returns the version in force.

    A file that is absent changes nothing. Raises FileRefused (or InputError for a folder without any), and
    then the old ones stay in force. Rings, so that running programs read them at once.
    """
    texts = await asyncio.to_thread(_settings_texts, folder, parts.station)
    while True:
        # Several processes that start together read the same folder: who was slower finds it in force.
        with suppress(Conflict):
            return await _bring_into_force(parts.station, texts)


async def _bring_into_force(station: Station, texts: Mapping[str, str]) -> int:
    async with station.db.write() as tx:
        before = await station.rules.current(tx)
        version = await tx.settings.add(merged(before, texts, station).sources, station.now())
        if version != before.version:
            await tx.signals.ring()
    return version


def _settings_texts(folder: Path, station: Station) -> Mapping[str, str]:
    texts = read_settings(folder, zone=station.zone, version=0).sources
    if not texts:
        raise InputError(f"{folder} holds none of {', '.join(SETTINGS_FILES)}; set NOTIFIER_SCHEDULES_DIR")
    return texts


def merged(settings: Settings, texts: Mapping[str, str], station: Station) -> Settings:
    """Those settings with the files of these texts in place of their own. Raises InputError."""
    sources = {**settings.sources, **texts}
    return settings_from_texts(sources, zone=station.zone, version=settings.version)
