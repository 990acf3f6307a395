"""What `passkeys` offers to the house."""

from flask_gatehouse.feature import Check, Examination, Feature, Route
from flask_gatehouse.features.passkeys.settings import PasskeySettings

_HERE = "flask_gatehouse.features.passkeys"
_PIECES = ("sign_in", "register", "confirm", "offer", "signals", "signals_of_factors")

FEATURE = Feature(
    name="passkeys",
    settings=PasskeySettings,
    routes=(
        Route(
            rule="/login/passkey/",
            access="public",
            view=f"{_HERE}.views:sign_in",
            methods=("GET", "POST"),
        ),
        Route(
            rule="/login/passkey/options/",
            access="public",
            view=f"{_HERE}.views:sign_in_options",
            methods=("POST",),
        ),
        Route(
            rule="/second-step/passkey/",
            access="pending",
            view=f"{_HERE}.views:ask",
            methods=("GET", "POST"),
        ),
        Route(
            rule="/second-step/passkey/options/",
            access="pending",
            view=f"{_HERE}.views:ask_options",
            methods=("POST",),
        ),
        Route(
            rule="/confirm/passkey/",
            access="signed in",
            view=f"{_HERE}.views:confirm",
            methods=("GET", "POST"),
            while_viewing=False,
        ),
        Route(
            rule="/confirm/passkey/options/",
            access="signed in",
            view=f"{_HERE}.views:confirm_options",
            methods=("POST",),
        ),
        Route(
            rule="/account/passkeys/add/",
            access="enrolling",
            view=f"{_HERE}.views:add",
            methods=("GET", "POST"),
        ),
        Route(
            rule="/account/passkeys/add/options/",
            access="enrolling",
            view=f"{_HERE}.views:add_options",
            methods=("POST",),
        ),
        Route(
            rule="/account/passkeys/offered/",
            access="signed in",
            view=f"{_HERE}.views:offered",
            methods=("POST",),
        ),
        Route(
            rule="/account/passkeys/decline/",
            access="signed in",
            view=f"{_HERE}.views:decline",
            methods=("POST",),
        ),
        Route(
            rule="/register/passkey/options/",
            access="public",
            view=f"{_HERE}.views:sign_up_options",
            methods=("POST",),
        ),
        Route(rule="/.well-known/webauthn", access="public", view=f"{_HERE}.views:related"),
        Route(
            rule="/.well-known/passkey-endpoints",
            access="public",
            view=f"{_HERE}.views:endpoints",
        ),
    ),
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(
        f"{_HERE}.purging:purge",
        f"{_HERE}.belongings:belongings",
        f"{_HERE}.kinds:passkeys",
        f"{_HERE}.kinds:keys",
        *(f"{_HERE}.pieces:{each}" for each in _PIECES),
    ),
    limits=f"{_HERE}.limits:LIMITERS",
    examinations=(Examination(place=f"{_HERE}.examinations:usable"),),
    checks=(Check(keys=("GATEHOUSE_PASSKEYS_ENABLED",), place=f"{_HERE}.checks:installed"),),
)
