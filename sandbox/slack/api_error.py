"""The refusal of a Web API call, in Slack's words."""

from collections.abc import Sequence

from sandbox.slack.ids import Json
from sandbox.slack.schema import Fault


class ApiError(Exception):
    """ok: false with this error code and whatever Slack adds to it."""

    def __init__(self, error: str, **more: object) -> None:
        super().__init__(error)
        self.error = error
        self.body: Json = {"ok": False, "error": error, **more}


def refuse_faults(error: str, faults: Sequence[Fault]) -> None:
    """
    Raise when there are faults, naming each with its JSON pointer.

    Raises:
        ApiError: with errors and response_metadata.messages.
    """
    if faults:
        said = [str(fault) for fault in faults]
        bare = [line.removeprefix("[ERROR] ") for line in said]
        raise ApiError(error, errors=bare, response_metadata={"messages": said})
