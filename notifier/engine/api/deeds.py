"""What a program does to a case in its person's name: the same deeds as by hand."""

from datetime import datetime

from notifier.domain.case import Case
from notifier.engine.console.case_actions import Deed, act, event_of
from notifier.engine.console.case_view import standing_as_seen
from notifier.engine.parts import Parts
from notifier.engine.station import Actor
from notifier.engine.verdicts import unchanged
from notifier.errors import Conflict, NotAllowed
from notifier.store.tx import Tx


async def do(
    parts: Parts, tx: Tx, case: Case, deed: Deed, by: Actor, words: str, version: int | None, now: datetime
) -> Case:
    """The case, which this transaction loaded, after the deed.

    Raises Conflict where it changes nothing, or where the case is no longer at the ``version`` that the
    deed was decided on (None: whichever it is at).
    """
    if by.person is None:
        raise NotAllowed("a case is dealt with in somebody's name")
    if version not in (None, case.version):
        raise Conflict(f"case {case.id} is at version {case.version}; read it again and decide again")
    event = event_of(deed, by.person, by.channel, words)
    answer = await act(parts, tx, case, deed, event, standing_as_seen(case), now)
    if answer.verdict is not None:
        raise Conflict(unchanged(answer.case, by.person, answer.verdict))
    if answer.changed:
        raise Conflict(f"case {case.id} is unchanged; read it again and decide again")
    return answer.case
