"""Asking for a letter, and setting a new password by it."""

from typing import Final

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flask_gatehouse.features.passwords.errors import PasswordRefused
from flask_gatehouse.features.proofs import service as proofs
from flask_gatehouse.features.proofs.errors import ProofSpent, WrongCode
from flask_gatehouse.features.recovery import service
from flask_gatehouse.features.recovery.errors import RecoveryClosed
from flask_gatehouse.web.errors import answer
from flask_gatehouse.web.handing import Handing
from flask_gatehouse.web.links import link_to
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import unit_of_work

_LINK: Final = Handing("recovery")
_TICKET: Final = Handing("recovery-letter")
_NOT_FOUND: Final = 404


def ask() -> ResponseReturnValue:
    """Ask for a name or an address; answer the same whoever has it."""
    from flask_gatehouse.features.recovery.forms import AskForm  # noqa: PLC0415 - see web.forms

    form = AskForm()
    if not form.validate_on_submit():
        return _page("ask", form)
    try:
        with unit_of_work() as work:
            ticket = service.ask(work, name=str(form.username.data), link_of=link_to("/recover/"))
    except RecoveryClosed:
        abort(_NOT_FOUND)
    response = redirect(url_for(".sent"), 303)
    _TICKET.keep(response, ticket)
    return response


def sent() -> ResponseReturnValue:
    """Say that a letter may be on its way, and take its code with a new password."""
    from flask_gatehouse.features.passwords.forms import (  # noqa: PLC0415 - as above
        new_password_hint,
    )
    from flask_gatehouse.features.recovery.forms import CodeForm  # noqa: PLC0415 - as above

    form = CodeForm()
    form.password.description = new_password_hint()
    try:
        if form.validate_on_submit():
            with unit_of_work() as work:
                service.redeem_code(
                    work,
                    ticket=_TICKET.held or proofs.new_ticket(),
                    code=str(form.code.data),
                    password=str(form.password.data),
                )
            return _done()
    except PasswordRefused as refusal:
        refuse(form, refusal, form.password)
    except WrongCode as refusal:
        refuse(form, refusal, form.code)
    except RecoveryClosed:
        abort(_NOT_FOUND)
    return _page("sent", form)


def open_link(secret: str) -> ResponseReturnValue:
    """Take the secret out of the address bar. Nothing is looked up, used or changed."""
    return _LINK.over(secret, ".new")


def new() -> ResponseReturnValue:
    """Let whoever has the letter choose a password. The page never says whose it will be."""
    from flask_gatehouse.features.passwords.forms import (  # noqa: PLC0415 - as above
        new_password_hint,
    )
    from flask_gatehouse.features.recovery.forms import NewForm  # noqa: PLC0415 - as above

    form = NewForm()
    form.password.description = new_password_hint()
    try:
        if form.validate_on_submit():
            with unit_of_work() as work:
                service.redeem(work, secret=_LINK.held, password=str(form.password.data))
            return _done()
        with unit_of_work() as work:
            service.look(work, secret=_LINK.held)
    except PasswordRefused as refusal:
        refuse(form, refusal, form.password)
    except ProofSpent as refusal:
        return render_template("gatehouse/recovery/over.html"), answer(refusal).status
    except RecoveryClosed:
        abort(_NOT_FOUND)
    return _page("new", form)


def _page(name: str, form: object) -> ResponseReturnValue:
    refused = request.method == "POST"
    return render_template(f"gatehouse/recovery/{name}.html", form=form), 422 if refused else 200


def _done() -> ResponseReturnValue:
    flash("Your password is set. Please log in with it.", "success")
    response = redirect(url_for("gatehouse.passwords.login"), 303)
    _LINK.forget(response)
    _TICKET.forget(response)
    return response
