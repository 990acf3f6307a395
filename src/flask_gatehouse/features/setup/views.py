"""The page that is offered once, while no account exists."""

from typing import TYPE_CHECKING

from flask import abort, redirect, render_template
from flask.typing import ResponseReturnValue

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import entering
from flask_gatehouse.features.login.attempts import Attempt
from flask_gatehouse.features.login.landing import landing
from flask_gatehouse.features.passwords.errors import PasswordRefused
from flask_gatehouse.features.setup import service
from flask_gatehouse.features.users.errors import AddressRefused, NameRefused, SetupClosed
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import unit_of_work

if TYPE_CHECKING:
    from wtforms import Field

    from flask_gatehouse.features.setup.forms import FirstAdministratorForm


def first_administrator(token: str) -> ResponseReturnValue:
    """Create the first administrator and sign them in; without the link there is no such page."""
    from flask_gatehouse.features.passwords.forms import (  # noqa: PLC0415 - see web.forms
        new_password_hint,
    )
    from flask_gatehouse.features.setup.forms import (  # noqa: PLC0415 - as above
        FirstAdministratorForm,
    )

    form = FirstAdministratorForm()
    form.password.description = new_password_hint()
    try:
        if form.validate_on_submit():
            _create(form, token)
            return redirect(landing(), 303)
        with unit_of_work() as work:
            service.check_link(work, secret=token)
    except SetupClosed:
        abort(404)
    except (NameRefused, AddressRefused, PasswordRefused) as refusal:
        _show(form, refusal)
    status = 422 if form.errors else 200
    return render_template("gatehouse/setup/first_administrator.html", form=form), status


def _create(form: "FirstAdministratorForm", token: str) -> None:
    def prove(work: Work) -> Attempt:
        return service.make_first_administrator(
            work,
            secret=token,
            username=str(form.username.data),
            email=form.email.data or None,
            password=str(form.password.data),
        )

    entering.enter(prove)


def _show(form: "FirstAdministratorForm", refusal: Refusal) -> None:
    fields: dict[type[Refusal], Field] = {
        NameRefused: form.username,
        AddressRefused: form.email,
    }
    refuse(form, refusal, fields.get(type(refusal), form.password))
