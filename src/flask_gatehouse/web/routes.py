"""Pages of our own: each route becomes a view that is loaded, and guarded, when first asked for."""

from collections.abc import Callable, Iterable

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from flask_gatehouse.feature import Feature, Route, load
from flask_gatehouse.web import access
from flask_gatehouse.web.csrf import SAFE_METHODS
from flask_gatehouse.web.flask_login import refuse_viewers


def blueprint(feature: Feature) -> Blueprint:
    """Return the pages of a feature. Its templates are in its own folder."""
    place = f"flask_gatehouse.features.{feature.name}"
    pages = Blueprint(feature.name, place, template_folder="templates")
    for route in feature.routes:
        pages.add_url_rule(route.rule, route.endpoint, _view(route), methods=list(route.methods))
    return pages


def listed(features: Iterable[Feature]) -> tuple[tuple[str, str], ...]:
    """Return endpoint and label of each page that *Your account* leads whoever asks to."""
    return tuple(
        (f"gatehouse.{feature.name}.{route.endpoint}", route.listed)
        for feature in features
        for route in feature.routes
        if route.listed is not None and (route.listed_if is None or load(route.listed_if)())
    )


def _view(route: Route) -> Callable[..., ResponseReturnValue]:
    """Return a view that lets in whom the route says. What cannot be loaded lets nobody in."""
    loaded: list[Callable[..., ResponseReturnValue]] = []

    answers_forms, answers = route.answers_viewers(safe=False), route.answers_viewers(safe=True)

    def view(**arguments: object) -> ResponseReturnValue:
        if not (answers if request.method in SAFE_METHODS else answers_forms):
            refuse_viewers()
        if not loaded:
            loaded.append(access.guard(route, load(route.view)))
        return loaded[0](**arguments)

    view.__name__ = route.endpoint
    access.say(view, route.access, () if route.needs is None else (route.needs,))
    return view
