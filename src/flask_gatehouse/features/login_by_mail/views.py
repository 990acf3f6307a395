"""Asking for a letter, and logging in by its code or its link."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from flask import abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import doorkeeper, entering
from flask_gatehouse.features.login.attempts import Attempt, Wish
from flask_gatehouse.features.login.errors import MayNotEnter
from flask_gatehouse.features.login.landing import landing
from flask_gatehouse.features.login_by_mail import service
from flask_gatehouse.features.login_by_mail.errors import AnotherBrowser
from flask_gatehouse.features.login_by_mail.settings import LoginByMailSettings
from flask_gatehouse.features.proofs import service as proofs
from flask_gatehouse.features.proofs.errors import ProofSpent, WrongCode
from flask_gatehouse.features.sessions.settings import SessionSettings
from flask_gatehouse.web.errors import answer
from flask_gatehouse.web.handing import Handing
from flask_gatehouse.web.links import link_to
from flask_gatehouse.web.redirects import safe_path
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import house, unit_of_work

if TYPE_CHECKING:
    from flask_gatehouse.features.login_by_mail.forms import EnterForm
    from flask_gatehouse.web.forms import ReturningForm

_LINK: Final = Handing("mail-link")
_TICKET: Final = Handing("mail-letter")
_NOT_FOUND: Final = 404


def ask() -> ResponseReturnValue:
    """Ask for a name or an address; answer the same whoever has it."""
    _only_where_allowed()
    if current_user.is_authenticated:
        return redirect(landing(), 303)
    from flask_gatehouse.features.login_by_mail.forms import (  # noqa: PLC0415 - see web.forms
        AskForm,
    )

    form = AskForm()
    if not form.validate_on_submit():
        return _page("ask", form)
    wanted = safe_path(form.next.data)
    with unit_of_work() as work:
        ticket = service.ask(
            work,
            name=str(form.username.data),
            link_of=link_to("/login/mail/"),
            device=doorkeeper.current().device(),
            wanted=wanted,
        )
    response = redirect(url_for(".sent", next=wanted), 303)
    _TICKET.keep(response, ticket)
    return response


def sent() -> ResponseReturnValue:
    """Say that a letter may be on its way, and log in by its code."""
    _only_where_allowed()
    if current_user.is_authenticated:
        return redirect(landing(), 303)
    from flask_gatehouse.features.login_by_mail.forms import CodeForm  # noqa: PLC0415 - as above

    form = CodeForm()
    _remember_only_where_that_is_done(form)
    ticket = _TICKET.held or proofs.new_ticket()
    code = str(form.code.data)
    try:
        if form.validate_on_submit():
            return _enter(lambda work: service.prove_code(work, ticket=ticket, code=code), form)
    except (WrongCode, MayNotEnter) as refusal:
        # Suspended at this moment: a code that is right and opens nothing is a wrong one.
        known = refusal if isinstance(refusal, WrongCode) else WrongCode()
        refuse(form, known, form.code)
    return _page("sent", form)


def open_link(secret: str) -> ResponseReturnValue:
    """Take the secret out of the address bar. Nothing is looked up, used or changed."""
    _only_where_allowed()
    return _LINK.over(secret, ".by_link")


def by_link() -> ResponseReturnValue:
    """Log in by one button, in the browser that asked for the letter. Names nobody before."""
    _only_where_allowed()
    if current_user.is_authenticated:
        return redirect(landing(), 303)
    from flask_gatehouse.features.login_by_mail.forms import EnterForm  # noqa: PLC0415 - as above

    form = EnterForm()
    _remember_only_where_that_is_done(form)
    secret, ticket = _LINK.held, _TICKET.held
    try:
        if form.validate_on_submit():
            return _enter(lambda work: service.prove(work, secret=secret, ticket=ticket), form)
        with unit_of_work() as work:
            form.next.data = service.look(work, secret=secret, ticket=ticket)
    except (AnotherBrowser, ProofSpent, MayNotEnter) as refusal:
        page = "elsewhere" if isinstance(refusal, AnotherBrowser) else "over"
        template = f"gatehouse/login_by_mail/{page}.html"
        return render_template(template), answer(ProofSpent()).status
    return render_template("gatehouse/login_by_mail/by_link.html", form=form)


def _only_where_allowed() -> None:
    if not house().settings[LoginByMailSettings].allowed:
        abort(_NOT_FOUND)


def _remember_only_where_that_is_done(form: "EnterForm") -> None:
    if not house().settings[SessionSettings].remember:
        del form.remember


def _enter(prove: Callable[[Work], Attempt], form: "EnterForm") -> ResponseReturnValue:
    remember = "remember" in form and bool(form.remember.data)
    wish = Wish(remember=remember, wanted=safe_path(form.next.data))
    entering.enter(prove, wish)
    response = make_response(entering.arrive(wish))
    _LINK.forget(response)
    _TICKET.forget(response)
    return response


def _page(name: str, form: "ReturningForm") -> ResponseReturnValue:
    refused = request.method == "POST"
    form.next.data = safe_path(form.next.data if refused else request.args.get("next"))
    page = render_template(f"gatehouse/login_by_mail/{name}.html", form=form)
    return page, 422 if refused else 200
