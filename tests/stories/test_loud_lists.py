"""A list, or a relay, for which everybody was called in vain: the desk's 收到 takes it, as its text says."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.case import CaseState
from tests.stories.harness import Station, duty_station
from tests.stories.test_lists import by_day, on_post

SHORT = {
    "policies.yaml": {
        """unverified:
  steps:
    - {call: secretary, wait: 1h}
    - {call: succession, wait: 1h}
    - {call: liaison, wait: 2h}
""": """unverified:
  steps:
    - {call: secretary, wait: 1h}
""",
    }
}


@pytest.fixture
async def unverified(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Station]:
    """A signed list that nobody has verified, with the desk called loudly."""
    async with duty_station(tmp_path, sqlite_url, edits={**by_day("p13"), **SHORT}) as opened:
        await on_post(opened, "p13")
        await opened.until_civil("16:00")
        await opened.phone("p13").replies_with_number("签")
        while not await opened.cases("unverified") or (
            (await opened.case("unverified")).state is not CaseState.EXHAUSTED
        ):
            await opened.advance(minutes=30)
        yield opened


@pytest.mark.parametrize("word", ["收到{}", "1"])
async def test_the_desk_takes_an_unverified_list_with_the_word_it_was_told(
    unverified: Station, word: str
) -> None:
    loud = unverified.phone("p01").got("急", "接手")
    await unverified.phone("p01").replies(word.format(loud.number))
    case = await unverified.case("unverified")
    assert (case.state, case.holder) == (CaseState.HELD, "p01")


async def test_a_loose_thank_you_takes_nothing(unverified: Station) -> None:
    await unverified.phone("p01").replies("没问题")
    assert (await unverified.case("unverified")).state is CaseState.EXHAUSTED
