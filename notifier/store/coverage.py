"""How many people of each unit can be written to, counted by the database."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, exists, false, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import UnitCode
from notifier.domain.roster import ChannelName
from notifier.store.rows import Reach
from notifier.store.tables import address_states, links, people


async def load_coverage(
    conn: AsyncConnection, *, channels: Collection[ChannelName], accounts: Collection[str]
) -> dict[UnitCode, Reach]:
    """The reach of exactly each unit's people; units without people are left out.

    Only addresses count that work right now, and of chats those with a bot of ``accounts``.
    """
    telegram = _has_chat(accounts) if ChannelName.TELEGRAM in channels else false()
    sms = _has_phone() if ChannelName.SMS in channels else false()
    reached = select(people.c.unit, telegram.label("telegram"), sms.label("sms"))
    each = reached.where(people.c.removed_at.is_(None)).subquery()
    query = select(
        each.c.unit,
        func.count().filter(each.c.telegram),
        func.count().filter(~each.c.telegram, each.c.sms),
        func.count().filter(~each.c.telegram, ~each.c.sms),
    ).group_by(each.c.unit)
    return {
        unit: Reach(telegram=chats, sms_only=phones, neither=neither)
        for unit, chats, phones, neither in await conn.execute(query)
    }


def _has_chat(accounts: Collection[str]) -> ColumnElement[bool]:
    against = exists().where(
        address_states.c.channel == ChannelName.TELEGRAM,
        address_states.c.account == links.c.account,
        address_states.c.address == links.c.chat,
    )
    return exists().where(links.c.person == people.c.id, links.c.account.in_(accounts), ~against)


def _has_phone() -> ColumnElement[bool]:
    against = exists().where(
        address_states.c.channel == ChannelName.SMS,
        address_states.c.account == "",
        address_states.c.address == people.c.phone,
    )
    return and_(people.c.phone.is_not(None), ~against)
