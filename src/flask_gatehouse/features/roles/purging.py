"""Roles of people whose time is over, cleared away: they allow nothing from that moment anyhow."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from flask_gatehouse.core.events import Origin
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.roles.models import UserRole

_ORIGIN: Final = Origin(channel="worker")

#: Rows deleted in one transaction.
_BATCH: Final = 100


class RolesOver(Chore):
    """Deletes what is over. Its key has two columns, which `db.purging` does not know."""

    every = timedelta(hours=1)

    def do(self, works: Works) -> bool:
        """Delete some; return whether there may be more."""
        with works.begin(_ORIGIN, joined=False) as work:
            over = select(UserRole.user_id, UserRole.role_id).where(UserRole.until <= work.now)
            found = work.db.execute(over.order_by(UserRole.until).limit(_BATCH)).all()
            for row in found:
                # Looked at again: somebody may have given it anew meanwhile.
                it = (UserRole.user_id == row.user_id) & (UserRole.role_id == row.role_id)
                work.db.execute(
                    delete(UserRole)
                    .where(it, UserRole.until <= work.now)
                    .execution_options(synchronize_session=False)
                )
            return len(found) == _BATCH
