"""A private Kerberos realm for the sandbox's Exchange hosts."""
