"""Run by Alembic, inside the transaction that ``service.store.migrate`` opened.

To change the schema: edit ``tables.py``, write the next numbered file in ``versions/`` (``down_revision`` is
the number before), and run the contract tests, which compare the two on both databases. There is no way
back down: an older program refuses a newer schema, so restore a backup instead.
"""

from alembic import context

from service.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
