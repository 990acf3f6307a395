"""Roles in the console: what there is, what each allows, and who has it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.permissions import Permissions
from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.features.roles import service
from flask_gatehouse.features.roles.errors import RoleRefused, RoleTaken, UnknownRole
from flask_gatehouse.features.roles.rules import LONGEST_ABOUT, LONGEST_ROLE
from flask_gatehouse.features.users.models import User
from flask_gatehouse.web.errors import answer
from flask_gatehouse.web.flask_login import may, person
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import house, unit_of_work

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from flask_gatehouse.db.work import Work
    from flask_gatehouse.features.roles.forms import RoleForm
    from flask_gatehouse.features.roles.models import Role

_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404

#: No list has so many pages.
_LAST_PAGE: Final = 10**6


@dataclass(frozen=True)
class _Box:
    """One permission as a form shows it."""

    name: str
    #: What it allows; None if nobody declares it any more.
    sentence: str | None
    ticked: bool
    #: Whether whoever asks may do that themselves, and so may tick it.
    own: bool


def index() -> ResponseReturnValue:
    """List roles, what each allows, and how many people have it."""
    with unit_of_work() as work, work.reading() as db:
        found = service.everyone(db, now=work.now)
    return render_template("gatehouse/roles/index.html", roles=found)


def show(name: str) -> ResponseReturnValue:
    """Show one role, and to whoever may see people, who has it."""
    number = min(max(request.args.get("page", 1, type=int), 1), _LAST_PAGE)
    with unit_of_work() as work, work.reading() as db:
        role = _role(db, name)
        allowed = service.permissions(db, role)
        return render_template(
            "gatehouse/roles/show.html",
            role=role,
            boxes=_boxes(allowed, allowed),
            holders=service.holders(db, role=role, now=work.now, number=number),
            sees_people=may("people.read"),
        )


def make() -> ResponseReturnValue:
    """Make a role."""
    from flask_gatehouse.features.roles.forms import NewRoleForm  # noqa: PLC0415 - see web.forms

    form, status = NewRoleForm(), 200

    def act(work: "Work") -> None:
        service.make(
            work,
            name=str(form.name.data),
            about=form.about.data or "",
            permissions=form.ticked,
            by=_actor(),
        )

    if form.is_submitted():
        status = _try(form, act)
        if status == _DONE:
            flash(f"The role {form.name.data} is made.", "success")
            return redirect(url_for(".show", name=form.name.data), 303)
    page = render_template(
        "gatehouse/roles/make.html",
        form=form,
        boxes=_boxes(form.ticked),
        longest_name=LONGEST_ROLE,
        longest_about=LONGEST_ABOUT,
    )
    return page, status


def change(name: str) -> ResponseReturnValue:
    """Have a role allow something else."""
    from flask_gatehouse.features.roles.forms import RoleForm  # noqa: PLC0415 - see web.forms

    form, status = RoleForm(), 200

    def act(work: "Work") -> None:
        service.change(
            work,
            name=name,
            about=form.about.data or "",
            permissions=form.ticked,
            seen=form.seen,
            by=_actor(),
        )

    if form.is_submitted():
        status = _try(form, act)
        if status == _DONE:
            flash("The role is changed. It acts from the next page that anybody opens.", "success")
            return redirect(url_for(".show", name=name), 303)
    with unit_of_work() as work, work.reading() as db:
        role = _role(db, name)
        allowed, said = service.permissions(db, role), role.about
    if not form.is_submitted():
        form.about.data = said
    page = render_template(
        "gatehouse/roles/change.html",
        form=form,
        name=name,
        seen=sorted(allowed),
        boxes=_boxes(allowed if not form.is_submitted() else form.ticked, allowed),
        longest_about=LONGEST_ABOUT,
    )
    return page, status


def delete(name: str) -> ResponseReturnValue:
    """Show who loses a role, and delete it."""
    if request.method == "POST":
        try:
            with unit_of_work() as work:
                service.remove(work, name=name, by=_actor())
        except UnknownRole:
            abort(_NOT_FOUND)
        except Refusal as refusal:
            flash(_sentence(refusal), "error")
            return redirect(url_for(".show", name=name), 303)
        flash(f"The role {name} is deleted.", "success")
        return redirect(url_for(".index"), 303)
    with unit_of_work() as work, work.reading() as db:
        role = _role(db, name)
        return render_template(
            "gatehouse/roles/delete.html",
            role=role,
            holders=service.holders(db, role=role, now=work.now),
            sees_people=may("people.read"),
        )


#: In place of a status: what was sent was taken.
_DONE: Final = 0


def _try(form: "RoleForm", act: "Callable[[Work], None]") -> int:
    """Do what a form asks for, or show on it why not; return the status that this has."""
    if not form.validate():
        return 422
    try:
        with unit_of_work() as work:
            act(work)
    except UnknownRole:
        abort(_NOT_FOUND)
    except (RoleRefused, RoleTaken) as refusal:
        at_name = refusal.facts.get("reason") != "about"
        refuse(form, refusal, getattr(form, "name", None) if at_name else form.about)
        return answer(refusal).status
    except Refusal as refusal:
        refuse(form, refusal)
        return answer(refusal).status
    return _DONE


def _boxes(ticked: Collection[str], also: Collection[str] = ()) -> list[_Box]:
    """Return every permission, and what is ticked and nobody declares any more.

    Args:
        also: names that are shown whether or not they are ticked.
    """
    declared = house().part(Permissions)
    boxes = [_Box(name, said, name in ticked, may(name)) for name, said in declared.items()]
    everything = getattr(person(), "is_admin", False) is True
    gone = sorted({*also} - declared.names)
    return boxes + [_Box(name, None, name in ticked, everything) for name in gone]


def _role(db: "Session", name: str) -> "Role":
    try:
        return service.one(db, name)
    except UnknownRole:
        abort(_NOT_FOUND)


def _actor() -> User:
    """Return whose account asks. Where the host keeps its own users there is none: 403."""
    found = person()
    if not isinstance(found, User):
        abort(_FORBIDDEN)
    return found


def _sentence(refusal: Refusal) -> str:
    return house().part(Sentences).of(refusal)
