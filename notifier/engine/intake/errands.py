"""Calls to Telegram that follow a transaction: best effort, never a reason to do anything again."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from notifier.errors import CarrierError

SAY_FIRST_S = 5.0
"""How long a group is stayed in, so that it can be told why we leave."""


class Bot(Protocol):
    """What a bot can do beside sending. Both raise CarrierError."""

    async def answer_callback(self, callback_id: str, text: str | None = None) -> None:
        """End a tap's waiting."""
        ...

    async def leave_chat(self, address: str) -> None:
        """Leave a group."""
        ...


class ErrandKind(StrEnum):
    """What is to be done."""

    END_TAP = "end_tap"
    LEAVE_GROUP = "leave_group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One call of a bot. ``subject`` is the tap's id or the group; ``not_before`` is monotonic."""

    kind: ErrandKind
    account: str
    subject: str
    not_before: float = 0.0


def end_tap(account: str, callback: str) -> Errand:
    """Let the button stop spinning."""
    return Errand(kind=ErrandKind.END_TAP, account=account, subject=callback)


def leave_group(account: str, chat: str, *, told: bool) -> Errand:
    """Leave a group, a moment after it was told why."""
    wait = SAY_FIRST_S if told else 0.0
    return Errand(
        kind=ErrandKind.LEAVE_GROUP, account=account, subject=chat, not_before=time.monotonic() + wait
    )


async def run_errand(errand: Errand, bots: Mapping[str, Bot]) -> bool:
    """Run it. False when it came to nothing."""
    bot = bots.get(errand.account)
    if bot is None:
        return False
    try:
        if errand.kind is ErrandKind.END_TAP:
            await bot.answer_callback(errand.subject)
        else:
            await bot.leave_chat(errand.subject)
    except CarrierError:
        return False
    return True
