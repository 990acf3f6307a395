"""The page that a program reads."""

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from flask_gatehouse.features.metrics import rules, service
from flask_gatehouse.features.metrics.settings import MetricsSettings
from flask_gatehouse.web.work import address, features, house, works


def show() -> ResponseReturnValue:
    """Answer whoever meets all that is set; for everybody else there is nothing here."""
    if not _may_read(house().settings[MetricsSettings]):
        abort(404)
    found = service.look(works(), features())
    return Response(rules.written(found), content_type=rules.CONTENT_TYPE)


def _may_read(settings: MetricsSettings) -> bool:
    if settings.token is not None and not rules.is_same(_shown(), settings.token):
        return False
    if settings.networks and not rules.is_within(address(), settings.networks):
        return False
    return settings.is_on


def _shown() -> str | None:
    given = request.authorization
    return given.token if given is not None and given.type == "bearer" else None
