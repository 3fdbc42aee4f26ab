"""Late claims: somebody says that he was on post and forgot to answer; who answers for the post confirms it.

Nobody is put on post by a claim. It stands in the journal with when it was made and when it was decided on.
"""

from collections.abc import Iterable
from datetime import datetime

from notifier.domain.ids import PersonId

MADE, WITHDRAWN = "claim", "undone"
CONFIRMED, REFUSED, REOPENED = "claim_confirmed", "claim_refused", "claim_reopened"
EVENTS = frozenset({MADE, WITHDRAWN, CONFIRMED, REFUSED, REOPENED})
"""What the journal says of claims."""


def waiting(said: Iterable[tuple[str, PersonId, datetime]]) -> dict[PersonId, datetime]:
    """Whose claims about one shift wait to be decided on, and when they were made.

    ``said`` are events of the journal, each with whose claim it is about, in their order.
    """
    made: dict[PersonId, datetime] = {}
    undecided: dict[PersonId, datetime] = {}
    for event, person, at in said:
        if event == MADE:
            made[person] = undecided[person] = at
        elif event == REOPENED and person in made:
            undecided[person] = made[person]
        else:
            undecided.pop(person, None)
    return undecided
