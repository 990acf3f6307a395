"""People, one person, and what is done to them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from flask_gatehouse.core.errors import Conflict, NotAllowed, NotValid, Refusal
from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.people import bulk, exporting, finding, rules, service, showing
from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.features.roles.errors import UnknownRole
from flask_gatehouse.features.users.errors import (
    AddressRefused,
    AddressTaken,
    NameRefused,
    NameTaken,
    SuspensionRefused,
    UnknownUser,
)
from flask_gatehouse.features.users.models import User
from flask_gatehouse.web.flask_login import wanted_page
from flask_gatehouse.web.links import link_to
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import house, unit_of_work, works

_NOT_FOUND: Final = 404


def index() -> ResponseReturnValue:
    """List people, with search, filters and pages."""
    wanted = rules.wanted(request.args)
    after, before = (
        rules.place(request.args.get(name), sort=wanted.sort) for name in ("after", "before")
    )
    with unit_of_work() as work, work.reading() as db:
        found = finding.look(work.house, db, wanted, now=work.now)
        page = finding.page(
            work.house, db, wanted, now=work.now, found=found, after=after, before=before
        )
        every = roles.everyone_named(db)
        given = roles.offered(work, db, by=_actor())
    return render_template(
        "gatehouse/people/index.html",
        page=page,
        wanted=wanted,
        q=rules.typed(request.args),
        fields=wanted.fields(),
        total=found.total,
        counted=finding.COUNTED,
        roles=every,
        given=given,
        states=rules.STATES,
        sorts=rules.SORTS,
        actions=bulk.ACTIONS,
        needs=bulk.NEEDS,
        most=bulk.MOST,
    )


def one(person: str) -> ResponseReturnValue:
    """Show one person."""
    with unit_of_work() as work, work.reading() as db:
        try:
            shown = showing.person(
                work, db, user_id=_id(person), whole_record=current_user.can("record.read")
            )
        except UnknownUser:
            abort(_NOT_FOUND)
        actor = _actor()
        given = roles.offered(work, db, by=actor)
        reached = roles.reaches(work, db, by=actor, user=shown.user)
    return render_template(
        "gatehouse/people/one.html",
        person=shown,
        roles=given,
        own=actor.id == shown.user.id,
        reached=reached,
    )


def create() -> ResponseReturnValue:
    """Make an account, whose owner gets a letter."""
    from flask_gatehouse.features.people.forms import NewForm  # noqa: PLC0415 - see web.forms

    form = NewForm()
    with unit_of_work() as work, work.reading() as db:
        named = roles.offered(work, db, by=_actor())
    form.role.choices = [("", "None"), *((each, each) for each in named)]
    if form.validate_on_submit():
        try:
            with unit_of_work() as work:
                user = service.create(
                    work,
                    username=str(form.username.data),
                    email=str(form.email.data),
                    admin=bool(form.admin.data),
                    role=form.role.data or None,
                    by=_actor(),
                    link_of=link_to("/invitation/"),
                )
                user_id = user.id
        except (NameRefused, NameTaken) as refusal:
            refuse(form, refusal, form.username)
        except (AddressRefused, AddressTaken) as refusal:
            refuse(form, refusal, form.email)
        except UnknownRole as refusal:
            refuse(form, refusal, form.role)
        else:
            flash("The account is made, and a letter is on its way.", "success")
            return redirect(url_for(".one", person=user_id), 303)
    page = render_template("gatehouse/people/new.html", form=form)
    return page, 422 if form.errors else 200


def several() -> ResponseReturnValue:
    """Say who would be touched, and who not and why. Nothing is changed yet."""
    wanted = rules.wanted(request.form)
    actor = _actor()
    try:
        with unit_of_work() as work, work.reading() as db:
            if request.form.get("all") == "1":
                most = bulk.MOST + 1
                chosen = finding.ids(work.house, db, wanted, now=work.now, most=most)
            else:
                chosen = _ids(request.form.getlist("id"))
            plan = bulk.made(
                action=request.form.get("action", ""),
                user_ids=chosen,
                role=request.form.get("role_for", "").strip(),
                reason=request.form.get("reason", "").strip(),
                until=_day("until"),
            )
            foreseen = bulk.foresee(work, db, plan, by=actor)
    except (NotValid, Conflict) as refusal:
        _say(refusal)
        return redirect(_list(wanted), 303)
    return render_template(
        "gatehouse/people/several.html",
        plan=plan,
        doing=bulk.ACTIONS[plan.action],
        ids=" ".join(str(each) for each in plan.user_ids),
        seal=plan.seal(house(), by=actor),
        touched=[each for each in foreseen if each.refusal is None],
        spared=[(each, _sentence(each.refusal)) for each in foreseen if each.refusal is not None],
        fields=wanted.fields(),
    )


def several_done() -> ResponseReturnValue:
    """Change exactly those who were shown, and say on the list who was touched and who not."""
    actor = _actor()
    try:
        plan = bulk.made(
            action=request.form.get("action", ""),
            user_ids=_ids(request.form.get("ids", "").split()),
            role=request.form.get("role_for", ""),
            reason=request.form.get("reason", ""),
            until=_day("until"),
        )
        plan.must_be(house(), by=actor, seal=request.form.get("seal", ""))
        with unit_of_work() as work, work.reading() as db:
            names = {each.user_id: each.username for each in bulk.foresee(work, db, plan, by=actor)}
    except (NotValid, Conflict) as refusal:
        _say(refusal)
        return redirect(wanted_page() or url_for(".index"), 303)
    act = bulk.act(plan, by=actor, link_of=link_to("/recover/"))
    touched = 0
    spared: dict[str, list[str]] = {}
    for user_id in plan.user_ids:
        try:
            with unit_of_work() as work:
                act(work, user_id)
        except (NotAllowed, NotValid, Conflict) as refusal:
            spared.setdefault(_sentence(refusal), []).append(names.get(user_id, str(user_id)))
        else:
            touched += 1
    _say_done(bulk.ACTIONS[plan.action], touched, spared)
    # Who loads the page again looks at the list, and does nothing once more.
    return redirect(wanted_page() or url_for(".index"), 303)


def _say_done(doing: str, touched: int, spared: Mapping[str, Sequence[str]]) -> None:
    if touched:
        were = "person was" if touched == 1 else "people were"
        flash(f"{doing}: {touched:,} {were} changed.", "success")
    for why, names in spared.items():
        were = "was" if len(names) == 1 else "were"
        flash(f"{doing}: {rules.named(names)} {were} not changed. {why}", "error")


def export() -> ResponseReturnValue:
    """Hand over the list, with the filters that are in force, a page at a time."""
    wanted = rules.wanted(request.form)
    form: exporting.Form = "jsonl" if request.form.get("form") == "jsonl" else "csv"
    with unit_of_work() as work:
        exporting.begin(work, wanted=wanted, form=form, by=_actor())
    lines = exporting.lines(finding.everyone(works(), wanted), form=form)
    kind = "text/csv" if form == "csv" else "application/x-ndjson"
    return _file(Response(lines, content_type=f"{kind}; charset=utf-8"), f"people.{form}")


def suspend(person: str) -> ResponseReturnValue:
    """Suspend somebody, for a while or for good."""

    def act(work: Work, user_id: UUID) -> None:
        service.suspend(
            work,
            user_id=user_id,
            reason=request.form.get("reason", ""),
            until=_day("until"),
            by=_actor(),
        )

    return _done(person, act, "The account is suspended.")


def restore(person: str) -> ResponseReturnValue:
    """Let somebody in again."""
    return _done(
        person,
        lambda work, user_id: service.restore(work, user_id=user_id, by=_actor()),
        "The account can be used again.",
    )


def end_sessions(person: str) -> ResponseReturnValue:
    """Sign somebody out everywhere."""
    return _done(
        person,
        lambda work, user_id: service.end_sessions(work, user_id=user_id, by=_actor()),
        "They are signed out everywhere.",
    )


def end_session(person: str, session: str) -> ResponseReturnValue:
    """End one sign-in of somebody."""
    return _done(
        person,
        lambda work, user_id: service.end_session(
            work, user_id=user_id, public_id=session, by=_actor()
        ),
        "The sign-in is over.",
    )


def send_way_back(person: str) -> ResponseReturnValue:
    """Send somebody a letter that sets a new password."""
    return _done(
        person,
        lambda work, user_id: service.send_way_back(
            work, user_id=user_id, by=_actor(), link_of=link_to("/recover/")
        ),
        "The letter is on its way.",
    )


def invite(person: str) -> ResponseReturnValue:
    """Send somebody a letter to choose a first password."""
    return _done(
        person,
        lambda work, user_id: service.invite_again(
            work, user_id=user_id, by=_actor(), link_of=link_to("/invitation/")
        ),
        "The letter is on its way.",
    )


def reset_factors(person: str) -> ResponseReturnValue:
    """Have somebody's factors taken away, after the time in which they can stop it."""
    return _done(
        person,
        lambda work, user_id: service.reset_factors(work, user_id=user_id, by=_actor()),
        "That waits now, and the person was told.",
    )


def keep_factors(person: str) -> ResponseReturnValue:
    """Stop that somebody's factors are taken away."""
    return _done(
        person,
        lambda work, user_id: service.keep_factors(work, user_id=user_id, by=_actor()),
        "It is stopped: everything stays as it is.",
    )


def rename(person: str) -> ResponseReturnValue:
    """Give somebody another user name."""
    return _done(
        person,
        lambda work, user_id: service.rename(
            work, user_id=user_id, username=request.form.get("username", ""), by=_actor()
        ),
        "The user name is changed, and the person was told.",
    )


def add_address(person: str) -> ResponseReturnValue:
    """Send a letter that adds an address."""
    return _done(
        person,
        lambda work, user_id: service.add_address(
            work,
            user_id=user_id,
            address=request.form.get("address", ""),
            by=_actor(),
            link_of=link_to("/address/"),
        ),
        "A letter is on its way; the address is added when its link is opened.",
    )


def make_primary(person: str) -> ResponseReturnValue:
    """Let letters go to another address."""
    return _done(
        person,
        lambda work, user_id: service.make_primary(
            work, user_id=user_id, address=request.form.get("address", ""), by=_actor()
        ),
        "Letters go there now.",
    )


def remove_address(person: str) -> ResponseReturnValue:
    """Take an address away."""
    return _done(
        person,
        lambda work, user_id: service.remove_address(
            work, user_id=user_id, address=request.form.get("address", ""), by=_actor()
        ),
        "The address is removed.",
    )


def give_role(person: str) -> ResponseReturnValue:
    """Give somebody a role, for a while or for good."""
    return _done(
        person,
        lambda work, user_id: service.give_role(
            work,
            user_id=user_id,
            role=request.form.get("role", ""),
            until=_day("until"),
            by=_actor(),
        ),
        "The role is given.",
    )


def take_role(person: str) -> ResponseReturnValue:
    """Take a role away from somebody."""
    return _done(
        person,
        lambda work, user_id: service.take_role(
            work, user_id=user_id, role=request.form.get("role", ""), by=_actor()
        ),
        "The role is taken away.",
    )


def promote(person: str) -> ResponseReturnValue:
    """Make somebody an administrator."""
    return _done(
        person,
        lambda work, user_id: service.promote(work, user_id=user_id, by=_actor()),
        "They are an administrator now.",
    )


def demote(person: str) -> ResponseReturnValue:
    """Take administration away from somebody."""
    return _done(
        person,
        lambda work, user_id: service.demote(work, user_id=user_id, by=_actor()),
        "They are no administrator any more.",
    )


def delete(person: str) -> ResponseReturnValue:
    """Delete somebody's account, at once or after the time in which they may come back."""
    typed, at_once = request.form.get("username", ""), request.form.get("when") == "now"

    def act(work: Work, user_id: UUID) -> None:
        if at_once:
            service.erase(work, user_id=user_id, typed=typed, by=_actor())
            return
        link_of = link_to("/leave/undo/")
        service.close(work, user_id=user_id, typed=typed, by=_actor(), link_of=link_of)

    sentence = (
        "The account is deleted."
        if at_once
        else "The account is closed, and deleted when the time to come back is over."
    )
    return _done(person, act, sentence, to=url_for(".index") if at_once else None)


def copy(person: str) -> ResponseReturnValue:
    """Hand over all that is kept of somebody."""
    try:
        with unit_of_work() as work:
            text = service.copy(work, user_id=_id(person), by=_actor())
    except UnknownUser:
        abort(_NOT_FOUND)
    return _file(Response(text, mimetype="application/json"), "data.json")


def _file(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _done(
    person: str, act: Callable[[Work, UUID], None], sentence: str, *, to: str | None = None
) -> ResponseReturnValue:
    """Do something to one person, and go back to their page."""
    user_id = _id(person)
    back = url_for(".one", person=user_id)
    try:
        with unit_of_work() as work:
            act(work, user_id)
    except UnknownUser:
        abort(_NOT_FOUND)
    except (NotValid, Conflict) as refusal:
        _say(refusal)
        return redirect(back, 303)
    flash(sentence, "success")
    return redirect(to or back, 303)


def _list(wanted: rules.Wanted) -> str:
    fields: dict[str, Any] = {**wanted.fields()}
    return url_for(".index", **fields)


def _id(person: str) -> UUID:
    """Return the id in the address; what is none is nobody's: 404."""
    found = rules.user_id(person)
    if found is None:
        abort(_NOT_FOUND)
    return found


def _ids(texts: list[str]) -> list[UUID]:
    """Return what is chosen; what is no id chooses nobody."""
    return [found for text in texts[: bulk.MOST + 1] if (found := rules.user_id(text)) is not None]


def _day(field: str) -> datetime | None:
    """Return the day of a field. Raises: SuspensionRefused: it is none."""
    try:
        return rules.moment(request.form.get(field, "").strip())
    except ValueError as error:
        raise SuspensionRefused(reason="no_day") from error


def _sentence(refusal: Refusal) -> str:
    return house().part(Sentences).of(refusal)


def _say(refusal: Refusal) -> None:
    flash(_sentence(refusal), "error")


def _actor() -> User:
    """Return whose page it is. Where the host keeps its own users there is none: 404."""
    found = doorkeeper.current().account()
    if found is None:
        abort(_NOT_FOUND)
    return found
