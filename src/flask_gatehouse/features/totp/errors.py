"""What `totp` refuses."""

from flask_gatehouse.core.errors import Conflict, NotValid


class SetUpOver(Conflict):
    """The set-up is too old, replaced, finished, or of another sign-in: never said which."""

    code = "totp.setup_over"


class WrongCode(NotValid):
    """It is not the code that the app shows now, so the set-up is not finished."""

    code = "totp.wrong_code"


class NotOffered(Conflict):
    """This site offers no authenticator apps."""

    code = "totp.not_offered"
