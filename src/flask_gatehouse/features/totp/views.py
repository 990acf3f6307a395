"""Adding an authenticator app, and proving oneself by one."""

from typing import TYPE_CHECKING, Final

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.login.landing import arrive
from flask_gatehouse.features.mfa import enrolling
from flask_gatehouse.features.mfa.added import render_added
from flask_gatehouse.features.mfa.enrolling import Enrolling
from flask_gatehouse.features.mfa.errors import NameRefused, TooManyFactors, WrongFactor
from flask_gatehouse.features.totp import drawing, rules, service
from flask_gatehouse.features.totp.errors import SetUpOver, WrongCode
from flask_gatehouse.web.errors import answer
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import house, unit_of_work

if TYPE_CHECKING:
    from flask_gatehouse.features.totp.forms import NameForm, SetUpForm

_NOT_FOUND: Final = 404


def add() -> ResponseReturnValue:
    """Ask for a name; show the seed once, in the answer; take the first code of the app.

    Looking at the page makes nothing and shows no secret.
    """
    from flask_gatehouse.features.totp.forms import NameForm  # noqa: PLC0415 - see web.forms

    if not service.is_offered(house()):
        abort(_NOT_FOUND)
    who = enrolling.current()
    if "setup" in request.form:
        return _confirm(who)
    form = NameForm()
    if not form.validate_on_submit():
        return _name_page(form)
    try:
        with unit_of_work() as work:
            setup = service.begin(
                work, user=who.user, bound_to=who.bound_to, name=form.name.data or ""
            )
    except NameRefused as refusal:
        refuse(form, refusal, form.name)
        return _name_page(form)
    return _seed_page(who, setup)


def _confirm(who: Enrolling) -> ResponseReturnValue:
    from flask_gatehouse.features.totp.forms import (  # noqa: PLC0415 - as above
        NameForm,
        SetUpForm,
    )

    form = SetUpForm()
    mine = {"user": who.user, "bound_to": who.bound_to, "public_id": str(form.setup.data)}
    try:
        with unit_of_work() as work:
            added = service.confirm(work, **mine, code=str(form.code.data))
        return render_added(added)
    except WrongCode as refusal:
        refuse(form, refusal, form.code)
    except (SetUpOver, TooManyFactors) as refusal:
        return _name_page(NameForm(formdata=None), refusal)
    with unit_of_work() as work:
        setup = service.look(work, **mine)
    return _seed_page(who, setup, form)


def ask() -> ResponseReturnValue:
    """Take a code as the second step of a sign-in."""
    from flask_gatehouse.features.totp.forms import CodeForm  # noqa: PLC0415 - as above

    form = CodeForm()
    if form.validate_on_submit():
        code = str(form.code.data)
        try:
            return arrive(
                doorkeeper.current().pass_step(
                    lambda work, pending: service.prove(work, user_id=pending.user_id, code=code)
                )
            )
        except WrongFactor as refusal:
            refuse(form, refusal, form.code)
            return render_template("gatehouse/totp/ask.html", form=form), answer(refusal).status
    return render_template("gatehouse/totp/ask.html", form=form)


def _name_page(form: "NameForm", refusal: Refusal | None = None) -> ResponseReturnValue:
    if refusal is not None:
        refuse(form, refusal)
    page = render_template("gatehouse/totp/add.html", form=form)
    return page, 200 if not form.errors else answer(refusal).status if refusal else 422


def _seed_page(
    who: Enrolling, setup: service.SetUp, form: "SetUpForm | None" = None
) -> ResponseReturnValue:
    """Show the seed: to be read by the camera, and to be typed."""
    from flask_gatehouse.features.totp.forms import SetUpForm  # noqa: PLC0415 - as above

    asked = form or SetUpForm(formdata=None, setup=setup.public_id)
    site = house().settings[CoreSettings].site_name
    page = render_template(
        "gatehouse/totp/scan.html",
        form=asked,
        name=setup.name,
        typed=rules.shown_seed(setup.seed),
        drawn=drawing.drawn(rules.app_address(setup.seed, site=site, account=who.user.username)),
    )
    return page, 422 if asked.errors else 200
