"""Listening sockets and throw-away TLS identities. What is spoken over them lives elsewhere."""
