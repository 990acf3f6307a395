"""A lending desk in Gatehouse's console: a page, a card, and Flask-Admin behind one line."""

from collections.abc import Mapping

from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from flask_admin import Admin, BaseView, expose
from flask_gatehouse import Card, ConsolePage, Gatehouse, permissions_required

#: What is lent at the moment; a real desk would ask its database.
LENT = {"Middlemarch": 3, "Emma": 31}

#: Days after which a book should be back.
LIMIT = 28


class Overdue(Card):
    """How many books should be back by now; only to whoever may see loans."""

    needs = "loans.read"
    template = "overdue.html"

    def facts(self, house: object) -> Mapping[str, object]:
        """Return what the template shows."""
        del house
        return {"number": sum(days > LIMIT for days in LENT.values())}


class Shelves(BaseView):  # type: ignore[misc] # Flask-Admin has no types
    """A page of Flask-Admin that says nothing about who may enter."""

    @expose("/")  # type: ignore[untyped-decorator] # as above
    def index(self) -> ResponseReturnValue:
        """Show the shelves."""
        answer: ResponseReturnValue = self.render("shelves.html")
        return answer


gatehouse = Gatehouse(
    permissions={
        "loans.read": "See what is lent",
        "shelves.edit": "Change the shelves",
    },
    console=[ConsolePage(endpoint="loans", label="Loans", needs="loans.read"), Overdue()],
)


@permissions_required("loans.read")
def loans() -> ResponseReturnValue:
    """Show what is lent, within the console."""
    return render_template("loans.html", loans=LENT)


def create_app() -> Flask:
    """Put the application together; settings come from ``FLASK_…`` in the environment."""
    app = Flask(__name__)
    app.config.from_prefixed_env()
    gatehouse.init_app(app)
    app.add_url_rule("/loans/", "loans", loans)
    admin = Admin(app, name="Shelves", url="/shelves", endpoint="shelves_home")
    admin.add_view(Shelves(name="Shelves", endpoint="shelves", url="shelves"))
    gatehouse.protect(admin, permissions=["shelves.edit"])
    return app
