"""One transaction and everything that can be done in it."""

from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.signals import SignalRepo


class Tx:
    """An open transaction. Each subject has one repository; all of them write in this transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Wrap an open transaction; committing is the Database's part."""
        self.conn = conn

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite, where few statements must be spelt otherwise."""
        return self.conn.dialect.name == "sqlite"

    @cached_property
    def signals(self) -> SignalRepo:
        """Ringing for running programs."""
        return SignalRepo(self.conn)
