"""What `audit` refuses, and when it cannot answer."""

from flask_gatehouse.core.errors import Conflict, Unavailable


class RecordBusy(Unavailable):
    """Every lane of the record was held by others for too long."""

    code = "audit.busy"


class RecordDamaged(Conflict):
    """Lanes that do not verify keep all their rows. Facts: `lanes`, `by_former_key`.

    Those in `by_former_key` were written with a key that is no longer known; those in `lanes` were
    changed past this program.
    """

    code = "audit.damaged"
