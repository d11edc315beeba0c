"""WS-Management: envelopes, faults, shells, log-on and message encryption. No Exchange here."""
