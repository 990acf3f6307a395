"""The three pages, written with Flask-Login's names."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required, login_user, logout_user
from sqlalchemy import select

from clubhouse.forms import LoginForm
from clubhouse.models import User, db

main = Blueprint("main", __name__)


@main.get("/")
@login_required
def index() -> ResponseReturnValue:
    """Greet the member."""
    return render_template("index.html")


@main.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Ask for the password, and let in whoever knows it."""
    if current_user.is_authenticated:
        return redirect(url_for("main.index"), 303)
    form = LoginForm()
    if not form.validate_on_submit():
        return render_template("login.html", form=form)
    user = db.session.scalar(select(User).where(User.username == form.username.data))
    if user is None or not user.check_password(str(form.password.data)):
        flash("Invalid username or password")
        return redirect(url_for("main.login", next=request.args.get("next")), 303)
    login_user(user, remember=form.remember_me.data)
    return redirect(wanted_page(), 303)


@main.get("/logout")
def logout() -> ResponseReturnValue:
    """See the member out."""
    logout_user()
    return redirect(url_for("main.login"), 303)


def wanted_page() -> str:
    r"""Name the page to go on to: the one in ``next`` if it is a path on this site.

    A browser reads ``//host`` and ``/\host`` as another site, and drops tabs and line
    breaks before it looks, so a path with any of them in it is not followed.
    """
    path = request.args.get("next", "")
    is_path = path.startswith("/") and not path.startswith("//")
    is_plain = path.isprintable() and "\\" not in path
    return path if is_path and is_plain else url_for("main.index")
