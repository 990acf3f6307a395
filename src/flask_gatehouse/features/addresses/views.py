"""One's own addresses, and the pages to which letters about them lead."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flask_gatehouse.core.errors import Conflict, Refusal
from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.features.addresses import service
from flask_gatehouse.features.addresses.errors import AddressThereAlready
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.proofs.errors import ProofSpent, WrongCode
from flask_gatehouse.features.users.errors import AddressRefused, AddressTaken, UnknownAddress
from flask_gatehouse.features.users.models import User
from flask_gatehouse.web.errors import answer
from flask_gatehouse.web.handing import Handing
from flask_gatehouse.web.links import link_to
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import house, unit_of_work

if TYPE_CHECKING:
    from flask_gatehouse.db.work import Work
    from flask_gatehouse.features.addresses.forms import AddForm

_LINK: Final = Handing("address")
_UNDO: Final = Handing("address-undo")
_LETTER_SENT: Final = "A letter is on its way to that address."
_NOT_FOUND: Final = 404


def index() -> ResponseReturnValue:
    """List the addresses of whoever is signed in."""
    from flask_gatehouse.features.addresses.forms import AddForm  # noqa: PLC0415 - see web.forms

    return _page(AddForm(formdata=None))


def add() -> ResponseReturnValue:
    """Send a letter to an address that is to be added; the same answer whoever has it."""
    from flask_gatehouse.features.addresses.forms import AddForm  # noqa: PLC0415 - as above

    user, form = _owner(), AddForm()
    if not form.validate():
        return _page(form)
    try:
        with unit_of_work() as work:
            typed = str(form.email.data)
            service.ask(work, user=user, address=typed, link_of=link_to("/address/"))
    except (AddressRefused, AddressThereAlready) as refusal:
        refuse(form, refusal, form.email)
        return _page(form)
    flash(_LETTER_SENT, "success")
    return redirect(url_for(".index"), 303)


def resend() -> ResponseReturnValue:
    """Send the letter again to an address that waits."""
    return _done(
        _LETTER_SENT,
        lambda work, user, address: service.resend(
            work, user=user, address=address, link_of=link_to("/address/")
        ),
    )


def enter_code() -> ResponseReturnValue:
    """Confirm an address by the code of its letter."""
    code = request.form.get("code", "")
    return _done(
        "The address is confirmed.",
        lambda work, user, address: service.confirm_code(
            work, user=user, address=address, code=code
        ),
    )


def make_primary() -> ResponseReturnValue:
    """Make an address the primary one."""
    return _done(
        "Letters go to that address from now on.",
        lambda work, user, address: service.make_primary(
            work, user=user, address=address, undo_link=link_to("/address/undo/")
        ),
    )


def remove() -> ResponseReturnValue:
    """Take an address away."""
    return _done(
        "The address is removed.",
        lambda work, user, address: service.remove(work, user=user, address=address),
    )


def open_link(secret: str) -> ResponseReturnValue:
    """Take the secret out of the address bar. Nothing is looked up, used or changed."""
    return _LINK.over(secret, ".confirm")


def confirm() -> ResponseReturnValue:
    """Add an address by one button, to the account that asked, whoever is signed in here."""
    signed_in = doorkeeper.current().account()
    try:
        with unit_of_work() as work:
            if request.method != "POST":
                offer = service.look(work, secret=_LINK.held)
                foreign = signed_in is not None and signed_in.id != offer.user_id
                page = "gatehouse/addresses/confirm.html"
                return render_template(page, offer=offer, foreign=foreign)
            whose = service.confirm(work, secret=_LINK.held)
    except (ProofSpent, AddressTaken) as refusal:
        taken = isinstance(refusal, AddressTaken)
        page = render_template("gatehouse/addresses/over.html", taken=taken)
        return page, answer(refusal).status
    flash("The address is confirmed.", "success")
    own = signed_in is not None and signed_in.id == whose
    response = redirect(url_for(".index" if own else "gatehouse.passwords.login"), 303)
    _LINK.forget(response)
    return response


def open_undo(secret: str) -> ResponseReturnValue:
    """Take the secret out of the address bar. Nothing is looked up, used or changed."""
    return _UNDO.over(secret, ".undo")


def undo() -> ResponseReturnValue:
    """Put a former primary address back by one button. The page never says whose account it is."""
    try:
        with unit_of_work() as work:
            if request.method != "POST":
                service.look_at_undo(work, secret=_UNDO.held)
                return render_template("gatehouse/addresses/undo.html")
            service.undo(work, secret=_UNDO.held)
    except ProofSpent as refusal:
        return render_template("gatehouse/addresses/undo_over.html"), answer(refusal).status
    flash("The change is undone, and every device is signed out. Choose a new password.", "success")
    response = redirect(url_for("gatehouse.passwords.login"), 303)
    _UNDO.forget(response)
    return response


def _page(form: "AddForm") -> ResponseReturnValue:
    user = _owner()
    with unit_of_work() as work, work.reading() as db:
        listed = service.all_of(work, db, user=user)
    page = render_template("gatehouse/addresses/index.html", form=form, addresses=listed)
    return page, 422 if form.errors else 200


def _done(sentence: str, act: Callable[["Work", User, str], None]) -> ResponseReturnValue:
    """Do something with an address of the form, and say on the list how it went."""
    user = _owner()
    try:
        with unit_of_work() as work:
            act(work, user, request.form.get("address", ""))
    except UnknownAddress:
        abort(_NOT_FOUND)
    except (Conflict, WrongCode) as refusal:
        _say(refusal)
    else:
        flash(sentence, "success")
    return redirect(url_for(".index"), 303)


def _say(refusal: Refusal) -> None:
    flash(house().part(Sentences).of(refusal), "error")


def _owner() -> User:
    """Return who asks. Where the host keeps its own users there is no account of ours: 404."""
    user = doorkeeper.current().account()
    if user is None:
        abort(_NOT_FOUND)
    return user
