"""What `mail` offers to the house."""

from pathlib import Path

from flask_gatehouse.core.errors import Misconfigured
from flask_gatehouse.core.house import House
from flask_gatehouse.core.settings import key_of
from flask_gatehouse.core.site import CoreSettings
from flask_gatehouse.feature import Feature
from flask_gatehouse.features.mail import events
from flask_gatehouse.features.mail.delivery import Post, post_from
from flask_gatehouse.features.mail.letters import Letters
from flask_gatehouse.features.mail.messages import Letterhead
from flask_gatehouse.features.mail.outbox import Bell
from flask_gatehouse.features.mail.rules import domain_of
from flask_gatehouse.features.mail.sentences import SENTENCES
from flask_gatehouse.features.mail.settings import MailSettings


def _post(house: House) -> Post:
    settings = house.settings[MailSettings]
    name = domain_of(house.settings[CoreSettings].public_url)
    return post_from(settings.url, home=house.home, timeout=settings.timeout, name=name)


def _letters(house: House) -> Letters:
    folder = house.settings[MailSettings].templates
    if folder and not Path(folder).is_dir():
        msg = f"{key_of('mail', 'templates')} is {folder!r}, which is no folder."
        raise Misconfigured(msg)
    return Letters(Path(folder) if folder else None)


FEATURE = Feature(
    name="mail",
    settings=MailSettings,
    commands={"mail": "flask_gatehouse.features.mail.commands:mail"},
    events=(events.LetterPosted, events.LetterSent, events.LetterFailed),
    sentences=SENTENCES,
    plugs=(_post, _letters, Letterhead.of, lambda _house: Bell()),
)
