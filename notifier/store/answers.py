"""What people's own words did, to be taken back; and how often an address was answered for nothing."""

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import MatterId, PersonId
from notifier.store.rows import PersonalAnswer
from notifier.store.statements import insert_or
from notifier.store.tables import answers, courtesies


def answer_of(row: RowMapping) -> PersonalAnswer:
    """The value of one row."""
    return PersonalAnswer(
        id=row["id"],
        person=row["person"],
        matter=row["matter"],
        verb=row["verb"],
        at=row["at"],
        channel=row["channel"],
        detail=row["detail"],
    )


class AnswerRepo:
    """Personal answers and courtesies."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def add(self, answer: PersonalAnswer) -> int:
        """Keep an answer; returns its id."""
        row = {
            "person": answer.person,
            "matter": answer.matter,
            "verb": answer.verb,
            "at": answer.at,
            "channel": answer.channel,
            "detail": dict(answer.detail),
        }
        written = await self._conn.execute(insert(answers).values(row).returning(answers.c.id))
        return int(written.scalar_one())

    async def last(
        self, person: PersonId, since: datetime, matter: MatterId | None = None
    ) -> PersonalAnswer | None:
        """That person's newest answer (about that matter) at or after ``since`` that was not taken back."""
        about = [answers.c.matter == matter] if matter is not None else []
        query = select(answers).where(
            answers.c.person == person, answers.c.at >= since, answers.c.undone_at.is_(None), *about
        )
        rows = await self._conn.execute(query.order_by(answers.c.id.desc()).limit(1))
        row = rows.mappings().one_or_none()
        return answer_of(row) if row else None

    async def mark_undone(self, answer_id: int, now: datetime) -> bool:
        """Note that it was taken back. False when it had been already, or never was."""
        open_answer = (answers.c.id == answer_id) & answers.c.undone_at.is_(None)
        written = await self._conn.execute(update(answers).where(open_answer).values(undone_at=now))
        return bool(written.rowcount)

    async def count_courtesy(self, channel: str, address: str, day: str) -> int:
        """Count one more answer that changes nothing; returns how many that day has had with it."""
        statement = insert_or(self._conn, courtesies).values(
            channel=channel, address=address, day=day, count=1
        )
        counting = statement.on_conflict_do_update(
            index_elements=["channel", "address", "day"], set_={"count": courtesies.c.count + 1}
        )
        written = await self._conn.execute(counting.returning(courtesies.c.count))
        return int(written.scalar_one())

    async def courtesies(self, channel: str, address: str, day: str) -> int:
        """How many answers that changed nothing that address had that civil day."""
        query = select(courtesies.c.count).where(
            courtesies.c.channel == channel, courtesies.c.address == address, courtesies.c.day == day
        )
        return await self._conn.scalar(query) or 0

    async def note_question(self, channel: str, address: str, day: str, question: str) -> None:
        """Keep what that address was asked back last on that day; not counted."""
        statement = insert_or(self._conn, courtesies).values(
            channel=channel, address=address, day=day, count=0, last=question
        )
        noting = statement.on_conflict_do_update(
            index_elements=["channel", "address", "day"], set_={"last": question}
        )
        await self._conn.execute(noting)

    async def last_question(self, channel: str, address: str, day: str) -> str | None:
        """What that address was asked back last on that day, as it was noted."""
        query = select(courtesies.c.last).where(
            courtesies.c.channel == channel, courtesies.c.address == address, courtesies.c.day == day
        )
        return await self._conn.scalar(query)
