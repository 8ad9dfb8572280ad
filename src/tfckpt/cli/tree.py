"""``tfckpt tree``: the objects of a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click
from rich.tree import Tree

from tfckpt.checkpoint import load_checkpoint
from tfckpt.cli.output import bytes_text, console, harmless, markup, shape_text
from tfckpt.dtypes import python_name
from tfckpt.names import OBJECT_GRAPH_KEY
from tfckpt.objects.keys import VARIABLE_VALUE
from tfckpt.objects.nodes import read_object_graph
from tfckpt.objects.values import ObjectValues
from tfckpt.reader import CheckpointReader, TensorInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tfckpt.protos import TrackableObjectGraph


_LONGEST = 100  # of the path of an object that is shown elsewhere


class _Branch(NamedTuple):
    """One line and what is below it; `size` and `tensors` count that too."""

    label: str
    tensors: int
    size: int
    below: list[_Branch]


@click.command("tree")
@click.argument("path")
@click.option("--depth", type=click.IntRange(min=1), help="Show only so many levels.")
@click.option("--slots/--no-slots", default=True, help="Show the slot variables of optimizers.")
def tree_command(path: str, depth: int | None, slots: bool) -> None:
    """Show the objects of PATH: their variables' types, shapes and sizes.

    The names in a name-based checkpoint are taken apart at their slashes. An object that several
    refer to is shown where its keys have it, and elsewhere as a reference (->) to that.
    """
    with load_checkpoint(path) as reader:
        top = _Objects(reader, slots=slots).branch()
        where = reader.path
    shown = Tree(f"[bold]{markup(where)}[/bold]", guide_style="dim")
    levels = [(shown, one, 1) for one in reversed(top.below)]
    while levels:
        parent, branch, level = levels.pop()
        cut = depth is not None and level >= depth
        line = parent.add(
            branch.label + (_total(branch) if branch.below and branch.tensors else "")
        )
        if not cut:
            levels.extend((line, one, level + 1) for one in reversed(branch.below))
    out = console()
    out.print(shown)
    out.print()
    out.print(f"{top.tensors} tensors, {bytes_text(top.size)}")


def _total(branch: _Branch) -> str:
    plural = "" if branch.tensors == 1 else "s"
    return f"  [dim]{branch.tensors} tensor{plural}, {bytes_text(branch.size)}[/dim]"


def _leaf(name: str, info: TensorInfo) -> _Branch:
    what = f"{python_name(info.data_type)} {shape_text(info.shape)}"
    label = f"{markup(name)}  {markup(what)}  [dim]{bytes_text(info.stored_size)}[/dim]"
    return _Branch(label, 1, info.stored_size, [])


def _folded(label: str, below: list[_Branch]) -> _Branch:
    tensors, size = sum(one.tensors for one in below), sum(one.size for one in below)
    return _Branch(label, tensors, size, below)


class _Objects:
    """Makes the branches of an object graph, deepest first."""

    def __init__(self, reader: CheckpointReader, *, slots: bool) -> None:
        has_objects = OBJECT_GRAPH_KEY in reader
        self._names: dict[str, str] = {}  # of a name-based checkpoint, by how they are shown
        if not has_objects:
            self._names = {harmless(name): name for name in reader}
        graph = read_object_graph(reader) if has_objects else _graph_of_names(self._names)
        self._source = ObjectValues(reader, graph)
        self._slots = slots

    def branch(self) -> _Branch:
        """Fold the nodes into branches, each below the parent that its path goes through."""
        graph = self._source.graph
        links = self._source.paths.links
        made: dict[int, list[_Branch]] = {}
        for node_id in reversed(list(self._source.paths)):
            below = self._values(node_id)
            for child in graph.nodes[node_id].children:
                if child.node_id not in links:  # a way that only a slot variable leads on to
                    below.append(_Branch(markup(child.local_name), 0, 0, []))
                elif links[child.node_id] == (node_id, child.local_name):
                    below.append(self._child(child.local_name, child.node_id, made))
                else:
                    target = _end_of(self._source.paths[child.node_id]) or "the root"
                    label = f"{markup(child.local_name)}  [dim]-> {markup(target)}[/dim]"
                    below.append(_Branch(label, 0, 0, []))
            made[node_id] = below + (self._slot_branches(node_id) if self._slots else [])
        return _folded("", made[0])

    def _child(self, name: str, node_id: int, made: dict[int, list[_Branch]]) -> _Branch:
        below = made[node_id]
        attributes = self._source.graph.nodes[node_id].attributes
        if len(below) == 1 and len(attributes) == 1 and not below[0].below:
            only = attributes[0]
            label = name if only.name == VARIABLE_VALUE else f"{name} ({only.name})"
            (info,) = self._tensors(node_id, only.checkpoint_key).values()
            return _leaf(label, info)
        return _folded(markup(name), below)

    def _values(self, node_id: int) -> list[_Branch]:
        branches = []
        for attribute in self._source.graph.nodes[node_id].attributes:
            tensors = self._tensors(node_id, attribute.checkpoint_key)
            for key, info in tensors.items():
                end = key.removeprefix(attribute.checkpoint_key)
                branches.append(_leaf(f"({attribute.name}{end})", info))
        return branches

    def _tensors(self, node_id: int, key: str) -> dict[str, TensorInfo]:
        names = [self._names[key]] if self._names else self._source.keys(node_id, key)
        return {name: self._source.reader.info(name) for name in names}

    def _slot_branches(self, node_id: int) -> list[_Branch]:
        slots: dict[str, list[_Branch]] = {}
        for one in self._source.graph.nodes[node_id].slot_variables:
            variable = self._source.paths.get(one.original_variable_node_id, "?")
            for leaf in self._values(one.slot_variable_node_id):
                label = leaf.label.replace(f"({VARIABLE_VALUE})", markup(variable), 1)
                slots.setdefault(one.slot_name, []).append(leaf._replace(label=label))
        return [_folded(f"slot {markup(name)}", below) for name, below in slots.items()]


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
