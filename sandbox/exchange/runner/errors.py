"""Errors that the runner itself makes; those of cmdlets come from the engine."""

from sandbox.exchange.engine.errors import ErrorRecord


class RunnerError(Exception):
    """An operation that cannot be done, with the record that tells the client so."""

    def __init__(self, message: str, category: str, error_id: str) -> None:
        super().__init__(message)
        self.record = ErrorRecord(message=message, category=category, error_id=error_id)


def invalid(message: str, error_id: str) -> RunnerError:
    """The request asks for something the runner cannot read."""
    return RunnerError(message, "InvalidArgument", error_id)


def refused(message: str, error_id: str) -> RunnerError:
    """The request asks for something the runner itself never does."""
    return RunnerError(message, "PermissionDenied", error_id)


def missing(message: str, error_id: str) -> RunnerError:
    """Something that was named does not exist."""
    return RunnerError(message, "ObjectNotFound", error_id)
