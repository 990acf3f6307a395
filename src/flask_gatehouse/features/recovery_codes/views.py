"""One's recovery codes, and proving oneself by one."""

from flask import flash, render_template
from flask.typing import ResponseReturnValue

from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.login.landing import arrive
from flask_gatehouse.features.login.pending import Pending
from flask_gatehouse.features.mfa import enrolling
from flask_gatehouse.features.mfa.errors import WrongFactor
from flask_gatehouse.features.recovery_codes import rules, service
from flask_gatehouse.web.errors import answer
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import house, unit_of_work


def index() -> ResponseReturnValue:
    """Say how many are left, and offer a new set. No code is shown again."""
    user = doorkeeper.current().account()
    left = None
    if user is not None:
        with unit_of_work() as work:
            left = service.left(house(), work.db, user_id=user.id)
    return render_template("gatehouse/recovery_codes/index.html", left=left, low=rules.LOW)


def renew() -> ResponseReturnValue:
    """Make a new set, and show it in the answer: once, and nowhere else."""
    with unit_of_work() as work:
        codes = service.renew(work, user=enrolling.current().user)
    return render_template("gatehouse/recovery_codes/made.html", codes=codes)


def ask() -> ResponseReturnValue:
    """Take a code as the second step of a sign-in."""
    from flask_gatehouse.features.recovery_codes.forms import (  # noqa: PLC0415 - see web.forms
        CodeForm,
    )

    form = CodeForm()
    if not form.validate_on_submit():
        return render_template("gatehouse/recovery_codes/ask.html", form=form)
    left: list[int] = []

    def prove(work: Work, pending: Pending) -> str:
        spent = service.prove(work, user_id=pending.user_id, code=str(form.code.data))
        left.append(spent.left)
        return spent.method

    try:
        arrival = doorkeeper.current().pass_step(prove)
    except WrongFactor as refusal:
        refuse(form, refusal, form.code)
        page = render_template("gatehouse/recovery_codes/ask.html", form=form)
        return page, answer(refusal).status
    _remind(left[-1])
    return arrive(arrival)


def _remind(left: int) -> None:
    """Say what is left, where it is few. Source: NIST SP 800-63B-4 4.2.1.1."""
    if left > rules.LOW:
        return
    if left:
        few = f"{left} recovery codes are" if left > 1 else "Only one recovery code is"
        flash(f"{few} left. Make a new set soon, on the page of your account.", "warning")
    else:
        flash("That was your last recovery code. Make a new set now.", "warning")
