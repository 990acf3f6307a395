"""The admin area: anyone signed in sees their own card, administrators see other people."""

from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from flask_gatehouse.features.admin import service
from flask_gatehouse.features.users import service as users
from flask_gatehouse.web.work import unit_of_work

#: Characters of a search that are looked at.
_LONGEST_SEARCH: Final = 100


def index() -> ResponseReturnValue:
    """Show who is signed in, and how the site is doing to administrators."""
    stats = None
    if getattr(current_user, "is_admin", False):
        with unit_of_work() as work, work.reading() as db:
            stats = service.overview(work, db)
    return render_template("gatehouse/admin/index.html", stats=stats)


def people() -> ResponseReturnValue:
    """List accounts, with search and paging."""
    search = request.args.get("q", "")[:_LONGEST_SEARCH].strip()
    number = request.args.get("page", 1, type=int)
    with unit_of_work() as work, work.reading() as db:
        page = users.page(db, number=min(max(number, 1), 10**6), search=search)
    return render_template("gatehouse/admin/people.html", page=page, q=search)
