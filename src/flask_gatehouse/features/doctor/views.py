"""The mirror: tells the command `doctor` how its own request arrived."""

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from flask_gatehouse.features.doctor import mirror
from flask_gatehouse.web.work import address, house


def reflect() -> ResponseReturnValue:
    """Answer our own command; for everybody else there is nothing here."""
    shown = request.headers.get(mirror.HEADER, "")
    if not mirror.is_proven(house(), shown, house().clock.now()):
        abort(404)
    forwarded = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")
    seen = mirror.Seen(
        address=address(),
        scheme=request.scheme,
        forwarded=tuple(each.strip() for each in forwarded if each.strip()),
    )
    body, digest = mirror.answered(house(), shown, seen)
    return Response(body, content_type="application/json", headers={mirror.HEADER: digest})
