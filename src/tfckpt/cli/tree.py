"""``tfckpt tree``: the objects of a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tfckpt.checkpoint import load_checkpoint
from tfckpt.cli import text
from tfckpt.cli.completion import complete_path
from tfckpt.cli.output import json_line
from tfckpt.dtypes import python_name
from tfckpt.looking.optimizers import slot_of
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.objectgraph.keys import VARIABLE_VALUE
from tfckpt.objectgraph.nodes import read_object_graph
from tfckpt.objects.values import ObjectValues
from tfckpt.pause import no_collection
from tfckpt.reader import CheckpointReader, TensorInfo
from tfckpt.wording import bytes_text, harmless, plural, shape_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tfckpt.protos import TrackableObjectGraph


_LONGEST = 100  # of the path of an object that is shown elsewhere


class _Branch(NamedTuple):
    """One line and what is below it; `size` and `tensors` count that too."""

    label: str
    tensors: int
    size: int
    below: list[_Branch]
    note: str = ""


# What stands before a branch and before what is below it: of the last one, and of others.
_GUIDES = (("└── ", "    "), ("├── ", "│   "))
_ASCII_GUIDES = (("`-- ", "    "), ("|-- ", "|   "))


@click.command("tree")
@click.argument("path", shell_complete=complete_path)
@click.option("--depth", type=click.IntRange(min=1), help="Show only so many levels.")
@click.option("--slots/--no-slots", default=True, help="Show the slot variables of optimizers.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, of all levels.")
def tree_command(path: str, depth: int | None, slots: bool, as_json: bool) -> None:
    """Show the objects of PATH: their variables' types, shapes and sizes.

    The names in a name-based checkpoint are taken apart at their slashes. An object that several
    refer to is shown where its keys have it, and elsewhere as a reference (->) to that.
    """
    if as_json and depth is not None:
        raise click.UsageError("--depth and --json exclude each other")
    with load_checkpoint(path) as reader, no_collection():
        objects = _Objects(reader, slots=slots)
        if as_json:
            found = {"path": reader.path, "objects": list(objects.plain())}
            text.write([json_line("tree/1", found)])
            return
        top = objects.branch()
        where = harmless(reader.path)
    text.write([text.bold(where)])
    text.write(_lines(top, depth))
    text.write(["", f"{plural(top.tensors, 'tensor')}, {bytes_text(top.size)}"])


def _lines(top: _Branch, depth: int | None) -> Iterator[str]:
    """Yield the lines of all branches below the top."""
    guides = _GUIDES if text.can_print(_GUIDES[0][0]) else _ASCII_GUIDES
    width = text.columns()
    waiting = [(branch, "", at == 0, 1) for at, branch in enumerate(reversed(top.below))]
    while waiting:
        branch, before, is_last, level = waiting.pop()
        head, rest = guides[0 if is_last else 1]
        note = branch.note or (_total(branch) if branch.below and branch.tensors else "")
        yield from _wrapped(branch.label, note, before + head, before + rest, width)
        if depth is None or level < depth:
            waiting.extend(
                (below, before + rest, at == 0, level + 1)
                for at, below in enumerate(reversed(branch.below))
            )


def _wrapped(label: str, note: str, first: str, rest: str, width: int | None) -> Iterator[str]:
    """Yield a branch as a line, or as several where the terminal is narrower."""
    if width is None or text.cells(first + label + note) + 2 <= width:
        yield f"{first}{label}  {text.faint(note)}" if note else first + label
        return
    room = max(width - len(first), 16)
    lines = text.fold(label, room)
    if note and text.cells(lines[-1] + note) + 2 <= room:
        lines[-1] += f"  {text.faint(note)}"
    elif note:
        lines += (text.faint(line) for line in text.fold(f"    {note}", room))
    yield first + lines[0]
    yield from (rest + line for line in lines[1:])


def _total(branch: _Branch) -> str:
    return f"{plural(branch.tensors, 'tensor')}, {bytes_text(branch.size)}"


def _leaf(name: str, info: TensorInfo) -> _Branch:
    what = f"{python_name(info.data_type)} {shape_text(info.shape)}"
    size = bytes_text(info.stored_size)
    return _Branch(f"{harmless(name)}  {what}", 1, size=info.stored_size, below=[], note=size)


def _folded(label: str, below: list[_Branch]) -> _Branch:
    tensors, size = sum(branch.tensors for branch in below), sum(branch.size for branch in below)
    return _Branch(label, tensors, size, below)


class _Objects:
    """Makes the branches of an object graph, deepest first."""

    def __init__(self, reader: CheckpointReader, *, slots: bool) -> None:
        has_objects = OBJECT_GRAPH_KEY in reader
        self._infos = reader.infos()
        self._names: dict[str, str] = {}  # of a name-based checkpoint, by how they are shown
        if not has_objects:
            names = set(reader)
            self._names = {
                harmless(name): name for name in reader if slots or slot_of(name, names) is None
            }
        graph = read_object_graph(reader) if has_objects else _graph_of_names(self._names)
        self._source = ObjectValues(reader, graph)
        self._slots = slots
        self._left_out: set[str] = set()
        if has_objects and not slots:
            names = set(reader)
            self._left_out = {name for name in names if slot_of(name, names) is not None}

    def branch(self) -> _Branch:
        """Fold the nodes into branches, each below the parent that its path goes through."""
        graph = self._source.graph
        links = self._source.paths.links
        made: dict[int, list[_Branch]] = {}
        for node_id in reversed(list(self._source.paths)):
            below = self._values(node_id)
            for child in graph.nodes[node_id].children:
                if child.node_id not in links:  # reached through a slot variable alone
                    below.append(_Branch(harmless(child.local_name), 0, 0, []))
                elif links[child.node_id] == (node_id, child.local_name):
                    if not self._is_left_out(child.node_id, made):
                        below.append(self._child(child.local_name, child.node_id, made))
                else:
                    target = _end_of(self._source.paths[child.node_id]) or "the root"
                    note = f"-> {harmless(target)}"
                    below.append(
                        _Branch(harmless(child.local_name), 0, size=0, below=[], note=note)
                    )
            made[node_id] = below + (self._slot_branches(node_id) if self._slots else [])
        return _folded("", made[0])

    def plain(self) -> Iterator[dict[str, Any]]:
        """Yield the objects one by one in JSON's types: a tree of them may be deeper than JSON."""
        graph, paths = self._source.graph, self._source.paths
        for node_id, path in paths.items():
            node = graph.nodes[node_id]
            yield {
                "path": path,
                "children": {child.local_name: paths.get(child.node_id) for child in node.children},
                "values": list(self._plain_values(node_id)),
                "slots": [
                    {
                        "slot": slot.slot_name,
                        "variable": paths.get(slot.original_variable_node_id),
                        "values": list(self._plain_values(slot.slot_variable_node_id)),
                    }
                    for slot in (node.slot_variables if self._slots else ())
                ],
            }

    def _plain_values(self, node_id: int) -> Iterator[dict[str, Any]]:
        for attribute in self._source.graph.nodes[node_id].attributes:
            if attribute.checkpoint_key in self._left_out:
                continue
            for name, info in self._tensors(node_id, attribute.checkpoint_key).items():
                yield {
                    "attribute": attribute.name,
                    "name": name,
                    "dtype": info.type_name,
                    "shape": list(info.shape),
                    "size": info.stored_size,
                }

    def _is_left_out(self, node_id: int, made: dict[int, list[_Branch]]) -> bool:
        """Whether a node is nothing but slot variables that are not to be shown."""
        node = self._source.graph.nodes[node_id]
        if not self._left_out or made[node_id]:
            return False
        return bool(node.children or node.attributes)

    def _is_slot(self, node_id: int) -> bool:
        """Whether a node has values, and all of them are not to be shown."""
        keys = {
            attribute.checkpoint_key for attribute in self._source.graph.nodes[node_id].attributes
        }
        return bool(keys) and keys <= self._left_out

    def _child(self, name: str, node_id: int, made: dict[int, list[_Branch]]) -> _Branch:
        below = made[node_id]
        attributes = self._source.graph.nodes[node_id].attributes
        if len(below) == 1 and len(attributes) == 1 and not below[0].below:
            only = attributes[0]
            label = name if only.name == VARIABLE_VALUE else f"{name} ({only.name})"
            (info,) = self._tensors(node_id, only.checkpoint_key).values()
            return _leaf(label, info)
        return _folded(harmless(name), below)

    def _values(self, node_id: int) -> list[_Branch]:
        branches = []
        for attribute in self._source.graph.nodes[node_id].attributes:
            if attribute.checkpoint_key in self._left_out:
                continue
            tensors = self._tensors(node_id, attribute.checkpoint_key)
            for key, info in tensors.items():
                end = key.removeprefix(attribute.checkpoint_key)
                branches.append(_leaf(f"({attribute.name}{end})", info))
        return branches

    def _tensors(self, node_id: int, key: str) -> dict[str, TensorInfo]:
        names = [self._names[key]] if self._names else self._source.keys(node_id, key)
        return {name: self._infos[name] for name in names}

    def _slot_branches(self, node_id: int) -> list[_Branch]:
        slots: dict[str, list[_Branch]] = {}
        for slot in self._source.graph.nodes[node_id].slot_variables:
            variable = self._source.paths.get(slot.original_variable_node_id, "?")
            for leaf in self._values(slot.slot_variable_node_id):
                label = leaf.label.replace(f"({VARIABLE_VALUE})", harmless(variable), 1)
                slots.setdefault(slot.slot_name, []).append(leaf._replace(label=label))
        return [_folded(f"slot {harmless(name)}", below) for name, below in slots.items()]


def _end_of(path: str) -> str:
    """Return a path, of a very long one the end."""
    return path if len(path) <= _LONGEST else f"...{path[-_LONGEST:]}"


def _graph_of_names(names: Iterable[str]) -> TrackableObjectGraph:
    """Make an object graph of the names of a name-based checkpoint, an object a folder."""
    from tfckpt.protos import TrackableObjectGraph

    graph = TrackableObjectGraph()
    graph.nodes.add()
    known: dict[tuple[int, str], int] = {}
    for name in names:
        node_id = 0
        for part in name.split("/"):
            if (node_id, part) not in known:
                child_id = known[node_id, part] = len(graph.nodes)
                graph.nodes[node_id].children.add(node_id=child_id, local_name=part)
                graph.nodes.add()
            node_id = known[node_id, part]
        graph.nodes[node_id].attributes.add(name=VARIABLE_VALUE, checkpoint_key=name)
    return graph
