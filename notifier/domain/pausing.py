"""Pauses: a post that was withdrawn, or a whole unit sent home, calls nobody while that lasts."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.ids import PersonId, PostCode, UnitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """From ``since`` until ``until`` (None: until it is ended): one ``post``, or a ``unit`` with all below.

    Exactly one of the two is given. ``by`` decided it, for a ``reason``.
    """

    id: int
    unit: UnitCode | None
    post: PostCode | None
    since: datetime
    until: datetime | None
    reason: str
    by: PersonId | None

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at that moment."""
        return self.since <= at and (self.until is None or at < self.until)


def pause_of(
    post: PostCode, above: Collection[UnitCode], pauses: Iterable[Pause], at: datetime
) -> Pause | None:
    """The pause that keeps that post quiet at ``at``, if any; ``above`` are its unit and all above that."""
    found = (p for p in pauses if p.holds(at) and (p.post == post or p.unit in above))
    return next(found, None)
