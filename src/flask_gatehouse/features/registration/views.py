"""Making an account of one's own, and proving its address."""

from typing import TYPE_CHECKING, Final

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.features.login.landing import landing
from flask_gatehouse.features.passkeys import making as passkeys
from flask_gatehouse.features.passkeys.errors import BROWSER_COOKIE, AlreadyThere, PasskeyRefused
from flask_gatehouse.features.passwords.errors import PasswordRefused
from flask_gatehouse.features.proofs import service as proofs
from flask_gatehouse.features.proofs.errors import ProofSpent, WrongCode
from flask_gatehouse.features.registration import service
from flask_gatehouse.features.registration.errors import (
    TICKET,
    DomainRefused,
    NothingToVerify,
    PasswordWanted,
    RegistrationClosed,
    TurnedAway,
)
from flask_gatehouse.features.registration.hosting import Registering
from flask_gatehouse.features.registration.service import Also, Applicant, Registered
from flask_gatehouse.features.registration.settings import RegistrationSettings
from flask_gatehouse.features.users.errors import AddressRefused, NameRefused, NameTaken
from flask_gatehouse.web.errors import answer
from flask_gatehouse.web.handing import Handing
from flask_gatehouse.web.links import link_to
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import house, unit_of_work

if TYPE_CHECKING:
    from flask_gatehouse.features.registration.forms import RegistrationForm

_LINK: Final = Handing("verify")
_TICKET: Final = Handing(TICKET)
_BROWSER: Final = Handing(BROWSER_COOKIE)
_RULE: Final = "/verify/"
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404


def register() -> ResponseReturnValue:
    """Ask for user name, address and password; answer the same whoever has the address."""
    from flask_gatehouse.features.passwords.forms import (  # noqa: PLC0415 - see web.forms
        new_password_hint,
    )
    from flask_gatehouse.features.registration.forms import (  # noqa: PLC0415 - as above
        RegistrationForm,
    )

    if not service.everybody_may_ask(house().settings[RegistrationSettings]):
        return _not_here()
    if current_user.is_authenticated:
        return redirect(landing(), 303)
    if not _may_register():
        abort(_NOT_FOUND)
    host = house().part(Registering)
    form = (host.form or RegistrationForm)()
    form.password.description = new_password_hint()
    if form.validate_on_submit():
        try:
            made = _register(form, host)
        except (NameRefused, NameTaken) as refusal:
            refuse(form, refusal, form.username)
        except (AddressRefused, DomainRefused) as refusal:
            refuse(form, refusal, form.email)
        except PasswordRefused as refusal:
            refuse(form, refusal, form.password)
        except (TurnedAway, PasskeyRefused, AlreadyThere) as refusal:
            refuse(form, refusal)
        else:
            return _made(made)
    # Whatever was refused, its keeper is told that the passkey is of no use.
    unknown = passkeys.id_in(str(form.credential.data or ""))
    form.credential.data = ""
    page = render_template("gatehouse/registration/register.html", form=form, unknown=unknown)
    return page, 422 if form.errors else 200


def verify() -> ResponseReturnValue:
    """Say that a letter is on its way, and take its code."""
    from flask_gatehouse.features.registration.forms import CodeForm  # noqa: PLC0415 - as above

    form = CodeForm()
    if form.validate_on_submit():
        try:
            with unit_of_work() as work:
                ticket = _TICKET.held or proofs.new_ticket()
                service.verify_code(work, ticket=ticket, code=str(form.code.data))
        except WrongCode as refusal:
            refuse(form, refusal, form.code)
        else:
            return _verified()
    page = render_template("gatehouse/registration/verify.html", form=form)
    return page, 422 if form.errors else 200


def again() -> ResponseReturnValue:
    """Send the letter once more."""
    try:
        with unit_of_work() as work:
            ticket = service.resend(work, ticket=_TICKET.held, link_of=link_to(_RULE))
    except NothingToVerify as refusal:
        flash(house().part(Sentences).of(refusal), "error")
        return redirect(url_for("gatehouse.passwords.login"), 303)
    flash("Another letter is on its way. The one before is void.", "success")
    return _wait(ticket)


def open_link(secret: str) -> ResponseReturnValue:
    """Take the secret out of the address bar. Nothing is looked up, used or changed."""
    return _LINK.over(secret, ".by_link")


def by_link() -> ResponseReturnValue:
    """Let whoever has the letter confirm the address by one button, elsewhere by a new password."""
    from flask_gatehouse.features.passwords.forms import (  # noqa: PLC0415 - as above
        new_password_hint,
    )
    from flask_gatehouse.features.registration.forms import (  # noqa: PLC0415 - as above
        ButtonForm,
        PasswordForm,
    )

    form: ButtonForm | PasswordForm = ButtonForm()
    ticket = _TICKET.held
    try:
        with unit_of_work() as work:
            if service.asks_password(work, secret=_LINK.held, ticket=ticket):
                form = PasswordForm()
                form.password.description = new_password_hint()
        if form.validate_on_submit():
            password = str(form.password.data) if isinstance(form, PasswordForm) else None
            with unit_of_work() as work:
                service.verify(work, secret=_LINK.held, ticket=ticket, password=password)
            return _verified()
    except (PasswordRefused, PasswordWanted) as refusal:
        refuse(form, refusal, form.password if isinstance(form, PasswordForm) else None)
    except ProofSpent as refusal:
        return render_template("gatehouse/registration/over.html"), answer(refusal).status
    page = render_template("gatehouse/registration/by_link.html", form=form)
    return page, 422 if form.errors else 200


def _may_register() -> bool:
    try:
        with unit_of_work() as work:
            service.look(work)
    except RegistrationClosed:
        return False
    return True


def _not_here() -> ResponseReturnValue:
    """Tell of invitations, where there are any."""
    if house().settings[RegistrationSettings].mode == "closed":
        abort(_NOT_FOUND)
    page = render_template("gatehouse/registration/by_invitation.html")
    return page, _FORBIDDEN if request.method == "POST" else 200


def _made(made: Registered) -> ResponseReturnValue:
    """Answer with the spare codes of a passkey, this once, or lead to the page for the code."""
    if made.added is None or not made.added.spare_codes:
        return _wait(made.ticket)
    onward = url_for(".verify")
    page = render_template("gatehouse/mfa/spare_codes.html", added=made.added, onward=onward)
    response = make_response(page)
    _TICKET.keep(response, made.ticket)
    return response


def _register(form: "RegistrationForm", host: Registering) -> Registered:
    with unit_of_work() as work:
        if form.is_trapped:
            return service.trap(work)
        check, made = host.check, host.made
        return service.register(
            work,
            applicant=Applicant(
                username=str(form.username.data),
                address=str(form.email.data),
                password=str(form.password.data),
                passkey=str(form.credential.data or ""),
                browser=_BROWSER.held,
            ),
            link_of=link_to(_RULE),
            also=Also(
                check=lambda: check(form) if check is not None else None,
                made=lambda unit, user: made(unit, user, form) if made is not None else None,
            ),
        )


def _wait(ticket: str) -> ResponseReturnValue:
    response = redirect(url_for(".verify"), 303)
    _TICKET.keep(response, ticket)
    return response


def _verified() -> ResponseReturnValue:
    flash("Your e-mail address is confirmed. Please log in.", "success")
    response = redirect(url_for("gatehouse.passwords.login"), 303)
    _LINK.forget(response)
    _TICKET.forget(response)
    return response
