"""The command `tfckpt`, also as ``python -m tfckpt``."""

from __future__ import annotations

import io
import sys


def main() -> None:
    try:
        from tfckpt.cli import cli
    except ModuleNotFoundError as error:
        if error.name not in {"click", "rich"}:
            raise
        sys.exit(f"the command line needs {error.name}: pip install 'tfckpt[cli]'")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may lack a name's letters
            stream.reconfigure(errors="backslashreplace")
    cli()


if __name__ == "__main__":
    main()
