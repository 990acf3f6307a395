"""What a request asks of the database: for answers that must not differ in what they do."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from flask_gatehouse.testing import GatehouseTester

#: Of sweeps that chance decides, and of what is asked again every few seconds, whoever comes.
_OF_NO_REQUEST = {"gatehouse_throttle.expires_at", "gatehouse_webhook.wants"}


@contextmanager
def written(site: GatehouseTester) -> Iterator[list[str]]:
    """Collect the first words of every statement, without those of no request."""
    engine = site.app.extensions["gatehouse"].works.engine
    sent: list[str] = []

    def note(*told: object) -> None:
        words = str(told[2]).split()
        if words[0] in {"INSERT", "UPDATE", "SELECT"} and _OF_NO_REQUEST.isdisjoint(words):
            sent.append(" ".join(words[:3]))

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)
