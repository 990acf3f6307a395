"""What `login_by_mail` refuses."""

from flask_gatehouse.core.errors import Conflict


class LoginByMailClosed(Conflict):
    """Nobody logs in to this site by a letter."""

    code = "login_by_mail.closed"


class AnotherBrowser(Conflict):
    """The link was opened in another browser than the one that asked for it. It stays good."""

    code = "login_by_mail.another_browser"
