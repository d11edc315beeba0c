"""The sandbox's own door for tests and people: what the host holds, and trouble on demand."""
