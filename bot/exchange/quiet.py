"""
How long a session with a host may be quiet: when it is trusted no more, and when the host ends it by itself. Figures only.

A process that is killed leaves its sessions open, and an account may have few of them (30 shells, 5 on an old Windows,
18 sessions at Exchange's endpoint): so many kills within `ENDS_S` close a host to it until the oldest have ended. The
figures follow from each other:

- Windows counts from the last message it received, and takes nothing below a minute for it (its policy "Specify idle
  Timeout", and New-PSSessionOption's IdleTimeout). A command that runs is asked for its answer at least every
  20 seconds (`operation_timeout`), so it never counts as idle, however long it runs.
- `ENDS_S` is not shorter than a command's deadline (120 s unless set otherwise): what a killed process left running
  is not cut off before it would have been ended anyway.
- It is much shorter than the patience of an order: with six tries and `AGAIN_S` between them a full host is asked for
  more than five minutes, with three tries still for longer than `ENDS_S`.
- `KEPT_S` is shorter by a minute, enough for a message that must sign in anew and be tried again to come in time.
"""

from typing import Final

ENDS_S: Final = 120
"""What a host is asked to wait, without a message of the client, before it ends a session (IdleTimeOut)."""

KEPT_S: Final = 60.0
"""A session that was quiet for longer is not used again: it is ended, and another one opened."""

CONNECTION_S: Final = 60.0
"""A sealed connection that was quiet for longer is not trusted: the host may have dropped it (winrm.md 7.7)."""

AGAIN_S: Final = 60.0
"""An account that has as many sessions as it may have is tried again after so long."""
