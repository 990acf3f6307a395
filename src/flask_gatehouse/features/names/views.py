"""One's own user name."""

from typing import TYPE_CHECKING, Final

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.names import service
from flask_gatehouse.features.names.settings import NameSettings
from flask_gatehouse.features.users.errors import NameRefused, NameTaken
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import house, unit_of_work

if TYPE_CHECKING:
    from flask_gatehouse.features.names.forms import NameForm

_NOT_FOUND: Final = 404


def index() -> ResponseReturnValue:
    """Show a person their user name, and ask for another one."""
    from flask_gatehouse.features.names.forms import NameForm  # noqa: PLC0415 - see web.forms

    return _page(NameForm(formdata=None))


def change() -> ResponseReturnValue:
    """Change it. Where the host keeps its own users there is no account of ours: 404."""
    from flask_gatehouse.features.names.forms import NameForm  # noqa: PLC0415 - as above

    user, form = doorkeeper.current().account(), NameForm()
    if user is None:
        abort(_NOT_FOUND)
    if not form.validate():
        return _page(form)
    try:
        with unit_of_work() as work:
            service.change(work, user=user, name=str(form.username.data))
    except (NameRefused, NameTaken) as refusal:
        refuse(form, refusal, form.username)
        return _page(form)
    flash("Your user name is changed.", "success")
    return redirect(url_for("gatehouse.account.index"), 303)


def _page(form: "NameForm") -> ResponseReturnValue:
    allowed = house().settings[NameSettings].change
    page = render_template("gatehouse/names/index.html", form=form, allowed=allowed)
    return page, 422 if form.errors else 200
