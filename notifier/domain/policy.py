"""What the organisation has decided: how each gap is called, what each list holds, when it is quiet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum

from notifier.domain.roster import ChannelName
from notifier.domain.times import QuietHours


class Kind(StrEnum):
    """Kinds of matter that a policy block speaks of: cases, what is sent by hand, what is sent daily."""

    UNSTAFFED = "unstaffed"
    UNSIGNED = "unsigned"
    UNVERIFIED = "unverified"
    UNRELAYED = "unrelayed"
    SILENT = "silent"
    COMMENDATION = "commendation"
    NOTICE = "notice"
    COVERAGE = "coverage"
    MORNING_DIGEST = "morning_digest"
    EVENING_DIGEST = "evening_digest"


CASE_KINDS = (Kind.UNSTAFFED, Kind.UNSIGNED, Kind.UNVERIFIED, Kind.UNRELAYED)
"""Kinds of case that any village may have. One more, SILENT, is about an office and only where it is told."""

DAILY_KINDS = (Kind.COVERAGE, Kind.MORNING_DIGEST, Kind.EVENING_DIGEST)
"""Kinds that go out by themselves once a day, where the policies have a block for them."""

ROSTERED = "rostered"
SUCCESSION = "succession"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of ``steps``: ``call`` is ``rostered``, ``succession`` or an office title."""

    call: str
    wait: timedelta
    repeat: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One block of policies.yaml. Fields that a kind does not use keep their defaults.

    ``at`` is the civil time of a daily kind, None where it is off; ``ahead`` is how far coverage looks.
    ``after_calls`` unanswered ones ``within`` that time make an office silent.
    """

    kind: Kind
    steps: tuple[Step, ...] = ()
    remind_before: tuple[timedelta, ...] = ()
    checkin_from: timedelta = timedelta(minutes=60)
    grace: timedelta = timedelta(minutes=10)
    resolve_within: timedelta = timedelta(minutes=20)
    repeat_exhausted: timedelta = timedelta(minutes=15)
    channels: tuple[ChannelName, ...] = (ChannelName.TELEGRAM, ChannelName.SMS)
    fallback_after: timedelta = timedelta(minutes=10)
    keeps_quiet: bool = False
    expires: timedelta = timedelta(hours=6)
    rest: timedelta = timedelta(hours=8)
    """Between two shifts of one person; who came off one later than that is called in a second round."""
    keeps_until_relieved: bool = False
    """Who ends a shift is kept on while those of the next have not come, and is asked to hand over."""
    at: time | None = None
    ahead: timedelta = timedelta(hours=48)
    after_calls: int = 3
    within: timedelta = timedelta(hours=24)

    def step(self, number: int) -> Step | None:
        """The step of that number; after the last, the same steps are numbered on for the second round."""
        count = len(self.steps)
        return self.steps[(number - 1) % count] if 0 < number <= 2 * count else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverPolicy:
    """How cover is looked for: ``ask`` people at once, ``wait`` for them, then the next.

    It begins ``after`` a leave that nobody answered.
    """

    ask: int = 1
    wait: timedelta = timedelta(minutes=15)
    after: timedelta = timedelta(minutes=30)


class Signers(StrEnum):
    """Who signs a list."""

    ON_DUTY = "on_duty"
    OFFICE = "office"
    UNIT = "unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When a list falls due: ``daily`` at a civil time, or at shift end (``daily`` None); then ``offset``."""

    daily: time | None
    offset: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """A responsibility list. Titles and items per language; ``office`` with Signers.OFFICE only."""

    id: str
    title: Mapping[str, str]
    items: tuple[Mapping[str, str], ...]
    signers: Signers
    office: str | None
    due: Due
    grace: timedelta
    verified_by: str
    verify_within: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings in force, one version of all three files. ``version`` counts from 1."""

    version: int
    policies: Mapping[Kind, Policy]
    checklists: tuple[Checklist, ...]
    quiet: QuietHours
    holidays: str | None = None
    days_off: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    """Days that are free, or worked, whatever the country's calendar says."""
    stand_in: frozenset[str] = frozenset()
    """Offices in which the next in rank acts by himself as soon as the holder is away."""
    cover: CoverPolicy = field(default_factory=CoverPolicy)
    ceiling: int = 12
    """So many messages an hour to one person, calls and answers aside."""
    sources: Mapping[str, str] = field(default_factory=dict)

    def policy(self, kind: Kind) -> Policy:
        """The block of a kind; the defaults where the file has none."""
        return self.policies.get(kind) or Policy(kind=kind)

    def checklist(self, checklist_id: str) -> Checklist:
        """The list of that id. Raises KeyError when this version has none."""
        for checklist in self.checklists:
            if checklist.id == checklist_id:
                return checklist
        raise KeyError(checklist_id)
