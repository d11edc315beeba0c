"""The mail and web services' TLS doors: which certificate each one serves, and how they greet."""
