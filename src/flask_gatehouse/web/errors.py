"""From kinds of refusal to status codes and sentences: once, for every page.

The sentences are fixed texts. Nothing that was sent is ever repeated in them.
"""

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import (
    HTTPException,
    SecurityError,
    ServiceUnavailable,
    TooManyRequests,
    default_exceptions,
)

from flask_gatehouse.core.errors import (
    Conflict,
    Held,
    Misconfigured,
    NotAllowed,
    NotProven,
    NotValid,
    Overloaded,
    Refusal,
    TooManyAttempts,
    Unavailable,
)
from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.web.csrf import ForeignForm
from flask_gatehouse.web.events import AccessRefused
from flask_gatehouse.web.handing import Handing
from flask_gatehouse.web.viewing import OnlyLooking
from flask_gatehouse.web.work import house, origin, request_id, works

_log = logging.getLogger("gatehouse")

#: The first kind that fits decides; a refusal of no kind is a bad request.
STATUS: Final[tuple[tuple[type[Refusal], int], ...]] = (
    (ForeignForm, 400),
    (NotProven, 401),
    (NotAllowed, 403),
    (Conflict, 409),
    (NotValid, 422),
    (TooManyAttempts, 429),
)

#: What an answer says, by its status.
TEXTS: Final[dict[int, tuple[str, str]]] = {
    400: (
        "That did not work",
        (
            "The form was not opened on this site, or too long ago. Go back, load the page again "
            "and send it once more."
        ),
    ),
    401: ("Please log in", "This page is for people who are signed in."),
    403: ("Not for you", "Your account may not open this page."),
    404: ("Nothing here", "There is no page at this address. It may have moved, or be mistyped."),
    405: ("That did not work", "This address does not answer to what your browser asked for."),
    409: (
        "Already so",
        "What you asked for contradicts what is there by now. Nothing was changed.",
    ),
    413: ("Too much", "What you sent is larger than this page reads. Nothing was changed."),
    422: ("That did not work", "What you sent cannot be used as it is. Nothing was changed."),
    429: ("Too many attempts", "Please wait a little before you try again."),
    500: (
        "Something broke",
        "This is our fault, not yours. It has been written down; please try again in a while.",
    ),
    503: ("One moment, please", "The site cannot answer right now. Please try again in a moment."),
}

#: What whoever sees the site as somebody else is told.
ONLY_LOOKING: Final = (
    "You only look",
    "You see this site as somebody else, and do nothing in their name. Nothing was changed.",
)

#: What somebody is told who asks for another host than the public URL names.
_ANOTHER_HOST: Final = (
    "This site does not answer to this address.\n"
    "Whoever runs it can set GATEHOUSE_PUBLIC_URL to the address that people use.\n"
)

#: Seconds after which a database that did not answer is worth another try.
_RETRY_AFTER: Final = 5


@dataclass(frozen=True)
class Answer:
    """What an error is answered with, before it becomes a page or JSON."""

    status: int
    retry_after: int | None = None

    @property
    def texts(self) -> tuple[str, str]:
        """Return title and sentence."""
        return TEXTS.get(self.status) or TEXTS[500 if self.is_ours else 400]

    @property
    def is_ours(self) -> bool:
        """Whether the fault is not with who asked."""
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def answer(error: Exception) -> Answer:
    """Return what an error is answered with."""
    if isinstance(error, Unavailable):
        return Answer(503, error.retry_after)
    if isinstance(error, Refusal):
        status = next((status for kind, status in STATUS if isinstance(error, kind)), 400)
        waits = error.facts.get("retry_after")
        return Answer(status, waits if isinstance(waits, int) else None)
    if isinstance(error, HTTPException) and error.code is not None:
        return Answer(error.code)
    from flask_gatehouse.db.errors import is_away  # noqa: PLC0415 - loads SQLAlchemy, if nobody did

    if is_away(error):
        return Answer(503, _RETRY_AFTER)
    return Answer(500)


def respond(error: Exception) -> ResponseReturnValue:
    """Answer an error with a page of ours."""
    if (
        isinstance(error, HTTPException)
        and error.code is not None
        and error.code < HTTPStatus.BAD_REQUEST
    ):
        return error.get_response()
    found = answer(error)
    if isinstance(error, Overloaded):
        # In a storm a traceback for each would be a second one.
        _log.warning("%s: %s at %s", request_id(), error.code, request.endpoint)
    elif found.is_ours:
        # The traceback belongs into the log and nowhere else, and no values of statements with it.
        _hide_values(error)
        _log.error("%s: %s", request_id(), type(error).__name__, exc_info=error)
        if _lacks_tables(error):
            _log.error("The tables are not there, or of another release: run gatehouse db upgrade.")
    if isinstance(error, Misconfigured):
        # Whatever makes pages may be what is wrong.
        return Response(TEXTS[500][1], 500, content_type="text/plain; charset=utf-8")
    if isinstance(error, SecurityError):
        # Flask could not tell which site this is, so no page with links can be made.
        return Response(_ANOTHER_HOST, found.status, content_type="text/plain; charset=utf-8")
    if isinstance(error, NotAllowed):
        _record(error)
    elif isinstance(error, Refusal):
        _log.info("%s: %s at %s", request_id(), error.code, request.endpoint)
    title, sentence = ONLY_LOOKING if isinstance(error, OnlyLooking) else found.texts
    page = render_template(
        "gatehouse/error.html",
        gatehouse_bare=True,
        code=found.status,
        title=title,
        sentence=sentence,
        request_id=request_id(),
        retry_after=found.retry_after,
    )
    response = make_response(page, found.status)
    _carry_over(response, error)
    if found.retry_after is not None:
        response.headers["Retry-After"] = str(found.retry_after)
    return response


def lead_on(held: Held) -> ResponseReturnValue:
    """Lead to where the person does what is wanted first."""
    held = _kept(held)
    if held.page not in current_app.view_functions:
        # A host that has none of our pages: there is nowhere to go on.
        abort(answer(held).status)
    flash(house().part(Sentences).of(held), "info")
    response = redirect(url_for(held.page, next=held.wanted), 303)
    hand = Handing(held.cookie)
    if held.hand:
        hand.keep(response, held.hand)
    elif hand.held:
        hand.forget(response)
    return response


def _kept(held: Held) -> Held:
    """Return it with a hand that is good, also where a host's block has undone what was written."""
    if held.again is None:
        return held
    try:
        held.again()
    except Held as anew:
        return anew
    except (Refusal, Unavailable) as error:
        # Then the page finds nothing of what it needs, and the sign-in begins anew.
        _log.info("%s: %s at %s", request_id(), error.code, request.endpoint)
    return held


def handle(place: Flask | Blueprint) -> None:
    """Answer every error of a place with our pages: of our blueprint, or of a whole site."""
    for kind in (Refusal, Unavailable, HTTPException, Exception):
        place.register_error_handler(kind, respond)
    place.register_error_handler(Held, lead_on)


def translate(app: Flask) -> None:
    """Let a host's own error pages answer what our functions raise in the host's views."""

    def as_http(error: Exception) -> ResponseReturnValue:
        found = answer(error)
        if isinstance(error, NotAllowed):
            _record(error)
        http = default_exceptions[found.status]()
        if isinstance(http, (TooManyRequests, ServiceUnavailable)):
            http.retry_after = found.retry_after
        return app.handle_http_exception(http)

    app.register_error_handler(Held, lead_on)
    app.register_error_handler(Refusal, as_http)
    app.register_error_handler(Unavailable, as_http)


def _lacks_tables(error: Exception) -> bool:
    from flask_gatehouse.db.errors import lacks_tables  # noqa: PLC0415 - see above

    return lacks_tables(error)


def _hide_values(error: BaseException | None) -> None:
    """Keep what a failed statement was given out of the log, also on an engine of the host."""
    while error is not None:
        if hasattr(error, "hide_parameters"):
            error.hide_parameters = True
        error = error.__cause__ or error.__context__


def _record(refusal: NotAllowed) -> None:
    """Write down what somebody signed in may not have. Strangers get no rows: they cost nothing."""
    who = origin()
    needs = refusal.facts.get("needs")
    told = AccessRefused(
        user_id=who.actor_id,
        code=refusal.code,
        endpoint=request.endpoint,
        needs=None if needs is None else str(needs),
    )
    try:
        with works().begin(who, joined=False) as work:
            work.record(told)
    except Unavailable as error:
        # The refusal stands, whatever becomes of the record of it.
        _log.warning("%s: %r was not recorded: %s", request_id(), told, error.code)


def _carry_over(response: Response, error: Exception) -> None:
    """Keep the headers that belong to the status, such as Allow with 405."""
    if isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name.lower() in {"allow", "www-authenticate"}:
                response.headers[name] = value
