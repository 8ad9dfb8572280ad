"""The signatures that a graph gets: checked, and put where both kinds of loader look.

TensorFlow Serving and TensorFlow 1 read them from the graph's `signature_def`. TensorFlow 2 calls
functions: a node ``signatures`` of the graph of objects has one child a signature.
"""

from __future__ import annotations

from collections.abc import Mapping

from tfckpt import protos
from tfckpt.dtypes import DataType
from tfckpt.graphdef.messages import as_message, copied
from tfckpt.graphdef.names import op_name
from tfckpt.protos import MetaGraphDef, SignatureDef
from tfckpt.saved_model.constants import INIT_OP_SIGNATURE_KEY, TRAIN_OP_SIGNATURE_KEY
from tfckpt.saved_model.utils import tensor_names

_RESERVED = {
    INIT_OP_SIGNATURE_KEY: "initialization (init_op=)",
    TRAIN_OP_SIGNATURE_KEY: "the train op (train_op=)",
}
_SIGNATURES = "signatures"  # ``signature_serialization.py``, SIGNATURE_ATTRIBUTE_NAME


def set_signatures(meta_graph: MetaGraphDef, signatures: Mapping[str, SignatureDef]) -> None:
    """Give a graph these signatures in place of those it has; its init and train ops stay.

    Raises AssertionError for a tensor without name or type, KeyError for a reserved name,
    ValueError for a tensor that the graph does not have.
    """
    before = {key: copied(value) for key, value in meta_graph.signature_def.items()}
    wanted = {
        key: copied(as_message(value, SignatureDef, f"signature {key!r}"))
        for key, value in signatures.items()
    }
    for key, signature in wanted.items():
        if key in _RESERVED and before.get(key) != signature:
            raise KeyError(
                f'SignatureDef map key "{key}" is reserved for {_RESERVED[key]}. '
                f"Please use a different key."
            )
    nodes = {node.name for node in meta_graph.graph_def.node}
    for key, signature in wanted.items():
        if key not in _RESERVED:
            _check(key, signature, nodes)
    wanted = {**{key: before[key] for key in _RESERVED if key in before}, **wanted}
    meta_graph.ClearField("signature_def")
    for key, signature in wanted.items():
        meta_graph.signature_def[key].CopyFrom(signature)
    _rename_functions(meta_graph, before, wanted)


def _check(key: str, signature: SignatureDef, nodes: set[str]) -> None:
    for side in (signature.inputs, signature.outputs):
        for name in side:
            _check_info(f"{name!r} of signature {key!r}", side[name])
            for tensor in tensor_names(side[name]):
                if op_name(tensor) not in nodes:
                    raise ValueError(
                        f"{name!r} of signature {key!r} is the tensor {tensor!r}, which the graph "
                        f"does not have"
                    )


def _check_info(what: str, info: protos.TensorInfo) -> None:
    encoding = info.WhichOneof("encoding")
    if encoding is None:
        raise AssertionError(
            f"Invalid `tensor_info`: {what} has no name. All TensorInfo protos used in the "
            f"SignatureDefs must have one of the 'encoding' fields (e.g., name or coo_sparse) set."
        )
    if encoding == "composite_tensor":
        for component in info.composite_tensor.components:
            _check_info(what, component)
    elif info.dtype == DataType.DT_INVALID:
        raise AssertionError(
            f"Invalid `tensor_info`: {what} has no type. All TensorInfo protos used in the "
            f"SignatureDefs must have the dtype field set."
        )


def _rename_functions(
    meta_graph: MetaGraphDef,
    before: Mapping[str, SignatureDef],
    wanted: Mapping[str, SignatureDef],
) -> None:
    """Let the functions of a TensorFlow 2 model follow their signatures.

    A signature that the model did not have (by its tensors) has no function: Serving and
    TensorFlow 1 know it, ``tf.saved_model.load`` does not.
    """
    nodes = meta_graph.object_graph_def.nodes
    found = (
        [child.node_id for child in nodes[0].children if child.local_name == _SIGNATURES]
        if nodes
        else []
    )
    if not found or not 0 <= found[0] < len(nodes):
        return
    holder = nodes[found[0]]
    functions = {child.local_name: child.node_id for child in holder.children}
    del holder.children[:]
    for key, signature in wanted.items():
        if key in functions and before.get(key) == signature:
            source: str | None = key
        else:
            source = next((old for old in functions if before.get(old) == signature), None)
        if source is not None:
            holder.children.add(node_id=functions[source], local_name=key)
