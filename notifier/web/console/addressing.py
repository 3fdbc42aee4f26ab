"""To whom a draft goes, held against what its writer may send to."""

from datetime import datetime

from notifier.domain.access import Right
from notifier.engine.access.guard import Guard
from notifier.engine.console.composing import MOST_EXPRESSIONS, expressions, meaning_nobody
from notifier.errors import NotAllowed
from notifier.store.tx import Tx
from notifier.web.console.draft import Draft, DraftError


async def audience_of(tx: Tx, guard: Guard, draft: Draft, now: datetime) -> tuple[str, ...]:
    """The draft's audience, all of it in reach. Raises NotAllowed, DraftError."""
    roots = sorted(guard.scope.roots(Right.BROADCAST))
    if not roots:
        raise NotAllowed("there is nobody to send to")
    draft.check_audience()
    everywhere = [] if guard.scope.everything else [f"unit:{code}" for code in roots]
    ticked = expressions(draft.to, draft.among, await tx.roster.units(), everywhere)
    ticked = (*ticked, *draft.named())
    if ticked and not await guard.reaches(tx, ticked, Right.BROADCAST):
        raise NotAllowed("that is out of reach")
    audience = tuple(dict.fromkeys((*ticked, *draft.expressions())))
    if len(audience) > MOST_EXPRESSIONS:
        raise DraftError("too_many", most=MOST_EXPRESSIONS, number=len(audience))
    await _check_single(tx, guard, draft, now)
    return audience


async def _check_single(tx: Tx, guard: Guard, draft: Draft, now: datetime) -> None:
    """Raise DraftError, which keeps the draft, for what was typed and is out of reach, or means nobody."""
    typed = draft.expressions()
    for told in typed:
        # In the same words for what is out of reach and for what there is not.
        if not await guard.reaches(tx, [told], Right.BROADCAST):
            raise DraftError("typed_far", status=403, told=told)
    empty = await meaning_nobody(tx, (*draft.named(), *typed), now)
    if empty is not None:
        raise DraftError("typed_nobody", told=empty)
