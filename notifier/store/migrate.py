"""Alembic without its command line: migrations run from the program, on a connection it already has."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from notifier.errors import InputError

_LOCK = 0x6E6F7469
"""PostgreSQL's advisory lock for migrating: any number that nobody else uses in this database."""


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run what is missing, up to a revision, inside the connection's transaction.

    Raises InputError for a newer schema.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise InputError(
            "the database was written by a newer notifier; install that version, or use another database"
        ) from error


def is_current(connection: Connection) -> bool:
    """Whether nothing is missing."""
    applied = MigrationContext.configure(connection).get_current_heads()
    return set(applied) == set(ScriptDirectory.from_config(_config()).get_heads())


def is_blank(connection: Connection) -> bool:
    """Whether no migration was ever run here."""
    return not MigrationContext.configure(connection).get_current_heads()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("notifier.store") / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
