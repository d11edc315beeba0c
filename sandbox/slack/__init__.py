"""
A Slack workspace of our own, on loopback: Web API, Socket Mode, signed HTTP events, people.

It is a stranger to CertDesk: nothing here may import the bot or its handlers, so that a fault
of ours cannot agree with itself.
"""
