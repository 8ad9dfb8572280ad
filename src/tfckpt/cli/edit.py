"""``tfckpt edit``: a checkpoint with other names, types, or fewer tensors."""

from __future__ import annotations

import re
from typing import Any

import click

from tfckpt.bundle.reader import BundleReader
from tfckpt.cli.completion import complete_path
from tfckpt.cli.writing import pair, write_result, writing_options
from tfckpt.formats import open_tensors
from tfckpt.transform import EditRules, LazyTensors
from tfckpt.transform.casting import ON_LOSS, OnLoss
from tfckpt.transform.tensors import as_lazy


@click.command("edit")
@click.argument("src", shell_complete=complete_path)
@click.argument("dst", required=False, shell_complete=complete_path)
@click.option("--in-place", is_flag=True, help="Replace SRC by its edited self.")
@click.option("--keep", multiple=True, metavar="PATTERN", help="Keep only these tensors.")
@click.option("--drop", multiple=True, metavar="PATTERN", help="Leave these tensors out.")
@click.option("--rename", multiple=True, metavar="OLD=NEW", help="A name, or a scope with a '/'.")
@click.option("--regex", multiple=True, metavar="PATTERN=REPLACEMENT", help="As re.sub has them.")
@click.option("--cast", "dtype", metavar="DTYPE", help="Another element type, such as bfloat16.")
@click.option("--only", multiple=True, metavar="PATTERN", help="Cast only these tensors.")
@click.option("--on-loss", type=click.Choice(ON_LOSS), default="error", show_default=True)
@click.option("--strip-slots", is_flag=True, help="Leave out what optimizers keep.")
@click.option("--use-averages", is_flag=True, help="Take moving averages in place of weights.")
@click.option("--rules", metavar="FILE", help="A TOML file with rules of all these kinds.")
@click.option("--strict", is_flag=True, help="Refuse patterns that meet no tensor.")
@writing_options
def edit_command(
    src: str,
    dst: str | None,
    in_place: bool,
    keep: tuple[str, ...],
    drop: tuple[str, ...],
    rename: tuple[str, ...],
    regex: tuple[str, ...],
    dtype: str | None,
    only: tuple[str, ...],
    on_loss: OnLoss,
    strip_slots: bool,
    use_averages: bool,
    rules: str | None,
    strict: bool,
    **writing: Any,
) -> None:
    """Write checkpoint SRC at prefix DST with other names, types, or fewer tensors.

    A PATTERN is a name, a scope that ends in '/', or a glob, whose '*' goes over slashes. The order
    is: --use-averages, --strip-slots, --keep and --drop, --cast, --rename, --regex; all patterns
    but those of --regex speak of the names in SRC.
    """
    if in_place == bool(dst):
        raise click.UsageError("either DST or --in-place says where the result goes")
    if only and dtype is None and rules is None:
        raise click.UsageError("--only goes with --cast")
    given = EditRules(
        keep=list(keep),
        drop=list(drop),
        strip_slots=strip_slots,
        use_averages=use_averages,
        dtype=dtype,
        only=list(only),
        on_loss=on_loss,
        rename=dict(pair("--rename", rule) for rule in rename),
        regex=[pair("--regex", rule) for rule in regex],
    )
    if rules is not None:
        given = EditRules.read(rules).updated(given)
    with open_tensors(src) as reader:
        if in_place:
            if not isinstance(reader, BundleReader):
                raise click.ClickException(
                    f"{reader.path} is no V2 checkpoint: give a DST, where one is written"
                )
            dst, writing["force"] = reader.path, True
        assert dst is not None
        source = as_lazy(reader)
        write_result(source, _applied(given, source, strict=strict), dst, **writing)


def _applied(rules: EditRules, source: LazyTensors, *, strict: bool) -> LazyTensors:
    try:
        return rules.apply(source, strict=strict)
    except TypeError as error:  # no element type, or none for these tensors
        raise click.UsageError(f"--cast {rules.dtype}: {error}") from None
    except re.error as error:
        raise click.UsageError(f"--regex: {error} in {error.pattern!r}") from None
