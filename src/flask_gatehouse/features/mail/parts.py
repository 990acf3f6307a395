"""What `mail` puts into the house of each application."""

from pathlib import Path

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.house import House
from flask_gatehouse.core.settings import key_of
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.features.mail.delivery import post_from
from flask_gatehouse.features.mail.letters import Letters
from flask_gatehouse.features.mail.messages import Letterhead
from flask_gatehouse.features.mail.post import Post
from flask_gatehouse.features.mail.rules import domain_of, sender
from flask_gatehouse.features.mail.settings import MailSettings
from flask_gatehouse.features.mail.worker import Bell


def post(house: House) -> Post:
    """Return what delivers letters. Raises: Misconfigured: the setting asks for nothing known."""
    settings = house.settings[MailSettings]
    return post_from(
        settings.url,
        home=house.home,
        timeout=settings.timeout,
        name=domain_of(house.settings[CoreSettings].public_url),
        bounces=_bounces(settings.bounces),
    )


def letters(house: House) -> Letters:
    """Return the templates of letters. Raises: Misconfigured: the folder is not there."""
    folder = house.settings[MailSettings].templates
    if folder and not Path(folder).is_dir():
        msg = f"{key_of('mail', 'templates')} is {folder!r}, which is no folder."
        raise Misconfigured(msg)
    return Letters(Path(folder) if folder else None)


def letterhead(house: House) -> Letterhead:
    """Return whom letters are from. Raises: Misconfigured: that is no address."""
    return Letterhead.of(house)


def _bounces(address: str | None) -> str | None:
    """Return a plain address. Raises: Misconfigured: it is none."""
    if address is None:
        return None
    setting = key_of("mail", "bounces")
    return sender(f"<{address}>", setting=setting).addr_spec


def bell(house: House) -> Bell:
    """Return what wakes the worker when a letter was posted."""
    del house
    return Bell()
