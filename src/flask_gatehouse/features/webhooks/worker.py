"""The thread that sends what receivers are told."""

from typing import Self

from flask_gatehouse.db.worker import Worker
from flask_gatehouse.features.webhooks.recording import Outgoing
from flask_gatehouse.features.webhooks.sending import send_due


class WebhookWorker(Worker):
    """Sends what is due to each receiver."""

    name = "gatehouse-webhooks"
    complaint = "webhooks could not be sent"

    def start(self) -> Self:
        """Start the thread, unless it runs in this process or all share a single connection."""
        with self._inside():
            if self._works.is_single:
                return self
        self._works.house.part(Outgoing).worker = self
        return super().start()

    def look(self) -> bool:
        """Send; there may be more, because a round takes some of each receiver."""
        return bool(send_due(self._works, inside=self._inside, stopped=self._stopped).delivered)
