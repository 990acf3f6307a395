"""What `webhooks` keeps of a person: which receivers they added."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.users.belongings import Belongings
from flask_gatehouse.features.webhooks.models import Webhook


class WebhookBelongings(Belongings):
    """The receivers that somebody added. They stay, and forget who it was."""

    name = "webhooks"

    def tell(self, db: Session, user_id: UUID) -> Mapping[str, object]:
        """Return which, and when."""
        found = select(Webhook.url, Webhook.created_at).where(Webhook.created_by == user_id)
        rows = db.execute(found.order_by(Webhook.created_at))
        return {"added": [{"url": row.url, "at": row.created_at} for row in rows]}

    def erase(self, work: Work, user_id: UUID) -> None:
        """Forget it."""
        forget = update(Webhook).where(Webhook.created_by == user_id).values(created_by=None)
        work.db.execute(forget.execution_options(synchronize_session=False))


def belongings(house: House) -> WebhookBelongings:
    """Return what is kept of a person here."""
    del house
    return WebhookBelongings()
