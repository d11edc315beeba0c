"""
What a host allows its users, by the Windows it runs on (reference 6). Values only.

Defaults of a fresh installation; a real host may be set otherwise, and `winrm get winrm/config` tells.
"""

from dataclasses import dataclass
from typing import Final, Literal

Form = Literal["wsman", "wmi"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """
    The settings of one host. The operations of a text shell come back only when the shell is deleted.

    Args:
        max_shells: MaxShellsPerUser.
        max_operations: MaxConcurrentOperationsPerUser.
        max_users: MaxConcurrentUsers.
        max_processes: MaxProcessesPerShell.
        max_memory_mb: MaxMemoryPerShellMB; each process takes `process_mb` of it.
        max_envelope_kb: MaxEnvelopeSizekb, for requests and answers.
        max_timeout_s: MaxTimeoutms; a longer OperationTimeout is cut to it.
        idle_s: IdleTimeout, where the client names none, and the most it gets where it does.
        max_run_s: MaxShellRunTime.
        max_sessions: sessions of one user at Exchange's own endpoint (its throttling policy).
        max_requests: of one user there in `per_s` seconds; 0 for any number.
        penalty_s: how long nothing is approved once they were exceeded.
        operations_form, quota_form: whether a fault about operations, or about another quota, comes as
            WSManFault or as MSFT_WmiError.
    """

    max_shells: int = 30
    max_operations: int = 1500
    max_users: int = 10
    max_processes: int = 25
    max_memory_mb: int = 1024
    process_mb: int = 120
    max_envelope_kb: int = 500
    max_timeout_s: float = 60.0
    idle_s: float = 7200.0
    max_run_s: float = 2_147_483.0
    max_sessions: int = 18
    max_requests: int = 0
    per_s: float = 2.0
    penalty_s: float = 30.0
    operations_form: Form = "wmi"
    quota_form: Form = "wsman"

    def idle_of(self, asked_s: float) -> float:
        """How long a session may be idle whose client asked for so many seconds; 0 is asking for none."""
        return min(asked_s or self.idle_s, self.idle_s)


WINDOWS_2008_R2: Final = Quotas(
    max_shells=5,
    max_operations=15,
    max_users=5,
    max_processes=15,
    max_memory_mb=150,
    max_envelope_kb=150,
    idle_s=180.0,
    max_run_s=28_800.0,
)
WINDOWS_2012_R2: Final = Quotas()
WINDOWS_2016: Final = Quotas()
"""And later."""


def quotas_of(os_version: str) -> Quotas:
    """The defaults of a Windows by its version number, such as 6.1.7601 or 10.0.17763."""
    major, minor = (int(part) for part in os_version.split(".")[:2])
    if (major, minor) <= (6, 1):
        return WINDOWS_2008_R2
    return WINDOWS_2012_R2 if major < 10 else WINDOWS_2016
