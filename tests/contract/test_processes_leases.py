"""Several processes, one set of leases: taken over, shared out, never held by two. The clock is moved."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from notifier.engine import tenure
from notifier.engine.tenure import RENEW_EVERY_S, TERM_S, TRUST_S, Tenure, Tenures
from notifier.store.database import Database

BOTS = ("account:telegram:1", "account:telegram:2")


@dataclass
class Process:
    """One process's leases. ``busy``: it lets go of nothing yet."""

    tenures: Tenures
    leases: dict[str, Tenure]
    busy: bool = False

    @property
    def holds(self) -> list[str]:
        """What it may act on now, without the common beginning."""
        return [name.rpartition(":")[2] for name, lease in self.leases.items() if lease.held]

    async def turn(self) -> None:
        """As the service does every ``RENEW_EVERY_S``."""
        await self.tenures.turn()
        for lease in self.leases.values():
            if lease.leaving and not self.busy:
                lease.let_go()


@dataclass
class House:
    """Processes on one database, and the clock that all of them live by."""

    db: Database
    clock: SimpleNamespace
    alive: dict[str, Process] = field(default_factory=dict)

    def starts(self, name: str, leases: tuple[str, ...] = BOTS) -> Process:
        """Another process."""
        tenures = Tenures(self.db, name)
        process = Process(tenures, {lease: tenures.seek(lease) for lease in leases})
        self.alive[name] = process
        return process

    async def go_on(self, seconds: float, *, until: Callable[[], bool] | None = None) -> float:
        """Everybody alive turns, each at its time; no lease is ever held by two. How long it took."""
        began = self.clock.at
        while self.clock.at < began + seconds and not (until and until()):
            for process in list(self.alive.values()):
                self.clock.at += RENEW_EVERY_S / len(self.alive)
                await process.turn()
                self._nobody_shares()
        return float(self.clock.at - began)

    def _nobody_shares(self) -> None:
        held = [lease for process in self.alive.values() for lease in process.holds]
        assert len(held) == len(set(held)), held


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Monotonic time, as the leases see it."""
    hands = SimpleNamespace(at=1000.0)
    hands.monotonic = lambda: hands.at
    monkeypatch.setattr(tenure, "time", hands)
    return hands


@pytest.fixture
def house(database: Database, clock: SimpleNamespace) -> House:
    """Nobody is in yet."""
    return House(database, clock)


async def shared_out(house: House) -> tuple[Process, Process]:
    """Two processes, a bot each."""
    one, two = house.starts("one"), house.starts("two")
    await house.go_on(3 * TERM_S, until=lambda: len(two.holds) == 1)
    assert (len(one.holds), len(two.holds)) == (1, 1)
    return one, two


async def test_the_first_has_everything_until_another_has_stood_by_for_a_term(house: House) -> None:
    one = house.starts("one")
    await house.go_on(TERM_S)
    assert one.holds == ["1", "2"]
    two = house.starts("two")
    await house.go_on(TERM_S)
    assert one.holds == ["1", "2"]
    await house.go_on(TERM_S)
    assert (one.holds, two.holds) == (["2"], ["1"])


async def test_once_shared_out_nothing_moves(house: House) -> None:
    one, two = await shared_out(house)
    before = [(lease.name, lease.fence) for process in (one, two) for lease in process.leases.values()]
    await house.go_on(10 * TERM_S)
    after = [(lease.name, lease.fence) for process in (one, two) for lease in process.leases.values()]
    assert after == before


async def test_nothing_is_handed_on_before_its_holder_lets_go(house: House) -> None:
    one, two = house.starts("one"), house.starts("two")
    one.busy = True
    await house.go_on(4 * TERM_S)
    # It begins nothing on it any more, and nobody else does either.
    assert (one.holds, two.holds) == (["2"], [])
    one.busy = False
    await house.go_on(2 * RENEW_EVERY_S)
    assert (one.holds, two.holds) == (["2"], ["1"])


async def test_who_comes_and_goes_within_a_term_moves_nothing(house: House) -> None:
    one = house.starts("one")
    await house.go_on(TERM_S)
    for visit in range(3):
        house.starts(f"visitor {visit}")
        await house.go_on(TERM_S - 2 * RENEW_EVERY_S)
        del house.alive[f"visitor {visit}"]
    assert one.holds == ["1", "2"]
    assert {lease.fence for lease in one.leases.values()} == {1}


async def test_the_leases_of_the_dead_are_taken_within_15_s(house: House) -> None:
    one, two = await shared_out(house)
    del house.alive["one"]
    took = await house.go_on(15, until=lambda: len(two.holds) == 2)
    assert took <= TERM_S + 2 * RENEW_EVERY_S + 0.01
    assert one.leases[BOTS[1]].fence < two.leases[BOTS[1]].fence


async def test_three_share_what_a_fourth_leaves_behind(house: House) -> None:
    names = tuple(f"account:telegram:{n}" for n in range(6))
    crowd = [house.starts(name, names) for name in ("one", "two", "three", "four")]
    await house.go_on(10 * TERM_S)
    assert sorted(len(process.holds) for process in crowd) == [1, 1, 2, 2]
    del house.alive["one"]
    await house.go_on(10 * TERM_S)
    assert [len(process.holds) for process in crowd[1:]] == [2, 2, 2]


async def test_who_ends_in_good_order_is_followed_at_once(house: House) -> None:
    one, two = await shared_out(house)
    del house.alive["one"]
    await one.tenures.release()
    assert await house.go_on(TERM_S, until=lambda: len(two.holds) == 2) <= 2 * RENEW_EVERY_S
    async with house.db.read() as tx:
        assert {row.owner for row in await tx.leases.all()} == {"two"}


async def test_who_was_paused_longer_than_its_trust_holds_nothing_when_it_wakes(house: House) -> None:
    one, two = await shared_out(house)
    del house.alive["one"]
    await house.go_on(TRUST_S + RENEW_EVERY_S)
    assert one.holds == []
    await house.go_on(2 * TERM_S)
    assert two.holds == ["1", "2"]
    await one.turn()
    assert one.holds == []


async def test_what_nobody_wants_any_more_is_kept(house: House) -> None:
    one, two = house.starts("one"), house.starts("two")
    one.busy = True
    await house.go_on(4 * TERM_S, until=lambda: len(one.holds) == 1)
    del house.alive["two"]
    await house.go_on(2 * TERM_S)
    assert one.holds == ["1", "2"]
    assert two.holds == []


async def test_who_cannot_send_from_a_bot_is_not_given_it(house: House) -> None:
    one = house.starts("one", (*BOTS, "account:telegram:3"))
    house.starts("two", (BOTS[1],))
    await house.go_on(4 * TERM_S)
    assert one.holds == ["1", "3"]


async def test_who_died_is_forgotten_as_one_who_stood_ready(house: House) -> None:
    one, _ = await shared_out(house)
    del house.alive["two"]
    await house.go_on(12 * TERM_S)
    assert one.holds == ["1", "2"]
    async with house.db.read() as tx:
        assert {row.owner for row in await tx.leases.all()} == {"one"}


async def test_a_lease_whose_taking_was_never_confirmed_is_found_to_be_ones_own(house: House) -> None:
    """The transaction was committed, and the connection cut before the answer came."""
    one = house.starts("one")
    async with house.db.write() as tx:
        await tx.leases.take(BOTS[0], "one", None)
    await one.turn()
    assert one.holds == ["1", "2"]


@pytest.mark.postgres
async def test_a_row_that_a_frozen_process_has_locked_is_not_waited_for(
    postgres_database: Database, clock: SimpleNamespace
) -> None:
    house = House(postgres_database, clock)
    house.starts("one", BOTS[:1])
    await house.go_on(RENEW_EVERY_S)
    del house.alive["one"]
    two = house.starts("two")
    async with postgres_database.write() as tx:
        await tx.leases.renew("one")
        await house.go_on(3 * TERM_S)
        assert two.holds == ["2"]
    await house.go_on(3 * TERM_S)
    assert two.holds == ["1", "2"]
