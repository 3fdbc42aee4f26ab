"""What goes into one message, and what its buttons answer."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.ids import MatterId, PersonId
from notifier.domain.joining import MOST_ASKS, WINDOW, Ask, Joined, answered_by, join, list_keyboard
from notifier.domain.language.model import Verb
from notifier.domain.message import Button
from notifier.domain.policy import Kind

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIAISON = PersonId("p02")


def ask(n: int, *, seconds: float = 0, person: PersonId = LIAISON, kind: Kind = Kind.UNSIGNED) -> Ask:
    return Ask(
        person=person, kind=kind, matter=MatterId(n), number=100 + n, at=NOW + timedelta(seconds=seconds)
    )


def matters(joined: list[Joined]) -> list[list[int]]:
    return [[one.matter for one in group.asks] for group in joined]


def test_thirty_unsigned_villages_are_one_list() -> None:
    [one] = join(ask(n, seconds=n) for n in range(30))
    assert (one.person, one.kind, len(one.asks), one.is_list) == (LIAISON, Kind.UNSIGNED, 30, True)
    assert one.key == "unsigned|0"


def test_one_alone_is_no_list() -> None:
    [one] = join([ask(1)])
    assert not one.is_list


def test_other_people_and_other_kinds_are_other_messages() -> None:
    asks = [ask(1), ask(2, kind=Kind.UNVERIFIED), ask(3, person=PersonId("p01")), ask(4)]
    assert matters(join(asks)) == [[1, 4], [2], [3]]


def test_what_comes_later_than_a_minute_after_the_first_is_another_message() -> None:
    asks = [ask(1), ask(2, seconds=60), ask(3, seconds=60.5), ask(4, seconds=100)]
    assert matters(join(asks)) == [[1, 2], [3, 4]]


def test_a_list_is_never_longer_than_its_keyboard() -> None:
    assert [len(one.asks) for one in join(ask(n) for n in range(MOST_ASKS + 5))] == [MOST_ASKS, 5]


def test_what_is_settled_leaves_the_list() -> None:
    [one] = join([ask(1), ask(2)])
    left = one.without({MatterId(1)})
    assert left is not None
    assert matters([left]) == [[2]]
    assert one.without({MatterId(1), MatterId(2)}) is None


def test_one_button_for_all_and_one_for_each() -> None:
    [one] = join([ask(1), ask(2)])
    keyboard = list_keyboard(one, Verb.ACK, ["岐元村清单", "密东村清单"], "全部收到")
    assert keyboard == (
        (Button("全部收到", "all:ack"),),
        (Button("101 岐元村清单", "ack:1"),),
        (Button("102 密东村清单", "ack:2"),),
    )
    assert answered_by(keyboard, "all:ack") == (1, 2)
    assert answered_by(keyboard, "ack:1") == ()
    assert answered_by(keyboard, "all:decline") == ()


@pytest.mark.parametrize("verb", [Verb.SIGN, Verb.VERIFY, Verb.RELAYED, Verb.HERE])
def test_a_word_that_speaks_of_one_fact_is_not_said_for_all(verb: Verb) -> None:
    [one] = join([ask(1), ask(2)])
    with pytest.raises(ValueError, match="several matters"):
        list_keyboard(one, verb, ["一", "二"], "全部")


@given(
    st.lists(
        st.tuples(
            st.integers(0, 300),
            st.sampled_from(["p01", "p02"]),
            st.sampled_from([Kind.UNSIGNED, Kind.UNSTAFFED]),
        ),
        max_size=120,
    )
)
def test_every_ask_is_in_one_message_and_none_waits_for_another(found: list[tuple[int, str, Kind]]) -> None:
    asks = [
        ask(n, seconds=at, person=PersonId(person), kind=kind) for n, (at, person, kind) in enumerate(found)
    ]
    joined = join(asks)
    assert sorted(one.matter for group in joined for one in group.asks) == sorted(one.matter for one in asks)
    for group in joined:
        assert {(one.person, one.kind) for one in group.asks} == {(group.person, group.kind)}
        assert max(one.at for one in group.asks) - min(one.at for one in group.asks) <= WINDOW
        assert len(group.asks) <= MOST_ASKS
