"""
The front door on the command line: verbs, printed answers, exit codes; no logic.

Exit codes: 0 yes, 1 no, 2 wrong use or settings, 3 trouble outside. With ``--json`` stdout holds one JSON
object and nothing else. Heavy libraries are imported inside the verbs, so that ``--help`` is quick.
"""

import sys

import typer

from bot.cli import (
    audit,
    bundles,
    evidence,
    hosts,
    moving,
    pages,
    records,
    reopening,
    running,
    vault,
)
from bot.cli.answers import explain

app = typer.Typer(
    name="certdesk",
    help="The whole life of a third-party TLS certificate for on-premises Exchange, run from Slack.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
running.register(app)
hosts.register(app)
app.add_typer(bundles.bundle, name="bundle")
app.add_typer(bundles.csr, name="csr")
app.add_typer(records.orders, name="orders")
app.add_typer(audit.audit, name="audit")
app.add_typer(vault.vault, name="vault")
evidence.register(app)
moving.register(app)
reopening.register(app)
pages.register(app)


def main() -> None:
    """Run the command line and leave with the agreed exit code."""
    try:
        app()
    except Exception as err:  # noqa: BLE001 - the front door turns every fault into a sentence and a code
        sys.exit(explain(err))
    finally:
        records.close_database()
