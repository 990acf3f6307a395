"""Making passkeys, and proving by one who somebody is."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from flask import (
    Response,
    abort,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user
from jinja2.utils import htmlsafe_json_dumps

from flask_gatehouse.core import tokens
from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import doorkeeper, entering
from flask_gatehouse.features.login.attempts import Attempt, Wish
from flask_gatehouse.features.login.errors import MayNotEnter, WrongFactor
from flask_gatehouse.features.login.landing import landing
from flask_gatehouse.features.login.pending import Pending
from flask_gatehouse.features.mfa import enrolling, gate
from flask_gatehouse.features.mfa.enrolling import Enrolling
from flask_gatehouse.features.mfa.errors import FactorNameRefused, TooManyFactors
from flask_gatehouse.features.mfa.service import Added
from flask_gatehouse.features.passkeys import making, offering, service
from flask_gatehouse.features.passkeys.errors import (
    BROWSER_COOKIE,
    AlreadyThere,
    PasskeyRefused,
    UnknownPasskey,
)
from flask_gatehouse.features.passkeys.options import Options
from flask_gatehouse.features.passkeys.rules import Purpose
from flask_gatehouse.features.passkeys.settings import PasskeySettings
from flask_gatehouse.features.passwords import returning
from flask_gatehouse.features.sessions.errors import SessionOver
from flask_gatehouse.features.sessions.finding import Standing
from flask_gatehouse.features.sessions.settings import SessionSettings
from flask_gatehouse.web import carrying
from flask_gatehouse.web.errors import answer
from flask_gatehouse.web.handing import Handing
from flask_gatehouse.web.redirects import safe_path
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import house, unit_of_work

if TYPE_CHECKING:
    from flask_gatehouse.features.passkeys.forms import AddForm, AnswerForm
    from flask_gatehouse.web.forms import SiteForm

#: Names the browser in which somebody whom nobody knows yet was asked for a passkey.
_BROWSER: Final = Handing(BROWSER_COOKIE)


def sign_in_options() -> ResponseReturnValue:
    """Return what to ask a browser for that wants to sign in."""
    name = request.form.get("username", "")
    return _to_anybody(
        lambda work, browser: service.ask_to_sign_in(work, browser=browser, name=name)
    )


def sign_in() -> ResponseReturnValue:
    """Sign in by a passkey alone; a signed-in person is sent on."""
    from flask_gatehouse.features.passkeys.forms import AnswerForm  # noqa: PLC0415 - see web.forms

    if current_user.is_authenticated:
        return redirect(landing(), 303)
    if not service.is_offered(house()):
        abort(404)
    form, template = AnswerForm(), "gatehouse/passkeys/sign_in.html"
    if request.method != "POST":
        form.next.data = safe_path(request.args.get("next"))
        return _page(template, form)
    may = house().settings[SessionSettings].remember
    wish = Wish(remember=may and bool(form.remember.data), wanted=safe_path(form.next.data))
    try:
        entering.enter(lambda work: _prove_alone(work, str(form.credential.data)), wish)
    except UnknownPasskey as refusal:
        return _refused(template, form, refusal, unknown=refusal.credential_id)
    except PasskeyRefused as refusal:
        return _refused(template, form, refusal)
    except MayNotEnter:
        # To strangers it is a passkey that does not work.
        return _refused(template, form, PasskeyRefused("may not enter"))
    return entering.arrive(wish)


def ask_options() -> ResponseReturnValue:
    """Return what to ask a browser for whose first proof was right."""
    pending = _pending()
    with unit_of_work() as work:
        asked = service.ask_beside(
            work,
            purpose=Purpose.SECOND_STEP,
            user_id=pending.user_id,
            bound_to=pending.public_id,
        )
    return _told(asked)


def ask() -> ResponseReturnValue:
    """Take a passkey as the second step."""
    from flask_gatehouse.features.passkeys.forms import AnswerForm  # noqa: PLC0415 - as above

    form, template = AnswerForm(), "gatehouse/passkeys/second_step.html"
    ways = gate.other_ways()
    if request.method != "POST":
        return _page(template, form, ways=ways)

    try:
        return entering.pass_step(lambda work, pending: _prove_step(work, pending, form))
    except WrongFactor:
        return _refused(template, form, PasskeyRefused("second step"), ways=ways)


def confirm_options() -> ResponseReturnValue:
    """Return what to ask the browser of somebody for who is signed in."""
    standing = doorkeeper.current().standing()
    if standing is None or standing.user is None:
        abort(404)
    with unit_of_work() as work:
        asked = service.ask_beside(
            work,
            purpose=Purpose.CONFIRM,
            user_id=standing.user.id,
            bound_to=standing.public_id,
        )
    return _told(asked)


def confirm() -> ResponseReturnValue:
    """Take a passkey from whoever is signed in; then back to the page that wanted it."""
    from flask_gatehouse.features.passkeys.forms import AnswerForm  # noqa: PLC0415 - as above

    form, template = AnswerForm(), "gatehouse/passkeys/confirm.html"
    carried = carrying.handed_on()
    if request.method != "POST":
        form.next.data = safe_path(request.args.get("next"))
        return _page(template, form)
    door = doorkeeper.current()
    standing = door.standing()
    if standing is None or standing.user is None:
        abort(404)
    wish = Wish(
        wanted=safe_path(form.next.data),
        carried=carried.written() if carried is not None else None,
    )
    try:
        door.confirm_by(standing, lambda work: _prove_again(work, standing, form), wish)
    except PasskeyRefused as refusal:
        return _refused(template, form, refusal, carried=carried)
    except (MayNotEnter, SessionOver):
        # Ended meanwhile: there is nothing left to confirm.
        return redirect(url_for("gatehouse.passwords.login"), 303)
    return entering.arrive(wish)


def add_options() -> ResponseReturnValue:
    """Return what to ask a browser for that makes a passkey."""
    who = enrolling.current()
    with unit_of_work() as work:
        asked = making.ask_to_add(work, user=who.user, bound_to=who.bound_to)
    return _told(asked)


def add() -> ResponseReturnValue:
    """Let somebody make a passkey."""
    from flask_gatehouse.features.passkeys.forms import AddForm  # noqa: PLC0415 - as above

    who, form = enrolling.current(), AddForm()
    if not service.is_offered(house()):
        abort(404)
    template = "gatehouse/passkeys/add.html"
    if not form.validate_on_submit():
        return _page(template, form), 422 if form.errors else 200
    try:
        return _add(who, form)
    except FactorNameRefused as refusal:
        return _refused(template, form, refusal, field="name")
    except (PasskeyRefused, AlreadyThere, TooManyFactors) as refusal:
        return _refused(template, form, refusal)


def offered() -> ResponseReturnValue:
    """Take note that a passkey was offered, on a page that could make one."""
    standing = doorkeeper.current().standing()
    if standing is None or standing.user is None:
        abort(404)
    with unit_of_work() as work:
        offering.note(work, user_id=standing.user.id, sign_in_id=standing.sign_in_id)
    return "", 204


def decline() -> ResponseReturnValue:
    """Offer somebody no passkey any more."""
    standing = doorkeeper.current().standing()
    if standing is None or standing.user is None:
        abort(404)
    with unit_of_work() as work:
        offering.decline(work, user_id=standing.user.id)
    return redirect(url_for("gatehouse.account.index"), 303)


def sign_up_options() -> ResponseReturnValue:
    """Return what to ask a browser for in which somebody makes an account."""
    name = request.form.get("username", "")
    return _to_anybody(
        lambda work, browser: making.ask_to_sign_up(work, browser=browser, name=name)
    )


def related() -> ResponseReturnValue:
    """Tell browsers where else the passkeys of this site are good."""
    origins = house().settings[PasskeySettings].related_origins
    here = service.party(house())
    if not origins or here is None:
        abort(404)
    return jsonify(origins=[*here.origins])


def endpoints() -> ResponseReturnValue:
    """Tell keepers of passkeys where people make and keep theirs."""
    here = service.party(house())
    if here is None or not service.is_offered(house()):
        abort(404)
    return jsonify(
        enroll=here.home + url_for("gatehouse.passkeys.add"),
        manage=here.home + url_for("gatehouse.mfa.index"),
    )


def _add(who: Enrolling, form: "AddForm") -> ResponseReturnValue:
    # Before the work in which the account is held: what was to be signed is taken apart from it.
    with unit_of_work() as work:
        answer_sent = str(form.credential.data)
        fresh = making.made(work, user=who.user, bound_to=who.bound_to, answer=answer_sent)

    def confirm(work: Work, same: Enrolling) -> Added:
        return making.keep(work, user=same.user, fresh=fresh, name=str(form.name.data))

    return enrolling.enrol(confirm)


def _prove_step(work: Work, pending: Pending, form: "AnswerForm") -> str:
    try:
        return service.prove_beside(
            work,
            purpose=Purpose.SECOND_STEP,
            user_id=pending.user_id,
            bound_to=pending.public_id,
            answer=str(form.credential.data),
        )
    except PasskeyRefused as refusal:
        raise WrongFactor(method=service.VERIFIED) from refusal


def _prove_again(work: Work, standing: Standing, form: "AnswerForm") -> tuple[str, ...]:
    if standing.user is None:
        raise PasskeyRefused("no account")
    method = service.prove_beside(
        work,
        purpose=Purpose.CONFIRM,
        user_id=standing.user.id,
        bound_to=standing.public_id,
        answer=str(form.credential.data),
    )
    return (method,)


def _prove_alone(work: Work, text: str) -> Attempt:
    attempt = service.sign_in(work, browser=_BROWSER.held, answer=text)
    # An account that its owner put aside is taken up again by one button.
    returning.offer(work, attempt=attempt)
    return attempt


def _told(asked: Options) -> Response:
    """Return what a browser is to be asked for. A name in it was typed: no mark-up is in it."""
    return Response(htmlsafe_json_dumps(asked), mimetype="application/json")


def _to_anybody(wish: Callable[[Work, str], Options]) -> ResponseReturnValue:
    """Answer a browser of somebody whom nobody knows yet; it is known again by a cookie."""
    browser = _BROWSER.held or tokens.new_secret()
    with unit_of_work() as work:
        asked = wish(work, browser)
    response = _told(asked)
    _BROWSER.keep(response, browser)
    return response


def _pending() -> Pending:
    pending = doorkeeper.current().pending()
    if pending is None:
        abort(404)
    return pending


def _page(template: str, form: "SiteForm", **facts: object) -> str:
    here = service.party(house())
    # At the second step there may be other ways, which stand on the same page.
    origins, rp = (here.origins, here.id) if here is not None else ((), "")
    return render_template(template, form=form, origins=origins, rp=rp, **facts)


def _refused(
    template: str, form: "SiteForm", refusal: Refusal, field: str | None = None, **facts: object
) -> ResponseReturnValue:
    """Show the page again with one sentence, and nothing of the answer."""
    form["credential"].data = ""
    refuse(form, refusal, form[field] if field is not None else None)
    return make_response(_page(template, form, **facts), answer(refusal).status)
