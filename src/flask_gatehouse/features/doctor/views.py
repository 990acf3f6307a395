"""The mirror of the command `doctor`, and the console's pages on settings and health."""

from typing import Final

from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from flask_gatehouse.core.settings import InForce, kind_of, origin_of, written
from flask_gatehouse.features.doctor import health as conditions
from flask_gatehouse.features.doctor import mirror, service
from flask_gatehouse.web.work import address, features, house, works

#: Characters of a search that are looked at.
_LONGEST_SEARCH: Final = 100


def reflect() -> ResponseReturnValue:
    """Answer our own command; for everybody else there is nothing here."""
    shown = request.headers.get(mirror.HEADER, "")
    if not mirror.is_proven(house(), shown, house().clock.now()):
        abort(404)
    forwarded = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")
    seen = mirror.Seen(
        address=address(),
        scheme=request.scheme,
        forwarded=tuple(each.strip() for each in forwarded if each.strip()),
    )
    body, digest = mirror.answered(house(), shown, seen)
    return Response(body, content_type="application/json", headers={mirror.HEADER: digest})


def settings() -> ResponseReturnValue:
    """Show what is in force, and where it comes from. Nothing is changed here."""
    search = request.args.get("q", "")[:_LONGEST_SEARCH].strip()
    changed = request.args.get("changed") == "1"
    rows = [
        row
        for row in house().settings.in_force
        if (not changed or row.origin != "default") and _matches(row, search)
    ]
    return render_template(
        "gatehouse/doctor/settings.html",
        q=search,
        changed=changed,
        total=len(rows),
        groups=_grouped(rows),
        written=written,
        kind_of=kind_of,
        origin_of=origin_of,
    )


def health() -> ResponseReturnValue:
    """Show how the site is doing, and what can be seen in passing of what is to be mended."""
    return _health(whole=False)


def look() -> ResponseReturnValue:
    """Look at everything that the command `doctor` does, which may take some seconds."""
    return _health(whole=True)


def _health(*, whole: bool) -> ResponseReturnValue:
    found = conditions.look(works())
    return render_template(
        "gatehouse/doctor/health.html",
        health=found,
        late=conditions.is_late(found.letters, found.at),
        most=conditions.MOST,
        findings=list(service.examine(works(), features(), in_passing=not whole)),
        whole=whole,
        written=written,
    )


def _matches(row: InForce, search: str) -> bool:
    """Whether a setting is called, or means, what somebody looks for. Values are not searched."""
    about = row.declared
    return search.casefold() in f"{about.key} {about.meaning}".casefold()


def _grouped(rows: list[InForce]) -> list[tuple[str, list[InForce]]]:
    groups: dict[str, list[InForce]] = {}
    for row in rows:
        groups.setdefault(row.declared.group or "site", []).append(row)
    return list(groups.items())
