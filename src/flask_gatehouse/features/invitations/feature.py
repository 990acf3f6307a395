"""What `invitations` offers to the house."""

from flask_gatehouse.feature import Feature, Route
from flask_gatehouse.features.invitations.settings import InvitationSettings

_HERE = "flask_gatehouse.features.invitations"

FEATURE = Feature(
    name="invitations",
    settings=InvitationSettings,
    routes=(
        Route(
            rule="/admin/invitations/",
            access="permitted",
            needs="people.invite",
            view=f"{_HERE}.views:index",
            methods=("GET", "POST"),
            console="Invitations",
        ),
        Route(
            rule="/admin/invitations/<invitation>/resend/",
            access="permitted",
            needs="people.invite",
            view=f"{_HERE}.views:resend",
            methods=("POST",),
        ),
        Route(
            rule="/admin/invitations/<invitation>/revoke/",
            access="permitted",
            needs="people.invite",
            view=f"{_HERE}.views:revoke",
            methods=("POST",),
        ),
        Route(
            rule="/account/invitations/",
            access="signed in",
            view=f"{_HERE}.views:own",
            methods=("GET", "POST"),
            listed="Invitations",
            listed_if=f"{_HERE}.links:is_offered",
        ),
        Route(
            rule="/account/invitations/<invitation>/resend/",
            access="signed in",
            view=f"{_HERE}.views:resend_own",
            methods=("POST",),
        ),
        Route(
            rule="/account/invitations/<invitation>/revoke/",
            access="signed in",
            view=f"{_HERE}.views:revoke_own",
            methods=("POST",),
        ),
        Route(rule="/invited/<secret>/", access="public", view=f"{_HERE}.views:open_link"),
        Route(
            rule="/invited/",
            access="public",
            view=f"{_HERE}.views:accept",
            methods=("GET", "POST"),
        ),
    ),
    permissions={"people.invite": "Invite people, and see who was invited"},
    commands={"invitations": f"{_HERE}.commands:invitations"},
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(f"{_HERE}.purging:InvitedPurge", f"{_HERE}.belongings:belongings"),
    limits=f"{_HERE}.limits:LIMITERS",
)
