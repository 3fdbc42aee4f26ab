"""Rows that are read once in a transaction, where it was said that nothing in it changes them."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Kept:
    """The roster's and the settings' rows as one transaction has read them; keeps none before ``begin``.

    Worth it where a transaction sees to many things one after the other, each of which reads them anew.
    """

    def __init__(self) -> None:
        """Every read is a read."""
        self._tables: dict[str, dict[Any, Any]] | None = None

    def begin(self) -> None:
        """From here on nothing in this transaction changes these rows: read each of them once."""
        self._tables = {}

    def forget(self) -> None:
        """Something did change them after all: they are read anew."""
        if self._tables is not None:
            self._tables = {}

    async def many(
        self, table: str, keys: Collection[K], load: Callable[[Collection[K]], Awaitable[Mapping[K, V]]]
    ) -> dict[K, V]:
        """The values of those keys, as far as there are such; ``load`` reads those not read yet."""
        if self._tables is None:
            return dict(await load(keys))
        known = self._tables.setdefault(table, {})
        if missing := [key for key in keys if key not in known]:
            known |= dict.fromkeys(missing) | dict(await load(missing))
        return {key: known[key] for key in keys if known[key] is not None}

    async def one(self, table: str, key: K, load: Callable[[], Awaitable[V | None]]) -> V | None:
        """The value of that key, or None."""

        async def load_one(_: Collection[K]) -> dict[K, V]:
            found = await load()
            return {} if found is None else {key: found}

        return (await self.many(table, [key], load_one)).get(key)
