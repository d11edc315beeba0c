"""Stand-ins for the ports: state in, state out; they earn trust in `tests/contract`."""
