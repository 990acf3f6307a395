"""The console's pages about webhooks."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.events import Vocabulary
from flask_gatehouse.core.sentences import Sentences
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.login import doorkeeper
from flask_gatehouse.features.users.models import User
from flask_gatehouse.features.webhooks import rules, service
from flask_gatehouse.features.webhooks.errors import (
    CannotSeal,
    EventsRefused,
    NoSuchWebhook,
    NotGivenUp,
    TooManyWebhooks,
    UrlRefused,
)
from flask_gatehouse.web.refusing import refuse
from flask_gatehouse.web.work import house, unit_of_work

if TYPE_CHECKING:
    from flask_gatehouse.features.webhooks.forms import EventsForm, WebhookForm

#: Deliveries that a page shows.
_SHOWN: Final = 50

_NOT_FOUND: Final = 404
_REFUSED: Final = 422


def index() -> ResponseReturnValue:
    """List receivers, and offer to add one."""
    from flask_gatehouse.features.webhooks.forms import (  # noqa: PLC0415 - see web.forms
        WebhookForm,
    )

    return _index(WebhookForm())


def add() -> ResponseReturnValue:
    """Add a receiver, and show its secret in the answer: once, and nowhere else."""
    from flask_gatehouse.features.webhooks.forms import (  # noqa: PLC0415 - as above
        WebhookForm,
    )

    form = WebhookForm()
    if not form.validate_on_submit():
        return _index(form), _REFUSED
    try:
        with unit_of_work() as work:
            webhook, secret = service.add(
                work, url=str(form.url.data).strip(), wants=_typed(form), by=_who()
            )
    except UrlRefused as refusal:
        refuse(form, refusal, form.url)
    except EventsRefused as refusal:
        refuse(form, refusal, form.events)
    except (TooManyWebhooks, CannotSeal) as refusal:
        refuse(form, refusal)
    else:
        return render_template("gatehouse/webhooks/secret.html", webhook=webhook, secret=secret)
    return _index(form), _REFUSED


def show(webhook: str) -> ResponseReturnValue:
    """Show one receiver, and what was sent to it."""
    from flask_gatehouse.features.webhooks.forms import (  # noqa: PLC0415 - as above
        EventsForm,
    )

    return _show(webhook, EventsForm())


def change(webhook: str) -> ResponseReturnValue:
    """Have it told of other events."""
    from flask_gatehouse.features.webhooks.forms import (  # noqa: PLC0415 - as above
        EventsForm,
    )

    form = EventsForm()
    if not form.validate_on_submit():
        return _show(webhook, form), _REFUSED
    try:
        with unit_of_work() as work:
            service.change(work, public_id=webhook, wants=_typed(form), by=_who())
    except EventsRefused as refusal:
        refuse(form, refusal, form.events)
        return _show(webhook, form), _REFUSED
    except NoSuchWebhook:
        abort(_NOT_FOUND)
    flash("It is told of these from now on.", "success")
    return redirect(url_for(".show", webhook=webhook), 303)


def ping(webhook: str) -> ResponseReturnValue:
    """Send it something that tells of nothing."""
    return _done(
        webhook,
        "A ping is on its way. Load this page again to see whether it was taken.",
        lambda work: service.ping(work, public_id=webhook, by=_who()),
        waiting="The ping is sent when you resume the receiver, unless it is too old by then.",
    )


def rotate(webhook: str) -> ResponseReturnValue:
    """Make a new secret, and show it in the answer: once, and nowhere else."""
    try:
        with unit_of_work() as work:
            secret = service.rotate(work, public_id=webhook, by=_who())
            found = service.one(work.db, webhook)
    except NoSuchWebhook:
        abort(_NOT_FOUND)
    except CannotSeal as refusal:
        flash(house().part(Sentences).of(refusal), "error")
        return redirect(url_for(".show", webhook=webhook), 303)
    return render_template("gatehouse/webhooks/secret.html", webhook=found, secret=secret)


def pause(webhook: str) -> ResponseReturnValue:
    """Send it nothing for a while."""
    return _done(
        webhook,
        "It is told nothing until you resume it.",
        lambda work: service.pause(work, public_id=webhook, by=_who()),
    )


def resume(webhook: str) -> ResponseReturnValue:
    """Tell it again."""
    return _done(
        webhook,
        "It is told again of what happens from now on.",
        lambda work: service.resume(work, public_id=webhook, by=_who()),
    )


def remove(webhook: str) -> ResponseReturnValue:
    """Remove it."""
    try:
        with unit_of_work() as work:
            service.remove(work, public_id=webhook, by=_who())
    except NoSuchWebhook:
        abort(_NOT_FOUND)
    flash("The receiver is removed.", "success")
    return redirect(url_for(".index"), 303)


def retry(webhook: str, delivery: str) -> ResponseReturnValue:
    """Have a delivery that was given up tried again."""
    found = rules.delivery_id(delivery)
    if found is None:
        abort(_NOT_FOUND)
    return _done(
        webhook,
        "It is tried again.",
        lambda work: service.retry(work, public_id=webhook, delivery_id=found, by=_who()),
        waiting="It is tried again when you resume the receiver, unless it is too old by then.",
    )


def _index(form: "WebhookForm") -> str:
    with unit_of_work() as work, work.reading() as db:
        found = service.everyone(db)
    return render_template(
        "gatehouse/webhooks/index.html", form=form, webhooks=found, names=_names()
    )


def _show(public_id: str, form: "EventsForm") -> str:
    try:
        with unit_of_work() as work, work.reading() as db:
            webhook = service.one(db, public_id)
            sent = service.deliveries(db, webhook=webhook, limit=_SHOWN)
    except NoSuchWebhook:
        abort(_NOT_FOUND)
    if request.method == "GET":
        form.events.data = "\n".join(webhook.wants)
    return render_template(
        "gatehouse/webhooks/show.html", webhook=webhook, deliveries=sent, form=form, names=_names()
    )


def _names() -> list[str]:
    """Return the events that receivers may be told of."""
    known = house().part(Vocabulary).meanings()
    return sorted(name for name in known if not name.startswith(f"{rules.OWN_FAMILY}."))


def _typed(form: "EventsForm") -> list[str]:
    return str(form.events.data).replace(",", " ").split()


def _done(
    webhook: str, said: str, do: Callable[[Work], object], *, waiting: str | None = None
) -> ResponseReturnValue:
    """Do something and say so. Args: waiting: what is true if nothing is sent to it now."""
    try:
        with unit_of_work() as work:
            do(work)
            is_told = service.one(work.db, webhook).enabled
    except NoSuchWebhook:
        abort(_NOT_FOUND)
    except NotGivenUp as refusal:
        _say(refusal)
    else:
        flash(said if is_told or waiting is None else waiting, "success")
    return redirect(url_for(".show", webhook=webhook), 303)


def _say(refusal: Refusal) -> None:
    flash(house().part(Sentences).of(refusal), "error")


def _who() -> User:
    """Return whose page it is. Where the host keeps its own users there is none: 404."""
    found = doorkeeper.current().account()
    if found is None:
        abort(_NOT_FOUND)
    return found
