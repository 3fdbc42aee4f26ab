"""What the journal keeps in short English, in the words of a page: events, reasons, titles, channels."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from notifier.domain.ids import PersonId
from notifier.domain.roster import Person
from notifier.web.console.kit import Kit

Say = Callable[..., str]
"""A text of the pages by its name, with its values."""
Label = Callable[[str], str]
"""What the organisation's texts call a title or a channel; the name itself where they have no word for it."""

_TIME: Final = r"(?P<time>\d{4}-\d\d-\d\dT[\d:.]+Z)"
_WHO: Final = r"(?P<name>\S+)"
_STEP: Final = re.compile(
    r"step (?P<step>\d+)(?P<again>, second round)?(?P<acting>, acting)?(, time (?P<times>\d+))?"
)
_SHAPES: Final = tuple(
    (name, re.compile(shape))
    for name, shape in (
        ("for_the_morning", r"(?P<told>.+), left for the morning"),
        ("of_cover", r"cover: (?P<told>.+)"),
        ("desk_again", r"exhausted(, acting)?, time \d+"),
        ("vacant", r"vacant: (?P<office>[^ ]+ ?\d*)"),
        ("absent_until", r"absent until (?P<day>\d{4}-\d\d-\d\d)"),
        ("on_post_of", r"(?P<there>\d+) of (?P<wanted>\d+) (?:were )?on post"),
        ("kept_on_of", r"(?P<there>\d+) of (?P<wanted>\d+) on post, (?P<kept>\d+) kept on"),
        ("by_proxy_of", f"by proxy of {_WHO}"),
        ("vouched_for", f"vouched for by {_WHO}"),
        ("for_somebody", f"for {_WHO}"),
        ("of_cover_for", f"cover for {_WHO}"),
        ("asked_for", rf"asked (?P<number>\d+) for {_WHO}"),
        ("agreed_by", f"for (?P<giver>\\S+), agreed by {_WHO}"),
        ("given", r"(?P<taker>\S+) for (?P<giver>\S+) at (?P<about>\S+ \S+Z)"),
        ("and", r"(?P<told>\S+ for \S+ at \S+ \S+Z) and (?P<more>\S+ for \S+ at \S+ \S+Z)"),
        ("to_somebody", f"to {_WHO}"),
        ("from_somebody", f"from {_WHO}"),
        ("by_somebody", f"by {_WHO}"),
        ("by_somebody_saying", r"by (?P<name>[^\s:]+): (?P<words>.+)"),
        ("undone_by", f"(?P<event>leave_[a-z]+) by {_WHO}"),
        ("done", f"done {_TIME}"),
        ("claimed", f"claimed {_TIME}"),
        ("late_since", f"late since {_TIME}"),
        ("good_until", rf"(?P<number>\d+), good until {_TIME}"),
        ("now", r"now (?P<about>\S+ \S+Z)"),
        ("without", r"without (?P<items>\d+(, \d+)*)"),
        ("acting_as", r"acting (?P<title>\S+)"),
    )
)
"""What the program writes, by the name of its words; the groups are the values that stand in them."""
_AND: Final = "; "
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_NO_LETTER: Final = re.compile(r"[^a-z]+")


class Teller:
    """Tells in one language. What it has no words for, people's own words above all, it leaves as it is."""

    def __init__(self, say: Say, label: Label, zone: ZoneInfo, people: Mapping[PersonId, Person]) -> None:
        """``people`` are those who may be named; times are told as they are in ``zone``."""
        self._say = say
        self._people = people
        self._zone = zone
        self.title = label

    @classmethod
    def of(cls, kit: Kit, locale: str, people: Mapping[PersonId, Person]) -> "Teller":
        """One that tells in that language."""
        station = kit.parts.station
        label = partial(station.texts.label, locale=locale)
        return cls(partial(kit.renderer.say, locale), label, station.zone, people)

    def at(self, moment: datetime | None) -> str:
        """``11-23 20:10``; nothing where there is no moment."""
        return moment.astimezone(self._zone).strftime("%m-%d %H:%M") if moment else ""

    def name(self, person: PersonId | None) -> str:
        """Somebody's name; his id where he is not known, nothing for nobody."""
        if person is None:
            return ""
        found = self._people.get(person)
        return found.name if found else person

    def about(self, subject: str | None) -> str:
        """What a line is about: somebody's name, or the key, moments in it told as civil time."""
        if not subject:
            return ""
        told = _MOMENT.sub(lambda found: self.at(datetime.fromisoformat(found[0])), subject)
        return self.name(PersonId(told))

    def event(self, name: str) -> str:
        """An event of the journal."""
        return self._or_as_it_is(f"event.{name}", name)

    def channel(self, name: str | None) -> str:
        """A channel, or a way by which something came."""
        return self._or_as_it_is(f"channel.{name}", name) if name else ""

    def reason(self, text: str | None) -> str:
        """A reason, an outcome or a note."""
        if not text:
            return ""
        first, more, rest = text.partition(_AND)
        if more and (told := self.reason(first)) != first:
            return self._say("reason.and", told=told, more=self.reason(rest))
        if found := _STEP.fullmatch(text):
            return self._step(**found.groupdict())
        for name, shape in _SHAPES:
            if found := shape.fullmatch(text):
                values = {group: self._value(group, value) for group, value in found.groupdict().items()}
                return self._say(f"reason.{name}", **values)
        if not text.isascii():
            return text  # Somebody's own words, whatever else is among them.
        return self._or_as_it_is(f"reason.{_NO_LETTER.sub('_', text.lower()).strip('_')}", text)

    def _step(self, step: str, again: str | None, acting: str | None, times: str | None) -> str:
        if times:
            told = self._say("reason.step_times", step=step, times=times)
        else:
            told = self._say("reason.step_acting" if acting else "reason.step", step=step)
        return self._say("reason.second_round", told=told) if again else told

    def _value(self, group: str, value: str) -> str:
        """What was found, as it stands in the words."""
        match group:
            case "told" | "more":
                return self.reason(value)
            case "name" | "giver" | "taker":
                return self.name(PersonId(value))
            case "time":
                return self.at(datetime.fromisoformat(value))
            case "about":
                return self.about(value)
            case "event":
                return self.event(value)
            case "title":
                return self.title(value)
            case "office":
                title, space, rank = value.partition(" ")
                return self.title(title) + space + rank
            case _:
                return value

    def _or_as_it_is(self, name: str, text: str) -> str:
        try:
            return self._say(name)
        except KeyError:
            return text
