"""
The situations of `docs/exchange-scenarios.md`, each shown with the real client against virtual Exchange hosts.

Real WinRM, PSRP and TLS on loopback; the workflow is the real one over stores in memory, without Slack. `farm.py` builds the
hosts and plays an order; nothing here asserts on calls, only on what the hosts hold and what people are told.
"""
