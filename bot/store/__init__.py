"""
The memory of the house: orders, decisions, audit, outbox, journal and files, in SQLite or PostgreSQL.

The only room that names sqlmodel, sqlalchemy, alembic and psycopg. Nothing here decides what may happen to
an order, talks to chat or to a host, or knows what the time is.
"""
