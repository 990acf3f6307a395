"""What people are told when `devices` refuses."""

from collections.abc import Mapping
from typing import Final

from flask_gatehouse.core.sentences import Sentence, fixed
from flask_gatehouse.features.devices.rules import LONGEST_NAME

SENTENCES: Final[Mapping[str, Sentence]] = {
    "devices.unknown": fixed("There is no such device."),
    "devices.name_refused": fixed(
        f"A name has at most {LONGEST_NAME} characters, all of which can be seen."
    ),
}
