"""What `passwords` offers to the house."""

from flask_gatehouse.feature import Check, Examination, Feature, Route
from flask_gatehouse.features.passwords.settings import PasswordSettings

_HERE = "flask_gatehouse.features.passwords"
_HASH_COST = (
    "GATEHOUSE_PASSWORDS_HASH_TIME",
    "GATEHOUSE_PASSWORDS_HASH_MEMORY",
    "GATEHOUSE_PASSWORDS_HASH_LANES",
)

FEATURE = Feature(
    name="passwords",
    settings=PasswordSettings,
    routes=(
        Route(
            rule="/login/", access="public", view=f"{_HERE}.views:login", methods=("GET", "POST")
        ),
        Route(
            rule="/login/return/",
            access="public",
            view=f"{_HERE}.views:come_back",
            methods=("GET", "POST"),
        ),
        Route(
            rule="/confirm/",
            access="signed in",
            view=f"{_HERE}.views:confirm",
            methods=("GET", "POST"),
            while_viewing=False,
        ),
        Route(
            rule="/account/password/",
            access="signed in",
            view=f"{_HERE}.views:change",
            methods=("GET", "POST"),
            listed="Password",
        ),
        Route(rule="/invitation/<secret>/", access="public", view=f"{_HERE}.views:open_invitation"),
        Route(
            rule="/invitation/",
            access="public",
            view=f"{_HERE}.views:invitation",
            methods=("GET", "POST"),
        ),
    ),
    commands={"passwords": f"{_HERE}.commands:passwords"},
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(
        f"{_HERE}.hashes:Hashes",
        f"{_HERE}.belongings:belongings",
        f"{_HERE}.ways:ByPassword",
    ),
    limits=f"{_HERE}.limits:LIMITERS",
    checks=(Check(keys=_HASH_COST, place=f"{_HERE}.hashes:Hashes"),),
    examinations=(
        Examination(place=f"{_HERE}.examinations:cost", takes_long=True),
        Examination(place=f"{_HERE}.examinations:slots"),
        Examination(place=f"{_HERE}.examinations:extras"),
    ),
)
