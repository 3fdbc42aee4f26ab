"""Live processes that share a PostgreSQL database, against carriers that keep a record of their own."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from notifier.domain.message import MessageState
from tests.processes import Program, until
from tests.stories.processes_town import (
    BOTS,
    PER_NUMBER,
    RATE,
    VILLAGES,
    Town,
    closest,
    fullest_second,
    open_town,
    owned_by,
    twice,
)

pytestmark = pytest.mark.postgres

EVERYBODY = 2 * sum(VILLAGES.values()) + 2 * PER_NUMBER
TAKEN_OVER_WITHIN_S = 20.0


async def test_one_freezes_and_wakes_shares_with_the_other_and_takes_over_when_that_is_killed(
    tmp_path: Path, postgres_url: str
) -> None:
    async with open_town(tmp_path, postgres_url) as town, AsyncExitStack() as stack:
        both = [stack.enter_async_context(town.running(name)) for name in ("one", "two")]
        one, two = await _who_has_a_bot(town, *await asyncio.gather(*both))
        await town.imports()

        await town.notices("first", "C")
        await asyncio.gather(*(town.takes("first", 5, 20, bot) for bot in BOTS))
        one.freeze()
        await until(lambda: _holds_all(town, two), TAKEN_OVER_WITHIN_S, "who lives has all bots")
        one.thaw()

        # It has nothing any more, stands by, and is handed a bot while the notices still go out.
        await _share(town, one, two)
        stood = await town.comes_to_rest(40)
        assert one.events("lease_lost")
        _nothing_lost(town, "first", EVERYBODY, stood)

        await town.notices("second", "V2")
        await asyncio.gather(*(town.takes("second", 3, 20, bot) for bot in BOTS))
        await two.kill()
        for bot in BOTS:
            town.writes(bot, "帮助")
        await asyncio.gather(*(_goes_on(town, bot) for bot in BOTS))
        _nothing_lost(town, "second", 2 * VILLAGES["V2"], await town.comes_to_rest(40))
        _limits_kept(town)


async def _who_has_a_bot(town: Town, *programs: Program) -> tuple[Program, Program]:
    """One that has a bot, if not both, and the other: they started together, and each took what was free."""
    one, two = programs
    owners = await town.owners("account:telegram")
    return (one, two) if owned_by(owners, one) else (two, one)


async def _holds_all(town: Town, program: Program) -> bool:
    return len(owned_by(await town.owners("account:telegram"), program)) == len(BOTS)


async def _share(town: Town, *programs: Program) -> None:
    """Each of them has a bot to send from, and one to poll."""

    async def look() -> bool:
        by_kind = [await town.owners(kind) for kind in ("account:telegram", "poll")]
        return all(len(owned_by(owners, one)) == 1 for owners in by_kind for one in programs)

    await until(look, 60, "each has a bot")


async def _goes_on(town: Town, bot: str) -> None:
    """Within the time promised after a kill, the bot is sent from and polled."""
    sent = len(town.taken("second", bot))
    everybody = VILLAGES["V2"]
    await town.takes("second", min(sent + 1, everybody), TAKEN_OVER_WITHIN_S, bot)
    await town.sandbox.state.until(lambda: town.answers(bot), TAKEN_OVER_WITHIN_S)


def _nothing_lost(town: Town, words: str, people: int, stands: dict[MessageState, int]) -> None:
    taken = town.taken(words)
    assert twice(taken) == []
    # What was in the air when its process froze or died is held, and shown: as few as go out in a second.
    held = stands.get(MessageState.UNCERTAIN, 0)
    assert len(taken) <= people <= len(taken) + held
    assert held <= 2 * len(BOTS) * RATE


def _limits_kept(town: Town) -> None:
    taken = town.taken()
    assert all(fullest_second(taken, bot) <= 1.25 * RATE for bot in BOTS)
    assert closest(taken) >= 0.8
    # A poll that its process had open when it froze is refused as another polls; that is no sending.
    refused = town.sandbox.state.telegram.ledger.refused
    assert not [record for record in refused if record.method == "sendMessage"]
