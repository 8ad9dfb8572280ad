"""write_report: one HTML file, to look at a checkpoint in a browser."""

from __future__ import annotations

import base64
import html
import json
import math
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any

import numpy as np

from tfckpt.checking.finding import Finding
from tfckpt.errors import CheckpointError
from tfckpt.looking.compare import Comparison, compare
from tfckpt.looking.describe import Description, describe
from tfckpt.looking.opening import Subject, numbers, opened
from tfckpt.looking.statistics import statistics_of
from tfckpt.looking.verify import VerifyReport, verify
from tfckpt.names import AnyPath, as_path
from tfckpt.reader import TensorReader
from tfckpt.storage import write_file
from tfckpt.tensors.stored import Array
from tfckpt.wording import bytes_text, plural

_PICTURES = 200  # of the biggest matrices and kernels
_PICTURE = 64  # rows and columns that one has at most
_SHOWN_FINDINGS = 500
_LISTED_AT_ONCE = 20  # differences; of more the list opens when it is asked for
_HISTOGRAM = 64  # a bar's height at most


def write_report(path: AnyPath, html_file: AnyPath, *, compare_to: AnyPath | None = None) -> None:
    """Write an HTML page that shows what a checkpoint is and holds, and whether it is sound.

    The page has all of it in one file, asks the network for nothing, and shows names as they are,
    whatever they contain. With `compare_to` it shows the differences to another checkpoint too.

    Raises what `open_tensors` raises. Tensors that cannot be read are shown as such.

    >>> import numpy as np, os, tempfile, tfckpt
    >>> prefix = tfckpt.save(tempfile.mkdtemp() + "/m", {"w": np.eye(2)})
    >>> tfckpt.write_report(prefix, prefix + ".html")
    >>> os.path.getsize(prefix + ".html") > 1000
    True
    """
    described = describe(path)
    checked = _verified(path)
    compared = None if compare_to is None else compare(path, compare_to)
    with opened(path) as tensors:
        rows = list(_rows(tensors))
        _add_pictures(tensors, rows)
        title = tensors.path
    data = {
        "rows": [list(row.values()) for row in rows],
        "columns": list(rows[0]) if rows else [],
    }
    page = _page(title, described, checked=checked, compared=compared, rows=rows, data=data)
    write_file(as_path(html_file), page.encode("utf-8", "backslashreplace"))


def _verified(path: AnyPath) -> VerifyReport | None:
    """Look for damage, where the file is of TensorFlow's formats."""
    try:
        return verify(path)
    except CheckpointError:
        return None


def _rows(tensors: Subject) -> Iterator[dict[str, Any]]:
    """Yield what the page has of each tensor; short lists in place of objects for many of them."""
    infos = tensors.mapping.infos() if isinstance(tensors.mapping, TensorReader) else {}
    for measured in statistics_of(tensors, tensors.names):
        name = measured.name
        top = max(measured.histogram or (0,)) or 1
        yield {
            "name": name.encode("utf-8", "backslashreplace").decode(),
            "type": measured.dtype,
            "shape": list(measured.shape),
            "elements": measured.size,
            "bytes": infos[name].stored_size if name in infos else 0,
            "min": measured.min,
            "mean": measured.mean,
            "max": measured.max,
            "std": measured.std,
            "zeros": measured.zeros,
            "nan": measured.nan,
            "inf": measured.inf,
            "flags": ", ".join(measured.suspicious),
            "histogram": [
                math.ceil(count * _HISTOGRAM / top) for count in measured.histogram or ()
            ],
            "unread": measured.unread or "",
            "picture": None,
        }


def _add_pictures(tensors: Subject, rows: Sequence[dict[str, Any]]) -> None:
    """Add small pictures of the biggest tensors of two and more dimensions."""
    fit = [row for row in rows if len(row["shape"]) >= 2 and row["min"] is not None]
    named = dict(zip((row["name"] for row in rows), tensors.names, strict=True))
    for row in sorted(fit, key=lambda row: -row["elements"])[:_PICTURES]:
        array = numbers(tensors.value(named[row["name"]]))
        if array is not None:
            row["picture"] = picture(array)


def picture(array: Array) -> dict[str, Any]:
    """Return a matrix, or a kernel laid out as one, in few rows and columns, a byte each.

    127 is zero; the largest absolute value is 0 or 254; 255 is what is not finite.
    """
    matrix = array.reshape(-1, array.shape[-1])
    if matrix.dtype.kind == "c":
        matrix = np.abs(matrix)
    rows, columns = (
        np.unique(np.linspace(0, n - 1, min(n, _PICTURE)).astype(int)) for n in matrix.shape
    )
    small = matrix[np.ix_(rows, columns)].astype(np.float64)
    finite = np.isfinite(small)
    top = float(np.abs(small[finite]).max(initial=0.0)) or 1.0
    with np.errstate(all="ignore"):
        scaled = np.where(finite, np.rint(small / top * 127) + 127, 255)
    pixels = scaled.astype(np.uint8)
    return {
        "rows": len(rows),
        "columns": len(columns),
        "of": list(matrix.shape),
        "pixels": base64.b64encode(pixels.tobytes()).decode(),
    }


def _page(
    title: str,
    described: Description,
    checked: VerifyReport | None,
    compared: Comparison | None,
    rows: Sequence[dict[str, Any]],
    data: dict[str, Any],
) -> str:
    template = resources.files("tfckpt.looking").joinpath("report.html").read_text("utf-8")
    total = sum(row["bytes"] for row in rows)
    elements = sum(row["elements"] for row in rows)
    summary = f"{plural(len(rows), 'tensor')}, {plural(elements, 'element')}, {bytes_text(total)}"
    parts = {
        "title": html.escape(title),
        "summary": html.escape(summary),
        "facts": "".join(_facts(described, title)),
        "findings": "".join(_findings(checked)),
        "differences": "".join(_differences(compared)),
        # No end of the element, and no comment, can begin in it.
        "data": json.dumps(data, allow_nan=False).replace("<", "\\u003c"),
    }
    pieces = template.split("{{")
    made = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        made += [parts[name], rest]
    return "".join(made)


def _facts(described: Description, title: str) -> Iterator[str]:
    is_only = len(described.checkpoints) == 1
    yield "<dl>"
    yield _fact("what", described.what)
    for heading, text in described.facts.items():
        yield _fact(heading, text)
    for found in described.checkpoints:
        for heading, text in found.lines() if found.path == title or is_only else ():
            yield _fact(heading, text)
    for problem in described.problems:
        yield _fact("problem", problem)
    yield "</dl>"


def _fact(heading: str, text: str) -> str:
    return f"<div><dt>{html.escape(heading)}</dt><dd>{html.escape(text)}</dd></div>"


def _findings(checked: VerifyReport | None) -> Iterator[str]:
    if checked is None:
        yield "<p>This format has nothing to verify.</p>"
        return
    state = "sound" if checked.ok else "damaged"
    yield f'<p class="{state}">{html.escape(checked.summary())}</p>'
    if checked.findings:
        yield "<ul>"
        yield from map(_finding, checked.findings[:_SHOWN_FINDINGS])
        if len(checked.findings) > _SHOWN_FINDINGS:
            yield f"<li>and {len(checked.findings) - _SHOWN_FINDINGS:,} more</li>"
        yield "</ul>"


def _finding(finding: Finding) -> str:
    return f"<li><strong>{finding.kind}</strong> {html.escape(str(finding))}</li>"


def _differences(compared: Comparison | None) -> Iterator[str]:
    if compared is None:
        return
    yield '<section aria-labelledby="differences"><h2 id="differences">Differences</h2>'
    yield f"<p>To {html.escape(compared.b)}: {html.escape(compared.summary())}.</p>"
    said = [
        *(f"only here: {name}" for name in compared.only_a),
        *(f"only there: {name}" for name in compared.only_b),
        *(f"{old} is called {new} there" for old, new in compared.renamed),
        *map(str, compared.different),
    ]
    listed = ["<ul>", *(f"<li>{html.escape(difference)}</li>" for difference in said), "</ul>"]
    if len(said) > _LISTED_AT_ONCE:
        listed = ["<details><summary>Each of them</summary>", *listed, "</details>"]
    yield from listed
    yield "</section>"
