"""Which queue each kind of work waits in; the names stand in rows of the durable engine and are never changed."""

from bot.domain.states import Work

HOST_QUEUE = "hosts"
CHECK_QUEUE = "checks"
CHAT_QUEUE = "chat"
HOST_JOBS = 16
"""
How many jobs of one host may be under way, all but one of them waiting for its lease.

More than one, since a job that waits must not keep out the run that has the host: killed and put back into the
queue, that run could never go on and let go of it.
"""

QUEUES: dict[Work, str] = {
    Work.MAKE_CSR: HOST_QUEUE,
    Work.MAKE_PLAN: HOST_QUEUE,
    Work.INSTALL: HOST_QUEUE,
    Work.ROLL_BACK: HOST_QUEUE,
    Work.RETIRE: HOST_QUEUE,
    Work.CLEAR_REQUEST: HOST_QUEUE,
    Work.CHECK_BUNDLE: CHECK_QUEUE,
}
