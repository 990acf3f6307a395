"""How a line of the log is written. Nothing from outside can begin a new one."""

import json
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from flask import has_request_context

from flask_gatehouse.core.text import one_line
from flask_gatehouse.web.work import held, request_id

#: Attribute of a log record that holds what a line says besides its message.
TOLD: Final = "gatehouse_told"


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in ASCII: no control character and no line break is in it as such.

    Times are UTC by ISO 8601. Beside the message stand what the line tells by name and, in a
    request, its id, the account and the session, by ids that open nothing.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": _time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_request(),
            **_told(record),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class TextFormatter(logging.Formatter):
    """One line of text; a traceback comes below it, moved in, so that none of it begins a line."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        """Say when, how bad, who, what."""
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Return the line without a traceback."""
        record.message = one_line(record.message)
        told = "".join(f" {name}={one_line(str(value))}" for name, value in _told(record).items())
        return super().formatMessage(record) + told

    def formatException(self, ei: Any) -> str:  # noqa: N802, ANN401 - logging's own name and type
        """Return a traceback; what an error says may be what somebody sent."""
        text = super().formatException(ei)
        return "\n".join(f"  {one_line(line)}" for line in text.splitlines())


def _time(seconds: float) -> str:
    when = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return when.replace("+00:00", "Z")


def _told(record: logging.LogRecord) -> Mapping[str, Any]:
    told: Mapping[str, Any] = getattr(record, TOLD, {})
    return told


def _request() -> dict[str, Any]:
    """Return which request a line belongs to. Nobody is looked up for it."""
    if not has_request_context():
        return {}
    standing = held().get("_gatehouse_standing")
    told: dict[str, Any] = {"request_id": request_id()}
    if standing is not None:
        told["session"] = standing.public_id
        who = standing.actor or standing.user
        if who is not None:
            told["user_id"] = str(who.id)
        if standing.actor is not None:
            told["viewing_as"] = str(standing.user.id)
    return told
