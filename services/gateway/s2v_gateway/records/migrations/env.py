"""Run by alembic: migrate over the connection that `records.migrating` gives."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, render_as_batch=True)
context.run_migrations()
