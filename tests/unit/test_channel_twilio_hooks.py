from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from notifier.channels.sms.twilio_hooks import inbound_id, parse_inbound, parse_status, verify
from notifier.domain.message import IncomingKind, MessageState

PUBLIC = "https://duty.example"
PATH = "/hooks/twilio/status?ref=17"
FORM = [("MessageSid", "SM1"), ("MessageStatus", "delivered"), ("To", "+8613812345678"), ("Blank", "")]

Pairs = Sequence[tuple[str, str]]


class Multi(dict[str, list[str]]):
    def getlist(self, name: str) -> list[str]:
        return self[name]


def signed(url: str, form: Pairs, token: str) -> str:
    fields = Multi()
    for name, value in form:
        fields.setdefault(name, []).append(value)
    return str(RequestValidator(token).compute_signature(url, fields))


def test_signature_is_over_the_public_url() -> None:
    signature = signed(PUBLIC + PATH, FORM, "secret")
    assert verify(PUBLIC, PATH, FORM, signature, ["secret"])
    assert verify(PUBLIC + "/", PATH, FORM, signature, ["secret"])
    assert not verify("https://other.example", PATH, FORM, signature, ["secret"])
    assert not verify(PUBLIC, "/hooks/twilio/status?ref=18", FORM, signature, ["secret"])


def test_either_of_two_tokens_will_do_while_they_are_rotated() -> None:
    for token in ("old", "new"):
        assert verify(PUBLIC, PATH, FORM, signed(PUBLIC + PATH, FORM, token), ["old", "new"])
    assert not verify(PUBLIC, PATH, FORM, signed(PUBLIC + PATH, FORM, "third"), ["old", "new"])


@pytest.mark.parametrize("tokens", [[], [""]])
def test_without_a_token_nothing_is_genuine(tokens: list[str]) -> None:
    assert not verify(PUBLIC, PATH, FORM, signed(PUBLIC + PATH, FORM, ""), tokens)


@pytest.mark.parametrize("changed", [FORM[:-1], [*FORM, ("New", "1")], [*FORM, ("To", "+1")], []])
def test_the_whole_form_counts(changed: Pairs) -> None:
    signature = signed(PUBLIC + PATH, FORM, "secret")
    assert not verify(PUBLIC, PATH, changed, signature, ["secret"])


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=6))
def test_fields_nobody_foresaw_and_repeated_ones_are_signed_too(pairs: list[tuple[str, str]]) -> None:
    try:
        body = urlencode(pairs)
    except UnicodeEncodeError:
        return
    form = parse_qsl(body, keep_blank_values=True)
    assert verify(PUBLIC, PATH, form, signed(PUBLIC + PATH, form, "secret"), ["secret"])


def test_a_signature_of_any_form_is_only_wrong() -> None:
    for signature in ("", "é" * 28, "=" * 28):
        assert not verify(PUBLIC, PATH, FORM, signature, ["secret"])


def test_inbound_words() -> None:
    incoming = parse_inbound(
        {"From": "+8613812345678", "To": "+15550001111", "Body": "827 收到", "NumMedia": "0"}
    )
    assert incoming is not None
    assert (incoming.sender, incoming.account, incoming.text) == (
        "+8613812345678",
        "+15550001111",
        "827 收到",
    )
    assert (incoming.kind, incoming.opt) == (IncomingKind.TEXT, None)


@pytest.mark.parametrize(
    ("given_number", "number"),
    [(" 8613812345678", "+8613812345678"), ("whatsapp:+8613812345678", "+8613812345678"), ("10086", "10086")],
)
def test_numbers_come_out_plain(given_number: str, number: str) -> None:
    incoming = parse_inbound({"From": given_number})
    assert incoming is not None
    assert incoming.sender == number


@pytest.mark.parametrize(("word", "opt"), [("STOP", "STOP"), ("start", "START"), ("HELP", None), ("", None)])
def test_what_twilio_did_about_an_opt_out_word(word: str, opt: str | None) -> None:
    incoming = parse_inbound({"From": "+1", "Body": "stop", "OptOutType": word})
    assert incoming is not None
    assert incoming.opt == opt


def test_a_picture_without_words() -> None:
    incoming = parse_inbound({"From": "+8613812345678", "Body": " ", "NumMedia": "1"})
    assert incoming is not None
    assert incoming.kind is IncomingKind.MEDIA


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("accepted", MessageState.SENT),
        ("queued", MessageState.SENT),
        ("sending", MessageState.SENT),
        ("sent", MessageState.SENT),
        ("delivered", MessageState.DELIVERED),
        ("read", MessageState.DELIVERED),
        ("undelivered", MessageState.FAILED),
        ("failed", MessageState.FAILED),
    ],
)
def test_statuses(status: str, state: MessageState) -> None:
    receipt = parse_status(
        {"MessageSid": "SM1", "MessageStatus": status, "ErrorCode": "30008"}, {"ref": "17"}
    )
    assert receipt is not None
    assert (receipt.provider_id, receipt.message, receipt.state) == ("SM1", 17, state)
    assert receipt.code == ("30008" if state is MessageState.FAILED else None)


@pytest.mark.parametrize(
    "form",
    [{}, {"MessageSid": "SM1"}, {"MessageStatus": "sent"}, {"MessageSid": "S", "MessageStatus": "odd"}],
)
def test_a_status_that_names_nothing(form: dict[str, str]) -> None:
    assert parse_status(form, {}) is None


@given(
    st.dictionaries(st.sampled_from(["From", "To", "Body", "MessageSid", "NumMedia", "ErrorCode"]), st.text())
)
def test_any_form_is_answered(form: dict[str, str]) -> None:
    parse_inbound(form)
    parse_status(form | {"MessageSid": "SM1", "MessageStatus": "failed"}, {"ref": form.get("Body", "")})
    inbound_id(form)
