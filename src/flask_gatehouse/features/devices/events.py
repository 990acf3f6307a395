"""What people do with their devices."""

from flask_gatehouse.core.events import Event


class DeviceEnded(Event):
    """A person ended one of their sign-ins."""

    name = "devices.ended"
    meaning = "A person ended one of their sign-ins from the list of devices."
    sentence = "You ended one of your sign-ins from the list of devices."
    #: Names the sign-in, and opens nothing.
    device: str


class OtherDevicesEnded(Event):
    """A person ended every sign-in of theirs but the one that asked."""

    name = "devices.others_ended"
    meaning = "A person ended all of their sign-ins but the one that asked."
    sentence = "You ended all your sign-ins but the one you used."


class DeviceNamed(Event):
    """A person gave one of their devices a name, or took it away."""

    name = "devices.named"
    meaning = "A person gave one of their devices a name, or took it away."
    sentence = "You gave one of your devices a name, or took it away."
    device: str
