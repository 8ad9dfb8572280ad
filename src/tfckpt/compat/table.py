"""Which symbols of TensorFlow there are, and what stands for each.

A line is a name of this library and the modules of TensorFlow that have it (``.`` is the package
itself); ``module=Other`` says that it has another name there. ``compat.v1`` and ``compat.v2`` have
what the package has. Nothing is imported until it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

# Subject -> home of ours -> its lines.
TABLE: Mapping[str, Mapping[str, str]] = {
    "Checkpoints": {
        "compat.reading": """
            list_variables: train
            load_variable: train
            load_checkpoint: train
            NewCheckpointReader: train
            get_checkpoint_state: train
            latest_checkpoint: train
            checkpoint_exists: train
            get_checkpoint_mtimes: train
            remove_checkpoint: train
            generate_checkpoint_state_proto: train
            update_checkpoint_state: train
            checkpoints_iterator: train
            """,
        "compat.saving": """
            Saver: train
            Checkpoint: train
            CheckpointManager: train
            Module: .
            init_from_checkpoint: train
            import_meta_graph: train
            """,
        "objects.options": "CheckpointOptions: train",
    },
    "Sessions and variables": {
        "compat.session": """
            Session: .
            InteractiveSession: .
            """,
        "compat.tensors": """
            get_default_session: .
            """,
        "compat.variables": """
            Variable: .
            get_variable: .
            variable_scope: .
            VariableScope: .
            get_variable_scope: .
            AUTO_REUSE: .
            VariableSynchronization: .
            VariableAggregation: .
            assign: .
            assign_add: .
            assign_sub: .
            group: .
            no_op: .
            variables_initializer: . .=initialize_variables
            global_variables_initializer: .
            initialize_all_variables: .
            local_variables_initializer: .
            tables_initializer: .
            zeros_initializer: . initializers=zeros
            ones_initializer: . initializers=ones
            constant_initializer: . initializers=constant
            random_normal_initializer: .
            random_uniform_initializer: .
            truncated_normal_initializer: .
            glorot_uniform_initializer: .
            get_global_step: train
            create_global_step: train
            get_or_create_global_step: train
            global_step: train
            executing_eagerly: .
            disable_eager_execution: .
            enable_eager_execution: .
            disable_v2_behavior: .
            enable_v2_behavior: .
            """,
    },
    "Tensors": {
        "compat.tensors": """
            Tensor: .
            constant: .
            convert_to_tensor: .
            is_tensor: .
            placeholder: .
            zeros: .
            ones: .
            zeros_like: .
            ones_like: .
            fill: .
            concat: .
            stack: .
            split: .
            cast: . dtypes
            transpose: .
            reshape: .
            identity: .
            squeeze: .
            expand_dims: .
            """,
        "compat.shapes": """
            TensorShape: .
            Dimension: .
            """,
        "tensors.tensor_proto": """
            make_tensor_proto: .
            make_ndarray: . python.framework.tensor_util=MakeNdarray
            """,
    },
    "Types": {
        "compat.dtypes": """
            DType: . dtypes
            as_dtype: . dtypes
            float16: . dtypes .=half dtypes=half
            float32: . dtypes
            float64: . dtypes .=double dtypes=double
            bfloat16: . dtypes
            int8: . dtypes
            int16: . dtypes
            int32: . dtypes
            int64: . dtypes
            uint8: . dtypes
            uint16: . dtypes
            uint32: . dtypes
            uint64: . dtypes
            bool: . dtypes
            complex64: . dtypes
            complex128: . dtypes
            string: . dtypes
            qint8: . dtypes
            qint16: . dtypes
            qint32: . dtypes
            quint8: . dtypes
            quint16: . dtypes
            resource: . dtypes
            variant: . dtypes
            """,
    },
    "Graphs": {
        "compat.graphs": """
            Graph: .
            get_default_graph: .
            reset_default_graph: .
            control_dependencies: .
            name_scope: .
            device: .
            add_to_collection: .
            add_to_collections: .
            get_collection: .
            get_collection_ref: .
            global_variables: .
            all_variables: .
            trainable_variables: .
            local_variables: .
            model_variables: .
            moving_average_variables: .
            import_graph_def: . graph_util
            write_graph: train io
            export_meta_graph: train
            """,
        "graph": """
            GraphKeys: .
            Operation: .
            """,
        "compat.graph_tools": """
            convert_variables_to_constants: graph_util
            extract_sub_graph: graph_util
            remove_training_nodes: graph_util
            freeze_graph: python.tools.freeze_graph
            strip_unused: python.tools.strip_unused_lib
            strip_unused_from_files: python.tools.strip_unused_lib
            optimize_for_inference: python.tools.optimize_for_inference_lib
            print_tensors_in_checkpoint_file: python.tools.inspect_checkpoint
            read_saved_model: python.tools.saved_model_utils
            get_saved_model_tag_sets: python.tools.saved_model_utils
            get_meta_graph_def: python.tools.saved_model_utils python.tools.saved_model_cli
            get_signature_def_map: python.tools.saved_model_cli
            """,
    },
    "SavedModels": {
        "compat.saved_models": """
            load: saved_model
            load_graph: saved_model.loader=load
            contains_saved_model: saved_model
            contains_saved_model: saved_model.loader=maybe_saved_model_directory
            """,
        "saved_model.tag_constants": """
            SERVING: saved_model saved_model.tag_constants
            TRAINING: saved_model saved_model.tag_constants
            GPU: saved_model saved_model.tag_constants
            TPU: saved_model saved_model.tag_constants
            """,
        "saved_model.signature_constants": """
            DEFAULT_SERVING_SIGNATURE_DEF_KEY: saved_model saved_model.signature_constants
            PREDICT_METHOD_NAME: saved_model saved_model.signature_constants
            PREDICT_INPUTS: saved_model saved_model.signature_constants
            PREDICT_OUTPUTS: saved_model saved_model.signature_constants
            """,
    },
    "Files": {
        "compat.files": """
            GFile: io.gfile gfile gfile=Open
            FastGFile: gfile
            FileIO: python.lib.io.file_io
            exists: io.gfile
            isdir: io.gfile
            listdir: io.gfile
            makedirs: io.gfile
            mkdir: io.gfile
            remove: io.gfile
            rmtree: io.gfile
            rename: io.gfile
            copy: io.gfile
            glob: io.gfile
            stat: io.gfile
            walk: io.gfile
            join: io.gfile
            get_registered_schemes: io.gfile
            Exists: gfile
            IsDirectory: gfile
            ListDirectory: gfile
            MakeDirs: gfile
            MkDir: gfile
            Remove: gfile
            DeleteRecursively: gfile
            Rename: gfile
            Copy: gfile
            Glob: gfile
            Stat: gfile
            Walk: gfile
            file_exists: python.lib.io.file_io
            is_directory: python.lib.io.file_io
            get_matching_files: python.lib.io.file_io
            recursive_create_dir: python.lib.io.file_io
            list_directory: python.lib.io.file_io
            delete_recursively: python.lib.io.file_io
            read_file_to_string: python.lib.io.file_io
            write_string_to_file: python.lib.io.file_io
            """,
    },
    "Errors": {
        "compat.errors": """
            OpError: errors .
            AbortedError: errors
            AlreadyExistsError: errors
            CancelledError: errors
            DataLossError: errors
            DeadlineExceededError: errors
            FailedPreconditionError: errors
            InternalError: errors
            InvalidArgumentError: errors
            NotFoundError: errors
            OutOfRangeError: errors
            PermissionDeniedError: errors
            ResourceExhaustedError: errors
            UnauthenticatedError: errors
            UnavailableError: errors
            UnimplementedError: errors
            UnknownError: errors
            OK: errors
            CANCELLED: errors
            UNKNOWN: errors
            INVALID_ARGUMENT: errors
            DEADLINE_EXCEEDED: errors
            NOT_FOUND: errors
            ALREADY_EXISTS: errors
            PERMISSION_DENIED: errors
            RESOURCE_EXHAUSTED: errors
            FAILED_PRECONDITION: errors
            ABORTED: errors
            OUT_OF_RANGE: errors
            UNIMPLEMENTED: errors
            INTERNAL: errors
            UNAVAILABLE: errors
            DATA_LOSS: errors
            UNAUTHENTICATED: errors
            exception_type_from_error_code: errors
            error_code_from_exception_type: errors
            """,
    },
    "Logging": {
        "compat.logs": """
            get_logger: .
            log: logging
            debug: logging
            info: logging
            warning: logging
            warn: logging
            error: logging
            fatal: logging
            vlog: logging
            log_if: logging
            log_first_n: logging
            log_every_n: logging
            set_verbosity: logging
            get_verbosity: logging
            flush: logging
            TaskLevelStatusMessage: logging
            DEBUG: logging
            INFO: logging
            WARN: logging
            ERROR: logging
            FATAL: logging
            """,
    },
    "Flags": {
        "compat.flags": """
            FLAGS: flags
            DEFINE_string: flags
            DEFINE_integer: flags
            DEFINE_float: flags
            DEFINE_boolean: flags
            DEFINE_bool: flags
            DEFINE_list: flags
            DEFINE_spaceseplist: flags
            DEFINE_enum: flags
            DEFINE_multi_string: flags
            DEFINE_multi_integer: flags
            DEFINE_multi_float: flags
            BooleanParser: flags
            mark_flag_as_required: flags
            mark_flags_as_required: flags
            run: app
            """,
    },
    "Without an effect": {
        "compat.nothing": """
            FileWriter: summary
            set_random_seed: . random=set_seed
            disable_resource_variables: .
            enable_resource_variables: .
            disable_v2_tensorshape: .
            enable_v2_tensorshape: .
            disable_control_flow_v2: .
            disable_tensor_equality: .
            set_visible_devices: config config.experimental
            get_visible_devices: config config.experimental
            list_physical_devices: config config.experimental
            list_logical_devices: config config.experimental
            set_memory_growth: config.experimental
            set_logical_device_configuration: config
            set_logical_device_configuration: config.experimental=set_virtual_device_configuration
            LogicalDeviceConfiguration: config config.experimental=VirtualDeviceConfiguration
            set_soft_device_placement: config
            enable_tensor_float_32_execution: config.experimental
            enable_op_determinism: config.experimental
            set_jit: config.optimizer
            set_experimental_options: config.optimizer
            run_functions_eagerly: config config=experimental_run_functions_eagerly
            set_intra_op_parallelism_threads: config.threading
            set_inter_op_parallelism_threads: config.threading
            is_gpu_available: test
            is_built_with_cuda: test
            clear_session: keras.backend
            set_session: keras.backend
            set_value: keras.backend
            get_value: keras.backend
            silence: python.util.deprecation
            PyRecordReader_New: python.pywrap_tensorflow
            """,
    },
    "Text and version": {
        "compat.nothing": """
            as_bytes: compat
            as_text: compat
            as_str: compat
            as_str_any: compat
            path_to_str: compat
            VERSION: version . .=__version__
            GIT_VERSION: version . .=__git_version__
            COMPILER_VERSION: version .
            """,
        "versions": "GRAPH_DEF_VERSION: version .",
    },
    "Messages": {
        "protos": """
            AttrValue: .
            GraphDef: .
            NodeDef: .
            NameAttrList: .
            MetaGraphDef: .
            TensorInfo: .
            ConfigProto: .
            GPUOptions: .
            GraphOptions: .
            OptimizerOptions: .
            RunOptions: .
            RunMetadata: .
            SaverDef: train
            ClusterDef: train
            JobDef: train
            """,
    },
}

# Modules of messages; each has all that `tfckpt.protos` has.
MESSAGES = frozenset(
    f"{folder}.{name}_pb2"
    for folder, names in {
        "core.framework": "allocation_description attr_value cost_graph full_type function graph "
        "graph_debug_info node_def op_def resource_handle step_stats tensor tensor_description "
        "tensor_shape tensor_slice types variable versions",
        "core.protobuf": "cluster config control_flow debug error_codes fingerprint meta_graph "
        "queue_runner rewriter_config saved_model saved_object_graph saver struct tensor_bundle "
        "trackable_object_graph verifier_config",
        "core.util": "saved_tensor_slice",
        "python.training": "checkpoint_state",
    }.items()
    for name in names.split()
)

# Modules whose symbols are at home in other ones.
ALIASES: Mapping[str, str] = {
    "compat.v1": ".",
    "compat.v2": ".",
    "contrib.framework": ". train",
    "contrib.util": ".",
    "contrib.framework.python.framework.checkpoint_utils": "train",
    "python": ".",
    "python.client.session": ".",
    "python.checkpoint.checkpoint": "train",
    "python.checkpoint.checkpoint_management": "train",
    "python.framework.constant_op": ".",
    "python.framework.dtypes": "dtypes",
    "python.framework.errors": "errors",
    "python.framework.errors_impl": "errors",
    "python.framework.graph_io": "train",
    "python.framework.graph_util": "graph_util",
    "python.framework.graph_util_impl": "graph_util",
    "python.framework.importer": ".",
    "python.framework.meta_graph": "train",
    "python.framework.ops": ".",
    "python.framework.tensor_shape": ".",
    "python.framework.tensor_util": ".",
    "python.ops.array_ops": ".",
    "python.ops.init_ops": ".",
    "python.ops.state_ops": ".",
    "python.ops.variable_scope": ".",
    "python.ops.variables": ".",
    "app.flags": "flags",
    "python.platform.app": "app",
    "python.platform.flags": "flags",
    "python.platform.gfile": "gfile",
    "python.platform.tf_logging": "logging",
    "python.pywrap_tensorflow": "train",
    "pywrap_tensorflow": "python.pywrap_tensorflow train",
    "python.saved_model.loader": "saved_model.loader",
    "python.saved_model.loader_impl": "saved_model.loader",
    "python.saved_model.signature_constants": "saved_model.signature_constants",
    "python.saved_model.tag_constants": "saved_model.tag_constants",
    "python.training.checkpoint_management": "train",
    "python.training.checkpoint_utils": "train",
    "python.training.py_checkpoint_reader": "train",
    "python.training.saver": "train",
    "python.training.training": "train",
    "python.training.training_util": "train",
    "python.util.compat": "compat",
}

# Modules that ``python -m`` runs, and what that does.
PROGRAMS: Mapping[str, str] = {
    "python.tools.freeze_graph": "freeze_graph_main",
    "python.tools.inspect_checkpoint": "inspect_checkpoint_main",
    "python.tools.saved_model_cli": "saved_model_cli_main",
}

# What may only be reached through the package: libraries try to import it, and then use the rest.
NOT_IMPORTED = frozenset({"keras"})


class Symbol(NamedTuple):
    """A symbol of TensorFlow: ``tensorflow.<name>`` is `attribute` of ``tfckpt.<home>``."""

    name: str
    home: str
    attribute: str
    subject: str


def _symbols() -> Iterator[Symbol]:
    for subject, homes in TABLE.items():
        for home, text in homes.items():
            for line in filter(None, map(str.strip, text.splitlines())):
                attribute, _, places = line.partition(": ")
                for place in places.split():
                    module, _, other = place.partition("=")
                    own = other or attribute
                    name = own if module == "." else f"{module}.{own}"
                    yield Symbol(name, home, attribute, subject)


@cache
def symbols() -> Mapping[str, Symbol]:
    """Return all symbols by TensorFlow's name."""
    return {symbol.name: symbol for symbol in _symbols()}


@cache
def modules() -> frozenset[str]:
    """Return the names of all modules, without ``tensorflow.``."""
    named = [
        *ALIASES,
        *MESSAGES,
        *PROGRAMS,
        *(f"{name.rpartition('.')[0]}.x" for name in symbols()),
    ]
    found = {*ALIASES, *MESSAGES, *PROGRAMS}
    for name in named:
        parts = name.split(".")[:-1]
        found.update(".".join(parts[:count]) for count in range(1, len(parts) + 1))
    return frozenset(found - {""})


def canonical(name: str) -> str:
    """Return a name without the ``compat.v1`` before it."""
    while name.startswith(("compat.v1.", "compat.v2.")):
        name = name.removeprefix("compat.v1.").removeprefix("compat.v2.")
    return "" if name in ("compat.v1", "compat.v2") else name


def is_module(name: str) -> bool:
    """Whether there is such a module, by its name without ``tensorflow.``."""
    name = canonical(name)
    return not name or name in modules()


def find(module: str, name: str) -> Symbol | None:
    """Return the symbol that a module has, by the module's canonical name."""
    found = symbols().get(f"{module}.{name}" if module else name)
    if found is not None:
        return found
    if module in MESSAGES:
        return Symbol(f"{module}.{name}", "protos", name, "Messages")
    for other in ALIASES.get(module, "").split():
        found = find("" if other == "." else other, name)
        if found is not None:
            return found
    return None


def names_in(module: str) -> list[str]:
    """List what a module has: symbols and modules."""
    start = f"{module}." if module else ""
    inside = {*symbols(), *modules()}
    names = {
        name.removeprefix(start).partition(".")[0] for name in inside if name.startswith(start)
    }
    for other in ALIASES.get(module, "").split():
        names.update(names_in("" if other == "." else other))
    return sorted(names)
