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

_STEP: Final = re.compile(
    r"step (?P<step>\d+)(?P<again>, second round)?(?P<acting>, acting)?(, time (?P<times>\d+))?"
)
_FOR_THE_MORNING: Final = re.compile(r"(?P<told>.+), left for the morning")
_DESK_AGAIN: Final = re.compile(r"exhausted(, acting)?, time \d+")
_VACANT: Final = re.compile(r"vacant: (?P<office>[^ ]+)(?P<rank> \d+)?")
_ABSENT: Final = re.compile(r"absent until (?P<day>\d{4}-\d\d-\d\d)")
_ON_POST: Final = re.compile(r"(?P<there>\d+) of (?P<wanted>\d+) (?:were )?on post")
_KEPT_ON: Final = re.compile(r"(?P<there>\d+) of (?P<wanted>\d+) on post, (?P<kept>\d+) kept on")
_PROXY: Final = re.compile(r"by proxy of (?P<person>\S+)")
_FOR: Final = re.compile(r"for (?P<person>\S+)")
_TO: Final = re.compile(r"to (?P<person>\S+)")
_FROM: Final = re.compile(r"from (?P<person>\S+)")
_BY: Final = re.compile(r"by (?P<person>\S+)")
_DONE: Final = re.compile(r"done (?P<moment>\d{4}-\d\d-\d\dT[\d:.]+Z)")
_WITHOUT: Final = re.compile(r"without (?P<items>\d+(, \d+)*)")
_VOUCHED: Final = re.compile(r"vouched for by (?P<person>\S+)")
_CLAIMED: Final = re.compile(r"claimed (?P<moment>\d{4}-\d\d-\d\dT[\d:.]+Z)")
_LATE: Final = re.compile(r"late since (?P<moment>\d{4}-\d\d-\d\dT[\d:.]+Z)")
_ISSUED: Final = re.compile(r"(?P<number>\d+), good until (?P<moment>\d{4}-\d\d-\d\dT[\d:.]+Z)")
_COVER: Final = re.compile(r"cover: (?P<told>.+)")
_ACTING: Final = re.compile(r"acting (?P<title>\S+)")
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
        for pattern, tell in self._patterns():
            if found := pattern.fullmatch(text):
                return tell(**found.groupdict())
        if not text.isascii():
            return text  # Somebody's own words, whatever else is among them.
        return self._or_as_it_is(f"reason.{_NO_LETTER.sub('_', text.lower()).strip('_')}", text)

    def _patterns(self) -> tuple[tuple[re.Pattern[str], Callable[..., str]], ...]:
        return (
            (_FOR_THE_MORNING, self._for_the_morning),
            (_STEP, self._step),
            (_DESK_AGAIN, partial(self._say, "reason.desk_again")),
            (_VACANT, self._vacant),
            (_ABSENT, partial(self._say, "reason.absent_until")),
            (_ON_POST, partial(self._say, "reason.on_post_of")),
            (_KEPT_ON, partial(self._say, "reason.kept_on_of")),
            (_PROXY, partial(self._person, "reason.by_proxy_of")),
            (_FOR, partial(self._person, "reason.for_somebody")),
            (_TO, partial(self._person, "reason.to_somebody")),
            (_FROM, partial(self._person, "reason.from_somebody")),
            (_BY, partial(self._person, "reason.by_somebody")),
            (_VOUCHED, partial(self._person, "reason.vouched_for")),
            (_DONE, partial(self._moment, "reason.done")),
            (_CLAIMED, partial(self._moment, "reason.claimed")),
            (_LATE, partial(self._moment, "reason.late_since")),
            (_ISSUED, partial(self._moment, "reason.good_until")),
            (_COVER, self._cover),
            (_WITHOUT, partial(self._say, "reason.without")),
            (_ACTING, self._acting),
        )

    def _step(self, step: str, again: str | None, acting: str | None, times: str | None) -> str:
        if times:
            told = self._say("reason.step_times", step=step, times=times)
        else:
            told = self._say("reason.step_acting" if acting else "reason.step", step=step)
        return self._say("reason.second_round", told=told) if again else told

    def _for_the_morning(self, told: str) -> str:
        return self._say("reason.for_the_morning", told=self.reason(told))

    def _person(self, name: str, *, person: str) -> str:
        return self._say(name, name=self.name(PersonId(person)))

    def _moment(self, name: str, *, moment: str, **values: str) -> str:
        return self._say(name, time=self.at(datetime.fromisoformat(moment)), **values)

    def _cover(self, told: str) -> str:
        return self._say("reason.of_cover", told=self.reason(told))

    def _acting(self, title: str) -> str:
        return self._say("reason.acting_as", title=self.title(title))

    def _vacant(self, office: str, rank: str | None) -> str:
        return self._say("reason.vacant", office=self.title(office) + (rank or ""))

    def _or_as_it_is(self, name: str, text: str) -> str:
        try:
            return self._say(name)
        except KeyError:
            return text
