"""Stations to play stories at."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stories.harness import ONE_POST, Station, duty_station


@pytest.fixture
async def station(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Station]:
    """岐元村 on a morning, on SQLite: tonight 郑秀英 (p14) has the post until midnight, then 孙小军 (p15)."""
    async with duty_station(tmp_path, sqlite_url, edits=ONE_POST) as opened:
        yield opened


@pytest.fixture
async def either_station(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """The same, once on SQLite and once on PostgreSQL."""
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as opened:
        yield opened


@pytest.fixture
async def both_villages(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Station]:
    """The same with 密东村's shift, which wants two on post: 钱国华 (p21) and 冯美珍 (p22, English)."""
    async with duty_station(tmp_path, sqlite_url) as opened:
        yield opened
