"""Reading the roster: the tree, names, chains, audiences, contacts."""

from dataclasses import replace

import pytest

from notifier.domain import audience
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import ChannelName, Contact, Lineage, Office, OfficeStatus, Presence, PresenceEnd
from notifier.errors import NotFound
from notifier.store.database import Database
from notifier.store.rows import LeaveRow, LineageQuery, LinkedCounts, Reach, RosterTables
from tests.contract.store_city import (
    ANN,
    BOB,
    BOT,
    BOTH,
    CAI,
    CITY,
    DAN,
    DESK,
    EVA,
    FAN,
    GATE,
    HOUR,
    MORNING,
    NIGHT,
    NOW,
    OFFICES,
    OTHER,
    PEOPLE,
    POSTS,
    ROSTER,
    SHARED,
    TOWN,
    UNITS,
    V1,
    V2,
    shift,
    take_in,
)

TELEGRAM, SMS = ChannelName.TELEGRAM, ChannelName.SMS


def sms(phone: str) -> Contact:
    return Contact(channel=SMS, account="", address=phone)


def chat(account: str, address: str) -> Contact:
    return Contact(channel=TELEGRAM, account=account, address=address)


async def _lineage(
    database: Database,
    unit: UnitCode = V1,
    *,
    channels: tuple[ChannelName, ...] = BOTH,
    accounts: tuple[str, ...] = (BOT,),
    also: tuple[PersonId, ...] = (),
) -> Lineage:
    async with database.read() as tx:
        return await tx.roster.lineage(
            unit, also=also, shift=NIGHT.key, channels=channels, accounts=accounts, now=NOW
        )


async def test_the_tree_upward_and_downward(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.read() as tx:
        assert [unit.code for unit in await tx.roster.path(V1)] == [V1, TOWN, CITY]
        assert await tx.roster.path(UnitCode("?")) == ()
        assert await tx.roster.below(TOWN) == {TOWN, V1, V2}
        assert await tx.roster.below(UnitCode("?")) == set()
        assert await tx.roster.units() == {unit.code: unit for unit in UNITS}
        assert await tx.roster.unit(OTHER) == UNITS[2]


async def test_people_by_name(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.read() as tx:
        assert [p.id for p in await tx.roster.by_name(V1, "王建")] == [BOB], "the whole name goes first"
        assert [p.id for p in await tx.roster.by_name(V1, "建")] == [ANN, BOB, CAI]
        assert await tx.roster.by_name(V2, "王建") == []
        assert await tx.roster.by_name(V1, "") == []
        assert await tx.roster.by_name(V1, "%") == []


async def test_a_language_is_chosen_until_the_file_says_otherwise(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        await tx.roster.set_locale(ANN, "en")
        assert await tx.roster.person(ANN) == replace(PEOPLE[0], locale="en")
        assert await tx.roster.units_with_office("secretary") == [TOWN, V1]
        assert await tx.roster.units_with_office("duty_desk") == [], "nobody holds it"
    assert (await take_in(database, ROSTER)).people == {ANN}


async def test_offices_and_posts(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.read() as tx:
        assert await tx.roster.offices_held(DAN) == [OFFICES[2]]
        assert await tx.roster.offices_of(V1) == list(OFFICES[:2])
        assert await tx.roster.post(GATE) == POSTS[0]
        assert await tx.roster.posts_of(V1) == [POSTS[0]]
        assert await tx.roster.posts_of(V2) == []
    await take_in(database, RosterTables(posts=POSTS[1:]))
    async with database.read() as tx:
        assert await tx.roster.post(GATE) == POSTS[0], "journals name it"
        assert await tx.roster.posts_of(V1) == []


# ── lineages ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_lineage_has_the_offices_up_to_the_root(database: Database) -> None:
    await take_in(database, ROSTER)
    lineage = await _lineage(database, also=(FAN, CAI))
    assert [unit.code for unit in lineage.units] == [V1, TOWN, CITY]
    assert set(lineage.offices) == set(OFFICES)
    assert set(lineage.people) == {ANN, BOB, DAN, FAN, CAI}
    assert lineage.contacts == {
        ANN: (sms(SHARED), chat(BOT, "1001")),
        BOB: (sms(SHARED),),
        DAN: (sms("+8613800000004"),),
    }
    assert lineage.lost == {FAN: "no_contact", CAI: "no_contact"}
    above = await _lineage(database, TOWN)
    assert {office.unit for office in above.offices} == {TOWN, CITY}


async def test_contacts_need_their_channel_and_their_bot(database: Database) -> None:
    await take_in(database, ROSTER)
    assert (await _lineage(database, accounts=(BOT, "701"))).contacts[DAN] == (
        sms("+8613800000004"),
        chat("701", "1004"),
    )
    telegram_only = await _lineage(database, channels=(TELEGRAM,))
    assert telegram_only.contacts == {ANN: (chat(BOT, "1001"),)}
    assert telegram_only.lost == {BOB: "no_contact", DAN: "no_contact"}
    sms_only = await _lineage(database, channels=(SMS,))
    assert sms_only.contacts[ANN] == (sms(SHARED),)


@pytest.mark.parametrize("state", ["stopped", "wrong"])
async def test_a_silent_number_is_lost_for_all_who_share_it(database: Database, state: str) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        assert await tx.contacts.mark(SMS, "", SHARED, state, "21610", NOW)
    lineage = await _lineage(database)
    assert lineage.contacts[ANN] == (chat(BOT, "1001"),)
    assert lineage.lost == {BOB: "blocked"}
    async with database.write() as tx:
        await tx.contacts.mark(TELEGRAM, BOT, "1001", "blocked", "403", NOW)
        # The same chat id with another bot, and a number in another channel, are other addresses.
        await tx.contacts.mark(TELEGRAM, "701", "1001", "blocked", "403", NOW)
    assert (await _lineage(database)).lost == {ANN: "blocked", BOB: "blocked"}


async def test_who_is_gone_is_named_but_not_reached(database: Database) -> None:
    await take_in(database, ROSTER)
    await take_in(database, RosterTables(people=PEOPLE[1:]))
    lineage = await _lineage(database)
    assert lineage.people[ANN] == PEOPLE[0]
    assert ANN not in lineage.contacts
    assert lineage.lost == {ANN: "no_contact"}


async def test_who_is_on_post_at_a_duty_desk_is_the_desk(database: Database) -> None:
    await take_in(database, ROSTER)
    duty = shift(DESK, NOW, 8, EVA)
    async with database.write() as tx:
        for who, post in ((EVA, DESK), (FAN, DESK), (BOB, GATE)):
            presence = Presence(
                person=who, post=post, shift=duty.key, since=NOW, until=None, channel="sms", by=who
            )
            row = await tx.presences.arrive(presence)
            if who == FAN:
                await tx.presences.end(row, NOW + HOUR, PresenceEnd.LEFT)
    lineage = await _lineage(database)
    assert lineage.desk == {CITY: (EVA,)}
    assert lineage.contacts[EVA] == (sms("+8613800000005"),)


async def test_leaves_count_for_their_own_shift_until_revoked(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        for who, key in ((ANN, NIGHT.key), (BOB, NIGHT.key), (DAN, MORNING.key)):
            await tx.shifts.add_leave(LeaveRow(person=who, shift=key, reason="病", recorded_at=NOW))
        assert await tx.shifts.revoke_leave(BOB, NIGHT.key, NOW)
        assert not await tx.shifts.revoke_leave(BOB, NIGHT.key, NOW)
    assert (await _lineage(database)).on_leave == {ANN}


async def test_many_lineages_at_once_are_each_as_if_alone(database: Database) -> None:
    await take_in(database, ROSTER)
    units = (V1, V2, TOWN, CITY, V1)
    queries = [LineageQuery(unit=unit, shift=NIGHT.key) for unit in (*units, UnitCode("?"))]
    async with database.read() as tx:
        found = await tx.roster.lineages(queries, channels=BOTH, accounts={BOT}, now=NOW)
    assert found == [*[await _lineage(database, unit) for unit in units], None]
    with pytest.raises(NotFound):
        await _lineage(database, UnitCode("?"))


# ── audiences ────────────────────────────────────────────────────────────────────────────────────

PAST, COMING = shift(GATE, NOW - 10 * HOUR, 8, FAN), shift(DESK, NOW + HOUR, 8, EVA)


@pytest.mark.parametrize(
    ("expressions", "expected"),
    [
        (["unit:T1"], {ANN, BOB, CAI, DAN, FAN}),
        (["unit:V1", "unit:V2"], {ANN, BOB, CAI, FAN}),
        (["office:secretary"], {ANN, DAN}),
        (["office:secretary,unit:V1"], {ANN}),
        (["post:checkpoint"], {ANN, BOB, CAI}),
        (["post:duty_desk", "person:fan"], {EVA, FAN}),
        (["person:ann,unit:V2"], set()),
        (["unit:?"], set()),
    ],
)
async def test_the_store_reads_an_audience_as_the_domain_does(
    database: Database, expressions: list[str], expected: set[PersonId]
) -> None:
    told = replace(ROSTER, shifts=(NIGHT, MORNING, PAST, COMING))
    await take_in(database, told, NOW - 20 * HOUR)
    meant = audience.parse_audience(expressions)
    async with database.read() as tx:
        found = await tx.roster.audience(meant, NOW)
    assert found == sorted(expected)
    directory = audience.Directory(
        parents={unit.code: unit.parent for unit in UNITS},
        offices=OFFICES,
        rostered={"checkpoint": {ANN, BOB, CAI}, "duty_desk": {EVA}},
    )
    assert found == audience.select(meant, PEOPLE, directory)


async def test_who_is_gone_is_in_no_audience(database: Database) -> None:
    await take_in(database, ROSTER)
    await take_in(database, RosterTables(people=PEOPLE[1:]))
    async with database.read() as tx:
        assert await tx.roster.audience(audience.parse_audience(["person:ann", "unit:V1"]), NOW) == [BOB, CAI]


async def test_reach_counts_each_once(database: Database) -> None:
    await take_in(database, ROSTER)
    ids = [person.id for person in PEOPLE]
    async with database.read() as tx:
        reach = await tx.roster.reach([*ids, ANN], channels=BOTH, accounts=[BOT, "701"])
        assert reach == Reach(telegram=2, sms_only=2, neither=2)
        usable = await tx.contacts.usable(ids, channels=BOTH, accounts=[BOT])
    assert set(usable) == set(ids)
    assert usable[FAN] == ()


# ── contacts ─────────────────────────────────────────────────────────────────────────────────────


async def test_who_writes_from_an_address(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.read() as tx:
        assert await tx.contacts.by_chat(BOT, "1001") == ANN
        assert await tx.contacts.by_chat("701", "1001") is None
        assert await tx.contacts.by_phone(SHARED) == [PEOPLE[0], PEOPLE[1]]
        assert await tx.contacts.sharing(ANN) == [ANN, BOB]
        assert await tx.contacts.sharing(CAI) == [CAI]
        assert await tx.contacts.linked_counts() == LinkedCounts(people=6, telegram=2, phone=4, neither=2)


async def test_a_chat_belongs_to_one_person(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        await tx.contacts.link(BOB, BOT, "1001", NOW)
        assert await tx.contacts.by_chat(BOT, "1001") == BOB
        assert await tx.contacts.chats(ANN) == []
        await tx.contacts.link(BOB, BOT, "2002", NOW)
        await tx.contacts.link(BOB, "701", "2002", NOW)
        assert await tx.contacts.chats(BOB) == [(BOT, "2002"), ("701", "2002")]
        assert await tx.contacts.unlink(BOB, BOT)
        assert await tx.contacts.chats(BOB) == [("701", "2002")]
        assert await tx.contacts.unlink(BOB)
        assert not await tx.contacts.unlink(BOB)


async def test_a_token_links_once_and_not_for_ever(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        items = [("h1", ANN), ("h2", BOB), ("h3", PersonId("nobody"))]
        await tx.contacts.issue_tokens(items, NOW, NOW + HOUR)
        assert await tx.contacts.redeem("h1", NOW) == ANN
        assert await tx.contacts.redeem("h1", NOW) is None
        assert await tx.contacts.redeem("h2", NOW + HOUR) is None
        assert await tx.contacts.redeem("h3", NOW) is None
        assert await tx.contacts.redeem("h4", NOW) is None


async def test_what_is_against_an_address(database: Database) -> None:
    async with database.write() as tx:
        contacts = tx.contacts
        assert await contacts.state_of(SMS, "", SHARED) is None
        assert await contacts.mark(SMS, "", SHARED, "stopped", "21610", NOW)
        assert not await contacts.mark(SMS, "", SHARED, "stopped", None, NOW + HOUR)
        assert await contacts.mark(SMS, "", SHARED, "wrong", "21211", NOW + HOUR)
        assert await contacts.state_of(SMS, "", SHARED) == "wrong"
        assert await contacts.states_of(SMS, [SHARED, "+1"]) == {SHARED: "wrong"}
        assert await contacts.clear(SMS, "", SHARED)
        assert not await contacts.clear(SMS, "", SHARED)


async def test_an_absence_keeps_its_end(database: Database) -> None:
    await take_in(database, ROSTER)
    [seat] = [office for office in (await _lineage(database)).offices if office.person == BOB]
    assert seat.status_at(NOW) is OfficeStatus.ABSENT
    assert seat.status_at(NOW + HOUR) is OfficeStatus.IN_POST
    assert isinstance(seat, Office)
