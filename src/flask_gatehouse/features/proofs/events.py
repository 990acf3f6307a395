"""What happens to proofs."""

from flask_gatehouse.core.events import Event


class ProofRefused(Event):
    """A link or a code from a letter was tried that is not good."""

    name = "proofs.refused"
    meaning = "A link or a code from a letter was tried that is not good."
    sentence = "A link or code from a letter to you was tried that is not good."
    outcome = "refused"
    purpose: str
