"""A client of the virtual host's own endpoint, with real pypsrp: pools, pipelines, and somebody who answers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

Answer = Callable[[str, str, list[str], int], int]
"""Gets caption, message, labels and default of a question; gives the index."""


class _Console(PSHostUserInterface):
    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    def PromptForChoice(  # noqa: N802 - the library calls it by this name
        self,
        runspace: Any,
        pipeline: Any,
        caption: str,
        message: str,
        choices: list[Any],
        default_choice: int,
    ) -> int:
        labels = [choice.extended_properties["label"] for choice in choices]
        return self._answer(caption, message, labels, default_choice)


@contextmanager
def connection(info: dict[str, Any], **other: Any) -> Iterator[WSMan]:
    """The way to the endpoint, as the host's own account unless another is given."""
    parts = urlsplit(str(info["psrp"]))
    settings = {
        "port": parts.port,
        "path": "PowerShell",
        "username": info["user"],
        "password": info["password"],
    }
    wsman = WSMan(
        server=str(parts.hostname), ssl=False, auth="negotiate", no_proxy=True, **(settings | other)
    )
    try:
        yield wsman
    finally:
        wsman.close()


@contextmanager
def session(
    info: dict[str, Any],
    *,
    answer: Answer | None = None,
    configuration: str = "Microsoft.Exchange",
    idle_timeout: int | None = None,
    **other: Any,
) -> Iterator[RunspacePool]:
    """An open pool; without `answer` its client has no host."""
    host = PSHost(None, None, False, "lab", None, _Console(answer), "1.0") if answer else None
    with (
        connection(info, **other) as wsman,
        RunspacePool(
            wsman, host=host, configuration_name=configuration, idle_timeout=idle_timeout
        ) as pool,
    ):
        yield pool


def run(pool: RunspacePool, cmdlet: str, *, select: tuple[str, ...] = (), **values: Any) -> Any:
    """One cmdlet, and Select-Object behind it when properties are wanted; gives the pipeline back."""
    shell = PowerShell(pool).add_cmdlet(cmdlet)
    for name, value in values.items():
        shell.add_parameter(name, value)
    if select:
        shell.add_cmdlet("Select-Object").add_parameter("Property", list(select))
    shell.invoke()
    shell.close()
    return shell


def errors(shell: PowerShell) -> list[str]:
    """The errors of a pipeline, in their words."""
    return [str(record) for record in shell.streams.error]
