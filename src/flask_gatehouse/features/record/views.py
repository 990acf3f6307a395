"""The record in the console."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import (
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.features.audit.places import Place, place
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.record import exporting, proving, rules, service
from flask_gatehouse.features.record.errors import NoMoment, TooMuch
from flask_gatehouse.features.record.rules import Asked
from flask_gatehouse.features.record.service import Page
from flask_gatehouse.features.users.errors import UnknownUser
from flask_gatehouse.web.work import house, unit_of_work, works

_NOT_FOUND: Final = 404

#: Kinds of files, by the way in which they are written.
_KINDS: Final = {"json": "application/jsonl", "csv": "text/csv"}


@dataclass(frozen=True)
class _Found:
    """What is shown, or why nothing is."""

    page: Page
    refusal: str | None = None


def index() -> ResponseReturnValue:
    """Show what happened, the newest first, or what came since somebody looked."""
    asked = rules.asked(request.args)
    seen = rules.seen(request.args.get("follow", ""))
    with works().reading() as db:
        found = _find(db, asked, seen, place(request.args.get("before")))
    return render_template(
        "gatehouse/record/index.html",
        page=found.page,
        refusal=found.refusal,
        asked=asked,
        filters=asked.said(),
        follows=seen is not None,
        first="before" not in request.args,
        kinds=service.kinds(house()),
        forms=rules.FORMS,
        may_export=current_user.can(exporting.MAY),
    )


def one(event: str) -> ResponseReturnValue:
    """Show one event in full."""
    there = place(event)
    if there is None:
        abort(_NOT_FOUND)
    with works().reading() as db:
        found = service.one(house(), db, place=there)
    if found is None:
        abort(_NOT_FOUND)
    return render_template("gatehouse/record/one.html", whole=found)


def chain() -> ResponseReturnValue:
    """Show what is known of the chain, and how long rows are kept."""
    with works().reading() as db:
        found = proving.chain(house(), db)
    return render_template("gatehouse/record/chain.html", chain=found, now=house().clock.now())


def export() -> ResponseReturnValue:
    """Hand over what the filters in force choose. Where the host has its own users: 404."""
    by = doorkeeper.current().account()
    if by is None:
        abort(_NOT_FOUND)
    asked = rules.asked(request.form)
    form = request.form.get("form", "")
    form = form if form in rules.FORMS else "json"
    try:
        with unit_of_work() as work:
            with work.reading() as db:
                wanted = service.wanted(house(), db, asked)
            bounded = exporting.begin(work, by=by, asked=asked, wanted=wanted, form=form)
    except (NoMoment, TooMuch, UnknownUser) as refusal:
        flash(_said(refusal), "error")
        return redirect(f"{url_for('.index')}?{urlencode(asked.said())}", 303)
    lines = exporting.lines(works(), bounded, form=form)
    answer = Response(stream_with_context(lines), mimetype=_KINDS[form])
    name = f"record.{'jsonl' if form == 'json' else form}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _find(db: Session, asked: Asked, seen: dict[int, int] | None, before: Place | None) -> _Found:
    try:
        wanted = service.wanted(house(), db, asked)
    except (NoMoment, UnknownUser) as refusal:
        return _Found(Page(entries=[], older=None), _said(refusal))
    if seen is not None:
        return _Found(service.since(house(), db, wanted, seen=seen))
    return _Found(service.page(house(), db, wanted, before=before))


def _said(refusal: Refusal) -> str:
    return house().part(Sentences).of(refusal)
