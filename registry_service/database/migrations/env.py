"""Runs migrations on the connection that `migrating` hands over, inside its transaction."""

from alembic import context

from registry_service.database.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
