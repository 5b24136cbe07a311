"""Run by Alembic; the connection and its lock are those of records.migrate."""

from alembic import context

from bot.backends.records.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
    transactional_ddl=False,  # the caller's transaction is the transaction; Alembic must not commit it
)
context.run_migrations()
