"""What `sessions` refuses."""

from flask_gatehouse.core.errors import NotProven


class SessionOver(NotProven):
    """The session was ended."""

    code = "sessions.over"
