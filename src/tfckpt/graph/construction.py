"""Making the nodes of a GraphDef into operations of a graph that may have others already.

    read_nodes    GraphDef -> GivenNodes         each node is checked by itself
    construct     GivenNodes -> Constructed      nodes are checked by their ops and by each other,
                                                 and get the names that they will have
    enter         Constructed -> [Operation]     nodes, functions and versions are in the graph

Each step takes what the one before it returns. `enter` alone changes the graph, and does not fail.
The message belongs to whoever imports it: its nodes are changed in place, and become the graph's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableSequence, Sequence
from typing import NamedTuple

from tfckpt.errors import InvalidArgumentError
from tfckpt.graph.graph import OUTPUT_SHAPES, Graph
from tfckpt.graph.import_order import Wiring, import_order
from tfckpt.graph.operation import Operation
from tfckpt.graphdef.checks import bad_node, check_attrs, check_form, check_input_count
from tfckpt.graphdef.messages import copied
from tfckpt.graphdef.names import CONTROL, TakenNames, TensorId, parse_input, parse_tensor_name
from tfckpt.graphdef.op_defs import Interface, compatible, type_name
from tfckpt.protos import AttrValue, FunctionDefLibrary, GraphDef, NodeDef
from tfckpt.versions import GRAPH_DEF_VERSION, check_versions

_GROUP = b"loc:@"

OutputTypes = Mapping[str, Sequence[int] | None]
"""The types of each node's outputs, by the node's name in the message; None for unknown ops."""


class GivenNodes(NamedTuple):
    """The nodes of a message, each in order by itself, and their inputs."""

    graph_def: GraphDef
    nodes: list[NodeDef]
    numbers: dict[str, int]
    inputs: list[list[TensorId]]


def read_nodes(graph_def: GraphDef) -> GivenNodes:
    """Take over a message.

    Raises InvalidArgumentError for versions that are not read, nodes without a name or an op, and
    names that come twice.
    """
    check_versions(graph_def.versions, GRAPH_DEF_VERSION, "the graph")
    nodes = list(graph_def.node)
    numbers: dict[str, int] = {}
    for at, node in enumerate(nodes):
        check_form(node)
        if numbers.setdefault(node.name, at) != at:
            raise bad_node(node, f"nodes {numbers[node.name]} and {at} have the same name")
    return GivenNodes(
        graph_def, nodes, numbers, [[*map(parse_input, node.input)] for node in nodes]
    )


def construct(
    graph: Graph, given: GivenNodes, mapping: Mapping[TensorId, TensorId], prefix: str
) -> Constructed:
    """Make nodes fit for a graph, with `prefix` (empty, or ending in ``/``) before their names.

    `mapping` says which inputs come from the graph, and what they are there.

    Raises InvalidArgumentError for what TensorFlow's importer refuses.
    """
    library = given.graph_def.library
    graph.check_functions(library)
    order = import_order(Wiring(given.nodes, given.numbers, given.inputs, mapping))
    names = _unique_names(graph, given.numbers, prefix)
    interface_of = _interfaces(graph, library)
    types: dict[str, Sequence[int] | None] = {}
    shapes = []
    for at in order:
        node = given.nodes[at]
        _check_groups(node, given.numbers)
        types[node.name], shapes_of_node = _completed(node, interface_of(node.op))
        shapes.append(shapes_of_node)
    for at in order:
        node = given.nodes[at]
        _check_inputs(
            graph,
            node,
            given.inputs[at],
            interface=interface_of(node.op),
            mapping=mapping,
            types=types,
        )
    # Names change last: until here messages of errors name nodes as the caller knows them.
    nodes = [_renamed(given.nodes[at], given.inputs[at], mapping, names) for at in order]
    return Constructed(
        graph=graph,
        given=given,
        mapping=mapping,
        names=names,
        types=types,
        nodes=nodes,
        shapes=shapes,
    )


class Constructed(NamedTuple):
    """Nodes that are about to enter a graph."""

    graph: Graph
    given: GivenNodes
    mapping: Mapping[TensorId, TensorId]
    names: Mapping[str, str]
    """Names in the graph, by those in the message."""
    types: OutputTypes
    nodes: Sequence[NodeDef]
    """In the order in which they enter."""
    shapes: Sequence[AttrValue | None]
    """The ``_output_shapes`` that each of them brought."""

    def element(self, text: str) -> TensorId | str:
        """Return the id of a tensor (a name with ``:``) or the name of an operation in the graph.

        Raises InvalidArgumentError (a ValueError) if the message has none of that name.
        """
        if ":" not in text:
            return self._name_of(text, text)
        wanted = parse_tensor_name(text)
        if wanted in self.mapping:
            return self.mapping[wanted]
        name = self._name_of(wanted.node, text)
        types = self.types[wanted.node]
        if wanted.slot < 0 or (types is not None and wanted.slot >= len(types)):
            count = "?" if types is None else len(types)
            raise InvalidArgumentError(
                f"return_elements asks for {text!r}, but {wanted.node!r} has {count} outputs"
            )
        return TensorId(name, wanted.slot)

    def _name_of(self, name: str, text: str) -> str:
        if name not in self.names:
            raise InvalidArgumentError(f"return_elements asks for {text!r}: graph_def has none")
        return self.names[name]

    def check_mapping_used(self) -> None:
        """Raise InvalidArgumentError for keys of the input map that are no tensors of the message.

        A tensor that the message has may be mapped without being anybody's input.
        """
        used = {source for inputs in self.given.inputs for source in inputs} if self.mapping else ()
        missing = sorted(str(key) for key in self.mapping if key not in used and not self._has(key))
        if missing:
            raise InvalidArgumentError(
                f"Attempted to map inputs that were not found in graph_def: [{', '.join(missing)}]"
            )

    def _has(self, key: TensorId) -> bool:
        if key.node not in self.types:
            return False
        types = self.types[key.node]
        return types is None or key.slot < len(types)

    def enter(self) -> list[Operation]:
        """Add all to the graph; return its new operations."""
        self.graph.add_functions(self.given.graph_def.library)
        added = [
            self.graph.add_node(node, shapes)
            for node, shapes in zip(self.nodes, self.shapes, strict=True)
        ]
        self.graph.merge_versions(self.given.graph_def.versions)
        return added


def _unique_names(graph: Graph, numbers: Mapping[str, int], prefix: str) -> dict[str, str]:
    """Choose each node's name: not that of a node or scope that was there before."""
    if not graph.version:
        return {name: prefix + name for name in numbers}
    taken = TakenNames(op.name for op in graph.get_operations())
    new = TakenNames(prefix + name for name in numbers)
    names = {}
    for name in numbers:
        unique, number = prefix + name, 0
        while unique in taken or (number and unique in new):
            number += 1
            unique = f"{prefix}{name}_{number}"
        names[name] = unique
    return names


InterfaceOf = Callable[[str], Interface | None]


def _interfaces(graph: Graph, library: FunctionDefLibrary) -> InterfaceOf:
    """Return what knows the ops: the message's functions, then those of the graph and its ops."""
    functions = {
        function.signature.name: Interface(function.signature) for function in library.function
    }
    return lambda op_type: functions.get(op_type) or graph.interface(op_type)


def _check_groups(node: NodeDef, numbers: Mapping[str, int]) -> None:
    for group in node.attr["_class"].list.s if "_class" in node.attr else ():
        other = group[len(_GROUP) :].decode(errors="replace")
        if group.startswith(_GROUP) and other not in numbers:
            raise bad_node(node, f"it is colocated with {other!r}: no such node")


def _completed(
    node: NodeDef, interface: Interface | None
) -> tuple[Sequence[int] | None, AttrValue | None]:
    """Fill in defaults and check attributes; return the types of the outputs, and their shapes.

    Of an op that is not known neither can be checked: the types are None.
    """
    shapes = _take_shapes(node)
    if interface is None:
        return None, shapes
    interface.fill_defaults(node)
    check_attrs(node, interface)
    types = interface.output_types(node.attr)
    if shapes is not None:
        if len(shapes.list.shape) < len(types):
            raise bad_node(
                node,
                f"it has {len(types)} outputs, its {OUTPUT_SHAPES} are {len(shapes.list.shape)}",
            )
        del shapes.list.shape[len(types) :]
    return types, shapes


def _take_shapes(node: NodeDef) -> AttrValue | None:
    """Take ``_output_shapes`` off a node: TensorFlow does too, and writes them where asked."""
    if OUTPUT_SHAPES not in node.attr:
        return None
    shapes = copied(node.attr[OUTPUT_SHAPES])
    del node.attr[OUTPUT_SHAPES]
    return shapes


def _check_inputs(
    graph: Graph,
    node: NodeDef,
    inputs: Sequence[TensorId],
    *,
    interface: Interface | None,
    mapping: Mapping[TensorId, TensorId],
    types: OutputTypes,
) -> None:
    """Check that each input is there and of the type that the op takes."""
    expected = None if interface is None else check_input_count(node, interface)
    for number, named in enumerate(inputs):
        source = mapping.get(named, named)
        if source.slot == CONTROL:
            break
        given = types[source.node] if source is named else _types_in(graph, source.node)
        if given is None:
            continue
        if source.slot >= len(given):
            raise bad_node(
                node,
                f"its input {str(source)!r} is output {source.slot} of a node that has "
                f"{len(given)} outputs",
            )
        if expected is not None and not compatible(expected[number], given[source.slot]):
            raise bad_node(
                node,
                f"its input {number} is {str(source)!r} of type {type_name(given[source.slot])}, "
                f"the op takes {type_name(expected[number])}",
            )


def _types_in(graph: Graph, name: str) -> Sequence[int] | None:
    """Return the types of an operation's outputs; None if the graph does not know its op."""
    op = graph.get_operation_by_name(name)
    return None if graph.interface(op.type) is None else op.output_types


def _renamed(
    node: NodeDef,
    inputs: Sequence[TensorId],
    mapping: Mapping[TensorId, TensorId],
    names: Mapping[str, str],
) -> NodeDef:
    """Give a node, its inputs and its groups their names in the graph; return the node."""
    data, control = [], set()
    for source in inputs:
        target = mapping.get(source) or TensorId(names[source.node], source.slot)
        if target.slot == CONTROL:
            control.add(str(target))
        else:
            data.append(str(target))
    texts = [*data, *sorted(control)]
    if texts != list(node.input):
        del node.input[:]
        node.input.extend(texts)
    if "_class" in node.attr:
        _rename_groups(node.attr["_class"].list.s, names)
    node.name = names[node.name]
    return node


def _rename_groups(groups: MutableSequence[bytes], names: Mapping[str, str]) -> None:
    for at, group in enumerate(groups):
        if group.startswith(_GROUP):
            groups[at] = _GROUP + names[group[len(_GROUP) :].decode()].encode()
