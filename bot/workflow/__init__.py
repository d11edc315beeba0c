"""
What happens next: events are taken, work is done, nothing is done twice.

Quiet but for `durable.py`: no Slack, no WinRM, no SQL; everything outside comes through ports.
"""
