"""People who vanish from the file while they hold an office or a shift: refused, with the mend."""

from collections.abc import Iterable
from datetime import datetime

from notifier.domain.ids import PersonId
from notifier.engine.station import Station
from notifier.errors import FileRefused, Finding
from notifier.files import RosterFiles, parse_rotas
from notifier.store.departures import HeldSeat, HeldShift
from notifier.store.import_plans import Planned
from notifier.store.tx import Tx


async def refuse_departures(
    station: Station, tx: Tx, planned: Planned, told: RosterFiles, *, kept_rotas: str
) -> None:
    """Raise FileRefused where somebody would be gone who is still needed.

    ``kept_rotas`` are the rotas in force, which stay so where none are ``told``.
    """
    gone = planned.people_gone
    if not gone:
        return
    now, file = station.now(), told.people_file
    rotas = parse_rotas(kept_rotas) if told.rotas is None else told.rotas
    seats = [_seat(held, file) for held in await tx.imports.seats_left_by(planned)]
    shifts = [
        _shift(station, held, file, now)
        for held in await tx.imports.shifts_left_by(planned, now)
        # Rotas that are told are planned anew; they touch nothing that has begun.
        if not (held.from_rota and told.rotas is not None and held.start > now)
    ]
    patterns = [
        _finding(file, person, f"in the rota of {rota.post}", "take that id out of rotas.yaml")
        for rota in rotas
        for person in sorted(rota.people & gone)
    ]
    if findings := (*seats, *_first_each(shifts), *patterns):
        raise FileRefused(findings)


def _seat(held: HeldSeat, file: str) -> Finding:
    unit, title, rank = held.seat
    if held.acting:
        mend = f"end that first (notifier office end-acting --unit {unit} --title {title})"
        return _finding(file, held.person, f"acting as {title} {rank} of {unit}", mend)
    mend = "give that seat to somebody else in offices.csv in the same import, or leave its person empty"
    return _finding(file, held.person, f"{title} {rank} of {unit}", mend)


def _shift(station: Station, held: HeldShift, file: str, now: datetime) -> Finding:
    start, end = (moment.astimezone(station.zone) for moment in (held.start, held.end))
    span = f"on {held.post} from {start:%Y-%m-%d %H:%M}"
    if held.start <= now:
        return _finding(file, held.person, span, f"wait until that is over at {end:%H:%M}")
    where = "rotas.yaml" if held.from_rota else "shifts.csv"
    return _finding(
        file, held.person, span, f"give that shift to somebody else in {where} in the same import"
    )


def _first_each(findings: Iterable[Finding]) -> list[Finding]:
    """One for each person and mend: somebody on a rota would be named for each of his shifts."""
    seen: dict[object, Finding] = {}
    for finding in findings:
        seen.setdefault((finding.problem.partition(" from ")[0], finding.mend), finding)
    return list(seen.values())


def _finding(file: str, person: PersonId, what: str, mend: str) -> Finding:
    problem = f"{person!r} is gone but still {what}"
    return Finding(file=file, line=0, column="id", problem=problem, mend=f"keep the row, or {mend}")
