"""An account is handed on in good order: nothing new, nothing in the air, nothing left to be guessed."""

import time

import pytest

from notifier.domain.message import Draft, Lane, MessageState
from notifier.domain.roster import ChannelName
from notifier.engine.sending import account
from notifier.engine.tenure import Tenure
from notifier.sandbox.faults import FaultKind
from notifier.store.database import Database
from tests.contract.sending_desk import BOT, START, Desk, open_desk
from tests.processes import until

TELEGRAM = ChannelName.TELEGRAM


def lease(desk: Desk) -> Tenure:
    """The bot's."""
    return desk.tenures.seek(f"account:{TELEGRAM}:{BOT}")


async def queue(desk: Desk, many: int) -> None:
    """So many messages, each to a chat of its own."""
    drafts = [
        Draft(
            key=str(n),
            person=None,
            channel=TELEGRAM,
            account=BOT,
            address=str(500_000 + n),
            lane=Lane.DUTY,
            template="notice",
            values={},
            text="827 今晚请守卡口",
            not_before=START,
        )
        for n in range(many)
    ]
    async with desk.db.write() as tx:
        await tx.messages.queue(drafts, START)


async def vacated(desk: Desk) -> float:
    """Wait until the account has let go of its lease; when it had."""

    async def look() -> bool:
        return lease(desk).vacated

    await until(look, 30, "the account lets go")
    return time.monotonic()


async def test_what_is_in_the_air_lands_and_what_was_only_claimed_goes_back(database: Database) -> None:
    async with open_desk(database, telegram_rate=5) as desk, desk.sending():
        desk.arm(TELEGRAM, FaultKind.SLOW_BEFORE, seconds=1.0)
        await queue(desk, 12)
        sender = desk.senders[TELEGRAM]

        async def is_calling() -> bool:
            return bool(sender.order)

        await until(is_calling, 10, "a call is under way")
        lease(desk).leave()
        begun = len(sender.order)
        await vacated(desk)
        async with desk.db.read() as tx:
            counts = {state: many for state, many in (await tx.messages.counts()).items() if many}
        assert counts == {MessageState.SENT: begun, MessageState.QUEUED: 12 - begun}
        assert len(desk.taken(TELEGRAM)) == begun

        # Nobody is there to take it, so it goes on as before.
        await desk.tenures.turn()
        await desk.takes(TELEGRAM, 12, 20)


async def test_every_chat_has_rested_when_it_is_handed_on(sqlite_database: Database) -> None:
    async with open_desk(sqlite_database) as desk, desk.sending():
        await queue(desk, 1)
        [taken] = await desk.takes(TELEGRAM, 1)
        lease(desk).leave()
        assert await vacated(desk) - taken.at >= account.REST_S


async def test_a_pause_that_the_carrier_asked_for_is_kept_before_it_is_handed_on(
    sqlite_database: Database,
) -> None:
    async with open_desk(sqlite_database) as desk, desk.sending():
        desk.arm(TELEGRAM, FaultKind.THROTTLE, retry_after=3)
        await queue(desk, 1)
        ledger = desk.ledger(TELEGRAM)
        await desk.sandbox.state.until(lambda: ledger.refused_count)
        lease(desk).leave()
        assert await vacated(desk) - ledger.refused[0].at >= 3


# ── whoever froze, and wakes ─────────────────────────────────────────────────────────────────────


async def claim_as_another(desk: Desk, fence: int) -> None:
    """What a process does that froze amid its claim, and goes on when it wakes."""
    async with desk.db.write() as tx:
        await tx.messages.claim(BOT, tuple(Lane), 100, START, fence)


async def test_a_claim_that_an_earlier_owner_commits_late_is_found_and_settled(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifier.engine.sending.account.ADOPT_EVERY_S", 0.0)
    async with open_desk(database) as desk:
        await desk.sends()
        await queue(desk, 3)
        await claim_as_another(desk, lease(desk).fence - 1)
        await desk.sends()
        async with desk.db.read() as tx:
            assert (await tx.messages.counts())[MessageState.UNCERTAIN] == 3
        assert desk.taken(TELEGRAM) == []


async def test_who_lost_its_lease_gives_back_what_it_had_only_claimed(database: Database) -> None:
    async with open_desk(database, telegram_rate=1) as desk:
        await queue(desk, 3)
        await desk.accounts[TELEGRAM].turn()
        begun = len(desk.senders[TELEGRAM].order)
        lease(desk).lose()
        await desk.accounts[TELEGRAM].turn()
        async with desk.db.read() as tx:
            counts = await tx.messages.counts()
        assert counts[MessageState.QUEUED] == 3 - begun
        assert counts[MessageState.SENDING] + counts[MessageState.SENT] == begun
