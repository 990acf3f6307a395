"""One's recovery codes, and proving oneself by one."""

from typing import Final

from flask import abort, flash, render_template
from flask.typing import ResponseReturnValue

from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import doorkeeper, entering
from flask_gatehouse.features.login.errors import WrongFactor
from flask_gatehouse.features.login.pending import Pending
from flask_gatehouse.features.mfa import gate
from flask_gatehouse.features.recovery_codes import rules, service
from flask_gatehouse.features.users.models import User
from flask_gatehouse.web.errors import answer
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import house, unit_of_work, works

_NOT_FOUND: Final = 404


def index() -> ResponseReturnValue:
    """Say how many are left, and offer a new set. No code is shown again."""
    user = _account()
    with works().reading() as db:
        left = service.left(house(), db, user_id=user.id)
    return render_template("gatehouse/recovery_codes/index.html", left=left, low=rules.LOW)


def renew() -> ResponseReturnValue:
    """Make a new set, and show it in the answer: once, and nowhere else."""
    with unit_of_work() as work:
        codes = service.renew(work, user=_account())
    return render_template("gatehouse/recovery_codes/made.html", codes=codes)


def ask() -> ResponseReturnValue:
    """Take a code as the second step of a sign-in."""
    from flask_gatehouse.features.recovery_codes.forms import (  # noqa: PLC0415 - see web.forms
        CodeForm,
    )

    form, status, left = CodeForm(), 200, [0]

    def prove(work: Work, pending: Pending) -> str:
        spent = service.prove(work, user_id=pending.user_id, code=str(form.code.data))
        left[0] = spent.left
        return spent.method

    if form.validate_on_submit():
        try:
            arrival = entering.pass_step(prove)
        except WrongFactor as refusal:
            refuse(form, refusal, form.code)
            status = answer(refusal).status
        else:
            _remind(left[0])
            return arrival
    ways = gate.other_ways()
    return render_template("gatehouse/recovery_codes/ask.html", form=form, ways=ways), status


def _account() -> User:
    """Return whose codes they are. Where the host keeps its own users there are none: 404."""
    found = doorkeeper.current().account()
    if found is None:
        abort(_NOT_FOUND)
    return found


def _remind(left: int) -> None:
    """Say what is left, where it is few. Source: NIST SP 800-63B-4 4.2.1.1."""
    if left > rules.LOW:
        return
    if left == 0:
        flash("That was your last recovery code. Make a new set now.", "warning")
        return
    few = f"{left} recovery codes are" if left > 1 else "Only one recovery code is"
    flash(f"{few} left. Make a new set soon, on the page of your account.", "warning")
