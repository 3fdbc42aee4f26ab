"""Telegram chats as the roster orders them."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId
from notifier.store.rows import LinkOrder, TableDiff
from notifier.store.statements import read_all
from notifier.store.tables import links

Chat = tuple[str, str]
"""Account and chat."""


@dataclass(slots=True)
class LinkPlan:
    """Chats to be given to people, chats to be forgotten, and everybody whom that touches.

    ``moved``: of those given, which somebody else has now, and who.
    """

    given: dict[Chat, PersonId] = field(default_factory=dict)
    dropped: dict[Chat, PersonId] = field(default_factory=dict)
    moved: dict[Chat, PersonId] = field(default_factory=dict)
    people: set[PersonId] = field(default_factory=set)
    counts: TableDiff = field(default_factory=TableDiff)


async def plan_links(conn: AsyncConnection, orders: Iterable[LinkOrder], default_account: str) -> LinkPlan:
    """What the orders change. A chat belongs to one person: the last order that names it has it."""
    query = select(links.c.account, links.c.chat, links.c.person)
    rows = await read_all(conn, query)
    return await asyncio.to_thread(_planned, rows, orders, default_account)


def _planned(rows: Iterable[Sequence[Any]], orders: Iterable[LinkOrder], default_account: str) -> LinkPlan:
    owners: dict[Chat, PersonId] = {(account, chat): person for account, chat, person in rows}
    chats: dict[PersonId, dict[str, str]] = {}
    for (account, chat), person in owners.items():
        chats.setdefault(person, {})[account] = chat
    plan = LinkPlan()
    for order in orders:
        own = chats.get(order.person, {})
        if order.chat is None:
            _drop(plan, order.person, list(own.items()))
            continue
        account = order.account if order.account is not None else default_account
        if own.get(account) == order.chat:
            continue
        _drop(plan, order.person, [(account, own[account])] if account in own else [])
        _give(plan, order.person, (account, order.chat), owners)
    return _counted(plan, owners)


def _drop(plan: LinkPlan, person: PersonId, dropped: Iterable[Chat]) -> None:
    for chat in dropped:
        plan.dropped[chat] = person
        plan.people.add(person)


def _give(plan: LinkPlan, person: PersonId, chat: Chat, owners: dict[Chat, PersonId]) -> None:
    plan.given[chat] = person
    plan.people.add(person)
    if (before := owners.get(chat)) is not None:
        plan.people.add(before)


def _counted(plan: LinkPlan, owners: dict[Chat, PersonId]) -> LinkPlan:
    for chat in plan.given:
        plan.dropped.pop(chat, None)
    plan.moved = {chat: owners[chat] for chat in plan.given if chat in owners}
    moved = len(plan.moved)
    plan.counts = TableDiff(added=len(plan.given) - moved, changed=moved, removed=len(plan.dropped))
    return plan
