"""A preview of rotas, printed for whoever keeps the rota: a table for each post, then what is wrong."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import typer

from notifier.cli.output import print_table
from notifier.cli.rota_words import DAYS, WORDS
from notifier.domain.gaps import Gap
from notifier.domain.ids import PersonId, PostCode
from notifier.domain.roster import Shift
from notifier.domain.rota_review import Clash
from notifier.engine.rota_preview import RotaPreview

MOST_COLUMNS = 3
"""Spans of hours that fit beside each other on 80 columns; with more, each shift has a row of its own."""

MOST_LINES = 30
"""Findings of one sort that are printed; the rest is counted."""

T = TypeVar("T")


def print_preview(found: RotaPreview, zone: ZoneInfo, locale: str) -> None:
    """The whole of it on standard output."""
    _Page(found, zone, locale if locale in WORDS else "en").print()


class _Page:
    def __init__(self, found: RotaPreview, zone: ZoneInfo, locale: str) -> None:
        self._found = found
        self._zone = zone
        self._words = WORDS[locale]
        self._days = DAYS[locale]
        names = Counter(person.name for person in found.people.values())
        self._twice = {name for name, count in names.items() if count > 1}

    def print(self) -> None:
        review, days = self._found.review, self._found.days
        first = self._found.span[0].astimezone(self._zone).date()
        typer.echo(
            self._words["title"].format(first=f"{first} {self._days[first.weekday()]}", days=days) + "\n"
        )
        posts = sorted({shift.post for shift in review.shifts})
        for post in posts:
            self._print_post(post, [shift for shift in review.shifts if shift.post == post])
        if self._found.filed & {shift.key for shift in review.shifts}:
            typer.echo(self._words["filed"] + "\n")
        self._print_hours()
        self._print_notes()
        self._section("gaps", review.gaps, self._gap, count=len(review.gaps))
        self._section("doubles", review.doubles, self._clash("double"), count=len(review.doubles))
        self._section(
            "rests",
            review.short_rests,
            self._clash("rest"),
            count=len(review.short_rests),
            rest=self._length(self._found.rest),
        )
        if review.is_sound:
            typer.echo(self._words["sound"])

    # ── tables ───────────────────────────────────────────────────────────────────────────────────

    def _print_post(self, code: PostCode, shifts: Sequence[Shift]) -> None:
        spans = sorted({self._hours(shift) for shift in shifts})
        if len(spans) <= MOST_COLUMNS:
            columns, rows = [self._words["day"], *spans], self._side_by_side(shifts, spans)
        else:
            columns = [self._words["day"], self._words["time"], self._words["who"]]
            rows = [(self._day(self._date(s)), self._hours(s), self._who(s)) for s in shifts]
        print_table(columns, rows, title=self._post_title(code))
        typer.echo()

    def _side_by_side(self, shifts: Sequence[Shift], spans: Sequence[str]) -> list[tuple[str, ...]]:
        cells = {(self._date(shift), self._hours(shift)): self._who(shift) for shift in shifts}
        days = sorted({self._date(shift) for shift in shifts})
        first, last = days[0], days[-1]
        every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return [(self._day(day), *(cells.get((day, span), "") for span in spans)) for day in every]

    def _post_title(self, code: PostCode) -> str:
        post = self._found.posts.get(code)
        if post is None:
            return code
        return self._words["post"].format(name=post.name, code=code, headcount=post.headcount)

    def _print_hours(self) -> None:
        review = self._found.review
        if not review.hours:
            return
        longest_first = sorted(review.hours.items(), key=lambda item: (-item[1], item[0]))
        rows = [
            (self._name(person), f"{hours.total_seconds() / 3600:g}", review.counts[person])
            for person, hours in longest_first
        ]
        columns = (self._words["person"], self._words["hours"], self._words["shifts"])
        print_table(columns, rows, title=self._words["per_person"])
        typer.echo()

    # ── what is wrong, and what is worth knowing ─────────────────────────────────────────────────

    def _print_notes(self) -> None:
        found, words = self._found, self._words
        if found.unrostered:
            posts = words["and"].join(self._post(post) for post in found.unrostered)
            typer.echo(words["unrostered"].format(posts=posts))
        for post, day in sorted(found.ending.items()):
            typer.echo(words["ending"].format(post=self._post(post), day=day.isoformat()))
        for year in found.unknown_years:
            typer.echo(words["unknown"].format(year=year))

    def _section(self, name: str, findings: Sequence[T], line: Callable[[T], str], **values: object) -> None:
        if not findings:
            return
        typer.echo(self._words[name].format(**values))
        for finding in findings[:MOST_LINES]:
            typer.echo(f"  {line(finding)}")
        if len(findings) > MOST_LINES:
            typer.echo("  " + self._words["more"].format(count=len(findings) - MOST_LINES))
        typer.echo(self._words[f"{name[:-1]}_mend"] + "\n")

    def _gap(self, gap: Gap) -> str:
        span, post = self._span(gap.start, gap.end), self._post(gap.post.code)
        return self._words["gap"].format(span=span, post=post, missing=gap.missing)

    def _clash(self, name: str) -> Callable[[Clash], str]:
        def line(clash: Clash) -> str:
            person, between = self._name(clash.person), self._length(clash.rest)
            shifts = "".join(f"\n    {self._shift(shift)}" for shift in (clash.before, clash.after))
            return self._words[name].format(person=person, between=between) + shifts

        return line

    def _shift(self, shift: Shift) -> str:
        return f"{self._span(shift.start, shift.end)} {self._post(shift.post)}"

    # ── words ────────────────────────────────────────────────────────────────────────────────────

    def _who(self, shift: Shift) -> str:
        names = self._words["and"].join(self._name(person) for person in shift.people)
        post = self._found.posts.get(shift.post)
        missing = max(0, post.headcount - len(shift.people)) if post else 0
        short = self._words["short"].format(missing=missing) if missing else ""
        mark = "*" if shift.key in self._found.filed else ""
        return (names or self._words["nobody"]) + mark + short

    def _name(self, person: PersonId) -> str:
        known = self._found.people.get(person)
        if known is None:
            return person
        return f"{known.name}({person})" if known.name in self._twice else known.name

    def _post(self, code: PostCode) -> str:
        post = self._found.posts.get(code)
        return post.name if post else code

    def _date(self, shift: Shift) -> date:
        return shift.start.astimezone(self._zone).date()

    def _day(self, day: date) -> str:
        return f"{day:%m-%d} {self._days[day.weekday()]}"

    def _hours(self, shift: Shift) -> str:
        return f"{shift.start.astimezone(self._zone):%H:%M}-{self._end(shift.end)}"

    def _span(self, start: datetime, end: datetime) -> str:
        """``12-01 周二 20:00-08:00``; the day of the end too, where it is not plain."""
        since, until = start.astimezone(self._zone), end.astimezone(self._zone)
        near = end - start <= timedelta(hours=24)
        last = self._end(end) if near else f"{self._day(until.date())} {until:%H:%M}"
        return f"{self._day(since.date())} {since:%H:%M}-{last}"

    def _end(self, moment: datetime) -> str:
        """The hour; midnight as the end of its day."""
        hour = f"{moment.astimezone(self._zone):%H:%M}"
        return "24:00" if hour == "00:00" else hour

    def _length(self, span: timedelta) -> str:
        hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
        return self._words["minutes" if minutes else "whole"].format(hours=hours, minutes=minutes)
