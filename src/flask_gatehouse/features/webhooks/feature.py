"""What `webhooks` offers to the house."""

from flask_gatehouse.feature import Check, Examination, Feature, Route
from flask_gatehouse.features.webhooks.settings import WebhookSettings

_HERE = "flask_gatehouse.features.webhooks"
_EDIT = "webhooks.edit"
_ONE = "/admin/webhooks/<webhook>/"


def _change(rule: str, view: str) -> Route:
    """Return what changes something: by a form, and after a recent proof."""
    return Route(
        rule=rule,
        access="fresh permitted",
        needs=_EDIT,
        view=f"{_HERE}.views:{view}",
        methods=("POST",),
    )


FEATURE = Feature(
    name="webhooks",
    settings=WebhookSettings,
    routes=(
        Route(
            rule="/admin/webhooks/",
            access="permitted",
            needs=_EDIT,
            view=f"{_HERE}.views:index",
            console="Webhooks",
        ),
        Route(rule=_ONE, access="permitted", needs=_EDIT, view=f"{_HERE}.views:show"),
        _change("/admin/webhooks/receivers/add/", "add"),
        _change(f"{_ONE}events/", "change"),
        _change(f"{_ONE}ping/", "ping"),
        _change(f"{_ONE}secret/", "rotate"),
        _change(f"{_ONE}pause/", "pause"),
        _change(f"{_ONE}resume/", "resume"),
        _change(f"{_ONE}remove/", "remove"),
        _change(f"{_ONE}deliveries/<delivery>/retry/", "retry"),
    ),
    commands={"webhooks": f"{_HERE}.commands:webhooks"},
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    permissions={_EDIT: "Choose which systems are told of events"},
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(
        f"{_HERE}.recording:Outgoing",
        f"{_HERE}.clearing:Clearing",
        f"{_HERE}.clearing:Resealing",
        f"{_HERE}.belongings:belongings",
    ),
    checks=(Check(keys=("GATEHOUSE_WEBHOOKS_CA",), place=f"{_HERE}.checks:check"),),
    examinations=(
        Examination(place=f"{_HERE}.examinations:receivers"),
        Examination(place=f"{_HERE}.examinations:queue"),
    ),
)
