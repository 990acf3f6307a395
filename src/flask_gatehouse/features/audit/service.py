"""Write events down."""

from datetime import datetime, timedelta
from uuid import UUID

from flask_gatehouse.core.events import Event
from flask_gatehouse.core.house import House
from flask_gatehouse.core.settings import written
from flask_gatehouse.core.text import one_line
from flask_gatehouse.db.work import Recorder, Work
from flask_gatehouse.features.audit.models import AuditRow


class AuditRecorder(Recorder):
    """Adds each recorded event to the table, in the transaction it belongs to."""

    def write(self, work: Work, event: Event) -> None:
        """Add one row."""
        origin = work.origin
        work.db.add(
            AuditRow(
                at=work.now,
                name=event.name,
                outcome=event.outcome,
                user_id=event.user_id,
                actor_id=origin.actor_id,
                session_id=origin.session_id,
                channel=origin.channel,
                address=origin.address,
                agent=origin.agent,
                request_id=origin.request_id,
                facts={name: _plain(fact) for name, fact in event.facts().items()},
            )
        )


def recorder(house: House) -> AuditRecorder:
    """Return what writes events down."""
    del house
    return AuditRecorder()


def _plain(fact: object) -> object:
    if isinstance(fact, (bool, int, float)) or fact is None:
        return fact
    if isinstance(fact, datetime):
        return fact.isoformat()
    if isinstance(fact, timedelta):
        return written(fact)
    if isinstance(fact, (list, tuple)):
        return [_plain(each) for each in fact]
    if isinstance(fact, UUID):
        return str(fact)
    return one_line(str(fact))
