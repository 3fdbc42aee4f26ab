"""An audience, as a condition on people."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select

from notifier.domain.audience import Audience, HoldsOffice, InUnit, IsPerson, StandsAtPost, Term
from notifier.store.covers import who_stands
from notifier.store.tables import offices, people, posts, shifts
from notifier.store.tree import below


def in_audience(meant: Audience, now: datetime) -> ColumnElement[bool]:
    """Whom the audience means, as ``notifier.domain.audience.matches`` has it; gone people too."""
    return or_(*(and_(*(_holds(term, now) for term in clause)) for clause in meant))


def _holds(term: Term, now: datetime) -> ColumnElement[bool]:
    match term:
        case InUnit(code):
            return people.c.unit.in_(below(code))
        case HoldsOffice(title):
            return people.c.id.in_(select(offices.c.person).where(offices.c.title == title))
        case StandsAtPost(kind):
            kept = select(posts.c.code).where(posts.c.kind == kind, posts.c.removed_at.is_(None))
            standing = who_stands(shifts.c.post.in_(kept), shifts.c.end > now).subquery()
            return people.c.id.in_(select(standing.c.person))
        case IsPerson(person):
            return people.c.id == person
