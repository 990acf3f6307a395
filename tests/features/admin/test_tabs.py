"""Every page of the console says in which part of it one is."""

import re

from flask_gatehouse.features.roles import service as roles
from flask_gatehouse.shipped import FEATURES
from flask_gatehouse.testing import GatehouseTester

#: What links alone do not lead to here: a webhook, and what asks for two factors.
ELSEWHERE = {"gatehouse.webhooks.show", "gatehouse.viewing.begin"}

CONSOLE = {
    f"gatehouse.{feature.name}.{route.endpoint}"
    for feature in FEATURES
    for route in feature.routes
    if route.needs is not None and "GET" in route.methods
}


def test_every_page_that_the_console_leads_to_marks_one_tab(site: GatehouseTester) -> None:
    client = site.client(site.add_user("chief", admin=True))
    site.add_user("alice")
    with site.work() as work:
        roles.make(work, name="desk", permissions=("people.read",))
    adapter = site.app.url_map.bind("localhost")
    found, waiting = set(), ["/admin/"]
    while waiting:
        path = waiting.pop()
        endpoint = adapter.match(path.partition("?")[0])[0]
        if endpoint in found or not path.startswith("/admin/"):
            continue
        page = client.get(path)
        if page.status_code != 200:
            continue
        found.add(endpoint)
        (tabs,) = re.findall(r'aria-label="Console">(.*?)</nav>', page.text, re.DOTALL)
        marked = re.findall(r'aria-current="(\w+)">', tabs)
        assert len(marked) == 1, endpoint
        below = endpoint.rpartition(".")[2] in {"one", "create", "chain", "make", "show", "change"}
        assert marked == ["true" if below or endpoint.endswith(".delete") else "page"], endpoint
        assert '<a href="/admin/" aria-current' in page.text
        waiting += re.findall(r'<a[^>]* href="(/[^"]*)"', page.text)
        waiting += re.findall(r'<a href="(/[^"]*)"', page.text)
    assert found == (CONSOLE | {"gatehouse.admin.index"}) - ELSEWHERE
