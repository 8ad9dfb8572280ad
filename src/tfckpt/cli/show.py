"""``tfckpt show``: one tensor."""

from __future__ import annotations

from typing import Any

import click
import numpy as np

from tfckpt.checkpoint import load_checkpoint
from tfckpt.cli.output import bytes_text, console, markup, shape_text
from tfckpt.dtypes import python_name
from tfckpt.errors import CheckpointError
from tfckpt.tensors.selection import Index


def parse_index(text: str) -> Index:
    """Read an index as it is written in Python: ``0, 10:20, ...``.

    >>> parse_index("0, 10:20, ...")
    (0, slice(10, 20, None), Ellipsis)
    """
    try:
        return tuple(_parse_part(part.strip()) for part in text.strip("[] ").split(","))
    except (TypeError, ValueError):  # the former for more than two colons
        raise click.BadParameter(f"{text!r} is no index such as 0,10:20,...") from None


def _parse_part(text: str) -> Any:
    if text == "...":
        return ...
    if ":" in text:
        return slice(*(int(bound) if bound.strip() else None for bound in text.split(":")))
    return int(text)


@click.command("show")
@click.argument("path")
@click.argument("name")
@click.option("--slice", "part", help="Show only this part of it, such as 0,10:20 or ...,0.")
@click.option(
    "--verify-whole", is_flag=True, help="Read all of a big tensor to check the part that is shown."
)
@click.option("--full", is_flag=True, help="Print every value, however many there are.")
def show_command(path: str, name: str, part: str | None, verify_whole: bool, full: bool) -> None:
    """Show the tensor NAME of PATH: what it is, a summary, and its values.

    A part of a tensor of over 4 MiB is shown unchecked, unless --verify-whole is given: checksums
    speak of whole tensors.
    """
    with load_checkpoint(path, verify="whole" if verify_whole else True) as reader:
        info = reader.info(name)
        try:
            value = reader.get_tensor(name, parse_index(part) if part else None)
        except CheckpointError:
            raise
        except (IndexError, ValueError) as error:  # the latter for a step of zero
            raise click.BadParameter(str(error), param_hint="--slice") from None
    out = console()
    out.print(
        f"[bold]{markup(name)}[/]  {python_name(info.data_type)} {markup(shape_text(info.shape))}, "
        f"{bytes_text(info.stored_size)}"
    )
    for one in info.slices:
        out.print(f"  slice {one}")
    array = np.array(value, object) if isinstance(value, bytes) else np.asarray(value)
    if array.dtype != object and array.size:
        out.print(summary(array))
    with np.printoptions(threshold=array.size + 1 if full else 1000, linewidth=100):
        for line in str(value if isinstance(value, bytes) else array).splitlines():
            out.print(markup(line))


def summary(array: np.ndarray[Any, Any]) -> str:
    """Return the range, mean and deviation of an array, and what in it is not finite or zero."""
    if array.dtype.names:
        array = array[array.dtype.names[0]]
    if array.dtype.kind == "b":
        return f"{int(array.sum())} true, {int(array.size - array.sum())} false"
    if array.dtype.kind == "c":
        return f"absolute values: {summary(np.abs(array))}"
    values = array.astype(np.float64)
    finite = values[np.isfinite(values)]
    counts = {
        "nan": int(np.isnan(values).sum()),
        "inf": int(np.isinf(values).sum()),
        "zero": int((values == 0).sum()),
    }
    odd = "".join(f", {count} {what}" for what, count in counts.items() if count)
    if not finite.size:
        return f"no finite value{odd}"
    return (
        f"min {finite.min():.6g}, max {finite.max():.6g}, "
        f"mean {finite.mean():.6g}, std {finite.std():.6g}{odd}"
    )
