"""Twilio's webhooks: nothing forged is kept, nothing genuine is lost, nothing is kept twice."""

import json

import pytest
from sqlalchemy.exc import OperationalError

from notifier.channels.sms.twilio_hooks import parse_inbound, parse_status
from notifier.domain.message import MessageState
from notifier.store.database import Database
from tests.contract.web_client import BOTS, NOW, TOKENS, open_site, sign

INBOUND = "/hooks/twilio/inbound"
STATUS = "/hooks/twilio/status?ref=17"
TEXT = [
    ("MessageSid", "SM1"),
    ("AccountSid", "AC1"),
    ("From", "+8613812345678"),
    ("To", "+15550001111"),
    ("Body", "收到827 \x00"),
    ("Empty", ""),
]
RECEIPT = [("MessageSid", "SM7"), ("AccountSid", "AC1"), ("MessageStatus", "delivered"), ("To", "+1555")]


async def test_an_sms_is_kept_raw_and_answered_with_nothing(database: Database) -> None:
    site = open_site(database)
    answer = await site.twilio(INBOUND, TEXT)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
    [item] = await site.kept()
    assert (item.source, item.account, item.provider_id, item.received_at) == ("sms", "AC1", "SM1", NOW)
    assert json.loads(item.payload) == {"form": [list(pair) for pair in TEXT], "query": []}
    incoming = parse_inbound(dict(json.loads(item.payload)["form"]))
    assert incoming is not None
    assert incoming.sender == "+8613812345678"
    assert site.woken == [None]


async def test_a_repeat_is_answered_alike_and_kept_once(database: Database) -> None:
    site = open_site(database)
    answers = [await site.twilio(INBOUND, TEXT) for _ in range(3)]
    assert {answer.text for answer in answers} == {answers[0].text}
    assert len(await site.kept()) == 1
    assert site.woken == [None]
    assert (site.counted("sms", "stored"), site.counted("sms", "repeated")) == (1, 2)


async def test_each_status_of_a_message_is_kept_once(database: Database) -> None:
    site = open_site(database)
    failed = [("MessageSid", "SM7"), ("MessageStatus", "undelivered"), ("ErrorCode", "30006")]
    for form in (RECEIPT, RECEIPT, failed, [*RECEIPT[:2], ("MessageStatus", "sent")], failed):
        answer = await site.twilio(STATUS, form)
        assert (answer.status_code, answer.content) == (204, b"")
    items = await site.kept()
    assert [item.provider_id for item in items] == ["SM7:delivered:", "SM7:undelivered:30006", "SM7:sent:"]
    payload = json.loads(items[0].payload)
    receipt = parse_status(dict(payload["form"]), dict(payload["query"]))
    assert receipt is not None
    assert (receipt.message, receipt.state) == (17, MessageState.DELIVERED)


@pytest.mark.parametrize("token", TOKENS)
async def test_any_token_will_do_while_they_are_rotated(sqlite_database: Database, token: str) -> None:
    site = open_site(sqlite_database)
    assert (await site.twilio(STATUS, RECEIPT, token=token)).status_code == 204


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Twilio-Signature": ""},
        {"X-Twilio-Signature": "rubbish"},
        {"X-Twilio-Signature": sign(INBOUND, TEXT, token="another")},
        {"X-Twilio-Signature": sign(INBOUND, TEXT[:-1])},
        {"X-Twilio-Signature": sign(INBOUND + "?x=1", TEXT)},
        # Against Host, which whoever calls may choose.
        {"X-Twilio-Signature": sign(INBOUND, TEXT, base="http://inside.internal:8000")},
        {"X-Twilio-Signature": sign(INBOUND, TEXT, base="https://evil.example"), "Host": "evil.example"},
    ],
)
async def test_what_is_not_signed_by_twilio_is_refused(
    sqlite_database: Database, headers: dict[str, str]
) -> None:
    site = open_site(sqlite_database)
    assert (await site.post_form(INBOUND, TEXT, headers)).status_code == 403
    assert await site.kept() == []
    assert site.woken == []
    assert site.counted("sms", "refused") == 1


async def test_a_signature_holds_for_its_own_query_only(sqlite_database: Database) -> None:
    site = open_site(sqlite_database)
    signature = {"X-Twilio-Signature": sign(STATUS, RECEIPT)}
    assert (await site.post_form("/hooks/twilio/status?ref=18", RECEIPT, signature)).status_code == 403
    assert (await site.post_form("/hooks/twilio/status", RECEIPT, signature)).status_code == 403
    assert (await site.post_form(STATUS, RECEIPT, signature)).status_code == 204


@pytest.mark.parametrize("missing", [{"twilio_tokens": ()}, {"public_url": None}, {"twilio_tokens": ("",)}])
async def test_a_channel_that_is_off_takes_nothing(
    sqlite_database: Database, missing: dict[str, object]
) -> None:
    site = open_site(sqlite_database, **missing)
    for token in (*TOKENS, ""):
        assert (await site.twilio(INBOUND, TEXT, token=token)).status_code == 403
    assert await site.kept() == []


async def test_fields_nobody_foresaw_are_signed_and_kept(sqlite_database: Database) -> None:
    site = open_site(sqlite_database)
    form = [*TEXT, ("Channel&Metadata", "{\"a\": 'é + &'}"), ("Twice", "b"), ("Twice", "a")]
    assert (await site.twilio(INBOUND, form)).status_code == 200
    [item] = await site.kept()
    assert json.loads(item.payload)["form"] == [list(pair) for pair in form]


async def test_without_an_id_it_is_kept_under_its_hash(database: Database) -> None:
    site = open_site(database)
    form = [("From", "+8613812345678"), ("Body", "到岗"), ("MessageSid", "\x00")]
    for path in (INBOUND, INBOUND, STATUS):
        assert (await site.twilio(path, form)).is_success
    assert (await site.twilio(INBOUND, [("MessageSid", "S" * 5000)])).status_code == 200
    assert all(item.provider_id.startswith("sha256:") for item in await site.kept())
    assert len(await site.kept()) == 3


async def test_too_large_a_body_is_not_read(sqlite_database: Database) -> None:
    site = open_site(sqlite_database)
    form = [("MessageSid", "SM1"), ("Body", "x" * 1024 * 1024)]
    assert (await site.twilio(INBOUND, form)).status_code == 413
    assert (await site.post_form(INBOUND, form, {})).status_code == 403
    assert (await site.twilio(INBOUND, [(f"f{n}", "") for n in range(501)])).status_code == 403
    assert await site.kept() == []


async def test_while_the_database_is_away_the_carrier_is_told_to_come_again(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifier.web.keeping.KEEP_S", 0.2)
    database, other = Database.open(sqlite_url), Database.open(sqlite_url)
    site = open_site(database)
    async with other.write():
        for answer in (
            await site.twilio(INBOUND, TEXT),
            await site.telegram(f"/hooks/telegram/{BOTS[0]}", "x"),
        ):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert site.woken == []
    assert (await site.twilio(INBOUND, TEXT)).status_code == 200
    assert len(await site.kept()) == 1
    await database.close()
    await other.close()


async def test_a_database_that_answers_too_slowly_is_away_too(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifier.web.keeping.KEEP_S", 0.2)
    site = open_site(sqlite_database)
    async with sqlite_database.write():
        assert (await site.twilio(INBOUND, TEXT)).status_code == 503
    monkeypatch.undo()
    assert (await site.twilio(INBOUND, TEXT)).status_code == 200


async def test_a_fault_of_ours_is_never_a_success_and_says_nothing(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def stumble(*_: object) -> list[int]:
        raise OperationalError("INSERT", {"payload": "收到827"}, ValueError("收到827"))

    site = open_site(sqlite_database)
    monkeypatch.setattr("notifier.store.inbox.InboxRepo.store", stumble)
    answer = await site.twilio(INBOUND, TEXT)
    assert (answer.status_code, answer.json()) == (500, {"detail": "internal error"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    printed = capsys.readouterr()
    assert "OperationalError" in printed.out + printed.err
    assert "收到" not in printed.out + printed.err
