"""The example city on an evening with something on every page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from notifier.domain.ids import PersonId
from notifier.engine.uploading import Uploads
from notifier.files.given import Given
from tests.stories.harness import Station, duty_station
from tests.stories.test_broadcasts import commends
from tests.stories.test_console_broadcasts import NO_PHONE

EDITS = {**NO_PHONE, "shifts.csv": {"p21;p22\n": "p21;p22\nBS02-G1,2026-11-24 20:00,2026-11-25 00:00,p21\n"}}
"""Somebody is missing tomorrow; somebody else cannot be reached."""


@asynccontextmanager
async def busy_evening(folder: Path, database_url: str) -> AsyncIterator[Station]:
    """A quarter past eight: one case is called for, one held; a broadcast was sent, and did not reach one."""
    async with duty_station(folder, database_url, edits=EDITS) as station:
        await station.until_civil("19:00")
        await commends(station, "unit:BS01", relay=True)
        await station.until_civil("20:16")
        await station.phone("p11").replies("收到")
        yield station


async def handed_in(station: Station) -> str:
    """The name under which a roster waits to be decided on: one person is new, one called otherwise."""
    people = (station.city / "people.csv").read_text("utf-8").replace("吴永明", "吴永鸣")
    given = Given(name="people.csv", content=f"{people}p16,李新来,13800100016,BS01,zh,\n".encode())
    seen = await Uploads(station.engine.parts).look_over([given], PersonId("p01"))
    assert seen.upload is not None
    return seen.upload.id
