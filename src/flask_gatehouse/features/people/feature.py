"""What `people` offers to the house."""

from flask_gatehouse.feature import Feature, Route
from flask_gatehouse.features.people.settings import PeopleSettings

_HERE = "flask_gatehouse.features.people"
_ONE = "/admin/people/<person>/"


def _act(path: str, view: str, needs: str) -> Route:
    """Return a form that changes something for one person, after a recent proof."""
    return Route(
        rule=f"{_ONE}{path}/",
        access="fresh permitted",
        needs=needs,
        view=f"{_HERE}.views:{view}",
        methods=("POST",),
    )


FEATURE = Feature(
    name="people",
    settings=PeopleSettings,
    routes=(
        Route(
            rule="/admin/people/",
            access="permitted",
            needs="people.read",
            view=f"{_HERE}.views:index",
            console="People",
        ),
        Route(
            rule="/admin/people/new/",
            access="fresh permitted",
            needs="people.create",
            view=f"{_HERE}.views:create",
            methods=("GET", "POST"),
        ),
        Route(
            rule="/admin/people/several/preview/",
            access="fresh permitted",
            needs="people.read",
            view=f"{_HERE}.views:several",
            methods=("POST",),
        ),
        Route(
            rule="/admin/people/several/done/",
            access="fresh permitted",
            needs="people.read",
            view=f"{_HERE}.views:several_done",
            methods=("POST",),
        ),
        Route(
            rule="/admin/people/several/export/",
            access="fresh permitted",
            needs="people.export",
            view=f"{_HERE}.views:export",
            methods=("POST",),
        ),
        Route(
            rule=_ONE,
            access="permitted",
            needs="people.read",
            view=f"{_HERE}.views:one",
        ),
        _act("suspend", "suspend", "people.suspend"),
        _act("restore", "restore", "people.suspend"),
        _act("sessions/end", "end_sessions", "people.suspend"),
        _act("sessions/<session>/end", "end_session", "people.suspend"),
        _act("recover", "send_way_back", "people.recover"),
        _act("invite", "invite", "people.recover"),
        _act("factors/reset", "reset_factors", "people.recover"),
        _act("factors/keep", "keep_factors", "people.recover"),
        _act("name", "rename", "people.edit"),
        _act("addresses/add", "add_address", "people.edit"),
        _act("addresses/primary", "make_primary", "people.edit"),
        _act("addresses/remove", "remove_address", "people.edit"),
        _act("roles/give", "give_role", "roles.grant"),
        _act("roles/take", "take_role", "roles.grant"),
        _act("promote", "promote", "roles.grant"),
        _act("demote", "demote", "roles.grant"),
        _act("delete", "delete", "people.delete"),
        _act("copy", "copy", "people.export"),
    ),
    permissions={
        "people.read": "Find people, and see what is known of them",
        "people.create": "Make accounts",
        "people.edit": "Change names and addresses of people",
        "people.suspend": "Suspend people, restore them, and end their sessions",
        "people.recover": "Send people a way back, and take lost second steps away",
        "people.delete": "Delete accounts",
        "people.export": "Take lists of people, and copies of their data, out of the site",
    },
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
)
