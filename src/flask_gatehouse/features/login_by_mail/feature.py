"""What `login_by_mail` offers to the house."""

from flask_gatehouse.feature import Check, Feature, Route
from flask_gatehouse.features.login_by_mail.settings import LoginByMailSettings

_HERE = "flask_gatehouse.features.login_by_mail"

FEATURE = Feature(
    name="login_by_mail",
    settings=LoginByMailSettings,
    routes=(
        Route(
            rule="/login/mail/",
            access="public",
            view=f"{_HERE}.views:ask",
            methods=("GET", "POST"),
        ),
        Route(
            rule="/login/mail/sent/",
            access="public",
            view=f"{_HERE}.views:sent",
            methods=("GET", "POST"),
        ),
        Route(
            rule="/login/mail/link/",
            access="public",
            view=f"{_HERE}.views:by_link",
            methods=("GET", "POST"),
        ),
        Route(rule="/login/mail/<secret>/", access="public", view=f"{_HERE}.views:open_link"),
    ),
    events=f"{_HERE}.events",
    sentences=f"{_HERE}.sentences:SENTENCES",
    plugs=(f"{_HERE}.parts:by_mail", f"{_HERE}.ways:ByLetter"),
    limits=f"{_HERE}.limits:LIMITERS",
    checks=(Check(keys=("GATEHOUSE_LOGIN_BY_MAIL_ALLOWED",), place=f"{_HERE}.parts:allowed"),),
)
