"""What `roles` offers to the house."""

from flask_gatehouse.feature import Feature, Route

_HERE = "flask_gatehouse.features.roles"

FEATURE = Feature(
    name="roles",
    routes=(
        Route(
            rule="/admin/roles/",
            access="permitted",
            needs="roles.edit",
            view=f"{_HERE}.views:index",
            console="Roles",
        ),
        # No role can be called so that its page would be in the way of this one.
        Route(
            rule="/admin/new-role/",
            access="fresh permitted",
            needs="roles.edit",
            view=f"{_HERE}.views:make",
            methods=("GET", "POST"),
        ),
        Route(
            rule="/admin/roles/<name>/",
            access="permitted",
            needs="roles.edit",
            view=f"{_HERE}.views:show",
        ),
        Route(
            rule="/admin/roles/<name>/change/",
            access="fresh permitted",
            needs="roles.edit",
            view=f"{_HERE}.views:change",
            methods=("GET", "POST"),
        ),
        Route(
            rule="/admin/roles/<name>/delete/",
            access="fresh permitted",
            needs="roles.edit",
            view=f"{_HERE}.views:delete",
            methods=("GET", "POST"),
        ),
    ),
    commands={"roles": f"{_HERE}.commands:roles", "routes": f"{_HERE}.listing:routes"},
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    permissions={
        "roles.edit": "Make, change and delete roles",
        "roles.grant": "Give roles to people, and take them away",
    },
    plugs=(f"{_HERE}.parts:belongings", f"{_HERE}.parts:purge"),
)
