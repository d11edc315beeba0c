"""The verb that packs an order's evidence: reads it at one moment, zips it so that the bytes never differ."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.answers import TROUBLE, WRONG_USE, leave, remark, say, say_json
from bot.cli.audit import export_lines
from bot.cli.records import kept_audit, kept_intents, kept_orders
from bot.domain.ids import OrderId
from bot.domain.intent import Intent
from bot.domain.order import Progress, Upload

if TYPE_CHECKING:
    from bot.workflow.evidence import Evidence

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The one date every file in an evidence pack carries, so that the bytes are the same each time."""

_UNIX = 3
_LOOKS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What was read of an order, one after the other."""

    numbers: tuple[int, ...]
    stands: Progress
    upload: Upload | None
    intents: tuple[Intent, ...]


def register(app: typer.Typer) -> None:
    """Hang the verb on the command line."""
    app.command("evidence")(evidence)


def evidence(
    order_id: int,
    *,
    output: Annotated[Path, typer.Option("-o", help="The zip to write.")],
    checkpoints: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Lead the chain to a checkpoint in here."),
    ] = None,
    no_chain: Annotated[
        bool, typer.Option("--no-chain", help="Leave other orders' audit entries out.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Write what proves an order into a zip, the same bytes each time: decisions, CSR, certificate, plan, transcript, audit."""
    from hashlib import sha256

    from bot.workflow.evidence import evidence_files

    files = evidence_files(_known(OrderId(order_id), checkpoints, with_chain=not no_chain))
    packed = pack(files)
    try:
        output.write_bytes(packed)
    except OSError as err:
        say(f"{output} was not written: {err.strerror}.")
        leave(WRONG_USE)
    digest = sha256(packed).hexdigest()
    if as_json:
        say_json({"file": str(output), "sha256": digest, "files": sorted(files)})
    else:
        say(f"{output}: {len(files)} files, SHA-256 {digest}.")


def pack(files: Mapping[str, bytes]) -> bytes:
    """A zip that depends on nothing but names and contents: not compressed, since libraries compress differently."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=EPOCH)
            entry.create_system, entry.external_attr = _UNIX, 0o644 << 16
            archive.writestr(entry, files[name])
    return packed.getvalue()


def _known(order_id: OrderId, checkpoints: Path | None, *, with_chain: bool) -> "Evidence":
    """Everything that is kept of the order, as it stood at one moment."""
    from bot.workflow.evidence import Evidence

    audit = kept_audit()
    look = _at_one_moment(order_id)
    numbers, order = look.numbers, look.stands.order
    number, checkpoint = _checkpoint(checkpoints, numbers[-1])
    whole = tuple(export_lines(audit, first=numbers[0], last=max(number, numbers[-1])))
    own = {number - numbers[0] for number in numbers}
    return Evidence(
        order=order,
        upload=look.upload,
        steps=look.stands.steps,
        intents=look.intents,
        audit=tuple(line for at, line in enumerate(whole) if at in own),
        chain=whole if with_chain else (),
        checkpoint=checkpoint,
    )


def _at_one_moment(order_id: OrderId) -> "_Look":
    """
    What is kept in several places, read until two looks are the same: then all of it stood so between them.

    Nothing that is read here comes back to what it was before, so that no change can hide between two looks.
    """
    before = _look(order_id)
    for _ in range(_LOOKS):
        if (now := _look(order_id)) == before:
            break
        before = now
    else:
        remark(
            f"Order {order_id} was written to during each of {_LOOKS} looks, and evidence of different moments proves nothing: "
            "no file was written. Try again when its work has paused."
        )
        leave(TROUBLE)
    return now


def _look(order_id: OrderId) -> "_Look":
    orders = kept_orders()
    stands = orders.progress(order_id)
    upload_id = stands.order.upload_id
    return _Look(
        numbers=kept_audit().numbers(order_id),
        stands=stands,
        upload=None if upload_id is None else orders.upload(upload_id),
        intents=kept_intents(order_id),
    )


def _checkpoint(file: Path | None, last: int) -> tuple[int, str]:
    """The first checkpoint at or after an entry, so that later ones change nothing; none gives ``(0, "")``."""
    from bot.system.checkpoints import CheckpointTrouble, checkpoint_of

    if file is None:
        return 0, ""
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            number = checkpoint_of(line).number
        except CheckpointTrouble:
            continue
        if number >= last:
            return number, line
    raise typer.BadParameter(
        "no checkpoint in the file is as late as the order's last audit entry; write one with `certdesk audit checkpoint`"
    )
