"""SQLAlchemy: the base of all tables, engines, the unit of work, shipped migrations."""
