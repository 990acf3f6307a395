"""The same application with Gatehouse behind the same names."""

from flask import Flask
from flask_gatehouse import Gatehouse
from flask_migrate import Migrate

from clubhouse import commands
from clubhouse.models import User, db
from clubhouse.views import main

migrate = Migrate()
gatehouse = Gatehouse(pages=False)
login_manager = gatehouse.login_manager
login_manager.login_view = "main.login"


@login_manager.user_loader
def load_user(user_id: str) -> User | None:
    """Find the member whose id was kept at sign-in."""
    return db.session.get(User, int(user_id))


def create_app() -> Flask:
    """Put the application together; settings come from ``FLASK_…`` in the environment."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///clubhouse.db"
    app.config.from_prefixed_env()
    db.init_app(app)
    migrate.init_app(app, db)
    gatehouse.init_app(app, db)
    app.register_blueprint(main)
    commands.register(app)
    return app
