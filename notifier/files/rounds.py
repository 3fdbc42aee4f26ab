"""``round``: the table that says, team by team, what is stood on each day of a round."""

from collections.abc import Mapping

from notifier.domain.rota import Span, Team
from notifier.files.findings import BadValue, unknown
from notifier.files.nodes import Place

_OFF = ("off", "休")


def read_round(
    place: Place, teams_place: Place, hours: Mapping[str, Span], teams: Mapping[str, Team]
) -> tuple[tuple[Team | None, ...], ...]:
    """The teams that stand each of ``hours`` on each day of the round; two at once stand together.

    A row for each team, a word for each day: the name of its hours, or off. Bad places are reported, and
    then the table is empty.
    """
    before = len(place.findings)
    places = {name: row for name, row in place.named() if _is_team(name, row, teams)}
    rows = {name: _read_row(row, hours) for name, row in places.items()}
    if not rows and len(place.findings) == before:
        place.refuse(BadValue("the table has no rows", "write a row for each team"))
    for name in teams:
        if name not in rows and len(place.findings) == before:
            bad = BadValue(f"team {name!r} has no row in round", "add its row, or leave the team out")
            teams_place.refuse(bad)
    _check_lengths(places, rows)
    if len(place.findings) > before:
        return ()
    days = len(next(iter(rows.values())))
    return tuple(
        tuple(_together([teams[name] for name, row in rows.items() if row[day] == span]) for span in hours)
        for day in range(days)
    )


def _is_team(name: str, row: Place, teams: Mapping[str, Team]) -> bool:
    if name not in teams:
        row.refuse(unknown("team", name, teams))
    return name in teams


def _read_row(row: Place, hours: Mapping[str, Span]) -> list[str]:
    words: list[str] = row.value(str.split, [])
    for number, word in enumerate(words, start=1):
        if word not in hours and word not in _OFF:
            bad = unknown("name of hours", word, [*hours, *_OFF])
            row.refuse(BadValue(f"{bad.problem} (day {number} of the row)", bad.mend))
    return words


def _check_lengths(places: Mapping[str, Place], rows: Mapping[str, list[str]]) -> None:
    longest = max(map(len, rows.values()), default=0)
    for name, row in rows.items():
        if 0 < len(row) < longest:
            problem = f"this row has {len(row)} days, another has {longest}"
            places[name].refuse(
                BadValue(problem, "write a word for each day of the round, off (休) for a day off")
            )


def _together(standing: list[Team]) -> Team | None:
    """The people of all these teams; None where there is no team."""
    if not standing:
        return None
    return tuple(dict.fromkeys(person for team in standing for person in team))
