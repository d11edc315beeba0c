"""The virtual Exchange host's inside: stores, settings and cmdlets. No sockets, no SOAP here."""
