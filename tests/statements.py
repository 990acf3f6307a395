"""What a request asks of the database: for answers that must not differ in what they do."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from flask_gatehouse.testing import GatehouseTester


@contextmanager
def written(site: GatehouseTester) -> Iterator[list[str]]:
    """Collect the first words of every statement, without the sweeps that chance decides."""
    engine = site.app.extensions["gatehouse"].works.engine
    sent: list[str] = []

    def note(*told: object) -> None:
        words = str(told[2]).split()
        if (
            words[0] in {"INSERT", "UPDATE", "SELECT"}
            and "gatehouse_throttle.expires_at" not in words
        ):
            sent.append(" ".join(words[:3]))

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)
