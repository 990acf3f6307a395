"""What happens to factors."""

from flask_gatehouse.core.events import Event


class FactorAdded(Event):
    """An account got a factor."""

    name = "mfa.factor_added"
    meaning = "An account got a factor, which is asked for from now on."
    sentence = "A way to prove that it is you was added to your account."
    method: str
    #: Names the factor, and opens nothing.
    factor: str


class FactorRemoved(Event):
    """An account lost a factor."""

    name = "mfa.factor_removed"
    meaning = "A factor was removed from an account."
    sentence = "A way to prove that it is you was removed from your account."
    method: str
    factor: str


class FactorRenamed(Event):
    """A person called a factor something else."""

    name = "mfa.factor_renamed"
    meaning = "A person called one of their factors something else."
    sentence = "You called a way to prove that it is you something else."
    factor: str
