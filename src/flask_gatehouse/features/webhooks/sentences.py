"""What people are told when `webhooks` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed
from flask_gatehouse.features.webhooks.rules import LONGEST_URL

_REASONS: Final = {
    "form": "Type a whole address, such as https://hooks.example.org/gatehouse.",
    "scheme": "The address has to begin with https://.",
    "secret_in_it": "Leave user name and password out of the address: what is sent is signed.",
    "too_long": f"The address may have up to {LONGEST_URL} characters.",
    "private": (
        "That is an address inside a network. Whoever runs the site can name its host in "
        "GATEHOUSE_WEBHOOKS_PRIVATE_HOSTS."
    ),
}


def _url(facts: Mapping[str, object]) -> str:
    return _REASONS[str(facts["reason"])]


def _events(facts: Mapping[str, object]) -> str:
    wanted = facts["wanted"]
    if not wanted:
        return "Name at least one event, or a family such as login.*"
    return f"{wanted} is no event of this site, and no family such as login.*"


def _most(facts: Mapping[str, object]) -> str:
    return f"There are {facts['most']} receivers already. Remove one that is not needed."


SENTENCES: Final[Mapping[str, Sentence]] = {
    "webhooks.url_refused": _url,
    "webhooks.events_refused": _events,
    "webhooks.unknown": fixed("There is no such receiver."),
    "webhooks.too_many": _most,
    "webhooks.cannot_seal": fixed(
        "Secrets of receivers cannot be kept here: pip install 'flask-gatehouse[webhooks]'."
    ),
    "webhooks.not_given_up": fixed("This delivery was not given up, or is forgotten by now."),
}
