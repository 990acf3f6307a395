"""What `audit` refuses, and when it cannot answer."""

from flask_gatehouse.core.errors import Conflict, Unavailable


class RecordBusy(Unavailable):
    """Every lane of the record was held by others for too long."""

    code = "audit.busy"


class RecordDamaged(Conflict):
    """Nothing is pruned from a lane whose beginning does not verify. Facts: `lane`."""

    code = "audit.damaged"
