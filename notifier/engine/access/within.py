"""Who may change somebody: only he whose own reach holds all that the other may do."""

from collections.abc import Iterable
from datetime import datetime

from notifier.domain.access import Right
from notifier.domain.roster import Person
from notifier.engine.access.guard import Guard
from notifier.engine.access.scopes import load_scope
from notifier.errors import NotAllowed
from notifier.store.tx import Tx


async def require_within(tx: Tx, guard: Guard, person: Person, now: datetime) -> None:
    """Raise NotAllowed for somebody of another unit, and for who has rights beyond the visitor's roster.

    A code to sign in goes to the number that the roster has, and to who opened a personal link: whoever could
    change the one or have the other for somebody with more rights than his own would have those too.
    """
    guard.unit(person.unit, Right.ROSTER)
    scope = await load_scope(tx, person.id, now)
    if scope.everything:
        guard.everything()
    for unit in scope.over:
        guard.unit(unit, Right.ROSTER)


async def is_within(tx: Tx, guard: Guard, person: Person, now: datetime) -> bool:
    """Whether ``require_within`` would let it pass."""
    try:
        await require_within(tx, guard, person, now)
    except NotAllowed:
        return False
    return True


async def those_within(tx: Tx, guard: Guard, people: Iterable[Person], now: datetime) -> list[Person]:
    """Those of them for whom it would let it pass; everybody, to who may do everything."""
    if guard.scope.everything:
        return list(people)
    return [person for person in people if await is_within(tx, guard, person, now)]
