"""What `proofs` refuses."""

from flask_gatehouse.core.errors import Conflict, NotValid


class ProofSpent(Conflict):
    """The link was used, has expired, was replaced, or never was: never said which."""

    code = "proofs.spent"


class WrongCode(NotValid):
    """It is not the code of the letter, or was tried too often: never said which."""

    code = "proofs.wrong_code"
