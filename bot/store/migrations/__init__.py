"""
The steps that bring a database from one form to the next.

A step that was released is never edited: databases have taken it. A new one is written by
``alembic revision --autogenerate -m "what it does"`` against a migrated database, then read by a person.
"""
