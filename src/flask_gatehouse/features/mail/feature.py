"""What `mail` offers to the house."""

from flask_gatehouse.feature import Check, Examination, Feature, Route
from flask_gatehouse.features.mail.settings import MailSettings

_HERE = "flask_gatehouse.features.mail"

FEATURE = Feature(
    name="mail",
    settings=MailSettings,
    routes=(
        Route(rule="/dev/letters/", access="public", view=f"{_HERE}.views:letters"),
        Route(rule="/dev/letters/<name>/", access="public", view=f"{_HERE}.views:letter"),
    ),
    commands={"mail": f"{_HERE}.commands:mail"},
    tables=f"{_HERE}.models",
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(
        f"{_HERE}.parts:post",
        f"{_HERE}.parts:letters",
        f"{_HERE}.parts:letterhead",
        f"{_HERE}.parts:bell",
        f"{_HERE}.clearing:Clearing",
    ),
    checks=(
        Check(
            keys=("GATEHOUSE_MAIL_URL", "GATEHOUSE_MAIL_BOUNCES", "GATEHOUSE_PUBLIC_URL"),
            place=f"{_HERE}.parts:post",
        ),
        Check(keys=("GATEHOUSE_MAIL_SENDER",), place=f"{_HERE}.parts:letterhead"),
        Check(keys=("GATEHOUSE_MAIL_TEMPLATES",), place=f"{_HERE}.parts:letters"),
    ),
    examinations=(
        Examination(place=f"{_HERE}.examinations:way_out"),
        Examination(place=f"{_HERE}.examinations:outbox"),
        Examination(place=f"{_HERE}.examinations:server", reaches_out=True),
    ),
)
