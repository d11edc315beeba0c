"""
The rules of the trade as pure values and functions: orders, states, gates, plans.

Nothing here knows Slack, Windows, SQL, files, sockets or the clock; time is an argument.
"""
