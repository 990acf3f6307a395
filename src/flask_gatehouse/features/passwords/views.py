"""Signing in by password, and choosing a first password by an invitation."""

from typing import TYPE_CHECKING, Final, cast

from flask import (
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
from flask_login import current_user

from flask_gatehouse.core.errors import Refusal, TooManyAttempts
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import doorkeeper, entering
from flask_gatehouse.features.login.attempts import Attempt, Wish
from flask_gatehouse.features.login.errors import MayNotEnter
from flask_gatehouse.features.login.landing import landing
from flask_gatehouse.features.mfa import service as mfa
from flask_gatehouse.features.passwords import returning, service
from flask_gatehouse.features.passwords.errors import (
    RETURN_COOKIE,
    NotConfirmed,
    PasswordRefused,
    WrongCredentials,
)
from flask_gatehouse.features.proofs.errors import ProofSpent
from flask_gatehouse.features.sessions.errors import SessionOver
from flask_gatehouse.features.sessions.finding import Standing
from flask_gatehouse.features.sessions.settings import SessionSettings
from flask_gatehouse.features.users.errors import Suspended
from flask_gatehouse.features.users.models import User
from flask_gatehouse.web import carrying
from flask_gatehouse.web.carrying import Carried
from flask_gatehouse.web.errors import answer
from flask_gatehouse.web.flask_login import GatehouseLoginManager, wanted_page
from flask_gatehouse.web.handing import Handing
from flask_gatehouse.web.redirects import safe_path
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import house, unit_of_work

if TYPE_CHECKING:
    from flask_gatehouse.features.passwords.forms import ChangeForm, ConfirmForm, LoginForm
    from flask_gatehouse.web.forms import SiteForm

_INVITATION: Final = Handing("invitation")
_RETURN: Final = Handing(RETURN_COOKIE)


def login() -> ResponseReturnValue:
    """Ask for user name and password; a signed-in person is sent on."""
    if current_user.is_authenticated:
        return redirect(landing(), 303)
    from flask_gatehouse.features.passwords.forms import LoginForm  # noqa: PLC0415 - see web.forms

    form = LoginForm()
    if not house().settings[SessionSettings].remember:
        del form.remember
    if request.method != "POST":
        form.next.data = safe_path(request.args.get("next"))
        return render_template("gatehouse/passwords/login.html", form=form)
    try:
        _sign_in(form)
    except (WrongCredentials, TooManyAttempts) as refusal:
        return _ask_again("gatehouse/passwords/login.html", form, refusal)
    return redirect(landing(), 303)


def come_back() -> ResponseReturnValue:
    """Take an account into use again by one button, after its password, and sign in."""
    secret = _RETURN.held
    try:
        if request.method != "POST":
            with unit_of_work() as work:
                returning.look(work, secret=secret)
            wanted = safe_path(request.args.get("next"))
            return render_template("gatehouse/passwords/come_back.html", wanted=wanted)
        wish = Wish(wanted=wanted_page())
        entering.enter(lambda work: returning.take(work, secret=secret), wish)
    except ProofSpent:
        flash("Please log in again.", "info")
        return redirect(url_for(".login"), 303)
    flash("Your account is in use again.", "success")
    response = redirect(landing(), 303)
    _RETURN.forget(response)
    return response


def confirm() -> ResponseReturnValue:
    """Ask whoever is signed in for the password again; then back to the page that wanted it.

    It always asks, however lately that was done: only the page that sent here knows what is recent.
    A form that was sent too late comes along, and is sent where it was meant to go by one button.
    """
    from flask_gatehouse.features.passwords.forms import ConfirmForm  # noqa: PLC0415 - as above

    arriving = carrying.arriving()
    if request.method != "POST" or arriving is not None:
        form = ConfirmForm(formdata=None)
        form.next.data = safe_path(request.args.get("next"))
        return _confirm_page(form, arriving)
    form = ConfirmForm()
    carried = carrying.handed_on()
    try:
        wish = _confirm(form, carried)
    except (NotConfirmed, TooManyAttempts) as refusal:
        return _ask_again("gatehouse/passwords/confirm.html", form, refusal, carried)
    except (MayNotEnter, SessionOver):
        # Ended while this was typed, or because of it: there is nothing left to confirm.
        return _gone()
    return entering.arrive(wish)


def change() -> ResponseReturnValue:
    """Let somebody set another password; the session goes on in this browser and in no other."""
    from flask_gatehouse.features.passwords.forms import (  # noqa: PLC0415 - as above
        ChangeForm,
        new_password_hint,
    )

    standing = doorkeeper.current().standing()
    if standing is None or standing.user is None:
        abort(404)
    if _owes_a_step(standing.user):
        return cast("GatehouseLoginManager", current_app.login_manager).needs_refresh()  # type: ignore[attr-defined]
    form = ChangeForm()
    form.new.description = new_password_hint()
    with unit_of_work() as work:
        possible = service.is_set(work, user=standing.user)
    try:
        if possible and form.validate_on_submit():
            _change(form, standing, standing.user)
            flash("Your password is changed. Every other device is signed out.", "success")
            return redirect(url_for("gatehouse.account.index"), 303)
    except PasswordRefused as refusal:
        refuse(form, refusal, form.new)
    except (NotConfirmed, TooManyAttempts) as refusal:
        return _ask_again("gatehouse/passwords/change.html", form, refusal)
    except (MayNotEnter, SessionOver, Suspended):
        return _gone()
    page = render_template("gatehouse/passwords/change.html", form=form, possible=possible)
    return page, 422 if form.errors else 200


def open_invitation(secret: str) -> ResponseReturnValue:
    """Take the secret out of the address bar. Nothing is looked up, used or changed."""
    return _INVITATION.over(secret, ".invitation")


def invitation() -> ResponseReturnValue:
    """Let somebody who was invited choose a password. The page never says whose it will be."""
    from flask_gatehouse.features.passwords.forms import (  # noqa: PLC0415 - as above
        InvitationForm,
        new_password_hint,
    )

    secret = _INVITATION.held
    form = InvitationForm()
    form.password.description = new_password_hint()
    try:
        if form.validate_on_submit():
            with unit_of_work() as work:
                service.redeem(work, secret=secret, password=str(form.password.data))
            return _redeemed()
        with unit_of_work() as work:
            service.look_at_invitation(work, secret=secret)
    except PasswordRefused as refusal:
        refuse(form, refusal, form.password)
    except ProofSpent as refusal:
        page = render_template("gatehouse/passwords/invitation_over.html")
        return page, answer(refusal).status
    status = 422 if form.errors else 200
    return render_template("gatehouse/passwords/invitation.html", form=form), status


def _sign_in(form: "LoginForm") -> None:
    if not form.validate():
        raise WrongCredentials
    device = doorkeeper.current().device()

    def prove(work: Work) -> Attempt:
        attempt = service.prove(
            work, name=str(form.username.data), password=str(form.password.data), device=device
        )
        returning.offer(work, attempt=attempt)
        return attempt

    wish = Wish(
        remember="remember" in form and bool(form.remember.data),
        wanted=safe_path(form.next.data),
    )
    entering.enter(prove, wish)


def _change(form: "ChangeForm", standing: Standing, user: User) -> None:
    device = doorkeeper.current().device()

    def prove(work: Work) -> Attempt:
        return service.change(
            work,
            standing=standing,
            user=user,
            current=str(form.current.data),
            new=str(form.new.data),
            device=device,
        )

    entering.enter(prove, news=False)


def _confirm_page(form: "ConfirmForm", carried: Carried | None) -> ResponseReturnValue:
    user = doorkeeper.current().account()
    with unit_of_work() as work:
        possible = user is not None and service.is_set(work, user=user)
    return render_template(
        "gatehouse/passwords/confirm.html", form=form, possible=possible, carried=carried
    )


def _confirm(form: "ConfirmForm", carried: Carried | None) -> Wish:
    """Confirm by the password; return where to go on."""
    door = doorkeeper.current()
    standing = door.standing()
    if standing is None or standing.user is None or not form.validate():
        raise NotConfirmed
    user, device = standing.user, door.device()

    def prove(work: Work) -> tuple[str, ...]:
        password = str(form.password.data)
        service.confirm(work, standing=standing, user=user, password=password, device=device)
        return ("password",)

    wish = Wish(
        wanted=safe_path(form.next.data),
        carried=carried.written() if carried is not None else None,
    )
    door.confirm_by(standing, prove, wish)
    return wish


def _ask_again(
    template: str, form: "SiteForm", refusal: Refusal, carried: Carried | None = None
) -> ResponseReturnValue:
    """Show the form as it was, without the password, and one sentence."""
    for field in form:
        field.errors = []
    refuse(form, refusal)
    found = answer(refusal)
    page = render_template(template, form=form, possible=True, carried=carried)
    response = make_response(page, found.status)
    if found.retry_after is not None:
        response.headers["Retry-After"] = str(found.retry_after)
    return response


def _owes_a_step(user: User) -> bool:
    """Whether the account has a second step that was not taken lately.

    The form itself asks for the password, and for nothing else. Source: OWASP ASVS 5.0 7.5.1.
    """
    door = doorkeeper.current()
    with unit_of_work() as work, work.reading() as db:
        asked = mfa.asks_for_more(work, db, user_id=user.id)
    return asked and not door.proven_within(None)


def _gone() -> ResponseReturnValue:
    manager = current_app.login_manager  # type: ignore[attr-defined] # set by Flask-Login
    answered: ResponseReturnValue = manager.unauthorized()
    return answered


def _redeemed() -> ResponseReturnValue:
    flash("Your password is set. Please log in with it.", "success")
    response = redirect(url_for(".login"), 303)
    _INVITATION.forget(response)
    return response
