"""import_graph_def: the nodes of a GraphDef, into the default graph.

Names get the prefix and are made unique. Inputs and groups (``loc:@``) get the new names; inputs in
the input_map get what stands there. Attributes left out are filled in. Everything is checked. The
rules, and the order of the nodes, are those of TensorFlow's ``graph_constructor.cc``. No node
enters the graph before all are known to be right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tfckpt.graph.construction import construct, read_nodes
from tfckpt.graph.default import get_default_graph
from tfckpt.graph.graph import Graph
from tfckpt.graph.operation import Operation, Tensor, node_of
from tfckpt.graphdef.devices import canonical_device
from tfckpt.graphdef.messages import as_message, copied
from tfckpt.graphdef.names import CONTROL, TensorId, parse_tensor_name
from tfckpt.graphdef.op_defs import interface_of
from tfckpt.protos import AttrValue, GraphDef, OpDef, OpList
from tfckpt.tensors.tensor_proto import make_tensor_proto


def import_graph_def(
    graph_def: GraphDef,
    input_map: Mapping[str, Any] | None = None,
    return_elements: Sequence[str] | None = None,
    name: str | None = None,
    op_dict: object = None,
    producer_op_list: OpList | None = None,
) -> list[Operation | Tensor] | None:
    """Add the nodes of `graph_def` to the default graph.

    `name` is put before the names (default ``import``, made unique; ``""`` for none). `input_map`
    replaces inputs: names of tensors (``op`` is ``op:0``; ``^op`` a control input) to tensors of
    the graph, or to arrays, which become constants. Returns what `return_elements` names: tensors
    for names with a ``:``, else operations; None if it is None.

    An op that TensorFlow 2.21 does not know is taken as it is. Unlike TensorFlow this leaves
    `graph_def` itself unchanged. `op_dict` has no meaning any more.

    Raises TypeError for arguments of the wrong type; ValueError for a graph that is malformed
    (duplicate names, unknown inputs, cycles outside loops, wrong attributes or types) and for
    names in `input_map` or `return_elements` that are not in it.

    >>> import numpy as np, tfckpt
    >>> part = tfckpt.Graph()
    >>> x = part.create_op("Placeholder", name="x", attrs={"dtype": np.float32})
    >>> with tfckpt.Graph().as_default():
    ...     tfckpt.import_graph_def(part.as_graph_def(), return_elements=["x", "x:0"], name="a")
    [<Operation 'a/x' type=Placeholder>, <Tensor 'a/x:0' shape=None dtype=DT_FLOAT>]
    """
    nodes = copied(as_message(graph_def, GraphDef, "graph_def"))
    wanted = _checked_names(return_elements)
    _check_input_map(input_map)
    if producer_op_list is not None:
        remove_unknown_defaults(nodes, as_message(producer_op_list, OpList, "producer_op_list"))
    graph = get_default_graph()
    given = read_nodes(nodes)
    with graph.name_scope("import" if name is None else name) as scope:
        mapping = _mapped(graph, name, input_map or {})
        constructed = construct(graph, given, mapping, scope)
    found = [constructed.element(text) for text in wanted]
    constructed.check_mapping_used()
    place(graph, constructed.enter())
    return None if return_elements is None else [_element(graph, element) for element in found]


def _checked_names(return_elements: Sequence[str] | None) -> list[str]:
    names = list(return_elements or ())
    if isinstance(return_elements, (str, bytes)) or not all(
        isinstance(name, (str, bytes)) for name in names
    ):
        raise TypeError(f"return_elements must be a list of strings, not {return_elements!r}")
    return [name.decode() if isinstance(name, bytes) else name for name in names]


def _check_input_map(input_map: Mapping[str, Any] | None) -> None:
    if input_map is None:
        return
    if not isinstance(input_map, Mapping):
        raise TypeError(f"input_map must be a dictionary, not {type(input_map).__name__}")
    bad = [key for key in input_map if not isinstance(key, (str, bytes))]
    if bad:
        raise TypeError(f"the keys of input_map must be strings, not {bad!r}")


def _mapped(
    graph: Graph, name: str | None, input_map: Mapping[str, Any]
) -> dict[TensorId, TensorId]:
    """Return the mapping by ids; values that are no tensors become constants of the scope."""
    mapping = {}
    for key, value in input_map.items():
        source = parse_tensor_name(key.decode() if isinstance(key, bytes) else key)
        mapping[source] = _target(graph, name, source, value)
    return mapping


def _target(graph: Graph, name: str | None, source: TensorId, value: Any) -> TensorId:
    if isinstance(value, Operation) and source.slot == CONTROL:
        value = Tensor(value, 0)
    given = value
    value = getattr(value, "_as_graph_element", lambda: value)()
    if not isinstance(given, Tensor) and name == "":
        raise ValueError(
            f"input_map gives {source} a value that is no Tensor; what is made of it needs a "
            f"scope: pass a non-empty name"
        )
    if not isinstance(value, Tensor):
        value = _constant(graph, value)
    if value.graph is not graph:
        raise ValueError(f"input_map maps {str(source)!r} to {value!r} of another graph")
    if source.slot == CONTROL:
        return TensorId(value.op.name, CONTROL)
    return TensorId(value.op.name, value.value_index)


def _constant(graph: Graph, value: Any) -> Tensor:
    tensor = make_tensor_proto(value)
    attrs = {"value": AttrValue(tensor=tensor), "dtype": AttrValue(type=tensor.dtype)}
    with graph.name_scope("_inputs"):
        return graph.create_op("Const", attrs=attrs).outputs[0]


def remove_unknown_defaults(graph_def: GraphDef, producer: OpList) -> None:
    """Remove attributes that the op does not have here, if their value is the producer's default.

    A graph of a newer TensorFlow then reads as one made before its ops got those attributes.
    """
    known = {op.name: {attr.name: attr for attr in op.attr} for op in producer.op}
    for node in graph_def.node:
        interface = interface_of(node.op)
        if interface is None or node.op not in known:
            continue
        for name in [name for name in node.attr if name not in interface.attrs]:
            attr = known[node.op].get(name)
            if attr is not None and _is_default(node.attr[name], attr):
                del node.attr[name]


def _is_default(value: AttrValue, attr: OpDef.AttrDef) -> bool:
    return attr.HasField("default_value") and value == attr.default_value


def place(graph: Graph, operations: Iterable[Operation]) -> None:
    """Give devices their canonical form, and operations in a group the group's device."""
    grouped = {}
    for op in operations:
        others = [group[5:].decode() for group in op.colocation_groups()]
        others = [other for other in others if other != op.name]
        node_of(op).device = "" if others else canonical_device(op.device)
        if others:  # a group counts for more than the device of a scope
            grouped[op] = others
        else:
            graph.apply_devices(op)
    for op, others in grouped.items():
        devices = (graph.get_operation_by_name(other).device for other in others if other in graph)
        node_of(op).device = next(filter(None, devices), "")


def _element(graph: Graph, element: TensorId | str) -> Operation | Tensor:
    if isinstance(element, str):
        return graph.get_operation_by_name(element)
    return Tensor(graph.get_operation_by_name(element.node), element.slot)


__all__ = ["import_graph_def", "place", "remove_unknown_defaults"]
