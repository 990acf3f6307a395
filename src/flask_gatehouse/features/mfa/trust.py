"""The box on the pages of the second step: do not ask again in this browser for a while."""

from flask import Response, after_this_request, request

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login.entering import Passing
from flask_gatehouse.features.login.errors import TRUSTED
from flask_gatehouse.features.login.pending import Pending
from flask_gatehouse.features.mfa import trusting
from flask_gatehouse.features.mfa.settings import MfaSettings
from flask_gatehouse.web.handing import Handing

#: Name of the field, and the cookie of a browser for which the box was ticked.
FIELD = "trust"
COOKIE = Handing(TRUSTED)

#: From here on an answer tells of an error.
_ERRORS = 400


class TrustBox(Passing):
    """Trusts the browser in which a second step was passed, if the person ticked the box."""

    def passed(self, work: Work, pending: Pending) -> None:
        """Look at the form. Whoever only confirms that it is still them trusts nothing new."""
        if pending.wish.confirms is not None or request.form.get(FIELD) != "y":
            return
        secret = trusting.trust(work, user_id=pending.user_id, instead_of=COOKIE.held)
        if secret is None:
            return
        seconds = round(work.settings(MfaSettings).trust_for.total_seconds())

        @after_this_request
        def keep(response: Response) -> Response:
            # An answer that is an error hands nothing out, and what it is about was rolled back.
            if response.status_code < _ERRORS:
                COOKIE.keep(response, str(secret), seconds=seconds)
            return response


def days(house: House) -> int:
    """Return for how many days the box is good; 0 if there is none."""
    lifetime = house.settings[MfaSettings].trust_for
    return max(1, lifetime.days) if lifetime else 0


def box(house: House) -> TrustBox:
    """Return what looks at the box."""
    del house
    return TrustBox()
