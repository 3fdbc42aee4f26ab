"""Sharing out: evenly, to the living alone, and then no more."""

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.sharing import APART, Standing, goes_before, to_hand_on

BOTS = "account:telegram"


def bots(owners: str, ready: str) -> list[Standing]:
    """A bot for each letter of ``owners`` (``-``: nobody's); everybody of ``ready`` would have any."""
    return [
        Standing(name=f"{BOTS}:{n}", owner=None if owner == "-" else owner, ready=frozenset(ready))
        for n, owner in enumerate(owners)
    ]


def test_half_of_what_is_more_goes_to_the_poorest() -> None:
    assert to_hand_on(bots("aa", "ab"), "a") == [f"{BOTS}:0"]
    assert to_hand_on(bots("aaaab", "abc"), "a") == [f"{BOTS}:0", f"{BOTS}:1"]


def test_what_is_even_or_nearly_so_stays() -> None:
    assert to_hand_on(bots("aab", "ab"), "a") == []
    assert to_hand_on(bots("a", "ab"), "a") == []
    assert to_hand_on(bots("aabb", "ab"), "b") == []


def test_nothing_is_given_up_for_nobody() -> None:
    assert to_hand_on(bots("aaa", "a"), "a") == []


def test_who_does_not_send_from_a_bot_is_not_given_it() -> None:
    two = [
        Standing(name=f"{BOTS}:0", owner="a", ready=frozenset("a")),
        Standing(name=f"{BOTS}:1", owner="a", ready=frozenset("ab")),
    ]
    assert to_hand_on(two, "a") == [f"{BOTS}:1"]


def test_what_is_on_its_way_arrives_first() -> None:
    assert to_hand_on(bots("aaa-", "ab"), "a") == []


def test_kinds_are_shared_out_apart() -> None:
    free = Standing(name="poll:0", owner=None, ready=frozenset("ab"))
    assert not goes_before(free, [*bots("aa", "ab"), free], "a")


def test_a_free_one_is_the_poorers() -> None:
    shared = bots("aab-", "abc")
    assert goes_before(shared[3], shared, "a")
    assert goes_before(shared[3], shared, "b")
    assert not goes_before(shared[3], shared, "c")


@given(owners=st.text("abcd", min_size=1, max_size=12))
def test_handing_on_comes_to_an_end_evenly(owners: str) -> None:
    """Although several may give to the same one at once."""
    everybody = "abcd"
    for _ in range(len(owners)):
        shared = bots(owners, everybody)
        given_up = {name: who for who in everybody for name in to_hand_on(shared, who)}
        if not given_up:
            break
        owners = _taken_by_the_poorest(shared, given_up, everybody)
    counts = [owners.count(who) for who in everybody]
    assert max(counts) - min(counts) < APART


def _taken_by_the_poorest(shared: list[Standing], given_up: dict[str, str], everybody: str) -> str:
    owners = ["-" if one.name in given_up else one.owner or "-" for one in shared]
    for place, owner in enumerate(owners):
        if owner == "-":
            now = bots("".join(owners), everybody)
            owners[place] = next(who for who in everybody if not goes_before(now[place], now, who))
    return "".join(owners)
