"""What `addresses` offers to the house."""

from flask_gatehouse.feature import Feature, Route
from flask_gatehouse.features.addresses.settings import AddressSettings

_HERE = "flask_gatehouse.features.addresses"

FEATURE = Feature(
    name="addresses",
    settings=AddressSettings,
    routes=(
        Route(
            rule="/account/addresses/",
            access="signed in",
            view=f"{_HERE}.views:index",
            listed="E-mail addresses",
        ),
        Route(
            rule="/account/addresses/add/",
            access="fresh",
            view=f"{_HERE}.views:add",
            methods=("POST",),
        ),
        Route(
            rule="/account/addresses/resend/",
            access="fresh",
            view=f"{_HERE}.views:resend",
            methods=("POST",),
        ),
        Route(
            rule="/account/addresses/code/",
            # The code is the proof, as the link is, which asks for no sign-in at all.
            access="signed in",
            view=f"{_HERE}.views:enter_code",
            methods=("POST",),
        ),
        Route(
            rule="/account/addresses/primary/",
            access="fresh",
            view=f"{_HERE}.views:make_primary",
            methods=("POST",),
        ),
        Route(
            rule="/account/addresses/remove/",
            access="fresh",
            view=f"{_HERE}.views:remove",
            methods=("POST",),
        ),
        Route(rule="/address/<secret>/", access="public", view=f"{_HERE}.views:open_link"),
        Route(
            rule="/address/",
            access="public",
            view=f"{_HERE}.views:confirm",
            methods=("GET", "POST"),
        ),
        Route(rule="/address/undo/<secret>/", access="public", view=f"{_HERE}.views:open_undo"),
        Route(
            rule="/address/undo/",
            access="public",
            view=f"{_HERE}.views:undo",
            methods=("GET", "POST"),
        ),
    ),
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    limits=f"{_HERE}.limits:LIMITERS",
)
