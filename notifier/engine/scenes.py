"""What a shift finds at its post: the shift, the post, and who is there."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from notifier.domain import presence
from notifier.domain.ids import PersonId, ShiftKey
from notifier.domain.roster import Post, Shift
from notifier.store.rows import PresenceRow
from notifier.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A shift, its post, and who is there: ``there`` count, ``kept_on`` wait for them and do not."""

    shift: Shift
    post: Post
    there: tuple[PresenceRow, ...]
    kept_on: tuple[PresenceRow, ...] = ()

    @property
    def present(self) -> frozenset[PersonId]:
        """Who counts as on post."""
        return presence.on_post(self.post, (row.presence for row in self.there))

    @property
    def missing(self) -> int:
        """How many more the post takes."""
        return presence.missing(self.post, (row.presence for row in self.there))

    @property
    def in_short(self) -> str:
        """How many are there, for the journal."""
        kept = f", {len(self.kept_on)} kept on" if self.kept_on else ""
        return f"{len(self.present)} of {self.post.headcount} on post{kept}"

    def without(self, rows: Collection[PresenceRow]) -> "Scene":
        """The same as it will be when these have gone."""
        gone = {row.id for row in rows}
        return replace(self, there=tuple(row for row in self.there if row.id not in gone))


async def scene_of(tx: Tx, key: ShiftKey) -> Scene | None:
    """Who is at the post of that shift now; None when it was cancelled."""
    shift = await tx.shifts.get(key)
    post = await tx.roster.post(shift.post) if shift else None
    if shift is None or post is None:
        return None
    rows = await tx.presences.on_post(shift.post)
    return Scene(
        shift=shift,
        post=post,
        there=tuple(row for row in rows if not row.is_kept_on),
        kept_on=tuple(row for row in rows if row.is_kept_on),
    )
