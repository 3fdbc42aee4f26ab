"""Open pages made of blocks: each block is sent again when it differs from what the page shows."""

from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2s
from typing import Final

from notifier.engine.console.wall import Snapshot
from notifier.web.console.visit import Visitor

Blocks = Mapping[str, str]
"""The markup of each block, by the id of the element that it fills."""
Draw = Callable[[Visitor], Awaitable[Blocks]]
"""Draws them as they are now. Raises NotAllowed, NotFound."""
Moved = Callable[[Snapshot], Awaitable[bool]]
"""Whether anything may have changed that the page shows; cheaper than to draw it."""

_PRINT_BYTES: Final = 6


def print_of(blocks: Blocks) -> str:
    """What tells these blocks from others, for the address of the page's stream."""
    return ".".join(f"{name}-{_print(markup)}" for name, markup in blocks.items())


def _print(markup: str) -> str:
    return blake2s(markup.encode(), digest_size=_PRINT_BYTES).hexdigest()


class LiveBlocks:
    """One open page of blocks."""

    def __init__(
        self, visitor: Visitor, draw: Draw, seen: str, *, every_s: float, moved: Moved | None = None
    ) -> None:
        """``seen`` is ``print_of`` what the page was made of; ``moved`` None: it is drawn each time."""
        self.visitor = visitor
        self.every_s = every_s
        self._draw = draw
        self._moved = moved
        self._shown = dict(part.rpartition("-")[::2] for part in seen.split("."))

    async def news(self, snapshot: Snapshot) -> str | None:
        """The blocks that differ from those on the page; None when none does."""
        if self._moved is not None and not await self._moved(snapshot):
            return None
        changed = []
        for name, markup in (await self._draw(self.visitor)).items():
            own = _print(markup)
            if self._shown.get(name) != own:
                self._shown[name] = own
                changed.append(f'<div id="{name}" hx-swap-oob="innerHTML">{markup}</div>')
        return "".join(changed) or None
