"""One person's data: all of it given out, or blanked, and nobody else's touched."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from notifier.domain.access import SEE_ONLY, Grant, Limit
from notifier.domain.ids import MatterId, PersonId
from notifier.domain.message import MessageState
from notifier.engine.keeping import erase_person, export_person
from notifier.engine.station import Actor
from notifier.errors import NotFound
from notifier.store.database import Database
from notifier.store.rows import ApiToken, InboxItem, JournalLine, PersonalAnswer, SignIn, Voucher
from notifier.store.tables import (
    address_states,
    answers,
    courtesies,
    inbox,
    leaves,
    link_tokens,
    links,
    messages,
    metadata,
    people,
)
from notifier.store.uploads import Upload
from tests.contract.store_a import NOW, PLAIN, message, put
from tests.contract.store_city import ANN, BOB, CITY, DAN, EVA, ROSTER, SHARED, take_in
from tests.contract.test_store_keep_retention import DAY, at

DESK = Actor(person=EVA, channel="shell")
DAN_PHONE, DAN_CHAT = "+8613800000004", 1004


def update_of(chat: int, bot: str = "701", **more: Any) -> InboxItem:
    told = {"update_id": 5, "message": {"message_id": 1004, "chat": {"id": chat}, "text": "病了"}, **more}
    return InboxItem(
        source="telegram", account=bot, provider_id=json.dumps([chat, bot, more]), payload=json.dumps(told),
        received_at=NOW,
    )  # fmt: skip


def text_of(phone: str) -> InboxItem:
    told = {"form": [["From", phone], ["Body", "病了"]], "query": []}
    return InboxItem(
        source="sms", account="s", provider_id=f"SM{phone}", payload=json.dumps(told), received_at=NOW
    )


async def fill(database: Database) -> None:
    """Dan has written, been written to, and left traces everywhere; so has Ann."""
    await take_in(database, ROSTER)
    for state in (MessageState.SENT, MessageState.QUEUED):
        for person, key, phone in ((DAN, "dan", DAN_PHONE), (ANN, "ann", SHARED)):
            draft = replace(PLAIN, key=f"{key} {state}", person=person, address=phone)
            await put(database, draft, state)
    received = [update_of(DAN_CHAT), update_of(1001, "700"), text_of(DAN_PHONE), text_of(SHARED)]
    # Another bot's chat of the same number, and a number that only holds his, are somebody else's.
    received += [update_of(DAN_CHAT, "700"), update_of(11004), text_of(f"{DAN_PHONE}9")]
    async with database.write() as tx:
        numbers = await tx.inbox.store(received)
        await tx.inbox.done(numbers)
        await tx.inbox.store([update_of(DAN_CHAT, unread=True)])
        for person, phone, chat in ((DAN, DAN_PHONE, ("701", "1004")), (ANN, SHARED, ("700", "1001"))):
            [matter] = await tx.matters.ensure([(person, "shift", "s", CITY)], NOW)
            answer = PersonalAnswer(
                person=person, matter=matter.id, verb="leave", at=NOW, channel="sms", detail={"words": "病了"}
            )
            await tx.answers.add(answer)
            await tx.journal.write([JournalLine(at=NOW, event="acknowledged", person=person)])
            for channel, account, address in (("sms", "", phone), ("telegram", *chat)):
                where = {"channel": channel, "address": address}
                await tx.conn.execute(
                    insert(address_states).values(**where, account=account, state="stopped", since=NOW)
                )
                await tx.conn.execute(insert(courtesies).values(**where, day="2026-11-23", count=1))
            row = {"person": person, "shift": "s", "reason": "病了", "recorded_at": NOW}
            await tx.conn.execute(insert(leaves).values(row))
            token = {"token_hash": f"{person}x", "person": person, "created_at": NOW, "expires_at": NOW}
            await tx.conn.execute(insert(link_tokens).values(token))
            voucher = Voucher(person=person, given_by=EVA, expires_at=NOW + timedelta(hours=1))
            await tx.vouchers.give(voucher, selector="123", code_hash=f"{person}y", now=NOW, tries=5)
            asking = SignIn(
                person=person,
                asked_at=NOW,
                expires_at=NOW + timedelta(minutes=5),
                tries_left=5,
                limited=False,
            )
            hashes = {name: f"{person}{name}" for name in ("asked_hash", "address_hash", "ticket_hash")}
            await tx.sign_ins.add(asking, **hashes)
            await tx.sessions.begin(f"{person}z", person, "Firefox", NOW)
            grant = Grant(
                id=0, person=person, unit=CITY, rights=SEE_ONLY, by=EVA, reason="r", since=NOW, until=NOW
            )
            await tx.grants.add(grant)
            access = ApiToken(
                id=0,
                person=person,
                label="统计",
                limit=Limit(rights=SEE_ONLY),
                by=EVA,
                created_at=NOW,
                until=NOW + timedelta(days=1),
            )
            access = replace(access, id=await tx.api_tokens.add(f"{person}t", access))
            await tx.api_answers.claim(access, f"{person}k", "POST /api/v1/x", f"{person}b", NOW)
        upload = Upload(id="u", by=DAN, created_at=NOW, sha256="0", size=1, names=("people.csv",), shown="{}")
        await tx.uploads.add(upload, b"everybody")


async def column(database: Database, query: Any) -> list[Any]:
    async with database.read() as tx:
        return list(await tx.conn.scalars(query))


async def test_an_export_is_everything_that_names_him(database: Database) -> None:
    await fill(database)
    told: Any = json.loads(json.dumps(await export_person(at(database, NOW), DAN)))
    assert told["person"] == "dan"
    assert told["people"][0]["phone"] == DAN_PHONE
    assert {row["key"] for row in told["messages"]} == {"dan sent", "dan queued"}
    assert told["messages"][0]["id"] == "1"
    assert told["messages"][0]["created_at"] == "2026-11-23T12:00:00Z"
    assert [row["account"] for row in told["inbox"]] == ["701", "s", "701"]
    assert [row["event"] for row in told["journal"]] == ["acknowledged"]
    counts = {name: len(rows) for name, rows in told.items() if name != "person"}
    one = ["people", "links", "link_tokens", "vouchers", "offices", "office_records", "leaves", "matters"]
    one += ["answers", "journal", "sign_ins", "sessions", "grants", "api_tokens", "api_answers", "uploads"]
    two = ["messages", "address_states", "courtesies"]
    none = ["pauses", "shift_people", "shift_covers", "presences", "sheets", "cases", "calls"]
    none += ["relays", "broadcasts"]
    assert counts == dict.fromkeys(one, 1) | dict.fromkeys(two, 2) | dict.fromkeys(none, 0) | {"inbox": 3}
    assert "parcel" not in told["uploads"][0]
    assert "shown" not in told["uploads"][0]
    assert not any(
        "hash" in name or name in ("selector", "salt")
        for table in ("link_tokens", "vouchers", "sign_ins", "sessions", "api_tokens", "api_answers")
        for row in told[table]
        for name in row
    )


async def test_a_phone_that_others_have_too_is_not_his_alone(database: Database) -> None:
    await fill(database)
    told: Any = await export_person(at(database, NOW), ANN)
    assert [row["account"] for row in told["inbox"]] == ["700"]
    assert [row["channel"] for row in told["address_states"]] == ["telegram"]
    assert told["messages"][0]["address"] == SHARED


async def test_an_erasure_blanks_him_and_nobody_else(database: Database) -> None:
    await fill(database)
    ann = await export_person(at(database, NOW), ANN)
    done = await erase_person(at(database, NOW), DAN, DESK, "he asked for it")
    assert done == {
        **{"inbox": 2, "address_states": 2, "courtesies": 2, "links": 1, "link_tokens": 1, "vouchers": 1},
        **{"people": 1, "messages": 2, "answers": 1, "leaves": 1, "matters": 1, "office_records": 1},
        **{"sign_ins": 1, "sessions": 1, "grants": 1, "api_tokens": 1, "api_answers": 1, "uploads": 1},
    }
    assert await export_person(at(database, NOW), ANN) == ann
    dan: Any = await export_person(at(database, NOW), DAN)
    assert (dan["people"][0]["name"], dan["people"][0]["phone"]) == ("", None)
    assert [row["state"] for row in dan["messages"]] == ["sent", "cancelled"]
    assert [row["event"] for row in dan["journal"]] == ["acknowledged", "erased"]
    erased = dan["journal"][1]
    assert (erased["person"], erased["subject"], erased["reason"]) == ("eva", "dan", "he asked for it")
    everything = await _everything(database)
    unread = await column(database, select(inbox.c.payload).where(inbox.c.state == "new"))
    for trace in ("人dan", f'"{DAN_PHONE}"', f"'{DAN_PHONE}'"):
        assert trace not in everything
    # What has not been read yet is still to be answered; retention sees to it.
    assert len(unread) == 1
    assert "1004" in unread[0]


async def _everything(database: Database) -> str:
    said = ""
    async with database.read() as tx:
        for table in metadata.tables.values():
            said += "".join(str(tuple(row)) for row in await tx.conn.execute(select(table)))
    return said


async def test_an_erasure_twice_changes_nothing_more(database: Database) -> None:
    await fill(database)
    await erase_person(at(database, NOW), DAN, DESK, "once")
    gone = await column(database, select(people.c.removed_at).where(people.c.id == DAN))
    await erase_person(at(database, NOW + DAY), DAN, DESK, "twice")
    assert await column(database, select(people.c.removed_at).where(people.c.id == DAN)) == gone == [NOW]


async def test_what_is_being_sent_just_now_is_not_sent_again(database: Database) -> None:
    await take_in(database, ROSTER)
    number = await put(database, replace(PLAIN, person=DAN), MessageState.SENDING)
    await erase_person(at(database, NOW), DAN, DESK, "x")
    kept = await message(database, number)
    assert (kept.state, kept.text, kept.expires_at) == (MessageState.SENDING, "", NOW)
    assert kept.matter == MatterId(1)


async def test_strangers_are_not_found_and_nothing_changes(database: Database) -> None:
    await fill(database)
    before = await _everything(database)
    nobody = PersonId("nobody")
    with pytest.raises(NotFound, match="no person nobody"):
        await export_person(at(database, NOW), nobody)
    with pytest.raises(NotFound, match="no person nobody"):
        await erase_person(at(database, NOW), nobody, DESK, "x")
    with pytest.raises(NotFound, match="no person nobody"):
        await erase_person(at(database, NOW), DAN, Actor(person=nobody, channel="shell"), "x")
    assert await _everything(database) == before


async def test_somebody_without_any_address_can_be_erased(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        await tx.conn.execute(update(people).where(people.c.id == BOB).values(phone=None))
    done = await erase_person(at(database, NOW), BOB, DESK, "x")
    assert (done["people"], done["inbox"], done["links"]) == (1, 0, 0)
    assert await column(database, select(answers.c.id)) == []
    assert len(await column(database, select(links.c.person))) == 2
    assert await column(database, select(messages.c.id)) == []
