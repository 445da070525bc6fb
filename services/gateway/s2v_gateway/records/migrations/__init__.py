"""How a database written by an earlier release becomes one of this release (alembic)."""
