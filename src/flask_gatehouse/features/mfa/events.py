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


class DeviceTrusted(Event):
    """A browser was let off the second step for a while."""

    name = "mfa.device_trusted"
    meaning = "Somebody who passed the second step let a browser off it for a while."
    sentence = "You let a browser off the second step for a while."
    #: Names the browser, and opens nothing.
    device: str


class TrustEnded(Event):
    """Browsers of an account are asked for the second step again."""

    name = "mfa.trust_ended"
    meaning = "One or all browsers of an account are asked for the second step again."
    sentence = "Browsers that were let off the second step are asked for it again."


class ResetAsked(Event):
    """Somebody who runs the site asked to take the factors of an account away."""

    name = "mfa.reset_asked"
    meaning = "An administrator or the command line asked to take the factors of an account away."
    sentence = "Somebody who runs the site asked to take your second steps away."


class ResetStopped(Event):
    """An account keeps its factors after all."""

    name = "mfa.reset_stopped"
    meaning = "An account keeps its factors after all: its owner or an administrator stopped it."
    sentence = "Your second steps stay: taking them away was stopped."


class ResetDone(Event):
    """The factors of an account were taken away, and its sessions ended."""

    name = "mfa.reset_done"
    meaning = "The factors of an account were taken away, and all of its sessions ended."
    sentence = "All your second steps were taken away, and you were signed out everywhere."
