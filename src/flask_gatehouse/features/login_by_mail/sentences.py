"""What people are told when `login_by_mail` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed

SENTENCES: Final[Mapping[str, Sentence]] = {
    "login_by_mail.closed": fixed("Nobody logs in to this site by a letter."),
    "login_by_mail.another_browser": fixed(
        "This is not the browser in which the letter was asked for. Type its code there, or open "
        "the link there."
    ),
}
