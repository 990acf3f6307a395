"""What stands behind the question mark of an address."""

from flask import request
from werkzeug.exceptions import BadRequest


def refuse_unreadable() -> None:
    """Let the request pass if its query is text.

    Browsers escape what is not ASCII. Raw bytes that are no UTF-8 come from programs only, and
    Werkzeug would fail on them in whichever view first asks for a parameter.

    Raises:
        BadRequest: the query is not UTF-8.
    """
    if request.query_string.isascii():
        return
    try:
        request.query_string.decode()
    except UnicodeDecodeError as error:
        raise BadRequest from error
