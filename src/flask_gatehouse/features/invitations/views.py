"""Inviting people, and making one's account by an invitation."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from flask_gatehouse.features.invitations import service
from flask_gatehouse.features.invitations.errors import (
    AlreadyInvited,
    InvitationsClosed,
    MayNotInvite,
    UnknownInvitation,
)
from flask_gatehouse.features.invitations.inviters import may_invite
from flask_gatehouse.features.invitations.links import link_of
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.passwords.errors import PasswordRefused
from flask_gatehouse.features.proofs.errors import ProofSpent
from flask_gatehouse.features.users.errors import AddressRefused, NameRefused, NameTaken
from flask_gatehouse.features.users.models import User
from flask_gatehouse.web.errors import answer
from flask_gatehouse.web.flask_login import proven_within
from flask_gatehouse.web.handing import Handing
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import house, unit_of_work

if TYPE_CHECKING:
    from flask_gatehouse.db.work import Work
    from flask_gatehouse.features.invitations.forms import AddressForm

_LINK: Final = Handing("invited")
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404


def index() -> ResponseReturnValue:
    """List who is invited, and invite somebody."""
    from flask_gatehouse.features.invitations.forms import (  # noqa: PLC0415 - see web.forms
        InviteForm,
    )

    form = InviteForm()
    if form.validate_on_submit():
        if form.admin.data and not proven_within(None):
            return _confirm_first()
        if _sent(_inviter(), form, admin=bool(form.admin.data)):
            return redirect(url_for(".index"), 303)
    with unit_of_work() as work, work.reading() as db:
        found = service.listed(work, db)
        page = render_template("gatehouse/invitations/index.html", form=form, invitations=found)
    return page, 422 if form.errors else 200


def own() -> ResponseReturnValue:
    """List whom a person invited themselves, and invite somebody, without a role."""
    from flask_gatehouse.features.invitations.forms import (  # noqa: PLC0415 - as above
        AddressForm,
    )

    inviter, form = _inviter(), AddressForm()
    if not may_invite(house(), inviter):
        raise MayNotInvite
    if form.validate_on_submit() and _sent(inviter, form, admin=False):
        return redirect(url_for(".own"), 303)
    with unit_of_work() as work, work.reading() as db:
        found = service.listed(work, db, of=inviter)
        page = render_template("gatehouse/invitations/own.html", form=form, invitations=found)
    return page, 422 if form.errors else 200


def resend(invitation: str) -> ResponseReturnValue:
    """Send the letter again."""
    # Whether it makes an administrator is not asked here: every one may.
    if not proven_within(None):
        return _confirm_first()
    return _resend(invitation, ".index")


def revoke(invitation: str) -> ResponseReturnValue:
    """Take an invitation back."""
    return _revoke(invitation, ".index")


def resend_own(invitation: str) -> ResponseReturnValue:
    """Send the letter again, for whoever invited."""
    return _resend(invitation, ".own")


def revoke_own(invitation: str) -> ResponseReturnValue:
    """Take an invitation back, for whoever invited."""
    return _revoke(invitation, ".own")


def open_link(secret: str) -> ResponseReturnValue:
    """Take the secret out of the address bar. Nothing is looked up, used or changed."""
    return _LINK.over(secret, ".accept")


def accept() -> ResponseReturnValue:
    """Let somebody who was invited make their account; not who is signed in to another."""
    from flask_gatehouse.features.invitations.forms import (  # noqa: PLC0415 - as above
        AcceptForm,
    )
    from flask_gatehouse.features.passwords.forms import (  # noqa: PLC0415 - as above
        new_password_hint,
    )

    if current_user.is_authenticated:
        page = render_template("gatehouse/invitations/signed_in.html")
        return page, 409 if request.method == "POST" else 200
    form = AcceptForm()
    form.password.description = new_password_hint()
    try:
        if form.validate_on_submit():
            with unit_of_work() as work:
                service.accept(
                    work,
                    secret=_LINK.held,
                    username=str(form.username.data),
                    password=str(form.password.data),
                )
            return _accepted()
        with unit_of_work() as work:
            service.look(work, secret=_LINK.held)
    except (NameRefused, NameTaken) as refusal:
        refuse(form, refusal, form.username)
    except PasswordRefused as refusal:
        refuse(form, refusal, form.password)
    except (ProofSpent, InvitationsClosed) as refusal:
        return render_template("gatehouse/invitations/over.html"), answer(refusal).status
    page = render_template("gatehouse/invitations/accept.html", form=form)
    return page, 422 if form.errors else 200


def _accepted() -> ResponseReturnValue:
    flash("Your account is made. Please log in.", "success")
    response = redirect(url_for("gatehouse.passwords.login"), 303)
    _LINK.forget(response)
    return response


def _sent(inviter: User, form: "AddressForm", *, admin: bool) -> bool:
    """Invite who is typed; return whether that was taken. The form says why it was not."""
    try:
        with unit_of_work() as work:
            service.send(
                work, inviter=inviter, address=str(form.email.data), admin=admin, link_of=link_of
            )
    except (AddressRefused, AlreadyInvited) as refusal:
        refuse(form, refusal, form.email)
        return False
    flash("The invitation is on its way.", "success")
    return True


def _resend(invitation: str, page: str) -> ResponseReturnValue:
    inviter = _inviter()
    return _done(
        "The invitation is on its way again.",
        page,
        lambda work: service.resend(work, inviter=inviter, public_id=invitation, link_of=link_of),
    )


def _revoke(invitation: str, page: str) -> ResponseReturnValue:
    inviter = _inviter()
    return _done(
        "The invitation is taken back.",
        page,
        lambda work: service.revoke(work, inviter=inviter, public_id=invitation),
    )


def _done(sentence: str, page: str, act: Callable[["Work"], None]) -> ResponseReturnValue:
    try:
        with unit_of_work() as work:
            act(work)
    except UnknownInvitation:
        abort(_NOT_FOUND)
    flash(sentence, "success")
    return redirect(url_for(page), 303)


def _inviter() -> User:
    """Return who asks. Somebody let in by a `request_loader` alone has no account of ours: 403."""
    found = doorkeeper.current().account()
    if found is None:
        abort(_FORBIDDEN)
    return found


def _confirm_first() -> ResponseReturnValue:
    manager = current_app.login_manager  # type: ignore[attr-defined] # set by Flask-Login
    answered: ResponseReturnValue = manager.needs_refresh()
    return answered
