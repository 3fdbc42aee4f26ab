"""What always holds of sending, read from the carriers' own books. Each law returns what breaks it."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tests.chaos.books import Arrival, Books, Group
from tests.chaos.machines import Death
from tests.chaos.weather import Attention

HEADROOM = 1.25
CHAT_SPACING_S = 0.8
GROUP_LIMIT, GROUP_SPAN_S = 20, 60.0
UNDER_WAY_S = 0.3
"""What was on its way when a 429 was given may still arrive."""

INATTENTIVE_S = 0.1
"""A gap in the carriers' own attention from which on they may refuse what came evenly."""

UNDER_WAY = ("queued", "sending")
TAKEN = ("sent", "delivered")


def nothing_is_lost(books: Books, arrived: Sequence[Arrival]) -> Iterator[str]:
    """Every message was taken by a carrier, or is in a final state with a name; none came from nowhere."""
    attempted = books.attempted()
    taken = Counter(arrival.group for arrival in arrived if arrival.taken)
    for row in books["messages"]:
        if row.state in UNDER_WAY:
            yield f"message {row.id} is left {row.state}"
    for group, rows in attempted.items():
        claimed = [row.id for row in rows if row.state in TAKEN]
        if taken[group] < len(claimed):
            yield f"messages {claimed} are said to be sent, and the carrier has {taken[group]} of them"
    for arrival in arrived:
        if arrival.group not in attempted:
            yield f"the carrier has something that we have no message for: {_named(arrival)}"


def nothing_is_doubled_blindly(books: Books, arrived: Sequence[Arrival]) -> Iterator[str]:
    """One unmarked copy of each message at the most; one marked one, of calls only, and only on doubt."""
    attempted = books.attempted()
    for group, copies in _by_group(arrived).items():
        rows = attempted.get(group, [])
        ids = [row.id for row in rows]
        marked = [copy for copy in copies if copy.marked]
        unmarked = sum(copy.taken and not copy.marked for copy in copies)
        if unmarked > len(rows):
            yield f"messages {ids} were taken {unmarked} times unmarked"
        repeated_calls = sum(row.call and row.repeated for row in rows)
        if sum(copy.taken for copy in marked) > repeated_calls:
            yield f"messages {ids}: {len(marked)} repeats, and {repeated_calls} may have one"


def doubts_have_a_cause(
    books: Books, arrived: Sequence[Arrival], deaths: Sequence[Death], released_a_second: float
) -> Iterator[str]:
    """A doubt comes of what the carrier did, or of a death; a death leaves no more than a second's budget."""
    doubtful_at_carrier = {arrival.group for arrival in arrived if arrival.outcome in ("lost", "unknown")}
    unexplained = [
        row.id
        for group, rows in books.attempted().items()
        for row in rows
        if (row.repeated or row.state == "uncertain") and group not in doubtful_at_carrier
    ]
    if len(unexplained) > len(deaths) * released_a_second:
        yield (
            f"{len(unexplained)} messages are in doubt without the carrier's doing,"
            f" after {len(deaths)} deaths: {unexplained[:20]}"
        )


def no_limit_is_broken(
    books: Books,
    arrived: Sequence[Arrival],
    rates: Mapping[str, float],
    deaths: Sequence[Death],
    attention: Attention,
) -> Iterator[str]:
    """The budget of each account, the spacing of each chat, the limit of groups, and the carriers' pauses."""
    for account, rate in rates.items():
        own = [arrival for arrival in arrived if arrival.account == account]
        yield from _over_rate(account, own, rate, attention)
        yield from _in_pauses(account, own, deaths, attention)
    replies = {
        group for group, rows in books.attempted().items() if all(r.key.startswith("answer:") for r in rows)
    }
    for chat in _split(arrived, lambda a: (a.account, a.address)).values():
        yield from _too_close(chat, replies, attention)
        if chat[0].address.startswith("-"):
            yield from _over_group_limit(chat)
    for arrival in arrived:
        gap = attention.longest_gap(arrival.at - 1, arrival.at)
        if arrival.limit and gap < INATTENTIVE_S:
            yield f"the carrier's limit {arrival.limit} was broken at {arrival.at:.3f}"


def _over_rate(account: str, own: Sequence[Arrival], rate: float, attention: Attention) -> Iterator[str]:
    window: deque[Arrival] = deque()
    used = 0
    for arrival in own:
        window.append(arrival)
        used += arrival.segments
        while window[0].at <= arrival.at - 1:
            used -= window.popleft().segments
        # What is dated after a gap may have come at any time during it.
        span = 1 + attention.longest_gap(window[0].at - 0.01, window[0].at)
        if used > HEADROOM * rate * span:
            yield f"{account} sent {used} within {span:.2f} s at {arrival.at:.3f}; its rate is {rate:g}"
            return


def _in_pauses(
    account: str, own: Sequence[Arrival], deaths: Sequence[Death], attention: Attention
) -> Iterator[str]:
    """A pause that the carrier asked for is kept by whoever was asked; its heir does not know of it."""
    asked: float | None = None
    for arrival in own:
        if arrival.throttled:
            asked = arrival.at
        elif arrival.in_pause and asked is not None:
            late = arrival.at - asked - attention.longest_gap(asked, arrival.at)
            if late > UNDER_WAY_S and not any(asked < death.at < arrival.at for death in deaths):
                yield f"{account} sent {late:.2f} s into a pause at {arrival.at:.3f}"


def _too_close(chat: Sequence[Arrival], replies: Collection[Group], attention: Attention) -> Iterator[str]:
    for before, after in pairwise(chat):
        if after.group in replies:
            continue
        gap = after.at - before.at
        if gap < CHAT_SPACING_S - attention.longest_gap(before.at - 0.01, after.at):
            yield f"one chat of {after.account} got two within {gap:.3f} s at {after.at:.3f}"


def _over_group_limit(chat: Sequence[Arrival]) -> Iterator[str]:
    for first, last in zip(chat, chat[GROUP_LIMIT:], strict=False):
        if last.at - first.at < GROUP_SPAN_S:
            yield f"a group of {last.account} got more than {GROUP_LIMIT} within a minute"


def _by_group(arrived: Iterable[Arrival]) -> Mapping[Group, list[Arrival]]:
    return _split(arrived, lambda arrival: arrival.group)


def _split(arrived: Iterable[Arrival], key: Callable[[Arrival], Any]) -> Mapping[Any, list[Arrival]]:
    parts: dict[Any, list[Arrival]] = defaultdict(list)
    for arrival in arrived:
        parts[key(arrival)].append(arrival)
    return parts


def _named(arrival: Arrival) -> str:
    return f"{arrival.carrier} {arrival.address} {arrival.text[:40]!r}"
