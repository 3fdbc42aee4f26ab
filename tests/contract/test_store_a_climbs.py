"""What must always hold of a message's state, whatever is told of it and in whatever order. No database."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.ids import MessageId
from notifier.domain.message import Lane, MessageState
from notifier.domain.roster import ChannelName
from notifier.store.message_values import BEST_FIRST, ENDED, OVER, answered, receipted, settled
from notifier.store.rows import Outcome, StoredMessage
from tests.contract.store_a import FENCE, MINUTE, NOW

S = MessageState

START = StoredMessage(
    id=MessageId(1),
    key="k",
    person=None,
    channel=ChannelName.SMS,
    account="s",
    address="a",
    lane=Lane.ESCALATION,
    call=True,
    template="t",
    values={},
    text="x",
    keyboard=(),
    edits=None,
    matter=None,
    case=None,
    broadcast=None,
    state=S.SENDING,
    error=None,
    repeated=False,
    attempts=1,
    fence=FENCE,
    provider_id=None,
    created_at=NOW,
    not_before=NOW,
    expires_at=None,
    fallback_at=NOW + MINUTE,
    sent_at=None,
    delivered_at=None,
    answered_at=None,
    ended_at=None,
)

receipts = st.tuples(st.sampled_from([S.SENT, S.DELIVERED, S.FAILED]), st.sampled_from(["SM1", "SM2"]))
outcomes = st.builds(
    Outcome,
    message=st.just(START.id),
    state=st.sampled_from([S.SENT, S.FAILED, S.UNCERTAIN, S.QUEUED, S.EXPIRED]),
    at=st.just(NOW),
    fence=st.sampled_from([FENCE, FENCE + 1]),
    provider_id=st.sampled_from([None, "SM1"]),
    not_before=st.just(NOW),
)
happenings = st.lists(st.one_of(receipts, outcomes, st.just("answer")), max_size=8)


def after(row: StoredMessage, happening: object) -> StoredMessage:
    if isinstance(happening, Outcome):
        return settled(row, happening) or row
    if isinstance(happening, tuple):
        return receipted(row, happening[0], happening[1], None, NOW)
    return answered(row, NOW)


@given(start=st.sampled_from(list(S)), call=st.booleans(), told=happenings)
def test_what_was_delivered_or_answered_stays_so(start: S, call: bool, told: list[object]) -> None:
    row = replace(START, state=start, call=call)
    for happening in told:
        before, row = row, after(row, happening)
        if before.state is S.DELIVERED:
            assert row.state is S.DELIVERED
        if before.answered_at is not None:
            assert row.answered_at == before.answered_at
            assert row.fallback_at is None
        if before.sent_at is not None:
            assert row.sent_at == before.sent_at


@given(start=st.sampled_from(list(S)), call=st.booleans(), told=happenings)
def test_times_and_fallback_fit_the_state(start: S, call: bool, told: list[object]) -> None:
    row = replace(START, state=start, call=call)
    for happening in told:
        before, row = row, after(row, happening)
        if row.state is before.state:
            continue
        assert (row.ended_at is not None) == (row.state in ENDED)
        assert (row.delivered_at is not None) == (row.state is S.DELIVERED)
        if row.state is S.SENT:
            assert row.sent_at is not None
            assert (row.fallback_at is None) == (not call or before.fallback_at is None)
        if row.state in OVER | {S.DELIVERED}:
            assert row.fallback_at is None


@given(told=happenings)
def test_the_same_told_twice_says_no_more(told: list[object]) -> None:
    row = START
    for happening in told:
        if isinstance(happening, Outcome):
            row = after(row, happening)
            continue
        row = after(row, happening)
        assert after(row, happening) == row


def test_every_state_has_its_place_among_recipients() -> None:
    assert sorted(BEST_FIRST) == sorted(S)
