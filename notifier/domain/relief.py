"""Relief at a post: who hands over to whom, and whether the post is kept while somebody goes. Pure.

Presences are those of one post, where people still are.
"""

from collections.abc import Collection, Iterable, Mapping

from notifier.domain.ids import PersonId, ShiftKey
from notifier.domain.presence import consecutive, on_post
from notifier.domain.roster import Post, Presence, Shift


def relieved_by(
    shift: Shift, presences: Iterable[Presence], shifts: Mapping[ShiftKey, Shift]
) -> tuple[Presence, ...]:
    """Who hands over to the people of ``shift``: those of the shift before it who are not rostered on.

    ``shifts`` are those of the presences; one that is gone hands over to nobody.
    """
    return tuple(
        there
        for there in presences
        if there.person not in shift.people
        and (own := shifts.get(there.shift)) is not None
        and consecutive(own, [shift]) is not None
    )


def is_awaited(shift: Shift, present: Collection[PersonId], missing: int) -> bool:
    """Whether those before ``shift`` wait for it: the post has too few, and not all the rostered are there.

    A shift for which nobody is rostered is waited for as well: somebody is to be found.
    """
    return missing > 0 and not (shift.people and set(shift.people) <= set(present))


def would_miss(post: Post, presences: Collection[Presence], person: PersonId) -> int:
    """How many the post would lack if that person went, all counted who are there; never below 0."""
    return max(0, post.headcount - len(on_post(post, presences) - {person}))
