"""Coverage before it hurts: what would go wrong in the hours ahead, while it can still be mended.

Readings only: nothing here removes anybody or blames. Somebody without a working contact is one whom no
answer can come from.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from notifier.domain.chain import first_reachable, read_chain
from notifier.domain.gaps import find_gaps
from notifier.domain.ids import PersonId, PostCode, ShiftKey
from notifier.domain.policy import CASE_KINDS, SUCCESSION, Kind, Step
from notifier.domain.roster import ChannelName, Lineage, Office, OfficeStatus, Post, Shift, Unit, UnitKind

MOST_STAND_INS = 3
"""How many are named who could stand in."""

HOURS_OVER = timedelta(days=7)
"""The past over which somebody's hours on duty are counted, for a fair choice."""


class Concern(StrEnum):
    """What is amiss, the gravest first."""

    NO_CHAIN = "no_chain"
    """A gap in that unit would reach nobody."""
    UNROSTERED = "unrostered"
    """A post that is kept has too few people rostered."""
    UNREACHED = "unreached"
    """People are rostered who have no working contact."""
    MUTE = "mute"
    """People are rostered who can be told, but cannot answer."""
    SILENCED = "silenced"
    """Somebody of the chain has blocked the bot or opted out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakness:
    """One thing to be mended in one unit.

    ``people`` are those whom it concerns, ``stand_ins`` those who could stand in, the best first. ``kinds``
    with NO_CHAIN only; ``post``, ``start``, ``end`` and ``missing`` with UNROSTERED, ``start`` also with the
    rostered (their first shift); ``title``, ``channels`` (lost) and ``reached`` (by another) with SILENCED.
    """

    concern: Concern
    unit: Unit
    people: tuple[PersonId, ...] = ()
    stand_ins: tuple[PersonId, ...] = ()
    kinds: tuple[Kind, ...] = ()
    post: Post | None = None
    start: datetime | None = None
    end: datetime | None = None
    missing: int = 0
    title: str | None = None
    channels: tuple[ChannelName, ...] = ()
    reached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One unit as coverage looks at it, at ``now`` and up to ``until``.

    ``lineage`` has everybody rostered in that time in it. ``shifts`` are those of the unit's posts, from
    ``gaps.LOOK_BACK`` before now on. ``away`` names who is on leave from which shift, ``mute`` who can be
    told but cannot answer, ``lost`` on which channels somebody of the unit's offices is not written to any
    more. ``steps`` are those of each kind of case.
    """

    lineage: Lineage
    now: datetime
    until: datetime
    zone: tzinfo
    steps: Mapping[Kind, Sequence[Step]]
    posts: tuple[Post, ...] = ()
    shifts: Mapping[PostCode, tuple[Shift, ...]] = field(default_factory=dict)
    away: Mapping[ShiftKey, Collection[PersonId]] = field(default_factory=dict)
    mute: frozenset[PersonId] = frozenset()
    lost: Mapping[PersonId, tuple[ChannelName, ...]] = field(default_factory=dict)

    @property
    def unit(self) -> Unit:
        """The unit itself."""
        return self.lineage.unit

    def expected(self) -> dict[PersonId, datetime]:
        """Everybody who is to stand a shift before ``until``, with the start of his first."""
        first: dict[PersonId, datetime] = {}
        for shift in sorted((s for own in self.shifts.values() for s in own), key=lambda s: s.start):
            if shift.end > self.now and shift.start < self.until:
                for person in shift.people:
                    if person not in self.away.get(shift.key, ()):
                        first.setdefault(person, shift.start)
        return first


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The people of a unit who can be told and can answer.

    ``busy`` are the spans of the shifts that they stand, for others too, past ones included; ``away`` those
    of shifts that they are on leave from.
    """

    people: tuple[PersonId, ...]
    busy: Mapping[PersonId, Sequence[tuple[datetime, datetime]]]
    now: datetime
    away: Mapping[PersonId, Sequence[tuple[datetime, datetime]]] = field(default_factory=dict)

    def free(self, start: datetime, end: datetime) -> tuple[PersonId, ...]:
        """Those on no shift then, nor on leave from one, who had the fewest hours of late first."""
        idle = [
            person
            for person in self.people
            if not any(since < end and until > start for since, until in self._taken(person))
        ]
        return tuple(sorted(idle, key=lambda person: (self._hours(person), person))[:MOST_STAND_INS])

    def _taken(self, person: PersonId) -> Sequence[tuple[datetime, datetime]]:
        return (*self.busy.get(person, ()), *self.away.get(person, ()))

    def _hours(self, person: PersonId) -> timedelta:
        begin = self.now - HOURS_OVER
        spans = self.busy.get(person, ())
        return sum((until - max(since, begin) for since, until in spans if until > begin), timedelta())


def kinds_of(unit: Unit, *, keeps_posts: bool) -> tuple[Kind, ...]:
    """The kinds of case that there may be in a unit."""
    if unit.kind is not UnitKind.VILLAGE:
        return (Kind.UNSTAFFED,) if keeps_posts else ()
    return tuple(kind for kind in CASE_KINDS if kind is not Kind.UNSTAFFED or keeps_posts)


def not_in_post(lineage: Lineage, now: datetime) -> frozenset[PersonId]:
    """Office holders who are absent or suspended in every seat they hold: they are not asked to stand in."""
    held = [seat for seat in lineage.offices if seat.person]
    in_post = {seat.person for seat in held if seat.status_at(now) is OfficeStatus.IN_POST}
    return frozenset(seat.person for seat in held if seat.person and seat.person not in in_post)


def find_weaknesses(view: View) -> tuple[Weakness, ...]:
    """Everything to be mended in that unit, the gravest first; nobody is named yet who could stand in.

    But for SILENCED, where whoever is next in succession stands in as it is.
    """
    return (*_no_chain(view), *_unrostered(view), *_not_answering(view), *_silenced(view))


def with_stand_ins(weakness: Weakness, candidates: Candidates) -> Weakness:
    """The same, naming who of the unit could stand in at that time."""
    if weakness.concern is Concern.SILENCED:
        return weakness
    start = weakness.start or candidates.now
    return replace(weakness, stand_ins=candidates.free(start, weakness.end or start + timedelta(hours=1)))


def _no_chain(view: View) -> list[Weakness]:
    broken = [
        kind
        for kind in kinds_of(view.unit, keeps_posts=bool(view.posts))
        if view.steps.get(kind) and _reaches_nobody(view, kind)
    ]
    return [Weakness(concern=Concern.NO_CHAIN, unit=view.unit, kinds=tuple(broken))] if broken else []


def _reaches_nobody(view: View, kind: Kind) -> bool:
    running = [s for own in view.shifts.values() for s in own if s.start <= view.now < s.end]
    to_come = [p for shift in running for p in shift.people if p not in view.away.get(shift.key, ())]
    rostered = to_come if kind is Kind.UNSTAFFED else []
    chain = read_chain(view.steps[kind], view.lineage, rostered, now=view.now, zone=view.zone)
    return first_reachable(chain) is None


def _unrostered(view: View) -> list[Weakness]:
    gaps = [
        gap
        for post in view.posts
        for gap in find_gaps(
            post,
            view.shifts.get(post.code, ()),
            view.away,
            start=view.now,
            end=view.until,
            zone=view.zone,
        )
    ]
    return [
        Weakness(
            concern=Concern.UNROSTERED,
            unit=view.unit,
            post=gap.post,
            start=gap.start,
            end=gap.end,
            missing=gap.missing,
        )
        for gap in sorted(gaps, key=lambda gap: (gap.start, gap.post.code))
    ]


def _not_answering(view: View) -> list[Weakness]:
    expected = view.expected()
    unreached = [person for person in expected if not view.lineage.contacts.get(person)]
    mute = [person for person in expected if person in view.mute]
    return [
        Weakness(
            concern=concern, unit=view.unit, people=tuple(people), start=max(expected[people[0]], view.now)
        )
        for concern, people in ((Concern.UNREACHED, unreached), (Concern.MUTE, mute))
        if people
    ]


def _silenced(view: View) -> list[Weakness]:
    holders: dict[PersonId, Office] = {}
    for seat in view.lineage.offices_of(view.unit.code):
        if seat.person and seat.person in view.lost and seat.status_at(view.now) is OfficeStatus.IN_POST:
            holders.setdefault(seat.person, seat)
    return [
        Weakness(
            concern=Concern.SILENCED,
            unit=view.unit,
            people=(person,),
            title=seat.title,
            channels=view.lost[person],
            reached=bool(view.lineage.contacts.get(person)),
            stand_ins=_next_in_succession(view, person),
        )
        for person, seat in holders.items()
    ]


def _next_in_succession(view: View, person: PersonId) -> tuple[PersonId, ...]:
    step = Step(call=SUCCESSION, wait=timedelta())
    chain = read_chain((step,), view.lineage, now=view.now, excluded={person}, zone=view.zone)
    found = first_reachable(chain)
    return (found,) if found else ()
