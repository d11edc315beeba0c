"""
The memory of the house: orders, decisions, audit, outbox, journal and files, in SQLite or PostgreSQL.

The only room that names sqlmodel, sqlalchemy, alembic and psycopg. Nothing here decides what may happen to
an order, talks to chat or to a host, or knows what the time is.

PostgreSQL locks rows, and ends one of two transactions that wait for each other. So every transaction takes what it locks
in this order, and leaves out what it does not need:

1. the order's row (``FOR NO KEY UPDATE``: rows that refer to the order are written beside it),
2. what is due and owed: ``due``, then ``debts`` by the number of the order,
3. the head of the audit's chain, as `chain.lock` or `chain.append` take it,
4. sealed secrets,
5. messages, cards and who was told when.

Beside these, and never together with them: an operation's intent before its host's lease, and several leases by the name
of their host. `tests/postgres/test_lock_order.py` plays each pair at its worst moment.
"""
