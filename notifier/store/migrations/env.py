"""What Alembic runs: the migrations, on the connection that ``notifier.store.migrate`` hands over."""

from alembic import context

from notifier.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
