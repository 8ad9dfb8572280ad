"""tf.graph_util and the tools for graph files: freezing, stripping, inspecting."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

import tfckpt
from tfckpt.compat.absent import NeedsTensorFlow, refuse
from tfckpt.compat.errors import InternalError, tensorflow_errors
from tfckpt.compat.files import GFile, exists
from tfckpt.compat.reading import NewCheckpointReader
from tfckpt.graph import extract_sub_graph as _extract
from tfckpt.graph import read_graph_def
from tfckpt.graph import remove_training_nodes as _without_training
from tfckpt.protos import AttrValue, GraphDef, MetaGraphDef, NodeDef
from tfckpt.saved_model import loader

# What optimize_for_inference folds into other operations, which takes computing.
_FOLDED = (
    "BatchNormWithGlobalNormalization", "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3",
    "MirrorPad", "ResizeBilinear", "Rsqrt",
)  # fmt: skip


class _Values(Mapping[str, Any]):
    """The values of a session's variables, by the names of their operations."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def __getitem__(self, name: str) -> Any:
        return self._session.variable(name)

    def __contains__(self, name: object) -> bool:
        return name in self._session.values

    def __iter__(self) -> Iterator[str]:
        return iter(self._session.values)

    def __len__(self) -> int:
        return len(self._session.values)


@tensorflow_errors
def convert_variables_to_constants(
    sess: Any,
    input_graph_def: Any,
    output_node_names: Any,
    variable_names_whitelist: Any = None,
    variable_names_blacklist: Any = None,
) -> Any:
    """Freeze a graph: what the outputs need, with a session's variables as constants."""
    values = _Values(sess)
    return tfckpt.convert_variables_to_constants(
        values,
        input_graph_def,
        output_node_names=output_node_names,
        variable_names_whitelist=variable_names_whitelist,
        variable_names_blacklist=variable_names_blacklist,
    )


@tensorflow_errors
def extract_sub_graph(graph_def: Any, dest_nodes: Any) -> Any:
    """Return the part of a graph that some nodes need."""
    if isinstance(dest_nodes, str):
        raise TypeError(f"dest_nodes must be an iterable of strings, not {dest_nodes!r}")
    return _extract(graph_def, dest_nodes)


@tensorflow_errors
def remove_training_nodes(input_graph: Any, protected_nodes: Any = None) -> Any:
    """Return a graph without checks of numbers, and without identities that do nothing."""
    return _without_training(input_graph, protected_nodes)


# --- python.tools.freeze_graph


@tensorflow_errors
def freeze_graph(
    input_graph: Any,
    input_saver: Any,
    input_binary: bool,
    input_checkpoint: Any,
    output_node_names: str,
    restore_op_name: Any,
    filename_tensor_name: Any,
    output_graph: Any,
    clear_devices: bool,
    initializer_nodes: str,
    variable_names_whitelist: str = "",
    variable_names_denylist: str = "",
    input_meta_graph: Any = None,
    input_saved_model_dir: Any = None,
    saved_model_tags: str = "serve",
    checkpoint_version: int = 2,
) -> Any:
    """Freeze the graph of a file with the values of a checkpoint; write and return it."""
    if initializer_nodes:
        refuse("python.tools.freeze_graph", "initializer_nodes are to be run")
    if not input_saved_model_dir and not tfckpt.checkpoint_exists(input_checkpoint):
        raise ValueError(f"Input checkpoint '{input_checkpoint}' doesn't exist!")
    if not output_node_names:
        raise ValueError("You need to supply the name of a node to --output_node_names.")
    if input_saved_model_dir:
        message = get_meta_graph_def(input_saved_model_dir, saved_model_tags)
        weights = tfckpt.load_checkpoint(input_saved_model_dir)
    else:
        message = _message(input_graph, input_meta_graph, input_binary)
        weights = tfckpt.load_checkpoint(input_checkpoint)
    graph_def = message.graph_def
    if clear_devices:
        for node in graph_def.node:
            node.device = ""
    with weights:
        frozen = tfckpt.convert_variables_to_constants(
            tfckpt.values_by_node(message, weights),
            graph_def,
            output_node_names=_names(output_node_names),
            variable_names_whitelist=_names(variable_names_whitelist) or None,
            variable_names_blacklist=_names(variable_names_denylist) or None,
        )
    if output_graph:
        with GFile(output_graph, "wb") as file:
            file.write(frozen.SerializeToString(deterministic=True))
    return frozen


def _message(input_graph: Any, input_meta_graph: Any, is_binary: bool) -> Any:
    path = input_meta_graph or input_graph
    if not exists(path):
        kind = "meta graph" if input_meta_graph else "graph"
        raise OSError(f"Input {kind} file '{path}' does not exist!")
    if input_meta_graph:
        message = tfckpt.read_meta_graph(path)
        print(f"Loaded meta graph file '{path}")
        return message
    return MetaGraphDef(graph_def=read_graph_def(path))


def _names(text: str) -> list[str]:
    return [name for name in text.replace(" ", "").split(",") if name]


def freeze_graph_main() -> None:
    """Do what ``python -m tensorflow.python.tools.freeze_graph`` does."""
    texts = [
        "input_graph",
        "input_saver",
        "input_checkpoint",
        "output_graph",
        "output_node_names",
        "initializer_nodes",
        "variable_names_whitelist",
        "variable_names_denylist",
        "input_meta_graph",
        "input_saved_model_dir",
    ]
    parser = argparse.ArgumentParser(prog="freeze_graph")
    parser.register("type", "bool", lambda text: text.lower() == "true")
    for name in texts:
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--restore_op_name", default="save/restore_all")
    parser.add_argument("--filename_tensor_name", default="save/Const:0")
    parser.add_argument("--saved_model_tags", default="serve")
    parser.add_argument("--checkpoint_version", type=int, default=2)
    parser.add_argument("--input_binary", nargs="?", const=True, type="bool", default=False)
    parser.add_argument("--clear_devices", nargs="?", const=True, type="bool", default=True)
    freeze_graph(**vars(parser.parse_args()))


# --- python.tools.strip_unused_lib, optimize_for_inference_lib


def strip_unused(
    input_graph_def: Any, input_node_names: Any, output_node_names: Any, placeholder_type_enum: Any
) -> Any:
    """Return the part of a graph between inputs, which become placeholders, and outputs."""
    types = placeholder_type_enum
    kinds = types if isinstance(types, list) else [types] * len(input_node_names)
    inputs = dict(zip(input_node_names, kinds, strict=True))
    for name in inputs:
        if ":" in name:
            raise ValueError(f"Name '{name}' appears to refer to a Tensor, not an Operation.")
    missing = inputs.keys() - {node.name for node in input_graph_def.node}
    if missing:
        raise KeyError(f"The following input nodes were not found: {missing}.")
    nodes = [
        _placeholder(node, inputs[node.name]) if node.name in inputs else node
        for node in input_graph_def.node
    ]
    return extract_sub_graph(GraphDef(node=nodes), output_node_names)


def _placeholder(node: Any, kind: int) -> Any:
    made = NodeDef(name=node.name, op="Placeholder")
    made.attr["dtype"].CopyFrom(AttrValue(type=kind))
    for name in ("_output_shapes", "shape"):
        if name in node.attr:
            made.attr[name].CopyFrom(node.attr[name])
    return made


def strip_unused_from_files(
    input_graph: Any,
    input_binary: bool,
    output_graph: Any,
    output_binary: bool,
    input_node_names: str,
    output_node_names: str,
    placeholder_type_enum: Any,
) -> Any:
    """Do the same from file to file."""
    from google.protobuf import text_format

    if not exists(input_graph):
        print(f"Input graph file '{input_graph}' does not exist!")
        return -1
    if not output_node_names:
        print("You need to supply the name of a node to --output_node_names.")
        return -1
    graph_def = read_graph_def(input_graph)
    stripped = strip_unused(
        graph_def, input_node_names.split(","), output_node_names.split(","), placeholder_type_enum
    )
    with GFile(output_graph, "wb" if output_binary else "w") as file:
        as_bytes = stripped.SerializeToString()
        file.write(as_bytes if output_binary else text_format.MessageToString(stripped))
    print(f"{len(stripped.node)} ops in the final graph.")
    return None


def optimize_for_inference(
    input_graph_def: Any,
    input_node_names: Any,
    output_node_names: Any,
    placeholder_type_enum: Any,
    toco_compatible: bool = False,
    placeholder_to_const_names: Any = None,
) -> Any:
    """Strip a graph and remove what training needs; folding operations needs TensorFlow."""
    if placeholder_to_const_names:
        refuse("python.tools.optimize_for_inference_lib", "placeholders are to become constants")
    stripped = strip_unused(
        input_graph_def, input_node_names, output_node_names, placeholder_type_enum
    )
    folded = sorted({node.op for node in stripped.node if node.op in _FOLDED})
    if folded:
        raise NeedsTensorFlow(
            "tensorflow.python.tools.optimize_for_inference_lib",
            f"the graph has {', '.join(folded)}, which it folds into other operations",
        )
    return remove_training_nodes(stripped, output_node_names)


# --- python.tools.inspect_checkpoint


def print_tensors_in_checkpoint_file(
    file_name: Any,
    tensor_name: Any,
    all_tensors: bool,
    all_tensor_names: bool = False,
    count_exclude_pattern: str = "",
) -> None:
    """Print the names, or the values, of a checkpoint's tensors, and how many numbers it has."""
    try:
        _inspect(file_name, tensor_name, all_tensors, all_tensor_names, count_exclude_pattern)
    except Exception as error:
        print(str(error))


def _inspect(path: Any, name: Any, values: bool, names: bool, excluded: str) -> None:
    reader = NewCheckpointReader(path)
    shapes, dtypes = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    if values or names:
        for key in sorted(shapes):
            print(f"tensor: {key} ({dtypes[key].name}) {shapes[key]}")
            if values:
                _print_value(reader, key)
    elif not name:
        print(reader.debug_string().decode("utf-8", errors="ignore"))
    elif not reader.has_tensor(name):
        print(f"Tensor {name} not found in checkpoint")
        return
    else:
        print(f"tensor: {name} ({dtypes[name].name}) {shapes[name]}")
        print(reader.get_tensor(name))
    counts = {key: int(np.prod(shape)) for key, shape in shapes.items()}
    left_out = [key for key in counts if excluded and re.search(excluded, key)]
    if excluded:
        gone = sum(counts.pop(key) for key in left_out)
        print(
            f"# Excluding {len(left_out)} tensors ({gone} params) that match {excluded} when "
            f"counting."
        )
    print(f"# Total number of params: {sum(counts.values())}")


def _print_value(reader: Any, name: str) -> None:
    try:
        print(reader.get_tensor(name))
    except (InternalError, NotImplementedError):
        print("<not convertible to a numpy dtype>")


def inspect_checkpoint_main() -> None:
    """Do what ``python -m tensorflow.python.tools.inspect_checkpoint`` does."""
    parser = argparse.ArgumentParser(prog="inspect_checkpoint")
    parser.register("type", "bool", lambda text: text.lower() == "true")
    for name in ("file_name", "tensor_name", "count_exclude_pattern"):
        parser.add_argument(f"--{name}", default="")
    for name in ("all_tensors", "all_tensor_names"):
        parser.add_argument(f"--{name}", nargs="?", const=True, type="bool", default=False)
    parser.add_argument("--printoptions", nargs="*", type=_print_option, default=[])
    given = parser.parse_args()
    if not given.file_name:
        sys.exit("Usage: inspect_checkpoint --file_name=checkpoint_file_name [--tensor_name=...]")
    np.set_printoptions(**dict(given.printoptions))
    print_tensors_in_checkpoint_file(
        given.file_name,
        given.tensor_name,
        given.all_tensors,
        given.all_tensor_names,
        given.count_exclude_pattern,
    )


def _print_option(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    kind: Any = type(np.get_printoptions().get(name))
    if not value or kind is type(None):
        raise argparse.ArgumentTypeError(f"{text!r} sets no print option")
    return name, value.lower() == "true" if kind is bool else kind(value)


# --- python.tools.saved_model_utils, saved_model_cli


@tensorflow_errors
def read_saved_model(saved_model_dir: Any) -> Any:
    """Return the message of a SavedModel."""
    return loader.parse_saved_model(saved_model_dir)


def get_saved_model_tag_sets(saved_model_dir: Any) -> list[list[str]]:
    """List the tags of each graph of a SavedModel."""
    return _tag_sets(read_saved_model(saved_model_dir).meta_graphs)


def _tag_sets(graphs: Iterable[Any]) -> list[list[str]]:
    return [list(graph.meta_info_def.tags) for graph in graphs]


def get_meta_graph_def(saved_model_dir: Any, tag_set: str) -> Any:
    """Return the graph of a SavedModel that has these tags, separated by commas."""
    wanted = {tag for tag in tag_set.split(",") if tag}
    graphs = read_saved_model(saved_model_dir).meta_graphs
    for graph in graphs:
        if set(graph.meta_info_def.tags) == wanted:
            return graph
    shown = [", ".join(tags) for tags in _tag_sets(graphs)]
    raise RuntimeError(
        f"MetaGraphDef associated with tag-set {tag_set} could not be found in the SavedModel. "
        f"Please use one of the following tag-sets: {shown}"
    )


def get_signature_def_map(saved_model_dir: Any, tag_set: str) -> Any:
    """Return the signatures of a graph of a SavedModel."""
    return get_meta_graph_def(saved_model_dir, tag_set).signature_def


def saved_model_cli_main() -> None:
    """Do what ``saved_model_cli show`` does; the other commands need TensorFlow."""
    parser = argparse.ArgumentParser(prog="saved_model_cli")
    commands = ("show", "run", "scan", "convert", "freeze_model", "aot_compile_cpu")
    parser.add_argument("command", choices=commands)
    for name in ("dir", "tag_set", "signature_def"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--all", action="store_true")
    given, _ = parser.parse_known_args()
    if given.command != "show":
        refuse(f"python.tools.saved_model_cli {given.command}")
    if given.dir is None:
        parser.error("--dir is needed")
    if given.all:
        _show_everything(given.dir)
    elif given.tag_set is None:
        print("The given SavedModel contains the following tag-sets:")
        for tags in sorted(map(sorted, get_saved_model_tag_sets(given.dir))):
            print(repr(", ".join(tags)))
    elif given.signature_def is None:
        print("The given SavedModel MetaGraphDef contains SignatureDefs with the following keys:")
        for key in sorted(get_signature_def_map(given.dir, given.tag_set)):
            print(f'SignatureDef key: "{key}"')
    else:
        _show_signature(get_signature_def_map(given.dir, given.tag_set), given.signature_def)


def _show_everything(folder: str) -> None:
    for tags in sorted(map(sorted, get_saved_model_tag_sets(folder))):
        graph = get_meta_graph_def(folder, ",".join(tags))
        named = ", ".join(tags)
        print(f"\nMetaGraphDef with tag-set: '{named}' contains the following SignatureDefs:")
        for key in sorted(graph.signature_def):
            print(f"\nsignature_def['{key}']:")
            _show_signature(graph.signature_def, key, "  ")
        ops = {node.op for node in graph.graph_def.node}
        ops |= {
            node.op for function in graph.graph_def.library.function for node in function.node_def
        }
        print(f"The MetaGraph with tag set {tags} contains the following ops: {sorted(ops)}")
    print("\nConcrete functions are not listed without TensorFlow.")


def _show_signature(signatures: Any, key: str, indent: str = "") -> None:
    if key not in signatures:
        raise ValueError(f'Could not find signature "{key}"; there are {sorted(signatures)}')
    signature = signatures[key]
    for what in ("input", "output"):
        print(f"{indent}The given SavedModel SignatureDef contains the following {what}(s):")
        for name, info in sorted(getattr(signature, f"{what}s").items()):
            print(f"{indent}  {what}s['{name}'] tensor_info:")
            _show_tensor(info, f"{indent}      ")
    print(f"{indent}Method name is: {signature.method_name}")


def _show_tensor(info: Any, indent: str) -> None:
    from tfckpt.dtypes import data_type_name

    name = data_type_name(info.dtype) if info.dtype else "DT_INVALID"
    dims = info.tensor_shape
    sizes = "unknown_rank" if dims.unknown_rank else f"({', '.join(str(d.size) for d in dims.dim)})"
    print(f"{indent}dtype: {name}\n{indent}shape: {sizes}\n{indent}name: {info.name}")
