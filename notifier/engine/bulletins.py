"""What coverage and digests say to one person: the template, and the values that it may use."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from notifier.domain.case import Case
from notifier.domain.coverage import Concern, Weakness
from notifier.domain.digest import Bulletin, Turn, UnitReport
from notifier.domain.ids import PersonId, PostCode
from notifier.domain.policy import Kind
from notifier.domain.roster import Person
from notifier.domain.sheet import Sheet
from notifier.domain.times import iso_utc
from notifier.engine.station import Station

MOST_LINES = 60
"""Lines kept with a message: more than any channel shows."""

MOST_NAMES = 3
"""People named in one line."""

Values = Mapping[str, object]
Line = dict[str, str]
Entry = TypeVar("Entry")

_GAPS = {
    Concern.NO_CHAIN: "gap_no_chain",
    Concern.UNROSTERED: "gap_unrostered",
    Concern.UNREACHED: "gap_unreached",
    Concern.MUTE: "gap_mute",
    Concern.SILENCED: "gap_silenced",
}


class Wording:
    """Words a bulletin for one reader, in his language."""

    def __init__(self, station: Station, locale: str, now: datetime) -> None:
        """``now`` is the moment that "tonight" is said at."""
        self._station = station
        self._locale = locale
        self._now = now

    def coverage(self, bulletin: Bulletin, ahead: timedelta) -> tuple[str, Values]:
        """Template and values of what is to be mended."""
        lines, total = self._listed(bulletin.weaknesses, self._gap(bulletin))
        values = {
            "hours_ahead": round(ahead.total_seconds() / 3600),
            "gaps": lines,
            "gaps_total": total,
            "towns": [{"name": town.name, "count": number} for town, number in bulletin.towns],
        }
        return ("coverage_city" if bulletin.towns else "coverage"), values

    def digest(self, bulletin: Bulletin, kind: Kind, *, covered: bool) -> tuple[str, Values]:
        """Template and values of how things stand. ``covered``: coverage was looked at, too."""
        reports = bulletin.reports
        turns = [(report, turn) for report in reports for turn in report.turns]
        short = [(report, turn) for report, turn in turns if turn.missing]
        gaps, gaps_total = self._listed(bulletin.weaknesses, self._gap(bulletin))
        is_one = len(reports) == 1
        values: dict[str, object] = {
            "unit": reports[0].unit.name,
            "units_total": len(reports),
            "morning": kind is Kind.MORNING_DIGEST,
            "shifts_total": len(turns),
            "shifts_short": len(short),
            "on_duty": self._listed(turns if is_one else short, self._turn)[0],
            "gaps": gaps,
            "gaps_total": gaps_total if covered else None,
        }
        parts: tuple[tuple[str, str, list[tuple[UnitReport, object]], Callable[..., Line]], ...] = (
            ("open_cases", "open_total", [(r, c) for r in reports for c in r.open_cases], self._case),
            ("missed", "missed_total", [(r, c) for r in reports for c in r.missed], self._missed),
            ("unsigned", "unsigned_total", [(r, s) for r in reports for s in r.unsigned], self._unsigned),
            (
                "unverified",
                "unverified_total",
                [(r, s) for r in reports for s in r.unverified],
                self._unverified,
            ),
        )
        for lines, total, found, worded in parts:
            values[lines], values[total] = self._listed(found, worded)
        return ("digest_unit" if is_one else "digest_units"), values

    # ── lines ────────────────────────────────────────────────────────────────────────────────────

    def _listed(self, found: Iterable[Entry], worded: Callable[[Entry], Line]) -> tuple[list[Line], int]:
        """The lines that are kept, and how many there are in all."""
        entries = list(found)
        return [worded(entry) for entry in entries[:MOST_LINES]], len(entries)

    def _gap(self, bulletin: Bulletin) -> Callable[[Weakness], Line]:
        people = {person: known for report in bulletin.reports for person, known in report.people.items()}

        def worded(weakness: Weakness) -> Line:
            label = self._station.texts.label
            return self._phrase(
                _GAPS[weakness.concern],
                {
                    "unit": weakness.unit.name,
                    "post": weakness.post.name if weakness.post else "",
                    "start": iso_utc(weakness.start or self._now),
                    "end": iso_utc(weakness.end or weakness.start or self._now),
                    "missing": weakness.missing,
                    "names": _names(weakness.people, people),
                    "people_total": len(weakness.people),
                    "stand_ins": _names(weakness.stand_ins, people),
                    "kinds": [label(kind, self._locale) for kind in weakness.kinds],
                    "holder_title": label(weakness.title, self._locale) if weakness.title else None,
                    "lost_channels": [label(channel, self._locale) for channel in weakness.channels],
                    "reached": weakness.reached,
                },
            )

        return worded

    def _turn(self, found: tuple[UnitReport, Turn]) -> Line:
        report, turn = found
        values = {
            "unit": report.unit.name,
            "post": turn.post.name,
            "start": iso_utc(turn.shift.start),
            "end": iso_utc(turn.shift.end),
            "names": _names(turn.people, report.people),
            "people_total": len(turn.people),
            "missing": turn.missing,
        }
        return self._phrase("digest_turn", values)

    def _case(self, found: tuple[UnitReport, Case]) -> Line:
        report, case = found
        holder = report.people.get(case.holder) if case.holder else None
        values = {"unit": report.unit.name, "holder_name": holder.name if holder else None}
        if case.kind is Kind.UNSTAFFED:
            return self._phrase("digest_empty_post", {**values, **_about_shift(report, case)})
        kind = self._station.texts.label(case.kind, self._locale)
        return self._phrase("digest_case", {**values, "kind": kind, "at": iso_utc(case.opened_at)})

    def _missed(self, found: tuple[UnitReport, Case]) -> Line:
        report, case = found
        return self._phrase("digest_missed", {"unit": report.unit.name, **_about_shift(report, case)})

    def _unsigned(self, found: tuple[UnitReport, Sheet]) -> Line:
        return self._sheet("digest_unsigned", *found)

    def _unverified(self, found: tuple[UnitReport, Sheet]) -> Line:
        return self._sheet("digest_unverified", *found)

    def _sheet(self, template: str, report: UnitReport, sheet: Sheet) -> Line:
        verifier = report.people.get(sheet.verifier) if sheet.verifier else None
        values = {
            "unit": report.unit.name,
            "signer_name": _name(sheet.signer, report.people),
            "verifier_name": verifier.name if verifier else None,
            "due": iso_utc(sheet.due_at),
        }
        return self._phrase(template, values)

    def _phrase(self, template: str, values: Values) -> Line:
        return self._station.texts.phrase(template, locale=self._locale, values=values, now=self._now)


def _about_shift(report: UnitReport, case: Case) -> Values:
    """Post and start, as the shift's key says them; a post given up is named by its code."""
    code, _, start = case.subject.partition(" ")
    post = report.posts.get(PostCode(code))
    return {"post": post.name if post else code, "start": start}


def _names(people: Iterable[PersonId], known: Mapping[PersonId, Person]) -> list[str]:
    return [_name(person, known) for person in people][:MOST_NAMES]


def _name(person: PersonId, known: Mapping[PersonId, Person]) -> str:
    return known[person].name if person in known else person
