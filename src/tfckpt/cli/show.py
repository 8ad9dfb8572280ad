"""``tfckpt show``: one tensor."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import click
import numpy as np

from tfckpt.cli import text
from tfckpt.cli.completion import complete_name, complete_path
from tfckpt.cli.output import json_line
from tfckpt.errors import CheckpointError
from tfckpt.looking.opening import numbers, open_any, resolved
from tfckpt.reader import TensorInfo
from tfckpt.tensors.selection import Index
from tfckpt.wording import bytes_text, harmless, shape_text


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
@click.argument("path", shell_complete=complete_path)
@click.argument("name", shell_complete=complete_name)
@click.option("--slice", "part", help="Show only this part of it, such as 0,10:20 or ...,0.")
@click.option(
    "--verify-whole", is_flag=True, help="Read all of a big tensor to check the part that is shown."
)
@click.option("--full", is_flag=True, help="Print every value, however many there are.")
@click.option(
    "--as",
    "form",
    type=click.Choice(["npy", "csv", "json"]),
    help="Write the values, and nothing else, to standard output.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with the values.")
def show_command(
    path: str,
    name: str,
    part: str | None,
    verify_whole: bool,
    full: bool,
    form: str | None,
    as_json: bool,
) -> None:
    """Show the tensor NAME of PATH: what it is, a summary, and its values.

    NAME may be the path of an object or the full name of a variable too. A part of a tensor of
    over 4 MiB is shown unchecked, unless --verify-whole is given: checksums speak of whole tensors.
    """
    if as_json and form is not None:
        raise click.UsageError("--as and --json exclude each other")
    with open_any(path, verify="whole" if verify_whole else True) as reader:
        name = resolved(reader, name)
        info = reader.info(name)
        try:
            value = reader.get_tensor(name, parse_index(part) if part else None)
        except CheckpointError:
            raise
        except (IndexError, ValueError) as error:  # the latter for a step of zero
            raise click.BadParameter(str(error), param_hint="--slice") from None
    array = np.array(value, object) if isinstance(value, bytes) else np.asarray(value)
    if as_json:
        text.write([json_line("show/1", _as_json(reader.path, name, part, info, array))])
    elif form is None:
        text.write(_described(name, info, array, full))
    elif form == "npy":
        _write_npy(array)
    else:
        text.write(_FORMS[form](array))


def _described(
    name: str, info: TensorInfo, array: np.ndarray[Any, Any], full: bool
) -> Iterator[str]:
    what = f"{info.type_name} {shape_text(info.shape)}"
    yield f"{text.bold(harmless(name))}  {what}, {bytes_text(info.stored_size)}"
    for tensor_slice in info.slices:
        yield f"  slice {tensor_slice}"
    if array.dtype != object and array.size:
        yield summary(array)
    width = text.columns() or 100
    with np.printoptions(threshold=array.size + 1 if full else 1000, linewidth=width):
        shown = str(array.item() if array.dtype == object and not array.ndim else array)
    yield from map(harmless, shown.splitlines())


def _as_json(
    path: str, name: str, part: str | None, info: TensorInfo, array: np.ndarray[Any, Any]
) -> dict[str, Any]:
    return {
        "path": path,
        "name": name,
        "dtype": info.type_name,
        "shape": list(info.shape),
        "size": info.stored_size,
        "slices": [str(part) for part in info.slices],
        "part": part,
        "values": _nested(array),
    }


def _write_npy(array: np.ndarray[Any, Any]) -> None:
    if array.dtype == object:
        raise click.BadParameter("strings have no .npy form that is no pickle", param_hint="--as")
    # Of a file numpy asks where it is, and a pipe cannot say it: it is to see `write` alone.
    np.save(SimpleNamespace(write=sys.stdout.buffer.write), array, allow_pickle=False)
    sys.stdout.buffer.flush()


def _csv(array: np.ndarray[Any, Any]) -> Iterator[str]:
    """Yield a line for each row: of the last dimension, all others one after another."""
    import csv
    import io

    columns = array.shape[-1] if array.ndim > 1 else 1
    for row in array.reshape(-1, columns) if array.size else ():
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(map(_plain, row))
        yield line.getvalue()


def _json(array: np.ndarray[Any, Any]) -> Iterator[str]:
    yield json.dumps(_nested(array), allow_nan=False)


def _nested(array: np.ndarray[Any, Any]) -> Any:
    """Return nested lists; NaN and infinite values are strings, as JSON has no such numbers."""
    flat = np.empty(array.size, object)
    for at, element in enumerate(array.reshape(-1)):
        flat[at] = _in_json(element)
    return flat.reshape(array.shape).tolist()


def _in_json(element: Any) -> Any:
    value = _plain(element)
    if isinstance(value, complex):
        return [value.real, value.imag]
    is_infinite = isinstance(value, float) and not math.isfinite(value)
    return str(value) if is_infinite else value


def _plain(element: Any) -> Any:
    """Return an element as Python has it; the digits of a short float are those it needs."""
    if isinstance(element, bytes):
        return element.decode("utf-8", "backslashreplace")
    if isinstance(element, np.void):  # a quantized number
        element = element[0]
    value = element.item()
    if isinstance(value, float):
        return float(str(element))
    return value


_FORMS = {"csv": _csv, "json": _json}


def summary(array: np.ndarray[Any, Any]) -> str:
    """Return the range, mean and deviation of an array, and what in it is not finite or zero."""
    array = array if (plain := numbers(array)) is None else plain
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
