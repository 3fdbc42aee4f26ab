"""What is open for some people just now: their matters, each with what it can be answered with."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifier.domain import presence
from notifier.domain.case import Case
from notifier.domain.ids import BroadcastId, MatterId, PersonId, PostCode, SheetKey, ShiftKey, UnitCode
from notifier.domain.language.model import OpenMatter, Utterance, Verb
from notifier.domain.policy import Kind, Policy
from notifier.domain.presence import Window
from notifier.domain.roster import Person, Post, Shift
from notifier.domain.sheet import Sheet
from notifier.engine.claims import waiting_claims
from notifier.engine.contacts_lost import CONTACT
from notifier.engine.cover_letters import COVER, LEAVE
from notifier.engine.exchange_letters import EXCHANGE
from notifier.engine.intake import views
from notifier.engine.intake.views import View
from notifier.engine.parts import Parts
from notifier.engine.relays import CANCELLED
from notifier.engine.sheet_proxies import proxy_of
from notifier.engine.subjects import DESK, NOTICE, OFFICE, RELAY, SHEET, SHIFT, UNSIGNED, VERIFY
from notifier.store.rows import Matter, PresenceRow, Relay
from notifier.store.tx import Tx

KIND_OF: Mapping[str, Kind] = {
    SHIFT: Kind.UNSTAFFED,
    SHEET: Kind.UNSIGNED,
    UNSIGNED: Kind.UNSIGNED,
    VERIFY: Kind.UNVERIFIED,
    RELAY: Kind.UNRELAYED,
    OFFICE: Kind.SILENT,
}
"""The kind of case that each topic may become."""

RELAY_MENDED_FOR = timedelta(days=3)
"""How long after it was answered a relay's count may still be mended."""

CLAIM_OPEN_FOR = timedelta(days=3)
"""How long after a shift its secretary may confirm that somebody was there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One open matter with what it is about. ``case`` is the open case in which its person has a say."""

    matter: Matter
    person: Person
    view: OpenMatter
    case: Case | None = None
    shift: Shift | None = None
    post: Post | None = None
    sheet: Sheet | None = None
    relay: Relay | None = None

    @property
    def topic(self) -> str:
        """What the matter's subject is the key of."""
        return self.matter.topic

    def is_over(self, now: datetime) -> bool:
        """Whether its shift has ended."""
        return self.shift is not None and now >= self.shift.end

    def takes(self, verb: Verb) -> bool:
        """Whether that word can answer it now."""
        return verb in self.view.answers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shifts:
    """Everything that the shift matters of some people are told from."""

    shifts: Mapping[ShiftKey, Shift]
    posts: Mapping[PostCode, Post]
    cases: Mapping[str, Case]
    present: Mapping[PersonId, PresenceRow]
    offices: Mapping[PersonId, Collection[UnitCode]]
    counts: Mapping[PostCode, int]
    on_leave: Collection[tuple[PersonId, ShiftKey]]
    known: Collection[MatterId]
    claims: Mapping[ShiftKey, Collection[PersonId]]
    policy: Policy


class Standings:
    """Reads what is open. Shifts that somebody is due at are matters even before any reminder went out."""

    def __init__(self, parts: Parts) -> None:
        """Work with the parts' rules."""
        self._parts = parts

    async def of(self, tx: Tx, people: Sequence[Person], said: Utterance, now: datetime) -> list[Standing]:
        """Everything open for those people, the oldest matter first."""
        policy = (await self._parts.station.rules.current(tx)).policy(Kind.UNSTAFFED)
        matters = await tx.matters.open_of_people([person.id for person in people])
        due = await self._due(tx, people, said, policy, now)
        known = {(matter.person, matter.topic, matter.subject) for matter in matters}
        if wanted := [request for request in due if request[:3] not in known]:
            matters = [*matters, *await tx.matters.ensure(wanted, now)]
        return await self._standings(tx, people, matters, policy, now)

    async def told(self, tx: Tx, person: Person, now: datetime) -> list[Standing]:
        """Everything open for that person of which he was told, the oldest matter first. It only reads."""
        policy = (await self._parts.station.rules.current(tx)).policy(Kind.UNSTAFFED)
        matters = await tx.matters.open_of(person.id)
        return await self._standings(tx, [person], matters, policy, now)

    async def _standings(
        self, tx: Tx, people: Sequence[Person], matters: Sequence[Matter], policy: Policy, now: datetime
    ) -> list[Standing]:
        of_shifts = await self._shift_standings(tx, people, matters, policy, now)
        others = [await self._other(tx, people, matter, now) for matter in matters if matter.topic != SHIFT]
        found = [*of_shifts, *(standing for standing in others if standing is not None)]
        return sorted(found, key=lambda standing: standing.matter.id)

    async def _due(
        self, tx: Tx, people: Iterable[Person], said: Utterance, policy: Policy, now: datetime
    ) -> list[tuple[PersonId, str, str, UnitCode]]:
        """The shifts that their people may check in for now; for a proxy those of the units they lead."""
        due: list[tuple[PersonId, str, str, UnitCode]] = []
        for person in people:
            shifts = await tx.shifts.of_person(person.id, now, now + policy.checkin_from)
            if said.verb is Verb.PROXY:
                shifts += await self._led(tx, person, said, policy, now)
            posts = await tx.roster.posts({shift.post for shift in shifts})
            due += [
                (person.id, SHIFT, shift.key, posts[shift.post].unit)
                for shift in shifts
                if shift.post in posts
            ]
        return due

    async def _led(
        self, tx: Tx, person: Person, said: Utterance, policy: Policy, now: datetime
    ) -> list[Shift]:
        """Shifts of the posts of every unit in which he holds an office; those of the one named, if any."""
        found: list[Shift] = []
        for unit in {office.unit for office in await tx.roster.offices_held(person.id)}:
            for post in await tx.roster.posts_of(unit):
                found += await tx.shifts.at_post(post.code, now, now + policy.checkin_from)
        if said.name is None:
            return found
        ids = {p for shift in found for p in shift.people}
        named = {p.id for p in (await tx.roster.people(ids)).values() if said.name in p.name.casefold()}
        return [shift for shift in found if named & set(shift.people)] or found

    # ── shifts ───────────────────────────────────────────────────────────────────────────────────

    async def _shift_standings(
        self, tx: Tx, people: Sequence[Person], matters: Iterable[Matter], policy: Policy, now: datetime
    ) -> list[Standing]:
        own = [matter for matter in matters if matter.topic == SHIFT]
        if not own:
            return []
        loaded = await self._load(tx, people, own, policy, now)
        by_id = {person.id: person for person in people}
        found = [self._shift_standing(matter, by_id[matter.person], loaded, now) for matter in own]
        return [standing for standing in found if standing is not None]

    async def _load(
        self, tx: Tx, people: Sequence[Person], matters: Sequence[Matter], policy: Policy, now: datetime
    ) -> _Shifts:
        keys = {ShiftKey(matter.subject) for matter in matters}
        shifts = await tx.shifts.many(keys)
        posts = await tx.roster.posts({shift.post for shift in shifts.values()})
        cases = await tx.cases.open_on_subjects(Kind.UNSTAFFED, keys)
        there = {person.id: await tx.presences.of_person(person.id) for person in people}
        offices = {
            person.id: {office.unit for office in await tx.roster.offices_held(person.id)}
            for person in people
        }
        return _Shifts(
            shifts=shifts,
            posts=posts,
            cases={case.subject: case for case in cases},
            present={person: row for person, row in there.items() if row is not None},
            offices=offices,
            counts=await tx.presences.counts(posts),
            on_leave={(row.person, key) for key in shifts for row in await tx.shifts.leave_of(key)},
            known={matter.id for matter in matters if await _is_known(tx, matter)},
            claims={s.key: await waiting_claims(tx, s) for s in shifts.values() if now >= s.end},
            policy=policy,
        )

    def _shift_standing(
        self, matter: Matter, person: Person, loaded: _Shifts, now: datetime
    ) -> Standing | None:
        shift = loaded.shifts.get(ShiftKey(matter.subject))
        post = loaded.posts.get(shift.post) if shift else None
        if shift is None or post is None or now >= shift.end + CLAIM_OPEN_FOR:
            return None
        case = loaded.cases.get(shift.key)
        there = loaded.present.get(person.id)
        on_post = there is not None and there.presence.shift == shift.key
        facts = views.ShiftFacts(
            person=person.id,
            window=presence.window_at(shift, now, loaded.policy.checkin_from),
            case=case,
            rostered=person.id in shift.people,
            on_leave=(person.id, shift.key) in loaded.on_leave,
            on_post=on_post,
            kept_on=on_post and there is not None and there.is_kept_on,
            hands_over=loaded.policy.keeps_until_relieved,
            office=post.unit in loaded.offices[person.id],
            knows=matter.id in loaded.known,
            short=loaded.counts.get(post.code, 0) < post.headcount,
            claimed=any(p != person.id for p in loaded.claims.get(shift.key, ())),
        )
        view = views.shift_view(facts)
        if view is None:
            return None
        has_say = case is not None and not facts.on_post and facts.window is not Window.TOO_LATE
        return Standing(
            matter=matter,
            person=person,
            view=_open(matter, view),
            case=case if has_say else None,
            shift=shift,
            post=post,
        )

    # ── lists, relays, notices ───────────────────────────────────────────────────────────────────

    async def _other(
        self, tx: Tx, people: Iterable[Person], matter: Matter, now: datetime
    ) -> Standing | None:
        person = next(person for person in people if person.id == matter.person)
        kind = KIND_OF.get(matter.topic)
        case = await tx.cases.open_for(kind, matter.subject) if kind else None
        bare = Standing(matter=matter, person=person, view=_open(matter, views.notice_view()), case=case)
        if matter.topic in (NOTICE, CONTACT):
            return bare
        if matter.topic == DESK:
            there = await tx.presences.of_person(person.id)
            at_desk = there is not None and there.presence.shift == matter.subject
            return replace(bare, view=_open(matter, views.desk_view())) if at_desk else None
        if matter.topic == COVER:
            return await self._cover(tx, bare, now)
        if matter.topic == LEAVE:
            return await self._leave(tx, bare, now)
        if matter.topic == EXCHANGE:
            return await self._exchange(tx, bare, now)
        if matter.topic == RELAY:
            return await self._relay(tx, bare, now)
        if matter.topic == OFFICE:
            view = views.office_view(case, person.id) if case else None
            return replace(bare, view=_open(matter, view)) if view else None
        return await self._sheet(tx, bare)

    async def _sheet(self, tx: Tx, bare: Standing) -> Standing | None:
        sheet = await tx.sheets.get(SheetKey(bare.matter.subject))
        if sheet is None:
            return None
        match bare.topic:
            case "sheet":
                items = len((await self._parts.sheets.letters.checklist_of(tx, sheet)).items)
                view = views.list_view(sheet, items)
            case "verify":
                proxy = await proxy_of(tx, sheet)
                view = views.verify_view(sheet, bare.case, bare.person.id, proxy)
            case _:
                view = views.follow_up_view(sheet, bare.case, bare.person.id)
        return replace(bare, view=_open(bare.matter, view), sheet=sheet) if view else None

    async def _cover(self, tx: Tx, bare: Standing, now: datetime) -> Standing | None:
        covering = self._parts.covering
        search = await covering.search(tx, bare.matter.subject)
        if search is None or not await covering.is_open(tx, search, now):
            return None
        return replace(
            bare, view=_open(bare.matter, views.cover_view()), shift=search.shift, post=search.post
        )

    async def _leave(self, tx: Tx, bare: Standing, now: datetime) -> Standing | None:
        covering = self._parts.covering
        search = await covering.search(tx, bare.matter.subject)
        if search is None or not await covering.waits(tx, search, now):
            return None
        return replace(
            bare, view=_open(bare.matter, views.leave_view()), shift=search.shift, post=search.post
        )

    async def _exchange(self, tx: Tx, bare: Standing, now: datetime) -> Standing | None:
        exchange = await self._parts.exchanges.load(tx, bare.matter.subject)
        if exchange is None or now >= exchange.until or bare.person.id == exchange.asker:
            return None
        return replace(bare, view=_open(bare.matter, views.proposal_view()))

    async def _relay(self, tx: Tx, bare: Standing, now: datetime) -> Standing | None:
        number, _, unit = bare.matter.subject.partition(":")
        broadcast = await tx.broadcasts.get(BroadcastId(int(number)))
        relay = await tx.broadcasts.relay(BroadcastId(int(number)), UnitCode(unit))
        if broadcast is None or relay is None or broadcast.state == CANCELLED:
            return None
        if relay.answered_at is not None and now - relay.answered_at > RELAY_MENDED_FOR:
            return None
        view = views.relay_view(relay, bare.case, bare.person.id)
        return replace(bare, view=_open(bare.matter, view), relay=relay)


async def _is_known(tx: Tx, matter: Matter) -> bool:
    """Whether its person has said 收到 to it."""
    last = await tx.answers.last(matter.person, matter.issued_at, matter.id)
    return last is not None and last.verb == Verb.ACK


def narrowed(standings: Sequence[Standing], now: datetime, checkin_from: timedelta) -> list[Standing]:
    """The same, but for "on post" and "on the way" without a number.

    Of several own shifts only the likeliest takes "on post"; "on the way" is to none that is hours ahead,
    as long as there is a nearer one.
    """
    kept = list(standings)
    if any(s.takes(Verb.ETA) and not s.view.early for s in kept):
        kept = [_without(s, Verb.ETA) if s.view.early else s for s in kept]
    for person in {standing.person.id for standing in kept}:
        own = [s for s in kept if s.person.id == person and s.shift is not None and s.takes(Verb.HERE)]
        rostered = [s.shift for s in own if s.view.rostered and s.shift is not None]
        meant = presence.shift_meant(rostered, person, now, checkin_from)
        if meant is not None:
            others = {s.matter.id for s in own if s.shift is not None and s.shift.key != meant.shift.key}
            kept = [_without(s, Verb.HERE) if s.matter.id in others else s for s in kept]
    return kept


def _without(standing: Standing, verb: Verb) -> Standing:
    view = replace(standing.view, answers=standing.view.answers - {verb})
    return replace(standing, view=view)


def _open(matter: Matter, view: View) -> OpenMatter:
    return OpenMatter(
        id=matter.id,
        number=matter.number,
        kind=view.kind,
        answers=view.answers,
        rostered=view.rostered,
        members=view.members,
        asks=view.asks,
        early=view.early,
        items=view.items,
    )
