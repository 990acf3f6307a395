"""What is written to the log, and how."""

from dataclasses import dataclass
from typing import Literal

from flask_gatehouse.core.settings import setting


@dataclass(frozen=True)
class LogSettings:
    """Lines on standard error. A host decides where its own go, and may take our formatter."""

    format: Literal["text", "json"] = setting(
        "text",
        "How a line is written: as text for people, or as one JSON object for programs.",
        source="OWASP ASVS 5.0 16.2.4",
    )
    requests: bool = setting(
        default=False,
        meaning="Whether each request that was answered gets a line, with its route, not its path.",
    )
    events: bool = setting(
        default=False,
        meaning="Whether each event of the record gets a line too, for programs that collect them.",
        source="OWASP ASVS 5.0 16.4.3",
    )
