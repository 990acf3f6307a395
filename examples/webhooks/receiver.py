"""Take what Gatehouse tells: WEBHOOK_SECRET=whsec_… flask --app receiver run --port 8000."""

import base64
import hmac
import os
import time
from collections import OrderedDict

from flask import Flask, abort, request

#: Seconds that a request may be old, or ahead of our clock.
TOLERANCE = 300

#: Ids that are kept, to drop what comes twice.
REMEMBERED = 10_000

app = Flask(__name__)
app.config["WEBHOOK_SECRET"] = os.environ.get("WEBHOOK_SECRET", "")
# A receiver with several processes keeps these in its database, as a unique column.
seen: OrderedDict[str, None] = OrderedDict()


def is_ours(body: bytes) -> bool:
    """Whether the request was signed with our secret, and lately."""
    secret = base64.b64decode(app.config["WEBHOOK_SECRET"].removeprefix("whsec_"))
    message_id = request.headers.get("webhook-id", "")
    timestamp = request.headers.get("webhook-timestamp", "")
    if not secret or not timestamp.isdecimal():
        return False
    if abs(time.time() - int(timestamp)) > TOLERANCE:
        return False
    signed = f"{message_id}.{timestamp}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
    signatures = request.headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(wanted.encode(), each.encode()) for each in signatures)


@app.post("/gatehouse")
def take() -> tuple[str, int]:
    """Take one event, once."""
    if not is_ours(request.get_data()):
        abort(401)
    message_id = request.headers["webhook-id"]
    if message_id not in seen:
        seen[message_id] = None
        while len(seen) > REMEMBERED:
            seen.popitem(last=False)
        app.logger.info("%s", request.get_json()["type"])
    return "", 204
