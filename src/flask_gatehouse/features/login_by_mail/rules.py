"""What a letter by which somebody logs in proves."""

from typing import Final

from flask_gatehouse.features.proofs.rules import Purpose

#: Bound to the epoch of the account: whatever raises it voids the letter.
ENTER: Final = Purpose("login_by_mail.enter")

#: What a mailbox is called among the methods of a session. Never a factor.
#: Source: NIST SP 800-63B-4 3.1.3.1.
METHOD: Final = "email"
