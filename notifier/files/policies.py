"""policies.yaml: a block for each kind of matter, one about offices, one about cover."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from difflib import get_close_matches
from typing import Any

from notifier.domain.policy import (
    CASE_KINDS,
    DAILY_KINDS,
    ROSTERED,
    SUCCESSION,
    CoverPolicy,
    Kind,
    Policy,
    Settings,
    Step,
)
from notifier.domain.roster import ChannelName
from notifier.files.cells import choice_reader, read_duration, read_span_of_time, whole_reader
from notifier.files.columns import TITLES, read_title
from notifier.files.findings import BadValue, unknown
from notifier.files.moments import read_hour
from notifier.files.nodes import Place

FILE = "policies.yaml"
_OFFICES, _COVER = "offices", "cover"

_NOTHING = timedelta()
_STEP_KEYS = ("call", "wait", "repeat")
_read_channel = choice_reader(ChannelName, {"短信": ChannelName.SMS, "电报": ChannelName.TELEGRAM})
_read_repeat = whole_reader(0, 99)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesFile:
    """The blocks by kind, the offices with a stand-in, and how cover is looked for."""

    kinds: Mapping[Kind, Policy] = field(default_factory=dict)
    stand_in: frozenset[str] = frozenset()
    cover: CoverPolicy = field(default_factory=CoverPolicy)


def read_policies(top: Place) -> PoliciesFile:
    """Everything that the file says; bad places are reported."""
    blocks = top.fields([*(kind.value for kind in Kind), _OFFICES, _COVER])
    offices, cover = blocks.pop(_OFFICES, None), blocks.pop(_COVER, None)
    return PoliciesFile(
        kinds={Kind(name): _read_policy(Kind(name), block) for name, block in blocks.items()},
        stand_in=_read_stand_in(offices) if offices else frozenset(),
        cover=_read_cover(cover) if cover else CoverPolicy(),
    )


def _read_cover(block: Place) -> CoverPolicy:
    values: dict[str, Any] = {key: _COVER_FIELDS[key](at) for key, at in block.fields(_COVER_FIELDS).items()}
    return CoverPolicy(**values)


def _read_stand_in(block: Place) -> frozenset[str]:
    fields = block.fields(("stand_in",), required=("stand_in",))
    entries = fields["stand_in"].entries() if "stand_in" in fields else ()
    return frozenset(entry.value(read_title, "") for entry in entries)


def _read_policy(kind: Kind, block: Place) -> Policy:
    known, required = (_DAILY_FIELDS, ("at",)) if kind in DAILY_KINDS else (_FIELDS, ())
    values: dict[str, Any] = {}
    for key, place in block.fields(known, required).items():
        name, read = known[key]
        values[name] = read(place)
    # Nothing that goes out by itself wakes anybody, unless somebody wants it so.
    return replace(Policy(kind=kind, keeps_quiet=kind in DAILY_KINDS), **values)


def _read_steps(place: Place) -> tuple[Step, ...]:
    return tuple(_read_step(entry) for entry in place.entries())


def _read_step(place: Place) -> Step:
    fields = place.fields(_STEP_KEYS, required=("call", "wait"))
    return Step(
        call=fields["call"].value(read_title, "") if "call" in fields else "",
        wait=fields["wait"].value(read_span_of_time, _NOTHING) if "wait" in fields else _NOTHING,
        repeat=fields["repeat"].value(_read_repeat, 0) if "repeat" in fields else 0,
    )


def _read_reminders(place: Place) -> tuple[timedelta, ...]:
    ahead = {entry.value(read_span_of_time, _NOTHING) for entry in place.entries()}
    return tuple(sorted(ahead, reverse=True))


def _read_channels(place: Place) -> tuple[ChannelName, ...]:
    channels = tuple(dict.fromkeys(entry.value(_read_channel, ChannelName.SMS) for entry in place.entries()))
    if place.is_list() and not channels:
        place.refuse(BadValue("there is no channel", "write [telegram, sms]"))
    return channels


def _read_quiet(text: str) -> bool:
    if text not in ("keep", "ignore"):
        raise unknown("way to treat quiet hours", text, ("keep", "ignore"))
    return text == "keep"


def _read_relief(text: str) -> bool:
    if text not in ("keep", "ignore"):
        raise unknown("way to treat relief", text, ("keep", "ignore"))
    return text == "keep"


def _read_time(text: str) -> time:
    hour, is_next_day = read_hour(text)
    if is_next_day:
        raise BadValue(f"{text!r} is the next day's", "write 00:00")
    return hour


def _duration(place: Place) -> timedelta:
    return place.value(read_duration, _NOTHING)


def _span(place: Place) -> timedelta:
    return place.value(read_span_of_time, _NOTHING)


_FIELDS: Mapping[str, tuple[str, Callable[[Place], object]]] = {
    "steps": ("steps", _read_steps),
    "remind_before": ("remind_before", _read_reminders),
    "checkin_from": ("checkin_from", _duration),
    "grace": ("grace", _duration),
    "resolve_within": ("resolve_within", _span),
    "repeat_exhausted": ("repeat_exhausted", _span),
    "channels": ("channels", _read_channels),
    "fallback_after": ("fallback_after", _duration),
    "quiet_hours": ("keeps_quiet", lambda place: place.value(_read_quiet, False)),
    "expires": ("expires", _span),
    "after_calls": ("after_calls", lambda place: place.value(whole_reader(1, 99), 1)),
    "within": ("within", _span),
    "rest": ("rest", _duration),
    "relief": ("keeps_until_relieved", lambda place: place.value(_read_relief, False)),
}

_COVER_FIELDS: Mapping[str, Callable[[Place], object]] = {
    "ask": lambda place: place.value(whole_reader(1, 20), 1),
    "wait": _span,
    "after": _duration,
}

_DAILY_FIELDS: Mapping[str, tuple[str, Callable[[Place], object]]] = {
    "at": ("at", lambda place: place.value(_read_time, time())),
    "ahead": ("ahead", _span),
    **{key: _FIELDS[key] for key in ("channels", "fallback_after", "quiet_hours", "expires")},
}


def policy_warnings(settings: Settings, titles: Collection[str] = ()) -> list[str]:
    """What is allowed in the policies in force but hardly meant, one line each.

    ``titles`` are office titles in use besides the program's own.
    """
    known = {ROSTERED, SUCCESSION, *TITLES.values(), *titles}
    return [
        f"{FILE} {kind.value}: {line}"
        for kind, policy in settings.policies.items()
        for line in (
            *_idle(policy),
            *_strange_calls(policy, known),
            *_slow_fallback(policy),
            *_outlives(policy, settings),
        )
    ]


def _idle(policy: Policy) -> list[str]:
    if policy.kind in (*CASE_KINDS, Kind.SILENT) and not policy.steps:
        return ["it has no steps, so that nobody is called; add steps"]
    return []


def _strange_calls(policy: Policy, known: set[str]) -> list[str]:
    return [
        f"step {n} calls {step.call!r}, and there is no such office" + _meant(step.call, known)
        for n, step in enumerate(policy.steps, start=1)
        if step.call not in known
    ]


def _meant(call: str, known: set[str]) -> str:
    near = get_close_matches(call, sorted(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else "; add it to offices.csv"


def _slow_fallback(policy: Policy) -> list[str]:
    if len(policy.channels) < 2:
        return []
    late = [
        f"fallback_after {_minutes(policy.fallback_after)} is longer than half of step {n}'s wait "
        f"({_minutes(step.wait)}); there it is taken as {_minutes(step.wait / 2)}"
        for n, step in enumerate(policy.steps, start=1)
        if policy.fallback_after > step.wait / 2
    ]
    if policy.fallback_after >= policy.expires:
        late.append("a message expires before fallback_after is over; the second channel is never used")
    return late


def _outlives(policy: Policy, settings: Settings) -> list[str]:
    """Of two digests that wait in one phone, the older says what is no longer so."""
    digests = (Kind.MORNING_DIGEST, Kind.EVENING_DIGEST)
    others = [settings.policy(kind).at for kind in digests] if policy.kind in digests else [policy.at]
    if policy.at is None or policy.expires <= min(_until(policy.at, other) for other in others if other):
        return []
    return ["it expires only after the next one is due; shorten expires"]


def _until(start: time, end: time) -> timedelta:
    """From one civil time to the next of the other, at most a day."""
    minutes = (end.hour - start.hour) * 60 + end.minute - start.minute
    return timedelta(minutes=minutes % (24 * 60) or 24 * 60)


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:g}m"
