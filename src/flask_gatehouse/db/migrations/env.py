"""Alembic's environment: always on a connection that the runner hands over."""

from alembic import context

from flask_gatehouse.db.base import MYSQL, Base
from flask_gatehouse.db.migrations.scope import VERSION_TABLE, is_ours

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    include_name=lambda name, kind, _parents: kind != "table" or is_ours(name),
    render_as_batch=True,
    transactional_ddl=context.config.attributes["connection"].dialect.name not in MYSQL,
)
with context.begin_transaction():
    context.run_migrations()
