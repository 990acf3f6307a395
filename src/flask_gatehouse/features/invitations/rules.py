"""What the letter of an invitation proves."""

from typing import Final

from flask_gatehouse.features.proofs.rules import Purpose

ACCEPT: Final = Purpose("invitations.accept")
