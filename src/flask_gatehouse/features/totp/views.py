"""Adding an authenticator app, and proving oneself by one."""

from typing import TYPE_CHECKING, Final

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import entering
from flask_gatehouse.features.login.errors import WrongFactor
from flask_gatehouse.features.mfa import enrolling, gate
from flask_gatehouse.features.mfa.enrolling import Enrolling
from flask_gatehouse.features.mfa.errors import FactorNameRefused, TooManyFactors
from flask_gatehouse.features.mfa.service import Added
from flask_gatehouse.features.totp import drawing, rules, service
from flask_gatehouse.features.totp.errors import SetUpOver, WrongCode
from flask_gatehouse.features.users.errors import NotAsItWas
from flask_gatehouse.web.errors import answer
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import house, unit_of_work

if TYPE_CHECKING:
    from flask_gatehouse.features.totp.forms import SetUpForm

_NOT_FOUND: Final = 404


def add() -> ResponseReturnValue:
    """Ask for a name; show the seed once, in the answer; take the first code of the app.

    Looking at the page makes nothing and shows no secret.
    """
    if not service.is_offered(house()):
        abort(_NOT_FOUND)
    who = enrolling.current()
    return _finish(who) if "setup" in request.form else _begin(who)


def ask() -> ResponseReturnValue:
    """Take a code as the second step of a sign-in."""
    from flask_gatehouse.features.totp.forms import CodeForm  # noqa: PLC0415 - see web.forms

    form, status = CodeForm(), 200
    if form.validate_on_submit():
        code = str(form.code.data)
        try:
            return entering.pass_step(
                lambda work, pending: service.prove(work, user_id=pending.user_id, code=code)
            )
        except WrongFactor as refusal:
            refuse(form, refusal, form.code)
            status = answer(refusal).status
    return render_template("gatehouse/totp/ask.html", form=form, ways=gate.other_ways()), status


def _begin(who: Enrolling) -> ResponseReturnValue:
    """Ask what the app is to be called, and begin the set-up."""
    from flask_gatehouse.features.totp.forms import NameForm  # noqa: PLC0415 - as above

    form = NameForm()
    if not form.validate_on_submit():
        return _name_page()
    try:
        with unit_of_work() as work:
            name = str(form.name.data or "")
            setup = service.begin(work, user=who.user, bound_to=who.bound_to, name=name)
    except FactorNameRefused as refusal:
        return _name_page(refusal, at_name=True)
    return _seed_page(who, setup)


def _finish(who: Enrolling) -> ResponseReturnValue:
    """Take the first code of the app; show the seed again if it is wrong."""
    from flask_gatehouse.features.totp.forms import SetUpForm  # noqa: PLC0415 - as above

    form = SetUpForm()
    public_id, code = str(form.setup.data), str(form.code.data)

    def confirm(work: Work, again: Enrolling) -> Added:
        return service.confirm(
            work, user=again.user, bound_to=again.bound_to, public_id=public_id, code=code
        )

    with unit_of_work() as work:
        service.count(work, user=who.user)
    try:
        return enrolling.enrol(confirm)
    except WrongCode as refusal:
        refuse(form, refusal, form.code)
    except (SetUpOver, TooManyFactors, NotAsItWas) as refusal:
        return _name_page(refusal)
    try:
        with unit_of_work() as work:
            setup = service.look(work, user=who.user, bound_to=who.bound_to, public_id=public_id)
    except SetUpOver as refusal:
        return _name_page(refusal)
    return _seed_page(who, setup, form)


def _name_page(refusal: Refusal | None = None, *, at_name: bool = False) -> ResponseReturnValue:
    from flask_gatehouse.features.totp.forms import NameForm  # noqa: PLC0415 - as above

    form = NameForm() if at_name else NameForm(formdata=None)
    if refusal is not None:
        refuse(form, refusal, form.name if at_name else None)
    page = render_template("gatehouse/totp/add.html", form=form)
    return page, 200 if refusal is None else answer(refusal).status


def _seed_page(
    who: Enrolling, setup: service.SetUp, refused: "SetUpForm | None" = None
) -> ResponseReturnValue:
    """Show the seed: to be read by the camera, and to be typed."""
    from flask_gatehouse.features.totp.forms import SetUpForm  # noqa: PLC0415 - as above

    site = house().settings[CoreSettings].site_name
    address = rules.app_address(setup.seed, site=site, account=who.user.username)
    page = render_template(
        "gatehouse/totp/scan.html",
        form=refused or SetUpForm(formdata=None, setup=setup.public_id),
        name=setup.name,
        typed=rules.shown_seed(setup.seed),
        drawn=drawing.drawn(address),
        address=address,
    )
    return page, 200 if refused is None else 422
