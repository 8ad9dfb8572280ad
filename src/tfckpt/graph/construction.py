"""Making the nodes of a GraphDef into operations of a graph that may have others already."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from tfckpt.errors import InvalidArgumentError
from tfckpt.graph.graph import OUTPUT_SHAPES, Graph
from tfckpt.graph.operation import Operation
from tfckpt.graphdef.checks import bad_node, check_attrs, check_form, check_input_count
from tfckpt.graphdef.messages import copied
from tfckpt.graphdef.names import CONTROL, TakenNames, TensorId, parse_input, parse_tensor_name
from tfckpt.graphdef.op_defs import Interface, compatible, type_name
from tfckpt.protos import AttrValue, GraphDef, NodeDef
from tfckpt.versions import GRAPH_DEF_VERSION, check_versions

MERGES = ("Merge", "RefMerge", "_XlaMerge")
NEXT_ITERATIONS = ("NextIteration", "RefNextIteration")
_GROUP = b"loc:@"

Inputs = list[TensorId]


class Constructor:
    """One import: `map_inputs`, `construct`, then `finish` adds what was made to the graph."""

    def __init__(self, graph: Graph, graph_def: GraphDef) -> None:
        """Take over `graph_def`: its nodes become those of the graph."""
        check_versions(graph_def.versions, GRAPH_DEF_VERSION, "the graph")
        self.graph = graph
        self.graph_def = graph_def
        self.operations: list[Operation] = []
        self._mapping: dict[TensorId, TensorId] = {}
        self._used: set[TensorId] = set()
        self._nodes: list[NodeDef] = list(graph_def.node)
        self._index = _index(self._nodes)
        self._inputs: list[Inputs] = [[*map(parse_input, node.input)] for node in self._nodes]
        self._names: dict[str, str] = {}  # in the graph, by those in the message
        self._types: dict[str, Sequence[int] | None] = {}  # of outputs, by names in the message
        self._functions = {
            function.signature.name: Interface(function.signature)
            for function in graph_def.library.function
        }

    def map_inputs(self, mapping: Mapping[TensorId, TensorId]) -> None:
        self._mapping = dict(mapping)

    def construct(self, prefix: str) -> None:
        """Make the operations, with `prefix` (empty, or ending in ``/``) before their names."""
        self.graph.check_functions(self.graph_def.library)
        self._check_inputs()
        order = self._order()
        self._name(prefix)
        shapes = [self._complete(self._nodes[at]) for at in order]
        for at in order:
            self._connect(at)
        for at, shape in zip(order, shapes, strict=True):
            self.operations.append(Operation(self.graph, self._rename(at), shape))

    def finish(self) -> None:
        """Add what was made to the graph."""
        self.graph.add_functions(self.graph_def.library)
        for op in self.operations:
            self.graph._add(op._node, op._shapes)
        self.operations = [self.graph._operations[op.name] for op in self.operations]
        self._merge_versions()

    def element(self, text: str) -> TensorId | str:
        """Return the id of a tensor (a name with ``:``) or the name of an operation in the graph.

        Raises ValueError if the message has none of that name.
        """
        if ":" not in text:
            return self._name_of(text, text)
        wanted = parse_tensor_name(text)
        if wanted in self._mapping:
            return self._mapping[wanted]
        name = self._name_of(wanted.node, text)
        types = self._types[wanted.node]
        if wanted.slot < 0 or (types is not None and wanted.slot >= len(types)):
            count = "?" if types is None else len(types)
            raise InvalidArgumentError(
                f"return_elements asks for {text!r}, but {wanted.node!r} has {count} outputs"
            )
        return TensorId(name, wanted.slot)

    def check_mapping_used(self) -> None:
        """Raise ValueError for keys of the input map that are no tensors of the message."""
        unused = self._mapping.keys() - self._used
        missing = sorted(str(key) for key in unused if not self._has(key))
        if missing:
            raise InvalidArgumentError(
                f"Attempted to map inputs that were not found in graph_def: [{', '.join(missing)}]"
            )

    def _has(self, key: TensorId) -> bool:
        types = self._types.get(key.node, ())
        return types is None or key.slot < len(types) if key.node in self._index else False

    def _name_of(self, name: str, text: str) -> str:
        if name not in self._names:
            raise InvalidArgumentError(f"return_elements asks for {text!r}: graph_def has none")
        return self._names[name]

    # --- the order in which nodes enter

    def _check_inputs(self) -> None:
        for node, inputs in zip(self._nodes, self._inputs, strict=True):
            for one in inputs:
                if one not in self._mapping and one.node not in self._index:
                    raise bad_node(node, f"its input {str(one)!r} is no node of the graph")

    def _order(self) -> Sequence[int]:
        """Return the nodes' numbers: inputs first, else as they stand in the message."""
        if self._is_ordered():
            return range(len(self._nodes))
        waiting, takers = self._dependencies()
        ready = [at for at, count in enumerate(waiting) if not count]  # sorted, so a heap
        order = []
        while ready:
            at = heapq.heappop(ready)
            order.append(at)
            for taker in takers[at]:
                waiting[taker] -= 1
                if not waiting[taker]:
                    heapq.heappush(ready, taker)
        if len(order) < len(self._nodes):
            raise self._cycle(set(range(len(self._nodes))) - set(order))
        return order

    def _is_ordered(self) -> bool:
        index, mapping = self._index, self._mapping
        for at, inputs in enumerate(self._inputs):
            for one in inputs:
                if one not in mapping and index[one.node] >= at:
                    return False
        return not any(node.op in MERGES for node in self._nodes)

    def _dependencies(self) -> tuple[list[int], list[list[int]]]:
        """Return for each node how many inputs it waits for, and the nodes that wait for it."""
        waiting = [0] * len(self._nodes)
        takers: list[list[int]] = [[] for _ in self._nodes]
        for at, node in enumerate(self._nodes):
            mine = [self._index[one.node] for one in self._inputs[at] if one not in self._mapping]
            waiting[at] = len(mine)
            if node.op in MERGES and self._closes_loop(at):
                # A loop's Merge starts with any one input, and never waits for the iteration.
                waiting[at] -= sum(one.slot != CONTROL for one in self._inputs[at]) - 1
                mine = [one for one in mine if self._nodes[one].op not in NEXT_ITERATIONS]
            for one in mine:
                takers[one].append(at)
        return waiting, takers

    def _closes_loop(self, at: int) -> bool:
        return any(
            one.slot != CONTROL
            and one.node in self._index
            and self._nodes[self._index[one.node]].op in NEXT_ITERATIONS
            for one in self._inputs[at]
        )

    def _cycle(self, left: set[int]) -> InvalidArgumentError:
        """Follow inputs that are not ready either, until a node comes twice."""
        path: dict[int, int] = {}  # node -> its place on the way
        first = at = min(left)
        while at not in path:
            path[at] = len(path)
            sources = [self._index.get(one.node, -1) for one in self._inputs[at]]
            at = next((source for source in sources if source in left), first)
        circle = [*list(path)[path[at] :], at]
        names = [self._nodes[one].name for one in circle]
        shown = " <- ".join(map(repr, names[:8])) + (" <- ..." if len(names) > 8 else "")
        return InvalidArgumentError(f"{len(left)} nodes are in a cycle, or need one: {shown}")

    # --- names, types and edges

    def _name(self, prefix: str) -> None:
        """Choose each node's name: not that of a node or scope that was there before."""
        if not self.graph._operations:
            self._names = {name: prefix + name for name in self._index}
            return
        taken = TakenNames(self.graph._operations)
        new = TakenNames(prefix + name for name in self._index)
        for name in self._index:
            unique, number = prefix + name, 0
            while unique in taken or (number and unique in new):
                number += 1
                unique = f"{prefix}{name}_{number}"
            self._names[name] = unique

    def _interface(self, op_type: str) -> Interface | None:
        return self._functions.get(op_type) or self.graph.interface(op_type)

    def _complete(self, node: NodeDef) -> AttrValue | None:
        """Fill in defaults, check the node by its op; return the shapes it brought."""
        self._check_groups(node)
        shapes = _take_shapes(node)
        interface = self._interface(node.op)
        if interface is None:
            self._types[node.name] = None
            return shapes
        interface.fill_defaults(node)
        check_attrs(node, interface)
        types = self._types[node.name] = interface.output_types(node.attr)
        if shapes is None:
            return None
        if len(shapes.list.shape) < len(types):
            raise bad_node(
                node,
                f"it has {len(types)} outputs, its {OUTPUT_SHAPES} are {len(shapes.list.shape)}",
            )
        del shapes.list.shape[len(types) :]
        return shapes

    def _check_groups(self, node: NodeDef) -> None:
        for group in node.attr["_class"].list.s if "_class" in node.attr else ():
            other = group[len(_GROUP) :].decode(errors="replace")
            if group.startswith(_GROUP) and other not in self._index:
                raise bad_node(node, f"it is colocated with {other!r}: no such node")

    def _connect(self, at: int) -> None:
        """Check that each input is there and of the type that the op takes."""
        node = self._nodes[at]
        interface = self._interface(node.op)
        expected = None if interface is None else check_input_count(node, interface)
        for number, one in enumerate(self._inputs[at]):
            source = self._mapping.get(one, one)
            if source.slot == CONTROL:
                break
            types = self._types_of(source, mapped=source is not one)
            if types is None:
                continue
            if source.slot >= len(types):
                raise bad_node(
                    node,
                    f"its input {str(source)!r} is output {source.slot} of a node that has "
                    f"{len(types)} outputs",
                )
            if expected is not None and not compatible(expected[number], types[source.slot]):
                raise bad_node(
                    node,
                    f"its input {number} is {str(source)!r} of type "
                    f"{type_name(types[source.slot])}, the op takes "
                    f"{type_name(expected[number])}",
                )

    def _types_of(self, source: TensorId, *, mapped: bool) -> Sequence[int] | None:
        if not mapped:
            return self._types[source.node]
        op = self.graph._operations[source.node]
        return None if self.graph.interface(op.type) is None else op.output_types

    def _rename(self, at: int) -> NodeDef:
        """Give the node, its inputs and its groups their names in the graph."""
        node = self._nodes[at]
        data, control = [], set()
        for one in self._inputs[at]:
            target = self._target(one)
            if target.slot == CONTROL:
                control.add(str(target))
            else:
                data.append(str(target))
        inputs = [*data, *sorted(control)]
        if inputs != list(node.input):
            del node.input[:]
            node.input.extend(inputs)
        self._rename_groups(node)
        node.name = self._names[node.name]
        return node

    def _target(self, one: TensorId) -> TensorId:
        if one in self._mapping:
            self._used.add(one)
            return self._mapping[one]
        return TensorId(self._names[one.node], one.slot)

    def _rename_groups(self, node: NodeDef) -> None:
        if "_class" not in node.attr:
            return
        groups = node.attr["_class"].list.s
        for at, group in enumerate(groups):
            if group.startswith(_GROUP):
                groups[at] = _GROUP + self._names[group[len(_GROUP) :].decode()].encode()

    def _merge_versions(self) -> None:
        """Keep the oldest producer and the most demanding consumer."""
        mine, theirs = self.graph._versions, self.graph_def.versions
        mine.producer = min(mine.producer, theirs.producer)
        mine.min_consumer = max(mine.min_consumer, theirs.min_consumer)
        bad = sorted({*mine.bad_consumers, *theirs.bad_consumers})
        del mine.bad_consumers[:]
        mine.bad_consumers.extend(bad)


def _index(nodes: Sequence[NodeDef]) -> dict[str, int]:
    index: dict[str, int] = {}
    for at, node in enumerate(nodes):
        check_form(node)
        if index.setdefault(node.name, at) != at:
            raise bad_node(node, f"nodes {index[node.name]} and {at} have the same name")
    return index


def _take_shapes(node: NodeDef) -> AttrValue | None:
    if OUTPUT_SHAPES not in node.attr:
        return None
    shapes = copied(node.attr[OUTPUT_SHAPES])
    del node.attr[OUTPUT_SHAPES]
    return shapes
