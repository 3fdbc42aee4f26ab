import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.channels.telegram.parse import parse_update
from notifier.domain.message import Incoming, IncomingKind
from notifier.domain.roster import ChannelName

CHAT = {"id": 42, "type": "private"}
GROUP = {"id": -1007, "type": "supergroup"}
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DATE = int(AT.timestamp())

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("private"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=5,
)
names = st.sampled_from(
    [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
        "chat",
        "from",
        "id",
        "type",
        "text",
        "caption",
        "date",
        "edit_date",
        "data",
        "reply_to_message",
        "message_id",
        "new_chat_member",
        "status",
        "photo",
        "location",
    ]
)
shaped = st.recursive(
    json_values, lambda inner: st.dictionaries(names, inner, min_size=1, max_size=5), max_leaves=15
)
updates = st.dictionaries(names | st.text(max_size=5), shaped, max_size=4)


def message(**fields: Any) -> dict[str, Any]:
    return {"update_id": 1, "message": {"message_id": 9, "chat": CHAT, "date": DATE, **fields}}


def parsed(update: dict[str, Any]) -> Incoming:
    incoming = parse_update(update, "7")
    assert incoming is not None
    assert (incoming.channel, incoming.account) == (ChannelName.TELEGRAM, "7")
    return incoming


@settings(max_examples=200)
@given(updates)
def test_any_json_is_answered_and_storable(update: dict[str, Any]) -> None:
    incoming = parse_update(update, "7")
    if incoming is not None:
        for text in (
            incoming.sender,
            incoming.text,
            incoming.data,
            incoming.quoted or "",
            incoming.callback or "",
        ):
            assert "\x00" not in text
            text.encode()


def test_words() -> None:
    incoming = parsed(message(text="827 到岗"))
    assert (incoming.kind, incoming.sender, incoming.text, incoming.at) == (
        IncomingKind.TEXT,
        "42",
        "827 到岗",
        AT,
    )


def test_a_reply_names_the_message_it_answers() -> None:
    assert parsed(message(text="收到", reply_to_message={"message_id": 5})).quoted == "5"


def test_edited_words() -> None:
    update = {"edited_message": {"chat": CHAT, "date": DATE - 60, "edit_date": DATE, "text": "离岗"}}
    incoming = parsed(update)
    assert (incoming.kind, incoming.text, incoming.at) == (IncomingKind.EDITED, "离岗", AT)


def test_a_position_on_the_move_concerns_nobody() -> None:
    assert parse_update({"edited_message": {"chat": CHAT, "date": DATE, "location": {}}}, "7") is None


def test_a_tap() -> None:
    tap = {"id": "55", "from": {"id": 42}, "message": {"message_id": 5, "chat": CHAT}, "data": "ack:17"}
    incoming = parsed({"callback_query": tap})
    assert incoming.kind is IncomingKind.TAP
    assert (incoming.sender, incoming.quoted, incoming.data, incoming.callback) == ("42", "5", "ack:17", "55")


def test_a_tap_on_a_message_that_is_gone() -> None:
    incoming = parsed({"callback_query": {"id": "55", "from": {"id": 42}, "data": "ack:17"}})
    assert (incoming.kind, incoming.sender, incoming.quoted) == (IncomingKind.TAP, "42", None)


@pytest.mark.parametrize(
    ("text", "payload"),
    [("/start abc", "abc"), ("/start", ""), ("/start@our_bot  abc ", "abc")],
)
def test_start_carries_its_payload(text: str, payload: str) -> None:
    incoming = parsed(message(text=text))
    assert (incoming.kind, incoming.data) == (IncomingKind.START, payload)


def test_another_command_is_just_words() -> None:
    assert parsed(message(text="/startle")).kind is IncomingKind.TEXT


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"voice": {}}, IncomingKind.MEDIA),
        ({"photo": []}, IncomingKind.MEDIA),
        ({"sticker": {}}, IncomingKind.MEDIA),
        ({"location": {}}, IncomingKind.PLACE),
        ({"venue": {}, "location": {}}, IncomingKind.PLACE),
        ({"dice": {}}, IncomingKind.OTHER),
    ],
)
def test_what_is_no_text(fields: dict[str, Any], kind: IncomingKind) -> None:
    assert parsed(message(**fields)).kind is kind


def test_a_caption_is_kept() -> None:
    incoming = parsed(message(photo=[], caption="签828"))
    assert (incoming.kind, incoming.text) == (IncomingKind.MEDIA, "签828")


@pytest.mark.parametrize(
    ("chat", "status", "kind"),
    [
        (CHAT, "kicked", IncomingKind.BLOCKED),
        (CHAT, "member", IncomingKind.UNBLOCKED),
        (GROUP, "member", IncomingKind.GROUP),
        (GROUP, "left", None),
    ],
)
def test_membership(chat: dict[str, Any], status: str, kind: IncomingKind | None) -> None:
    update = {"my_chat_member": {"chat": chat, "date": DATE, "new_chat_member": {"status": status}}}
    incoming = parse_update(update, "7")
    assert (incoming and incoming.kind) == kind


def test_a_group_is_a_group_whatever_is_said_there() -> None:
    incoming = parsed(message(chat=GROUP, text="收到"))
    assert (incoming.kind, incoming.sender, incoming.text) == (IncomingKind.GROUP, "-1007", "")
    tap = {"id": "55", "from": {"id": 42}, "message": {"message_id": 5, "chat": GROUP}, "data": "ack:17"}
    assert parsed({"callback_query": tap}).kind is IncomingKind.GROUP


def test_half_a_surrogate_pair_does_not_get_through() -> None:
    assert parsed(message(text=json.loads('"a\\ud800\\u0000b"'))).text == "a?b"


@pytest.mark.parametrize("update", [{}, {"poll": {}}, {"message": []}, {"message": {"chat": {"id": True}}}])
def test_what_concerns_nobody(update: dict[str, Any]) -> None:
    assert parse_update(update, "7") is None
