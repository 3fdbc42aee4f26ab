"""What is told of a relief, and written down: who came, who is kept on, who may go."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from notifier.domain.ids import PersonId, ShiftKey
from notifier.domain.message import Lane
from notifier.domain.policy import Kind
from notifier.domain.roster import Shift
from notifier.engine.scenes import Scene, scene_of
from notifier.engine.shifts import Shifts
from notifier.store.rows import PresenceRow
from notifier.store.tx import Tx


class ReliefLetters:
    """Speaks to people as ``Shifts`` does, each under the number of his own shift."""

    def __init__(self, shifts: Shifts) -> None:
        """Tell through ``shifts``."""
        self._shifts = shifts

    async def tell_came(
        self, tx: Tx, rows: Sequence[PresenceRow], shift: Shift, came: PersonId, now: datetime
    ) -> None:
        """Those who leave are asked to hand over to who came for ``shift``."""
        await self._tell(tx, rows, "relief_came", now, key=f"relief_came:{shift.key}:{came}", named=came)

    async def tell_kept(self, tx: Tx, scene: Scene, rows: Sequence[PresenceRow], now: datetime) -> None:
        """They are asked to stay until somebody comes for the scene's shift."""
        key = f"kept_on:{scene.shift.key}:{now.timestamp()}"
        await self._tell(tx, rows, "kept_on", now, key=key, lane=Lane.ESCALATION)
        for row in rows:
            person = row.presence.person
            await self.note(tx, scene.shift.key, "kept_on", person, "no relief has come", now)

    async def tell_awaited(self, tx: Tx, shift: Shift, people: Sequence[PersonId], now: datetime) -> None:
        """They hear that those before them wait."""
        key, lane = "relief_awaited", Lane.ESCALATION
        await self._shifts.tell(tx, shift, people, "relief_awaited", now, key=key, lane=lane)

    async def tell_free(
        self, tx: Tx, rows: Sequence[PresenceRow], came: PersonId | None, now: datetime
    ) -> None:
        """They may go: enough have come, ``came`` last, or nobody need be waited for (None)."""
        template = "relieved" if came else "kept_on_over"
        await self._tell(tx, rows, template, now, key=f"{template}:{now.timestamp()}", named=came)
        for row in rows:
            reason = f"by {came}" if came else "nobody is waited for"
            await self.note(tx, row.presence.shift, "relieved", row.presence.person, reason, now)

    async def tell_holder(self, tx: Tx, scene: Scene, gone: PersonId, now: datetime) -> None:
        """Whoever has the case in hand hears that the last one there has gone."""
        case = await tx.cases.open_for(Kind.UNSTAFFED, scene.shift.key)
        if case is None or case.holder is None:
            return
        key = f"post_empty:{gone}:{now.timestamp()}"
        values = {"done_by_name": await self._name(tx, gone)}
        await self._shifts.tell(
            tx, scene.shift, [case.holder], "post_empty", now, key=key, values=values, lane=Lane.ESCALATION
        )

    async def note(
        self,
        tx: Tx,
        key: ShiftKey,
        event: str,
        person: PersonId,
        reason: str,
        now: datetime,
        channel: str | None = None,
    ) -> None:
        """Write down what became of somebody, in the open case of that shift where there is one."""
        scene = await scene_of(tx, key)
        if scene is not None:
            await self._shifts.journal(tx, scene, event, person, channel, reason, now)

    async def _tell(
        self,
        tx: Tx,
        rows: Iterable[PresenceRow],
        template: str,
        now: datetime,
        *,
        key: str,
        named: PersonId | None = None,
        lane: Lane = Lane.REPLY,
    ) -> None:
        people: dict[ShiftKey, list[PersonId]] = {}
        for row in rows:
            people.setdefault(row.presence.shift, []).append(row.presence.person)
        shifts = await tx.shifts.many(people)
        values = {"done_by_name": await self._name(tx, named)}
        for own, those in people.items():
            if own in shifts:
                await self._shifts.tell(
                    tx, shifts[own], those, template, now, key=key, values=values, lane=lane
                )

    async def _name(self, tx: Tx, person: PersonId | None) -> str | None:
        known = await tx.roster.person(person) if person else None
        return known.name if known else None
