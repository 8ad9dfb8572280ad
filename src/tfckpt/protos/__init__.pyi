# Written by tools/make_protos.py; not to be edited.

from collections.abc import Iterable as _Iterable
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar
from typing import Final as _Final
from typing import Literal as _Literal

from google.protobuf import any_pb2 as _any_pb2
from google.protobuf import wrappers_pb2 as _wrappers_pb2
from google.protobuf.internal.containers import MessageMap as _MessageMap
from google.protobuf.internal.containers import RepeatedCompositeFieldContainer as _Messages
from google.protobuf.internal.containers import RepeatedScalarFieldContainer as _Scalars
from google.protobuf.internal.containers import ScalarMap as _ScalarMap
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper as _EnumTypeWrapper
from google.protobuf.message import Message as _Message

from tfckpt.protos._runtime import adopt as adopt
from tfckpt.protos._runtime import full_name as full_name
from tfckpt.protos._runtime import is_message as is_message

__all__ = [
    "AllocationDescription",
    "AllocationRecord",
    "AllocatorMemoryUsed",
    "AssetFileDef",
    "AttrValue",
    "AutoParallelOptions",
    "BatchingOptions",
    "BoundedTensorSpecProto",
    "BundleEntryProto",
    "BundleHeaderProto",
    "CallableOptions",
    "CapturedTensor",
    "CheckpointState",
    "ChunkInfo",
    "ChunkMetadata",
    "ChunkedField",
    "ChunkedMessage",
    "ClusterDef",
    "Code",
    "CollectionDef",
    "CondContextDef",
    "ConfigProto",
    "ControlFlowContextDef",
    "CoordinatedJob",
    "CoordinationServiceConfig",
    "CostGraphDef",
    "DataType",
    "DebugOptions",
    "DebugTensorWatch",
    "DebuggedSourceFile",
    "DebuggedSourceFiles",
    "DeviceStepStats",
    "DictValue",
    "FieldIndex",
    "FingerprintDef",
    "FullTypeDef",
    "FullTypeId",
    "FunctionDef",
    "FunctionDefLibrary",
    "FunctionSpec",
    "GPUOptions",
    "GradientDef",
    "GraphDebugInfo",
    "GraphDef",
    "GraphOptions",
    "JobDef",
    "ListValue",
    "MemoryStats",
    "MetaGraphDef",
    "NameAttrList",
    "NamedTupleValue",
    "NodeDef",
    "NodeExecStats",
    "NodeOutput",
    "NoneValue",
    "OpDef",
    "OpDeprecation",
    "OpList",
    "OptimizerOptions",
    "PairValue",
    "QueueRunnerDef",
    "RPCOptions",
    "RegisteredGradient",
    "RegisteredSaver",
    "ResourceHandleProto",
    "RewriterConfig",
    "RunMetadata",
    "RunOptions",
    "SaveSliceInfoDef",
    "SaveableObject",
    "SavedAsset",
    "SavedBareConcreteFunction",
    "SavedConcreteFunction",
    "SavedConstant",
    "SavedFunction",
    "SavedModel",
    "SavedObject",
    "SavedObjectGraph",
    "SavedResource",
    "SavedSlice",
    "SavedSliceMeta",
    "SavedTensorSliceMeta",
    "SavedTensorSlices",
    "SavedUserObject",
    "SavedVariable",
    "SaverDef",
    "ScopedAllocatorOptions",
    "SerializedDType",
    "SessionMetadata",
    "SignatureDef",
    "SplitterVersionDef",
    "StepStats",
    "StructuredValue",
    "TensorConnection",
    "TensorDescription",
    "TensorInfo",
    "TensorProto",
    "TensorShapeProto",
    "TensorSliceProto",
    "TensorSpecProto",
    "ThreadPoolOptionProto",
    "TrackableObjectGraph",
    "TupleValue",
    "TypeSpecProto",
    "ValuesDef",
    "VariableAggregation",
    "VariableDef",
    "VariableSynchronization",
    "VariantTensorDataProto",
    "VerifierConfig",
    "VersionDef",
    "WhileContextDef",
    "adopt",
    "full_name",
    "is_message",
]

class _Code(_EnumTypeWrapper):
    OK: _Final = 0
    CANCELLED: _Final = 1
    UNKNOWN: _Final = 2
    INVALID_ARGUMENT: _Final = 3
    DEADLINE_EXCEEDED: _Final = 4
    NOT_FOUND: _Final = 5
    ALREADY_EXISTS: _Final = 6
    PERMISSION_DENIED: _Final = 7
    UNAUTHENTICATED: _Final = 16
    RESOURCE_EXHAUSTED: _Final = 8
    FAILED_PRECONDITION: _Final = 9
    ABORTED: _Final = 10
    OUT_OF_RANGE: _Final = 11
    UNIMPLEMENTED: _Final = 12
    INTERNAL: _Final = 13
    UNAVAILABLE: _Final = 14
    DATA_LOSS: _Final = 15
    DO_NOT_USE_RESERVED_FOR_FUTURE_EXPANSION_USE_DEFAULT_IN_SWITCH_INSTEAD_: _Final = 20

Code: _Code

OK: _Final = 0
CANCELLED: _Final = 1
UNKNOWN: _Final = 2
INVALID_ARGUMENT: _Final = 3
DEADLINE_EXCEEDED: _Final = 4
NOT_FOUND: _Final = 5
ALREADY_EXISTS: _Final = 6
PERMISSION_DENIED: _Final = 7
UNAUTHENTICATED: _Final = 16
RESOURCE_EXHAUSTED: _Final = 8
FAILED_PRECONDITION: _Final = 9
ABORTED: _Final = 10
OUT_OF_RANGE: _Final = 11
UNIMPLEMENTED: _Final = 12
INTERNAL: _Final = 13
UNAVAILABLE: _Final = 14
DATA_LOSS: _Final = 15
DO_NOT_USE_RESERVED_FOR_FUTURE_EXPANSION_USE_DEFAULT_IN_SWITCH_INSTEAD_: _Final = 20

class _DataType(_EnumTypeWrapper):
    DT_INVALID: _Final = 0
    DT_FLOAT: _Final = 1
    DT_DOUBLE: _Final = 2
    DT_INT32: _Final = 3
    DT_UINT8: _Final = 4
    DT_INT16: _Final = 5
    DT_INT8: _Final = 6
    DT_STRING: _Final = 7
    DT_COMPLEX64: _Final = 8
    DT_INT64: _Final = 9
    DT_BOOL: _Final = 10
    DT_QINT8: _Final = 11
    DT_QUINT8: _Final = 12
    DT_QINT32: _Final = 13
    DT_BFLOAT16: _Final = 14
    DT_QINT16: _Final = 15
    DT_QUINT16: _Final = 16
    DT_UINT16: _Final = 17
    DT_COMPLEX128: _Final = 18
    DT_HALF: _Final = 19
    DT_RESOURCE: _Final = 20
    DT_VARIANT: _Final = 21
    DT_UINT32: _Final = 22
    DT_UINT64: _Final = 23
    DT_FLOAT8_E5M2: _Final = 24
    DT_FLOAT8_E4M3FN: _Final = 25
    DT_FLOAT8_E4M3FNUZ: _Final = 26
    DT_FLOAT8_E4M3B11FNUZ: _Final = 27
    DT_FLOAT8_E5M2FNUZ: _Final = 28
    DT_INT4: _Final = 29
    DT_UINT4: _Final = 30
    DT_INT2: _Final = 31
    DT_UINT2: _Final = 32
    DT_FLOAT4_E2M1FN: _Final = 33
    DT_FLOAT_REF: _Final = 101
    DT_DOUBLE_REF: _Final = 102
    DT_INT32_REF: _Final = 103
    DT_UINT8_REF: _Final = 104
    DT_INT16_REF: _Final = 105
    DT_INT8_REF: _Final = 106
    DT_STRING_REF: _Final = 107
    DT_COMPLEX64_REF: _Final = 108
    DT_INT64_REF: _Final = 109
    DT_BOOL_REF: _Final = 110
    DT_QINT8_REF: _Final = 111
    DT_QUINT8_REF: _Final = 112
    DT_QINT32_REF: _Final = 113
    DT_BFLOAT16_REF: _Final = 114
    DT_QINT16_REF: _Final = 115
    DT_QUINT16_REF: _Final = 116
    DT_UINT16_REF: _Final = 117
    DT_COMPLEX128_REF: _Final = 118
    DT_HALF_REF: _Final = 119
    DT_RESOURCE_REF: _Final = 120
    DT_VARIANT_REF: _Final = 121
    DT_UINT32_REF: _Final = 122
    DT_UINT64_REF: _Final = 123
    DT_FLOAT8_E5M2_REF: _Final = 124
    DT_FLOAT8_E4M3FN_REF: _Final = 125
    DT_FLOAT8_E4M3FNUZ_REF: _Final = 126
    DT_FLOAT8_E4M3B11FNUZ_REF: _Final = 127
    DT_FLOAT8_E5M2FNUZ_REF: _Final = 128
    DT_INT4_REF: _Final = 129
    DT_UINT4_REF: _Final = 130
    DT_INT2_REF: _Final = 131
    DT_UINT2_REF: _Final = 132
    DT_FLOAT4_E2M1FN_REF: _Final = 133

DataType: _DataType

DT_INVALID: _Final = 0
DT_FLOAT: _Final = 1
DT_DOUBLE: _Final = 2
DT_INT32: _Final = 3
DT_UINT8: _Final = 4
DT_INT16: _Final = 5
DT_INT8: _Final = 6
DT_STRING: _Final = 7
DT_COMPLEX64: _Final = 8
DT_INT64: _Final = 9
DT_BOOL: _Final = 10
DT_QINT8: _Final = 11
DT_QUINT8: _Final = 12
DT_QINT32: _Final = 13
DT_BFLOAT16: _Final = 14
DT_QINT16: _Final = 15
DT_QUINT16: _Final = 16
DT_UINT16: _Final = 17
DT_COMPLEX128: _Final = 18
DT_HALF: _Final = 19
DT_RESOURCE: _Final = 20
DT_VARIANT: _Final = 21
DT_UINT32: _Final = 22
DT_UINT64: _Final = 23
DT_FLOAT8_E5M2: _Final = 24
DT_FLOAT8_E4M3FN: _Final = 25
DT_FLOAT8_E4M3FNUZ: _Final = 26
DT_FLOAT8_E4M3B11FNUZ: _Final = 27
DT_FLOAT8_E5M2FNUZ: _Final = 28
DT_INT4: _Final = 29
DT_UINT4: _Final = 30
DT_INT2: _Final = 31
DT_UINT2: _Final = 32
DT_FLOAT4_E2M1FN: _Final = 33
DT_FLOAT_REF: _Final = 101
DT_DOUBLE_REF: _Final = 102
DT_INT32_REF: _Final = 103
DT_UINT8_REF: _Final = 104
DT_INT16_REF: _Final = 105
DT_INT8_REF: _Final = 106
DT_STRING_REF: _Final = 107
DT_COMPLEX64_REF: _Final = 108
DT_INT64_REF: _Final = 109
DT_BOOL_REF: _Final = 110
DT_QINT8_REF: _Final = 111
DT_QUINT8_REF: _Final = 112
DT_QINT32_REF: _Final = 113
DT_BFLOAT16_REF: _Final = 114
DT_QINT16_REF: _Final = 115
DT_QUINT16_REF: _Final = 116
DT_UINT16_REF: _Final = 117
DT_COMPLEX128_REF: _Final = 118
DT_HALF_REF: _Final = 119
DT_RESOURCE_REF: _Final = 120
DT_VARIANT_REF: _Final = 121
DT_UINT32_REF: _Final = 122
DT_UINT64_REF: _Final = 123
DT_FLOAT8_E5M2_REF: _Final = 124
DT_FLOAT8_E4M3FN_REF: _Final = 125
DT_FLOAT8_E4M3FNUZ_REF: _Final = 126
DT_FLOAT8_E4M3B11FNUZ_REF: _Final = 127
DT_FLOAT8_E5M2FNUZ_REF: _Final = 128
DT_INT4_REF: _Final = 129
DT_UINT4_REF: _Final = 130
DT_INT2_REF: _Final = 131
DT_UINT2_REF: _Final = 132
DT_FLOAT4_E2M1FN_REF: _Final = 133

class _FullTypeId(_EnumTypeWrapper):
    TFT_UNSET: _Final = 0
    TFT_VAR: _Final = 1
    TFT_ANY: _Final = 2
    TFT_PRODUCT: _Final = 3
    TFT_NAMED: _Final = 4
    TFT_FOR_EACH: _Final = 20
    TFT_CALLABLE: _Final = 100
    TFT_TENSOR: _Final = 1000
    TFT_ARRAY: _Final = 1001
    TFT_OPTIONAL: _Final = 1002
    TFT_LITERAL: _Final = 1003
    TFT_ENCODED: _Final = 1004
    TFT_SHAPE_TENSOR: _Final = 1005
    TFT_BOOL: _Final = 200
    TFT_UINT8: _Final = 201
    TFT_UINT16: _Final = 202
    TFT_UINT32: _Final = 203
    TFT_UINT64: _Final = 204
    TFT_INT8: _Final = 205
    TFT_INT16: _Final = 206
    TFT_INT32: _Final = 207
    TFT_INT64: _Final = 208
    TFT_HALF: _Final = 209
    TFT_FLOAT: _Final = 210
    TFT_DOUBLE: _Final = 211
    TFT_BFLOAT16: _Final = 215
    TFT_COMPLEX64: _Final = 212
    TFT_COMPLEX128: _Final = 213
    TFT_STRING: _Final = 214
    TFT_DATASET: _Final = 10102
    TFT_RAGGED: _Final = 10103
    TFT_ITERATOR: _Final = 10104
    TFT_MUTEX_LOCK: _Final = 10202
    TFT_LEGACY_VARIANT: _Final = 10203

FullTypeId: _FullTypeId

TFT_UNSET: _Final = 0
TFT_VAR: _Final = 1
TFT_ANY: _Final = 2
TFT_PRODUCT: _Final = 3
TFT_NAMED: _Final = 4
TFT_FOR_EACH: _Final = 20
TFT_CALLABLE: _Final = 100
TFT_TENSOR: _Final = 1000
TFT_ARRAY: _Final = 1001
TFT_OPTIONAL: _Final = 1002
TFT_LITERAL: _Final = 1003
TFT_ENCODED: _Final = 1004
TFT_SHAPE_TENSOR: _Final = 1005
TFT_BOOL: _Final = 200
TFT_UINT8: _Final = 201
TFT_UINT16: _Final = 202
TFT_UINT32: _Final = 203
TFT_UINT64: _Final = 204
TFT_INT8: _Final = 205
TFT_INT16: _Final = 206
TFT_INT32: _Final = 207
TFT_INT64: _Final = 208
TFT_HALF: _Final = 209
TFT_FLOAT: _Final = 210
TFT_DOUBLE: _Final = 211
TFT_BFLOAT16: _Final = 215
TFT_COMPLEX64: _Final = 212
TFT_COMPLEX128: _Final = 213
TFT_STRING: _Final = 214
TFT_DATASET: _Final = 10102
TFT_RAGGED: _Final = 10103
TFT_ITERATOR: _Final = 10104
TFT_MUTEX_LOCK: _Final = 10202
TFT_LEGACY_VARIANT: _Final = 10203

class _VariableAggregation(_EnumTypeWrapper):
    VARIABLE_AGGREGATION_NONE: _Final = 0
    VARIABLE_AGGREGATION_SUM: _Final = 1
    VARIABLE_AGGREGATION_MEAN: _Final = 2
    VARIABLE_AGGREGATION_ONLY_FIRST_REPLICA: _Final = 3

VariableAggregation: _VariableAggregation

VARIABLE_AGGREGATION_NONE: _Final = 0
VARIABLE_AGGREGATION_SUM: _Final = 1
VARIABLE_AGGREGATION_MEAN: _Final = 2
VARIABLE_AGGREGATION_ONLY_FIRST_REPLICA: _Final = 3

class _VariableSynchronization(_EnumTypeWrapper):
    VARIABLE_SYNCHRONIZATION_AUTO: _Final = 0
    VARIABLE_SYNCHRONIZATION_NONE: _Final = 1
    VARIABLE_SYNCHRONIZATION_ON_WRITE: _Final = 2
    VARIABLE_SYNCHRONIZATION_ON_READ: _Final = 3

VariableSynchronization: _VariableSynchronization

VARIABLE_SYNCHRONIZATION_AUTO: _Final = 0
VARIABLE_SYNCHRONIZATION_NONE: _Final = 1
VARIABLE_SYNCHRONIZATION_ON_WRITE: _Final = 2
VARIABLE_SYNCHRONIZATION_ON_READ: _Final = 3

class AllocationDescription(_Message):
    REQUESTED_BYTES_FIELD_NUMBER: _Final = 1
    ALLOCATED_BYTES_FIELD_NUMBER: _Final = 2
    ALLOCATOR_NAME_FIELD_NUMBER: _Final = 3
    ALLOCATION_ID_FIELD_NUMBER: _Final = 4
    HAS_SINGLE_REFERENCE_FIELD_NUMBER: _Final = 5
    PTR_FIELD_NUMBER: _Final = 6
    requested_bytes: int
    allocated_bytes: int
    allocator_name: str
    allocation_id: int
    has_single_reference: bool
    ptr: int
    def __init__(
        self,
        *,
        requested_bytes: int | None = ...,
        allocated_bytes: int | None = ...,
        allocator_name: str | None = ...,
        allocation_id: int | None = ...,
        has_single_reference: bool | None = ...,
        ptr: int | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["requested_bytes", "allocated_bytes", "allocator_name", "allocation_id", "has_single_reference", "ptr"],
    ) -> None: ...

class AllocationRecord(_Message):
    ALLOC_MICROS_FIELD_NUMBER: _Final = 1
    ALLOC_BYTES_FIELD_NUMBER: _Final = 2
    alloc_micros: int
    alloc_bytes: int
    def __init__(
        self,
        *,
        alloc_micros: int | None = ...,
        alloc_bytes: int | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["alloc_micros", "alloc_bytes"]) -> None: ...

class AllocatorMemoryUsed(_Message):
    ALLOCATOR_NAME_FIELD_NUMBER: _Final = 1
    TOTAL_BYTES_FIELD_NUMBER: _Final = 2
    PEAK_BYTES_FIELD_NUMBER: _Final = 3
    LIVE_BYTES_FIELD_NUMBER: _Final = 4
    ALLOCATION_RECORDS_FIELD_NUMBER: _Final = 6
    ALLOCATOR_BYTES_IN_USE_FIELD_NUMBER: _Final = 5
    allocator_name: str
    total_bytes: int
    peak_bytes: int
    live_bytes: int
    @property
    def allocation_records(self) -> _Messages[AllocationRecord]: ...
    allocator_bytes_in_use: int
    def __init__(
        self,
        *,
        allocator_name: str | None = ...,
        total_bytes: int | None = ...,
        peak_bytes: int | None = ...,
        live_bytes: int | None = ...,
        allocation_records: _Iterable[AllocationRecord] | None = ...,
        allocator_bytes_in_use: int | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["allocator_name", "total_bytes", "peak_bytes", "live_bytes", "allocation_records", "allocator_bytes_in_use"],
    ) -> None: ...

class AssetFileDef(_Message):
    TENSOR_INFO_FIELD_NUMBER: _Final = 1
    FILENAME_FIELD_NUMBER: _Final = 2
    @property
    def tensor_info(self) -> TensorInfo: ...
    filename: str
    def __init__(
        self,
        *,
        tensor_info: TensorInfo | None = ...,
        filename: str | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["tensor_info"]) -> bool: ...
    def ClearField(self, field_name: _Literal["tensor_info", "filename"]) -> None: ...

class AttrValue(_Message):
    class ListValue(_Message):
        S_FIELD_NUMBER: _Final = 2
        I_FIELD_NUMBER: _Final = 3
        F_FIELD_NUMBER: _Final = 4
        B_FIELD_NUMBER: _Final = 5
        TYPE_FIELD_NUMBER: _Final = 6
        SHAPE_FIELD_NUMBER: _Final = 7
        TENSOR_FIELD_NUMBER: _Final = 8
        FUNC_FIELD_NUMBER: _Final = 9
        @property
        def s(self) -> _Scalars[bytes]: ...
        @property
        def i(self) -> _Scalars[int]: ...
        @property
        def f(self) -> _Scalars[float]: ...
        @property
        def b(self) -> _Scalars[bool]: ...
        @property
        def type(self) -> _Scalars[int]: ...
        @property
        def shape(self) -> _Messages[TensorShapeProto]: ...
        @property
        def tensor(self) -> _Messages[TensorProto]: ...
        @property
        def func(self) -> _Messages[NameAttrList]: ...
        def __init__(
            self,
            *,
            s: _Iterable[bytes] | None = ...,
            i: _Iterable[int] | None = ...,
            f: _Iterable[float] | None = ...,
            b: _Iterable[bool] | None = ...,
            type: _Iterable[int | str] | None = ...,
            shape: _Iterable[TensorShapeProto] | None = ...,
            tensor: _Iterable[TensorProto] | None = ...,
            func: _Iterable[NameAttrList] | None = ...,
        ) -> None: ...
        def ClearField(
            self,
            field_name: _Literal["s", "i", "f", "b", "type", "shape", "tensor", "func"],
        ) -> None: ...

    S_FIELD_NUMBER: _Final = 2
    I_FIELD_NUMBER: _Final = 3
    F_FIELD_NUMBER: _Final = 4
    B_FIELD_NUMBER: _Final = 5
    TYPE_FIELD_NUMBER: _Final = 6
    SHAPE_FIELD_NUMBER: _Final = 7
    TENSOR_FIELD_NUMBER: _Final = 8
    LIST_FIELD_NUMBER: _Final = 1
    FUNC_FIELD_NUMBER: _Final = 10
    PLACEHOLDER_FIELD_NUMBER: _Final = 9
    s: bytes
    i: int
    f: float
    b: bool
    type: int
    @property
    def shape(self) -> TensorShapeProto: ...
    @property
    def tensor(self) -> TensorProto: ...
    @property
    def list(self) -> AttrValue.ListValue: ...
    @property
    def func(self) -> NameAttrList: ...
    placeholder: str
    def __init__(
        self,
        *,
        s: bytes | None = ...,
        i: int | None = ...,
        f: float | None = ...,
        b: bool | None = ...,
        type: int | str | None = ...,
        shape: TensorShapeProto | None = ...,
        tensor: TensorProto | None = ...,
        list: AttrValue.ListValue | None = ...,
        func: NameAttrList | None = ...,
        placeholder: str | None = ...,
    ) -> None: ...
    def HasField(
        self,
        field_name: _Literal["b", "f", "func", "i", "list", "placeholder", "s", "shape", "tensor", "type", "value"],
    ) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["s", "i", "f", "b", "type", "shape", "tensor", "list", "func", "placeholder", "value"],
    ) -> None: ...
    def WhichOneof(
        self,
        oneof_group: _Literal["value"],
    ) -> _Literal["s", "i", "f", "b", "type", "shape", "tensor", "list", "func", "placeholder"] | None: ...

class AutoParallelOptions(_Message):
    ENABLE_FIELD_NUMBER: _Final = 1
    NUM_REPLICAS_FIELD_NUMBER: _Final = 2
    enable: bool
    num_replicas: int
    def __init__(
        self,
        *,
        enable: bool | None = ...,
        num_replicas: int | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["enable", "num_replicas"]) -> None: ...

class BatchingOptions(_Message):
    NUM_BATCH_THREADS_FIELD_NUMBER: _Final = 1
    MAX_BATCH_SIZE_FIELD_NUMBER: _Final = 2
    BATCH_TIMEOUT_MICROS_FIELD_NUMBER: _Final = 3
    ALLOWED_BATCH_SIZES_FIELD_NUMBER: _Final = 4
    MAX_ENQUEUED_BATCHES_FIELD_NUMBER: _Final = 5
    num_batch_threads: int
    max_batch_size: int
    batch_timeout_micros: int
    @property
    def allowed_batch_sizes(self) -> _Scalars[int]: ...
    max_enqueued_batches: int
    def __init__(
        self,
        *,
        num_batch_threads: int | None = ...,
        max_batch_size: int | None = ...,
        batch_timeout_micros: int | None = ...,
        allowed_batch_sizes: _Iterable[int] | None = ...,
        max_enqueued_batches: int | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["num_batch_threads", "max_batch_size", "batch_timeout_micros", "allowed_batch_sizes", "max_enqueued_batches"],
    ) -> None: ...

class BoundedTensorSpecProto(_Message):
    NAME_FIELD_NUMBER: _Final = 1
    SHAPE_FIELD_NUMBER: _Final = 2
    DTYPE_FIELD_NUMBER: _Final = 3
    MINIMUM_FIELD_NUMBER: _Final = 4
    MAXIMUM_FIELD_NUMBER: _Final = 5
    name: str
    @property
    def shape(self) -> TensorShapeProto: ...
    dtype: int
    @property
    def minimum(self) -> TensorProto: ...
    @property
    def maximum(self) -> TensorProto: ...
    def __init__(
        self,
        *,
        name: str | None = ...,
        shape: TensorShapeProto | None = ...,
        dtype: int | str | None = ...,
        minimum: TensorProto | None = ...,
        maximum: TensorProto | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["maximum", "minimum", "shape"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["name", "shape", "dtype", "minimum", "maximum"],
    ) -> None: ...

class BundleEntryProto(_Message):
    DTYPE_FIELD_NUMBER: _Final = 1
    SHAPE_FIELD_NUMBER: _Final = 2
    SHARD_ID_FIELD_NUMBER: _Final = 3
    OFFSET_FIELD_NUMBER: _Final = 4
    SIZE_FIELD_NUMBER: _Final = 5
    CRC32C_FIELD_NUMBER: _Final = 6
    SLICES_FIELD_NUMBER: _Final = 7
    dtype: int
    @property
    def shape(self) -> TensorShapeProto: ...
    shard_id: int
    offset: int
    size: int
    crc32c: int
    @property
    def slices(self) -> _Messages[TensorSliceProto]: ...
    def __init__(
        self,
        *,
        dtype: int | str | None = ...,
        shape: TensorShapeProto | None = ...,
        shard_id: int | None = ...,
        offset: int | None = ...,
        size: int | None = ...,
        crc32c: int | None = ...,
        slices: _Iterable[TensorSliceProto] | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["shape"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["dtype", "shape", "shard_id", "offset", "size", "crc32c", "slices"],
    ) -> None: ...

class BundleHeaderProto(_Message):
    class _Endianness(_EnumTypeWrapper):
        LITTLE: _Final = 0
        BIG: _Final = 1

    Endianness: _ClassVar[_Endianness]
    LITTLE: _Final = 0
    BIG: _Final = 1

    NUM_SHARDS_FIELD_NUMBER: _Final = 1
    ENDIANNESS_FIELD_NUMBER: _Final = 2
    VERSION_FIELD_NUMBER: _Final = 3
    num_shards: int
    endianness: int
    @property
    def version(self) -> VersionDef: ...
    def __init__(
        self,
        *,
        num_shards: int | None = ...,
        endianness: int | str | None = ...,
        version: VersionDef | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["version"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["num_shards", "endianness", "version"],
    ) -> None: ...

class CallableOptions(_Message):
    class FeedDevicesEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        value: str
        def __init__(self, *, key: str | None = ..., value: str | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    class FetchDevicesEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        value: str
        def __init__(self, *, key: str | None = ..., value: str | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    FEED_FIELD_NUMBER: _Final = 1
    FETCH_FIELD_NUMBER: _Final = 2
    TARGET_FIELD_NUMBER: _Final = 3
    RUN_OPTIONS_FIELD_NUMBER: _Final = 4
    TENSOR_CONNECTION_FIELD_NUMBER: _Final = 5
    FEED_DEVICES_FIELD_NUMBER: _Final = 6
    FETCH_DEVICES_FIELD_NUMBER: _Final = 7
    FETCH_SKIP_SYNC_FIELD_NUMBER: _Final = 8
    @property
    def feed(self) -> _Scalars[str]: ...
    @property
    def fetch(self) -> _Scalars[str]: ...
    @property
    def target(self) -> _Scalars[str]: ...
    @property
    def run_options(self) -> RunOptions: ...
    @property
    def tensor_connection(self) -> _Messages[TensorConnection]: ...
    @property
    def feed_devices(self) -> _ScalarMap[str, str]: ...
    @property
    def fetch_devices(self) -> _ScalarMap[str, str]: ...
    fetch_skip_sync: bool
    def __init__(
        self,
        *,
        feed: _Iterable[str] | None = ...,
        fetch: _Iterable[str] | None = ...,
        target: _Iterable[str] | None = ...,
        run_options: RunOptions | None = ...,
        tensor_connection: _Iterable[TensorConnection] | None = ...,
        feed_devices: _Mapping[str, str] | None = ...,
        fetch_devices: _Mapping[str, str] | None = ...,
        fetch_skip_sync: bool | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["run_options"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["feed", "fetch", "target", "run_options", "tensor_connection", "feed_devices", "fetch_devices", "fetch_skip_sync"],
    ) -> None: ...

class CapturedTensor(_Message):
    NAME_FIELD_NUMBER: _Final = 1
    CONCRETE_FUNCTION_FIELD_NUMBER: _Final = 2
    name: str
    concrete_function: str
    def __init__(
        self,
        *,
        name: str | None = ...,
        concrete_function: str | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["name", "concrete_function"]) -> None: ...

class CheckpointState(_Message):
    MODEL_CHECKPOINT_PATH_FIELD_NUMBER: _Final = 1
    ALL_MODEL_CHECKPOINT_PATHS_FIELD_NUMBER: _Final = 2
    ALL_MODEL_CHECKPOINT_TIMESTAMPS_FIELD_NUMBER: _Final = 3
    LAST_PRESERVED_TIMESTAMP_FIELD_NUMBER: _Final = 4
    model_checkpoint_path: str
    @property
    def all_model_checkpoint_paths(self) -> _Scalars[str]: ...
    @property
    def all_model_checkpoint_timestamps(self) -> _Scalars[float]: ...
    last_preserved_timestamp: float
    def __init__(
        self,
        *,
        model_checkpoint_path: str | None = ...,
        all_model_checkpoint_paths: _Iterable[str] | None = ...,
        all_model_checkpoint_timestamps: _Iterable[float] | None = ...,
        last_preserved_timestamp: float | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["model_checkpoint_path", "all_model_checkpoint_paths", "all_model_checkpoint_timestamps", "last_preserved_timestamp"],
    ) -> None: ...

class ChunkInfo(_Message):
    class _Type(_EnumTypeWrapper):
        UNSET: _Final = 0
        MESSAGE: _Final = 1
        BYTES: _Final = 2

    Type: _ClassVar[_Type]
    UNSET: _Final = 0
    MESSAGE: _Final = 1
    BYTES: _Final = 2

    TYPE_FIELD_NUMBER: _Final = 1
    SIZE_FIELD_NUMBER: _Final = 2
    OFFSET_FIELD_NUMBER: _Final = 3
    type: int
    size: int
    offset: int
    def __init__(
        self,
        *,
        type: int | str | None = ...,
        size: int | None = ...,
        offset: int | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["type", "size", "offset"]) -> None: ...

class ChunkMetadata(_Message):
    VERSION_FIELD_NUMBER: _Final = 1
    CHUNKS_FIELD_NUMBER: _Final = 2
    MESSAGE_FIELD_NUMBER: _Final = 3
    @property
    def version(self) -> SplitterVersionDef: ...
    @property
    def chunks(self) -> _Messages[ChunkInfo]: ...
    @property
    def message(self) -> ChunkedMessage: ...
    def __init__(
        self,
        *,
        version: SplitterVersionDef | None = ...,
        chunks: _Iterable[ChunkInfo] | None = ...,
        message: ChunkedMessage | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["message", "version"]) -> bool: ...
    def ClearField(self, field_name: _Literal["version", "chunks", "message"]) -> None: ...

class ChunkedField(_Message):
    FIELD_TAG_FIELD_NUMBER: _Final = 1
    MESSAGE_FIELD_NUMBER: _Final = 3
    @property
    def field_tag(self) -> _Messages[FieldIndex]: ...
    @property
    def message(self) -> ChunkedMessage: ...
    def __init__(
        self,
        *,
        field_tag: _Iterable[FieldIndex] | None = ...,
        message: ChunkedMessage | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["message"]) -> bool: ...
    def ClearField(self, field_name: _Literal["field_tag", "message"]) -> None: ...

class ChunkedMessage(_Message):
    CHUNK_INDEX_FIELD_NUMBER: _Final = 1
    CHUNKED_FIELDS_FIELD_NUMBER: _Final = 2
    chunk_index: int
    @property
    def chunked_fields(self) -> _Messages[ChunkedField]: ...
    def __init__(
        self,
        *,
        chunk_index: int | None = ...,
        chunked_fields: _Iterable[ChunkedField] | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["chunk_index"]) -> bool: ...
    def ClearField(self, field_name: _Literal["chunk_index", "chunked_fields"]) -> None: ...

class ClusterDef(_Message):
    JOB_FIELD_NUMBER: _Final = 1
    @property
    def job(self) -> _Messages[JobDef]: ...
    def __init__(self, *, job: _Iterable[JobDef] | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["job"]) -> None: ...

class CollectionDef(_Message):
    class NodeList(_Message):
        VALUE_FIELD_NUMBER: _Final = 1
        @property
        def value(self) -> _Scalars[str]: ...
        def __init__(self, *, value: _Iterable[str] | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["value"]) -> None: ...

    class BytesList(_Message):
        VALUE_FIELD_NUMBER: _Final = 1
        @property
        def value(self) -> _Scalars[bytes]: ...
        def __init__(self, *, value: _Iterable[bytes] | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["value"]) -> None: ...

    class Int64List(_Message):
        VALUE_FIELD_NUMBER: _Final = 1
        @property
        def value(self) -> _Scalars[int]: ...
        def __init__(self, *, value: _Iterable[int] | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["value"]) -> None: ...

    class FloatList(_Message):
        VALUE_FIELD_NUMBER: _Final = 1
        @property
        def value(self) -> _Scalars[float]: ...
        def __init__(self, *, value: _Iterable[float] | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["value"]) -> None: ...

    class AnyList(_Message):
        VALUE_FIELD_NUMBER: _Final = 1
        @property
        def value(self) -> _Messages[_any_pb2.Any]: ...
        def __init__(self, *, value: _Iterable[_any_pb2.Any] | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["value"]) -> None: ...

    NODE_LIST_FIELD_NUMBER: _Final = 1
    BYTES_LIST_FIELD_NUMBER: _Final = 2
    INT64_LIST_FIELD_NUMBER: _Final = 3
    FLOAT_LIST_FIELD_NUMBER: _Final = 4
    ANY_LIST_FIELD_NUMBER: _Final = 5
    @property
    def node_list(self) -> CollectionDef.NodeList: ...
    @property
    def bytes_list(self) -> CollectionDef.BytesList: ...
    @property
    def int64_list(self) -> CollectionDef.Int64List: ...
    @property
    def float_list(self) -> CollectionDef.FloatList: ...
    @property
    def any_list(self) -> CollectionDef.AnyList: ...
    def __init__(
        self,
        *,
        node_list: CollectionDef.NodeList | None = ...,
        bytes_list: CollectionDef.BytesList | None = ...,
        int64_list: CollectionDef.Int64List | None = ...,
        float_list: CollectionDef.FloatList | None = ...,
        any_list: CollectionDef.AnyList | None = ...,
    ) -> None: ...
    def HasField(
        self,
        field_name: _Literal["any_list", "bytes_list", "float_list", "int64_list", "kind", "node_list"],
    ) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["node_list", "bytes_list", "int64_list", "float_list", "any_list", "kind"],
    ) -> None: ...
    def WhichOneof(
        self,
        oneof_group: _Literal["kind"],
    ) -> _Literal["node_list", "bytes_list", "int64_list", "float_list", "any_list"] | None: ...

class CondContextDef(_Message):
    CONTEXT_NAME_FIELD_NUMBER: _Final = 1
    PRED_NAME_FIELD_NUMBER: _Final = 2
    PIVOT_NAME_FIELD_NUMBER: _Final = 3
    BRANCH_FIELD_NUMBER: _Final = 4
    VALUES_DEF_FIELD_NUMBER: _Final = 5
    NESTED_CONTEXTS_FIELD_NUMBER: _Final = 6
    context_name: str
    pred_name: str
    pivot_name: str
    branch: int
    @property
    def values_def(self) -> ValuesDef: ...
    @property
    def nested_contexts(self) -> _Messages[ControlFlowContextDef]: ...
    def __init__(
        self,
        *,
        context_name: str | None = ...,
        pred_name: str | None = ...,
        pivot_name: str | None = ...,
        branch: int | None = ...,
        values_def: ValuesDef | None = ...,
        nested_contexts: _Iterable[ControlFlowContextDef] | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["values_def"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["context_name", "pred_name", "pivot_name", "branch", "values_def", "nested_contexts"],
    ) -> None: ...

class ConfigProto(_Message):
    class Experimental(_Message):
        class _MlirBridgeRollout(_EnumTypeWrapper):
            MLIR_BRIDGE_ROLLOUT_UNSPECIFIED: _Final = 0
            MLIR_BRIDGE_ROLLOUT_ENABLED: _Final = 1
            MLIR_BRIDGE_ROLLOUT_DISABLED: _Final = 2

        MlirBridgeRollout: _ClassVar[_MlirBridgeRollout]
        MLIR_BRIDGE_ROLLOUT_UNSPECIFIED: _Final = 0
        MLIR_BRIDGE_ROLLOUT_ENABLED: _Final = 1
        MLIR_BRIDGE_ROLLOUT_DISABLED: _Final = 2

        COLLECTIVE_GROUP_LEADER_FIELD_NUMBER: _Final = 1
        EXECUTOR_TYPE_FIELD_NUMBER: _Final = 3
        RECV_BUF_MAX_CHUNK_FIELD_NUMBER: _Final = 4
        USE_NUMA_AFFINITY_FIELD_NUMBER: _Final = 5
        COLLECTIVE_DETERMINISTIC_SEQUENTIAL_EXECUTION_FIELD_NUMBER: _Final = 6
        COLLECTIVE_NCCL_FIELD_NUMBER: _Final = 7
        SHARE_SESSION_STATE_IN_CLUSTERSPEC_PROPAGATION_FIELD_NUMBER: _Final = 8
        DISABLE_THREAD_SPINNING_FIELD_NUMBER: _Final = 9
        SHARE_CLUSTER_DEVICES_IN_SESSION_FIELD_NUMBER: _Final = 10
        SESSION_METADATA_FIELD_NUMBER: _Final = 11
        OPTIMIZE_FOR_STATIC_GRAPH_FIELD_NUMBER: _Final = 12
        ENABLE_MLIR_BRIDGE_FIELD_NUMBER: _Final = 13
        MLIR_BRIDGE_ROLLOUT_FIELD_NUMBER: _Final = 17
        ENABLE_MLIR_GRAPH_OPTIMIZATION_FIELD_NUMBER: _Final = 16
        DISABLE_OUTPUT_PARTITION_GRAPHS_FIELD_NUMBER: _Final = 14
        XLA_FUSION_AUTOTUNER_THRESH_FIELD_NUMBER: _Final = 15
        USE_TFRT_FIELD_NUMBER: _Final = 18
        ENABLE_MULTI_HOST_FIELD_NUMBER: _Final = 27
        TFRT_USE_IFRT_FIELD_NUMBER: _Final = 32
        BACKEND_SERVER_PORT_FIELD_NUMBER: _Final = 28
        TARGET_TPU_FIELD_NUMBER: _Final = 29
        TARGET_GPU_FIELD_NUMBER: _Final = 30
        STREAM_MERGE_THRESHOLD_FIELD_NUMBER: _Final = 31
        DISABLE_FUNCTIONAL_OPS_LOWERING_FIELD_NUMBER: _Final = 21
        XLA_PREFER_SINGLE_GRAPH_CLUSTER_FIELD_NUMBER: _Final = 22
        COORDINATION_CONFIG_FIELD_NUMBER: _Final = 23
        DISABLE_OPTIMIZE_FOR_STATIC_GRAPH_FIELD_NUMBER: _Final = 24
        DISABLE_EAGER_EXECUTOR_STREAMING_ENQUEUE_FIELD_NUMBER: _Final = 26
        FINALIZE_FUNCTION_LIBRARY_RUNTIME_FIELD_NUMBER: _Final = 33
        FINALIZE_RESOURCE_MANAGER_FIELD_NUMBER: _Final = 34
        TF2XLA_DUMP_DIR_FIELD_NUMBER: _Final = 35
        ONLINE_COST_ANALYSIS_FIELD_NUMBER: _Final = 36
        collective_group_leader: str
        executor_type: str
        recv_buf_max_chunk: int
        use_numa_affinity: bool
        collective_deterministic_sequential_execution: bool
        collective_nccl: bool
        share_session_state_in_clusterspec_propagation: bool
        disable_thread_spinning: bool
        share_cluster_devices_in_session: bool
        @property
        def session_metadata(self) -> SessionMetadata: ...
        optimize_for_static_graph: bool
        enable_mlir_bridge: bool
        mlir_bridge_rollout: int
        enable_mlir_graph_optimization: bool
        disable_output_partition_graphs: bool
        xla_fusion_autotuner_thresh: int
        use_tfrt: bool
        enable_multi_host: bool
        tfrt_use_ifrt: bool
        backend_server_port: int
        target_tpu: bool
        target_gpu: bool
        stream_merge_threshold: int
        disable_functional_ops_lowering: bool
        xla_prefer_single_graph_cluster: bool
        @property
        def coordination_config(self) -> CoordinationServiceConfig: ...
        disable_optimize_for_static_graph: bool
        disable_eager_executor_streaming_enqueue: bool
        finalize_function_library_runtime: bool
        finalize_resource_manager: bool
        tf2xla_dump_dir: str
        online_cost_analysis: bool
        def __init__(
            self,
            *,
            collective_group_leader: str | None = ...,
            executor_type: str | None = ...,
            recv_buf_max_chunk: int | None = ...,
            use_numa_affinity: bool | None = ...,
            collective_deterministic_sequential_execution: bool | None = ...,
            collective_nccl: bool | None = ...,
            share_session_state_in_clusterspec_propagation: bool | None = ...,
            disable_thread_spinning: bool | None = ...,
            share_cluster_devices_in_session: bool | None = ...,
            session_metadata: SessionMetadata | None = ...,
            optimize_for_static_graph: bool | None = ...,
            enable_mlir_bridge: bool | None = ...,
            mlir_bridge_rollout: int | str | None = ...,
            enable_mlir_graph_optimization: bool | None = ...,
            disable_output_partition_graphs: bool | None = ...,
            xla_fusion_autotuner_thresh: int | None = ...,
            use_tfrt: bool | None = ...,
            enable_multi_host: bool | None = ...,
            tfrt_use_ifrt: bool | None = ...,
            backend_server_port: int | None = ...,
            target_tpu: bool | None = ...,
            target_gpu: bool | None = ...,
            stream_merge_threshold: int | None = ...,
            disable_functional_ops_lowering: bool | None = ...,
            xla_prefer_single_graph_cluster: bool | None = ...,
            coordination_config: CoordinationServiceConfig | None = ...,
            disable_optimize_for_static_graph: bool | None = ...,
            disable_eager_executor_streaming_enqueue: bool | None = ...,
            finalize_function_library_runtime: bool | None = ...,
            finalize_resource_manager: bool | None = ...,
            tf2xla_dump_dir: str | None = ...,
            online_cost_analysis: bool | None = ...,
        ) -> None: ...
        def HasField(
            self,
            field_name: _Literal["coordination_config", "session_metadata"],
        ) -> bool: ...
        def ClearField(
            self,
            field_name: _Literal["collective_group_leader", "executor_type", "recv_buf_max_chunk", "use_numa_affinity", "collective_deterministic_sequential_execution", "collective_nccl", "share_session_state_in_clusterspec_propagation", "disable_thread_spinning", "share_cluster_devices_in_session", "session_metadata", "optimize_for_static_graph", "enable_mlir_bridge", "mlir_bridge_rollout", "enable_mlir_graph_optimization", "disable_output_partition_graphs", "xla_fusion_autotuner_thresh", "use_tfrt", "enable_multi_host", "tfrt_use_ifrt", "backend_server_port", "target_tpu", "target_gpu", "stream_merge_threshold", "disable_functional_ops_lowering", "xla_prefer_single_graph_cluster", "coordination_config", "disable_optimize_for_static_graph", "disable_eager_executor_streaming_enqueue", "finalize_function_library_runtime", "finalize_resource_manager", "tf2xla_dump_dir", "online_cost_analysis"],
        ) -> None: ...

    class DeviceCountEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        value: int
        def __init__(self, *, key: str | None = ..., value: int | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    DEVICE_COUNT_FIELD_NUMBER: _Final = 1
    INTRA_OP_PARALLELISM_THREADS_FIELD_NUMBER: _Final = 2
    INTER_OP_PARALLELISM_THREADS_FIELD_NUMBER: _Final = 5
    USE_PER_SESSION_THREADS_FIELD_NUMBER: _Final = 9
    SESSION_INTER_OP_THREAD_POOL_FIELD_NUMBER: _Final = 12
    PLACEMENT_PERIOD_FIELD_NUMBER: _Final = 3
    DEVICE_FILTERS_FIELD_NUMBER: _Final = 4
    GPU_OPTIONS_FIELD_NUMBER: _Final = 6
    PLUGGABLE_DEVICE_OPTIONS_FIELD_NUMBER: _Final = 18
    ALLOW_SOFT_PLACEMENT_FIELD_NUMBER: _Final = 7
    LOG_DEVICE_PLACEMENT_FIELD_NUMBER: _Final = 8
    GRAPH_OPTIONS_FIELD_NUMBER: _Final = 10
    OPERATION_TIMEOUT_IN_MS_FIELD_NUMBER: _Final = 11
    RPC_OPTIONS_FIELD_NUMBER: _Final = 13
    CLUSTER_DEF_FIELD_NUMBER: _Final = 14
    ISOLATE_SESSION_STATE_FIELD_NUMBER: _Final = 15
    SHARE_CLUSTER_DEVICES_IN_SESSION_FIELD_NUMBER: _Final = 17
    EXPERIMENTAL_FIELD_NUMBER: _Final = 16
    @property
    def device_count(self) -> _ScalarMap[str, int]: ...
    intra_op_parallelism_threads: int
    inter_op_parallelism_threads: int
    use_per_session_threads: bool
    @property
    def session_inter_op_thread_pool(self) -> _Messages[ThreadPoolOptionProto]: ...
    placement_period: int
    @property
    def device_filters(self) -> _Scalars[str]: ...
    @property
    def gpu_options(self) -> GPUOptions: ...
    @property
    def pluggable_device_options(self) -> GPUOptions: ...
    allow_soft_placement: bool
    log_device_placement: bool
    @property
    def graph_options(self) -> GraphOptions: ...
    operation_timeout_in_ms: int
    @property
    def rpc_options(self) -> RPCOptions: ...
    @property
    def cluster_def(self) -> ClusterDef: ...
    isolate_session_state: bool
    share_cluster_devices_in_session: bool
    @property
    def experimental(self) -> ConfigProto.Experimental: ...
    def __init__(
        self,
        *,
        device_count: _Mapping[str, int] | None = ...,
        intra_op_parallelism_threads: int | None = ...,
        inter_op_parallelism_threads: int | None = ...,
        use_per_session_threads: bool | None = ...,
        session_inter_op_thread_pool: _Iterable[ThreadPoolOptionProto] | None = ...,
        placement_period: int | None = ...,
        device_filters: _Iterable[str] | None = ...,
        gpu_options: GPUOptions | None = ...,
        pluggable_device_options: GPUOptions | None = ...,
        allow_soft_placement: bool | None = ...,
        log_device_placement: bool | None = ...,
        graph_options: GraphOptions | None = ...,
        operation_timeout_in_ms: int | None = ...,
        rpc_options: RPCOptions | None = ...,
        cluster_def: ClusterDef | None = ...,
        isolate_session_state: bool | None = ...,
        share_cluster_devices_in_session: bool | None = ...,
        experimental: ConfigProto.Experimental | None = ...,
    ) -> None: ...
    def HasField(
        self,
        field_name: _Literal["cluster_def", "experimental", "gpu_options", "graph_options", "pluggable_device_options", "rpc_options"],
    ) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["device_count", "intra_op_parallelism_threads", "inter_op_parallelism_threads", "use_per_session_threads", "session_inter_op_thread_pool", "placement_period", "device_filters", "gpu_options", "pluggable_device_options", "allow_soft_placement", "log_device_placement", "graph_options", "operation_timeout_in_ms", "rpc_options", "cluster_def", "isolate_session_state", "share_cluster_devices_in_session", "experimental"],
    ) -> None: ...

class ControlFlowContextDef(_Message):
    COND_CTXT_FIELD_NUMBER: _Final = 1
    WHILE_CTXT_FIELD_NUMBER: _Final = 2
    @property
    def cond_ctxt(self) -> CondContextDef: ...
    @property
    def while_ctxt(self) -> WhileContextDef: ...
    def __init__(
        self,
        *,
        cond_ctxt: CondContextDef | None = ...,
        while_ctxt: WhileContextDef | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["cond_ctxt", "ctxt", "while_ctxt"]) -> bool: ...
    def ClearField(self, field_name: _Literal["cond_ctxt", "while_ctxt", "ctxt"]) -> None: ...
    def WhichOneof(
        self,
        oneof_group: _Literal["ctxt"],
    ) -> _Literal["cond_ctxt", "while_ctxt"] | None: ...

class CoordinatedJob(_Message):
    NAME_FIELD_NUMBER: _Final = 1
    NUM_TASKS_FIELD_NUMBER: _Final = 2
    name: str
    num_tasks: int
    def __init__(self, *, name: str | None = ..., num_tasks: int | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["name", "num_tasks"]) -> None: ...

class CoordinationServiceConfig(_Message):
    SERVICE_TYPE_FIELD_NUMBER: _Final = 1
    SERVICE_LEADER_FIELD_NUMBER: _Final = 2
    ENABLE_HEALTH_CHECK_FIELD_NUMBER: _Final = 3
    CLUSTER_REGISTER_TIMEOUT_IN_MS_FIELD_NUMBER: _Final = 4
    CLUSTER_REGISTER_WITH_BARRIER_FIELD_NUMBER: _Final = 14
    HEARTBEAT_TIMEOUT_IN_MS_FIELD_NUMBER: _Final = 5
    COORDINATED_JOB_LIST_FIELD_NUMBER: _Final = 10
    SHUTDOWN_BARRIER_TIMEOUT_IN_MS_FIELD_NUMBER: _Final = 7
    AGENT_DESTRUCTION_WITHOUT_SHUTDOWN_FIELD_NUMBER: _Final = 8
    RECOVERABLE_JOBS_FIELD_NUMBER: _Final = 9
    ALLOW_NEW_INCARNATION_TO_RECONNECT_FIELD_NUMBER: _Final = 11
    FORCE_DISABLE_FIELD_NUMBER: _Final = 12
    POLL_FOR_ERROR_FROM_SERVICE_AT_STARTUP_FIELD_NUMBER: _Final = 13
    service_type: str
    service_leader: str
    enable_health_check: bool
    cluster_register_timeout_in_ms: int
    cluster_register_with_barrier: bool
    heartbeat_timeout_in_ms: int
    @property
    def coordinated_job_list(self) -> _Messages[CoordinatedJob]: ...
    shutdown_barrier_timeout_in_ms: int
    agent_destruction_without_shutdown: bool
    @property
    def recoverable_jobs(self) -> _Scalars[str]: ...
    allow_new_incarnation_to_reconnect: bool
    force_disable: bool
    poll_for_error_from_service_at_startup: bool
    def __init__(
        self,
        *,
        service_type: str | None = ...,
        service_leader: str | None = ...,
        enable_health_check: bool | None = ...,
        cluster_register_timeout_in_ms: int | None = ...,
        cluster_register_with_barrier: bool | None = ...,
        heartbeat_timeout_in_ms: int | None = ...,
        coordinated_job_list: _Iterable[CoordinatedJob] | None = ...,
        shutdown_barrier_timeout_in_ms: int | None = ...,
        agent_destruction_without_shutdown: bool | None = ...,
        recoverable_jobs: _Iterable[str] | None = ...,
        allow_new_incarnation_to_reconnect: bool | None = ...,
        force_disable: bool | None = ...,
        poll_for_error_from_service_at_startup: bool | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["service_type", "service_leader", "enable_health_check", "cluster_register_timeout_in_ms", "cluster_register_with_barrier", "heartbeat_timeout_in_ms", "coordinated_job_list", "shutdown_barrier_timeout_in_ms", "agent_destruction_without_shutdown", "recoverable_jobs", "allow_new_incarnation_to_reconnect", "force_disable", "poll_for_error_from_service_at_startup"],
    ) -> None: ...

class CostGraphDef(_Message):
    class Node(_Message):
        class InputInfo(_Message):
            PRECEDING_NODE_FIELD_NUMBER: _Final = 1
            PRECEDING_PORT_FIELD_NUMBER: _Final = 2
            preceding_node: int
            preceding_port: int
            def __init__(
                self,
                *,
                preceding_node: int | None = ...,
                preceding_port: int | None = ...,
            ) -> None: ...
            def ClearField(self, field_name: _Literal["preceding_node", "preceding_port"]) -> None: ...

        class OutputInfo(_Message):
            SIZE_FIELD_NUMBER: _Final = 1
            ALIAS_INPUT_PORT_FIELD_NUMBER: _Final = 2
            SHAPE_FIELD_NUMBER: _Final = 3
            DTYPE_FIELD_NUMBER: _Final = 4
            size: int
            alias_input_port: int
            @property
            def shape(self) -> TensorShapeProto: ...
            dtype: int
            def __init__(
                self,
                *,
                size: int | None = ...,
                alias_input_port: int | None = ...,
                shape: TensorShapeProto | None = ...,
                dtype: int | str | None = ...,
            ) -> None: ...
            def HasField(self, field_name: _Literal["shape"]) -> bool: ...
            def ClearField(
                self,
                field_name: _Literal["size", "alias_input_port", "shape", "dtype"],
            ) -> None: ...

        NAME_FIELD_NUMBER: _Final = 1
        DEVICE_FIELD_NUMBER: _Final = 2
        ID_FIELD_NUMBER: _Final = 3
        INPUT_INFO_FIELD_NUMBER: _Final = 4
        OUTPUT_INFO_FIELD_NUMBER: _Final = 5
        TEMPORARY_MEMORY_SIZE_FIELD_NUMBER: _Final = 6
        PERSISTENT_MEMORY_SIZE_FIELD_NUMBER: _Final = 12
        HOST_TEMP_MEMORY_SIZE_FIELD_NUMBER: _Final = 10
        DEVICE_TEMP_MEMORY_SIZE_FIELD_NUMBER: _Final = 11
        DEVICE_PERSISTENT_MEMORY_SIZE_FIELD_NUMBER: _Final = 16
        COMPUTE_COST_FIELD_NUMBER: _Final = 9
        COMPUTE_TIME_FIELD_NUMBER: _Final = 14
        MEMORY_TIME_FIELD_NUMBER: _Final = 15
        IS_FINAL_FIELD_NUMBER: _Final = 7
        CONTROL_INPUT_FIELD_NUMBER: _Final = 8
        INACCURATE_FIELD_NUMBER: _Final = 17
        name: str
        device: str
        id: int
        @property
        def input_info(self) -> _Messages[CostGraphDef.Node.InputInfo]: ...
        @property
        def output_info(self) -> _Messages[CostGraphDef.Node.OutputInfo]: ...
        temporary_memory_size: int
        persistent_memory_size: int
        host_temp_memory_size: int
        device_temp_memory_size: int
        device_persistent_memory_size: int
        compute_cost: int
        compute_time: int
        memory_time: int
        is_final: bool
        @property
        def control_input(self) -> _Scalars[int]: ...
        inaccurate: bool
        def __init__(
            self,
            *,
            name: str | None = ...,
            device: str | None = ...,
            id: int | None = ...,
            input_info: _Iterable[CostGraphDef.Node.InputInfo] | None = ...,
            output_info: _Iterable[CostGraphDef.Node.OutputInfo] | None = ...,
            temporary_memory_size: int | None = ...,
            persistent_memory_size: int | None = ...,
            host_temp_memory_size: int | None = ...,
            device_temp_memory_size: int | None = ...,
            device_persistent_memory_size: int | None = ...,
            compute_cost: int | None = ...,
            compute_time: int | None = ...,
            memory_time: int | None = ...,
            is_final: bool | None = ...,
            control_input: _Iterable[int] | None = ...,
            inaccurate: bool | None = ...,
        ) -> None: ...
        def ClearField(
            self,
            field_name: _Literal["name", "device", "id", "input_info", "output_info", "temporary_memory_size", "persistent_memory_size", "host_temp_memory_size", "device_temp_memory_size", "device_persistent_memory_size", "compute_cost", "compute_time", "memory_time", "is_final", "control_input", "inaccurate"],
        ) -> None: ...

    class AggregatedCost(_Message):
        COST_FIELD_NUMBER: _Final = 1
        DIMENSION_FIELD_NUMBER: _Final = 2
        cost: float
        dimension: str
        def __init__(self, *, cost: float | None = ..., dimension: str | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["cost", "dimension"]) -> None: ...

    NODE_FIELD_NUMBER: _Final = 1
    COST_FIELD_NUMBER: _Final = 2
    @property
    def node(self) -> _Messages[CostGraphDef.Node]: ...
    @property
    def cost(self) -> _Messages[CostGraphDef.AggregatedCost]: ...
    def __init__(
        self,
        *,
        node: _Iterable[CostGraphDef.Node] | None = ...,
        cost: _Iterable[CostGraphDef.AggregatedCost] | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["node", "cost"]) -> None: ...

class DebugOptions(_Message):
    DEBUG_TENSOR_WATCH_OPTS_FIELD_NUMBER: _Final = 4
    GLOBAL_STEP_FIELD_NUMBER: _Final = 10
    RESET_DISK_BYTE_USAGE_FIELD_NUMBER: _Final = 11
    @property
    def debug_tensor_watch_opts(self) -> _Messages[DebugTensorWatch]: ...
    global_step: int
    reset_disk_byte_usage: bool
    def __init__(
        self,
        *,
        debug_tensor_watch_opts: _Iterable[DebugTensorWatch] | None = ...,
        global_step: int | None = ...,
        reset_disk_byte_usage: bool | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["debug_tensor_watch_opts", "global_step", "reset_disk_byte_usage"],
    ) -> None: ...

class DebugTensorWatch(_Message):
    NODE_NAME_FIELD_NUMBER: _Final = 1
    OUTPUT_SLOT_FIELD_NUMBER: _Final = 2
    DEBUG_OPS_FIELD_NUMBER: _Final = 3
    DEBUG_URLS_FIELD_NUMBER: _Final = 4
    TOLERATE_DEBUG_OP_CREATION_FAILURES_FIELD_NUMBER: _Final = 5
    node_name: str
    output_slot: int
    @property
    def debug_ops(self) -> _Scalars[str]: ...
    @property
    def debug_urls(self) -> _Scalars[str]: ...
    tolerate_debug_op_creation_failures: bool
    def __init__(
        self,
        *,
        node_name: str | None = ...,
        output_slot: int | None = ...,
        debug_ops: _Iterable[str] | None = ...,
        debug_urls: _Iterable[str] | None = ...,
        tolerate_debug_op_creation_failures: bool | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["node_name", "output_slot", "debug_ops", "debug_urls", "tolerate_debug_op_creation_failures"],
    ) -> None: ...

class DebuggedSourceFile(_Message):
    HOST_FIELD_NUMBER: _Final = 1
    FILE_PATH_FIELD_NUMBER: _Final = 2
    LAST_MODIFIED_FIELD_NUMBER: _Final = 3
    BYTES_FIELD_NUMBER: _Final = 4
    LINES_FIELD_NUMBER: _Final = 5
    host: str
    file_path: str
    last_modified: int
    bytes: int
    @property
    def lines(self) -> _Scalars[str]: ...
    def __init__(
        self,
        *,
        host: str | None = ...,
        file_path: str | None = ...,
        last_modified: int | None = ...,
        bytes: int | None = ...,
        lines: _Iterable[str] | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["host", "file_path", "last_modified", "bytes", "lines"],
    ) -> None: ...

class DebuggedSourceFiles(_Message):
    SOURCE_FILES_FIELD_NUMBER: _Final = 1
    @property
    def source_files(self) -> _Messages[DebuggedSourceFile]: ...
    def __init__(
        self,
        *,
        source_files: _Iterable[DebuggedSourceFile] | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["source_files"]) -> None: ...

class DeviceStepStats(_Message):
    class ThreadNamesEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: int
        value: str
        def __init__(self, *, key: int | None = ..., value: str | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    DEVICE_FIELD_NUMBER: _Final = 1
    NODE_STATS_FIELD_NUMBER: _Final = 2
    THREAD_NAMES_FIELD_NUMBER: _Final = 3
    device: str
    @property
    def node_stats(self) -> _Messages[NodeExecStats]: ...
    @property
    def thread_names(self) -> _ScalarMap[int, str]: ...
    def __init__(
        self,
        *,
        device: str | None = ...,
        node_stats: _Iterable[NodeExecStats] | None = ...,
        thread_names: _Mapping[int, str] | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["device", "node_stats", "thread_names"],
    ) -> None: ...

class DictValue(_Message):
    class FieldsEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        @property
        def value(self) -> StructuredValue: ...
        def __init__(
            self,
            *,
            key: str | None = ...,
            value: StructuredValue | None = ...,
        ) -> None: ...
        def HasField(self, field_name: _Literal["value"]) -> bool: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    FIELDS_FIELD_NUMBER: _Final = 1
    @property
    def fields(self) -> _MessageMap[str, StructuredValue]: ...
    def __init__(self, *, fields: _Mapping[str, StructuredValue] | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["fields"]) -> None: ...

class FieldIndex(_Message):
    class MapKey(_Message):
        S_FIELD_NUMBER: _Final = 1
        BOOLEAN_FIELD_NUMBER: _Final = 2
        UI32_FIELD_NUMBER: _Final = 3
        UI64_FIELD_NUMBER: _Final = 4
        I32_FIELD_NUMBER: _Final = 5
        I64_FIELD_NUMBER: _Final = 6
        s: str
        boolean: bool
        ui32: int
        ui64: int
        i32: int
        i64: int
        def __init__(
            self,
            *,
            s: str | None = ...,
            boolean: bool | None = ...,
            ui32: int | None = ...,
            ui64: int | None = ...,
            i32: int | None = ...,
            i64: int | None = ...,
        ) -> None: ...
        def HasField(
            self,
            field_name: _Literal["boolean", "i32", "i64", "s", "type", "ui32", "ui64"],
        ) -> bool: ...
        def ClearField(
            self,
            field_name: _Literal["s", "boolean", "ui32", "ui64", "i32", "i64", "type"],
        ) -> None: ...
        def WhichOneof(
            self,
            oneof_group: _Literal["type"],
        ) -> _Literal["s", "boolean", "ui32", "ui64", "i32", "i64"] | None: ...

    FIELD_FIELD_NUMBER: _Final = 1
    MAP_KEY_FIELD_NUMBER: _Final = 2
    INDEX_FIELD_NUMBER: _Final = 3
    field: int
    @property
    def map_key(self) -> FieldIndex.MapKey: ...
    index: int
    def __init__(
        self,
        *,
        field: int | None = ...,
        map_key: FieldIndex.MapKey | None = ...,
        index: int | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["field", "index", "kind", "map_key"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["field", "map_key", "index", "kind"],
    ) -> None: ...
    def WhichOneof(
        self,
        oneof_group: _Literal["kind"],
    ) -> _Literal["field", "map_key", "index"] | None: ...

class FingerprintDef(_Message):
    SAVED_MODEL_CHECKSUM_FIELD_NUMBER: _Final = 1
    GRAPH_DEF_PROGRAM_HASH_FIELD_NUMBER: _Final = 2
    SIGNATURE_DEF_HASH_FIELD_NUMBER: _Final = 3
    SAVED_OBJECT_GRAPH_HASH_FIELD_NUMBER: _Final = 4
    CHECKPOINT_HASH_FIELD_NUMBER: _Final = 5
    UUID_FIELD_NUMBER: _Final = 7
    VERSION_FIELD_NUMBER: _Final = 6
    saved_model_checksum: int
    graph_def_program_hash: int
    signature_def_hash: int
    saved_object_graph_hash: int
    checkpoint_hash: int
    uuid: str
    @property
    def version(self) -> VersionDef: ...
    def __init__(
        self,
        *,
        saved_model_checksum: int | None = ...,
        graph_def_program_hash: int | None = ...,
        signature_def_hash: int | None = ...,
        saved_object_graph_hash: int | None = ...,
        checkpoint_hash: int | None = ...,
        uuid: str | None = ...,
        version: VersionDef | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["version"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["saved_model_checksum", "graph_def_program_hash", "signature_def_hash", "saved_object_graph_hash", "checkpoint_hash", "uuid", "version"],
    ) -> None: ...

class FullTypeDef(_Message):
    TYPE_ID_FIELD_NUMBER: _Final = 1
    ARGS_FIELD_NUMBER: _Final = 2
    S_FIELD_NUMBER: _Final = 3
    I_FIELD_NUMBER: _Final = 4
    type_id: int
    @property
    def args(self) -> _Messages[FullTypeDef]: ...
    s: str
    i: int
    def __init__(
        self,
        *,
        type_id: int | str | None = ...,
        args: _Iterable[FullTypeDef] | None = ...,
        s: str | None = ...,
        i: int | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["attr", "i", "s"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["type_id", "args", "s", "i", "attr"],
    ) -> None: ...
    def WhichOneof(self, oneof_group: _Literal["attr"]) -> _Literal["s", "i"] | None: ...

class FunctionDef(_Message):
    class ArgAttrs(_Message):
        class AttrEntry(_Message):
            KEY_FIELD_NUMBER: _Final = 1
            VALUE_FIELD_NUMBER: _Final = 2
            key: str
            @property
            def value(self) -> AttrValue: ...
            def __init__(self, *, key: str | None = ..., value: AttrValue | None = ...) -> None: ...
            def HasField(self, field_name: _Literal["value"]) -> bool: ...
            def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

        ATTR_FIELD_NUMBER: _Final = 1
        @property
        def attr(self) -> _MessageMap[str, AttrValue]: ...
        def __init__(self, *, attr: _Mapping[str, AttrValue] | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["attr"]) -> None: ...

    class AttrEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        @property
        def value(self) -> AttrValue: ...
        def __init__(self, *, key: str | None = ..., value: AttrValue | None = ...) -> None: ...
        def HasField(self, field_name: _Literal["value"]) -> bool: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    class ArgAttrEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: int
        @property
        def value(self) -> FunctionDef.ArgAttrs: ...
        def __init__(
            self,
            *,
            key: int | None = ...,
            value: FunctionDef.ArgAttrs | None = ...,
        ) -> None: ...
        def HasField(self, field_name: _Literal["value"]) -> bool: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    class ResourceArgUniqueIdEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: int
        value: int
        def __init__(self, *, key: int | None = ..., value: int | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    class RetEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        value: str
        def __init__(self, *, key: str | None = ..., value: str | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    class ControlRetEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        value: str
        def __init__(self, *, key: str | None = ..., value: str | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    SIGNATURE_FIELD_NUMBER: _Final = 1
    ATTR_FIELD_NUMBER: _Final = 5
    ARG_ATTR_FIELD_NUMBER: _Final = 7
    RESOURCE_ARG_UNIQUE_ID_FIELD_NUMBER: _Final = 8
    NODE_DEF_FIELD_NUMBER: _Final = 3
    RET_FIELD_NUMBER: _Final = 4
    CONTROL_RET_FIELD_NUMBER: _Final = 6
    @property
    def signature(self) -> OpDef: ...
    @property
    def attr(self) -> _MessageMap[str, AttrValue]: ...
    @property
    def arg_attr(self) -> _MessageMap[int, FunctionDef.ArgAttrs]: ...
    @property
    def resource_arg_unique_id(self) -> _ScalarMap[int, int]: ...
    @property
    def node_def(self) -> _Messages[NodeDef]: ...
    @property
    def ret(self) -> _ScalarMap[str, str]: ...
    @property
    def control_ret(self) -> _ScalarMap[str, str]: ...
    def __init__(
        self,
        *,
        signature: OpDef | None = ...,
        attr: _Mapping[str, AttrValue] | None = ...,
        arg_attr: _Mapping[int, FunctionDef.ArgAttrs] | None = ...,
        resource_arg_unique_id: _Mapping[int, int] | None = ...,
        node_def: _Iterable[NodeDef] | None = ...,
        ret: _Mapping[str, str] | None = ...,
        control_ret: _Mapping[str, str] | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["signature"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["signature", "attr", "arg_attr", "resource_arg_unique_id", "node_def", "ret", "control_ret"],
    ) -> None: ...

class FunctionDefLibrary(_Message):
    FUNCTION_FIELD_NUMBER: _Final = 1
    GRADIENT_FIELD_NUMBER: _Final = 2
    REGISTERED_GRADIENTS_FIELD_NUMBER: _Final = 3
    @property
    def function(self) -> _Messages[FunctionDef]: ...
    @property
    def gradient(self) -> _Messages[GradientDef]: ...
    @property
    def registered_gradients(self) -> _Messages[RegisteredGradient]: ...
    def __init__(
        self,
        *,
        function: _Iterable[FunctionDef] | None = ...,
        gradient: _Iterable[GradientDef] | None = ...,
        registered_gradients: _Iterable[RegisteredGradient] | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["function", "gradient", "registered_gradients"],
    ) -> None: ...

class FunctionSpec(_Message):
    class _JitCompile(_EnumTypeWrapper):
        DEFAULT: _Final = 0
        ON: _Final = 1
        OFF: _Final = 2

    JitCompile: _ClassVar[_JitCompile]
    DEFAULT: _Final = 0
    ON: _Final = 1
    OFF: _Final = 2

    FULLARGSPEC_FIELD_NUMBER: _Final = 1
    IS_METHOD_FIELD_NUMBER: _Final = 2
    INPUT_SIGNATURE_FIELD_NUMBER: _Final = 5
    JIT_COMPILE_FIELD_NUMBER: _Final = 6
    @property
    def fullargspec(self) -> StructuredValue: ...
    is_method: bool
    @property
    def input_signature(self) -> StructuredValue: ...
    jit_compile: int
    def __init__(
        self,
        *,
        fullargspec: StructuredValue | None = ...,
        is_method: bool | None = ...,
        input_signature: StructuredValue | None = ...,
        jit_compile: int | str | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["fullargspec", "input_signature"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["fullargspec", "is_method", "input_signature", "jit_compile"],
    ) -> None: ...

class GPUOptions(_Message):
    class Experimental(_Message):
        class VirtualDevices(_Message):
            MEMORY_LIMIT_MB_FIELD_NUMBER: _Final = 1
            PRIORITY_FIELD_NUMBER: _Final = 2
            DEVICE_ORDINAL_FIELD_NUMBER: _Final = 3
            @property
            def memory_limit_mb(self) -> _Scalars[float]: ...
            @property
            def priority(self) -> _Scalars[int]: ...
            @property
            def device_ordinal(self) -> _Scalars[int]: ...
            def __init__(
                self,
                *,
                memory_limit_mb: _Iterable[float] | None = ...,
                priority: _Iterable[int] | None = ...,
                device_ordinal: _Iterable[int] | None = ...,
            ) -> None: ...
            def ClearField(
                self,
                field_name: _Literal["memory_limit_mb", "priority", "device_ordinal"],
            ) -> None: ...

        class StreamMergeOptions(_Message):
            MERGE_HOST_TO_DEVICE_STREAM_FIELD_NUMBER: _Final = 1
            MERGE_DEVICE_TO_HOST_STREAM_FIELD_NUMBER: _Final = 2
            MERGE_DEVICE_TO_DEVICE_STREAM_FIELD_NUMBER: _Final = 3
            merge_host_to_device_stream: bool
            merge_device_to_host_stream: bool
            merge_device_to_device_stream: bool
            def __init__(
                self,
                *,
                merge_host_to_device_stream: bool | None = ...,
                merge_device_to_host_stream: bool | None = ...,
                merge_device_to_device_stream: bool | None = ...,
            ) -> None: ...
            def ClearField(
                self,
                field_name: _Literal["merge_host_to_device_stream", "merge_device_to_host_stream", "merge_device_to_device_stream"],
            ) -> None: ...

        VIRTUAL_DEVICES_FIELD_NUMBER: _Final = 1
        NUM_VIRTUAL_DEVICES_PER_GPU_FIELD_NUMBER: _Final = 15
        USE_UNIFIED_MEMORY_FIELD_NUMBER: _Final = 2
        NUM_DEV_TO_DEV_COPY_STREAMS_FIELD_NUMBER: _Final = 3
        COLLECTIVE_RING_ORDER_FIELD_NUMBER: _Final = 4
        TIMESTAMPED_ALLOCATOR_FIELD_NUMBER: _Final = 5
        KERNEL_TRACKER_MAX_INTERVAL_FIELD_NUMBER: _Final = 7
        KERNEL_TRACKER_MAX_BYTES_FIELD_NUMBER: _Final = 8
        KERNEL_TRACKER_MAX_PENDING_FIELD_NUMBER: _Final = 9
        INTERNAL_FRAGMENTATION_FRACTION_FIELD_NUMBER: _Final = 10
        USE_CUDA_MALLOC_ASYNC_FIELD_NUMBER: _Final = 11
        DISALLOW_RETRY_ON_ALLOCATION_FAILURE_FIELD_NUMBER: _Final = 12
        GPU_HOST_MEM_LIMIT_IN_MB_FIELD_NUMBER: _Final = 13
        GPU_HOST_MEM_DISALLOW_GROWTH_FIELD_NUMBER: _Final = 14
        GPU_SYSTEM_MEMORY_SIZE_IN_MB_FIELD_NUMBER: _Final = 16
        POPULATE_PJRT_GPU_CLIENT_CREATION_INFO_FIELD_NUMBER: _Final = 17
        NODE_ID_FIELD_NUMBER: _Final = 18
        STREAM_MERGE_OPTIONS_FIELD_NUMBER: _Final = 19
        @property
        def virtual_devices(self) -> _Messages[GPUOptions.Experimental.VirtualDevices]: ...
        num_virtual_devices_per_gpu: int
        use_unified_memory: bool
        num_dev_to_dev_copy_streams: int
        collective_ring_order: str
        timestamped_allocator: bool
        kernel_tracker_max_interval: int
        kernel_tracker_max_bytes: int
        kernel_tracker_max_pending: int
        internal_fragmentation_fraction: float
        use_cuda_malloc_async: bool
        disallow_retry_on_allocation_failure: bool
        gpu_host_mem_limit_in_mb: float
        gpu_host_mem_disallow_growth: bool
        gpu_system_memory_size_in_mb: int
        populate_pjrt_gpu_client_creation_info: bool
        node_id: int
        @property
        def stream_merge_options(self) -> GPUOptions.Experimental.StreamMergeOptions: ...
        def __init__(
            self,
            *,
            virtual_devices: _Iterable[GPUOptions.Experimental.VirtualDevices] | None = ...,
            num_virtual_devices_per_gpu: int | None = ...,
            use_unified_memory: bool | None = ...,
            num_dev_to_dev_copy_streams: int | None = ...,
            collective_ring_order: str | None = ...,
            timestamped_allocator: bool | None = ...,
            kernel_tracker_max_interval: int | None = ...,
            kernel_tracker_max_bytes: int | None = ...,
            kernel_tracker_max_pending: int | None = ...,
            internal_fragmentation_fraction: float | None = ...,
            use_cuda_malloc_async: bool | None = ...,
            disallow_retry_on_allocation_failure: bool | None = ...,
            gpu_host_mem_limit_in_mb: float | None = ...,
            gpu_host_mem_disallow_growth: bool | None = ...,
            gpu_system_memory_size_in_mb: int | None = ...,
            populate_pjrt_gpu_client_creation_info: bool | None = ...,
            node_id: int | None = ...,
            stream_merge_options: GPUOptions.Experimental.StreamMergeOptions | None = ...,
        ) -> None: ...
        def HasField(self, field_name: _Literal["stream_merge_options"]) -> bool: ...
        def ClearField(
            self,
            field_name: _Literal["virtual_devices", "num_virtual_devices_per_gpu", "use_unified_memory", "num_dev_to_dev_copy_streams", "collective_ring_order", "timestamped_allocator", "kernel_tracker_max_interval", "kernel_tracker_max_bytes", "kernel_tracker_max_pending", "internal_fragmentation_fraction", "use_cuda_malloc_async", "disallow_retry_on_allocation_failure", "gpu_host_mem_limit_in_mb", "gpu_host_mem_disallow_growth", "gpu_system_memory_size_in_mb", "populate_pjrt_gpu_client_creation_info", "node_id", "stream_merge_options"],
        ) -> None: ...

    PER_PROCESS_GPU_MEMORY_FRACTION_FIELD_NUMBER: _Final = 1
    ALLOW_GROWTH_FIELD_NUMBER: _Final = 4
    ALLOCATOR_TYPE_FIELD_NUMBER: _Final = 2
    DEFERRED_DELETION_BYTES_FIELD_NUMBER: _Final = 3
    VISIBLE_DEVICE_LIST_FIELD_NUMBER: _Final = 5
    POLLING_ACTIVE_DELAY_USECS_FIELD_NUMBER: _Final = 6
    POLLING_INACTIVE_DELAY_MSECS_FIELD_NUMBER: _Final = 7
    FORCE_GPU_COMPATIBLE_FIELD_NUMBER: _Final = 8
    EXPERIMENTAL_FIELD_NUMBER: _Final = 9
    per_process_gpu_memory_fraction: float
    allow_growth: bool
    allocator_type: str
    deferred_deletion_bytes: int
    visible_device_list: str
    polling_active_delay_usecs: int
    polling_inactive_delay_msecs: int
    force_gpu_compatible: bool
    @property
    def experimental(self) -> GPUOptions.Experimental: ...
    def __init__(
        self,
        *,
        per_process_gpu_memory_fraction: float | None = ...,
        allow_growth: bool | None = ...,
        allocator_type: str | None = ...,
        deferred_deletion_bytes: int | None = ...,
        visible_device_list: str | None = ...,
        polling_active_delay_usecs: int | None = ...,
        polling_inactive_delay_msecs: int | None = ...,
        force_gpu_compatible: bool | None = ...,
        experimental: GPUOptions.Experimental | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["experimental"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["per_process_gpu_memory_fraction", "allow_growth", "allocator_type", "deferred_deletion_bytes", "visible_device_list", "polling_active_delay_usecs", "polling_inactive_delay_msecs", "force_gpu_compatible", "experimental"],
    ) -> None: ...

class GradientDef(_Message):
    FUNCTION_NAME_FIELD_NUMBER: _Final = 1
    GRADIENT_FUNC_FIELD_NUMBER: _Final = 2
    function_name: str
    gradient_func: str
    def __init__(
        self,
        *,
        function_name: str | None = ...,
        gradient_func: str | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["function_name", "gradient_func"]) -> None: ...

class GraphDebugInfo(_Message):
    class FileLineCol(_Message):
        FILE_INDEX_FIELD_NUMBER: _Final = 1
        LINE_FIELD_NUMBER: _Final = 2
        COL_FIELD_NUMBER: _Final = 3
        FUNC_FIELD_NUMBER: _Final = 4
        CODE_FIELD_NUMBER: _Final = 5
        file_index: int
        line: int
        col: int
        func: str
        code: str
        def __init__(
            self,
            *,
            file_index: int | None = ...,
            line: int | None = ...,
            col: int | None = ...,
            func: str | None = ...,
            code: str | None = ...,
        ) -> None: ...
        def ClearField(
            self,
            field_name: _Literal["file_index", "line", "col", "func", "code"],
        ) -> None: ...

    class StackTrace(_Message):
        FILE_LINE_COLS_FIELD_NUMBER: _Final = 1
        FRAME_ID_FIELD_NUMBER: _Final = 2
        @property
        def file_line_cols(self) -> _Messages[GraphDebugInfo.FileLineCol]: ...
        @property
        def frame_id(self) -> _Scalars[int]: ...
        def __init__(
            self,
            *,
            file_line_cols: _Iterable[GraphDebugInfo.FileLineCol] | None = ...,
            frame_id: _Iterable[int] | None = ...,
        ) -> None: ...
        def ClearField(self, field_name: _Literal["file_line_cols", "frame_id"]) -> None: ...

    class FramesByIdEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: int
        @property
        def value(self) -> GraphDebugInfo.FileLineCol: ...
        def __init__(
            self,
            *,
            key: int | None = ...,
            value: GraphDebugInfo.FileLineCol | None = ...,
        ) -> None: ...
        def HasField(self, field_name: _Literal["value"]) -> bool: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    class TracesByIdEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: int
        @property
        def value(self) -> GraphDebugInfo.StackTrace: ...
        def __init__(
            self,
            *,
            key: int | None = ...,
            value: GraphDebugInfo.StackTrace | None = ...,
        ) -> None: ...
        def HasField(self, field_name: _Literal["value"]) -> bool: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    class TracesEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        @property
        def value(self) -> GraphDebugInfo.StackTrace: ...
        def __init__(
            self,
            *,
            key: str | None = ...,
            value: GraphDebugInfo.StackTrace | None = ...,
        ) -> None: ...
        def HasField(self, field_name: _Literal["value"]) -> bool: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    class NameToTraceIdEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        value: int
        def __init__(self, *, key: str | None = ..., value: int | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    FILES_FIELD_NUMBER: _Final = 1
    FRAMES_BY_ID_FIELD_NUMBER: _Final = 4
    TRACES_BY_ID_FIELD_NUMBER: _Final = 6
    TRACES_FIELD_NUMBER: _Final = 2
    NAME_TO_TRACE_ID_FIELD_NUMBER: _Final = 5
    @property
    def files(self) -> _Scalars[str]: ...
    @property
    def frames_by_id(self) -> _MessageMap[int, GraphDebugInfo.FileLineCol]: ...
    @property
    def traces_by_id(self) -> _MessageMap[int, GraphDebugInfo.StackTrace]: ...
    @property
    def traces(self) -> _MessageMap[str, GraphDebugInfo.StackTrace]: ...
    @property
    def name_to_trace_id(self) -> _ScalarMap[str, int]: ...
    def __init__(
        self,
        *,
        files: _Iterable[str] | None = ...,
        frames_by_id: _Mapping[int, GraphDebugInfo.FileLineCol] | None = ...,
        traces_by_id: _Mapping[int, GraphDebugInfo.StackTrace] | None = ...,
        traces: _Mapping[str, GraphDebugInfo.StackTrace] | None = ...,
        name_to_trace_id: _Mapping[str, int] | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["files", "frames_by_id", "traces_by_id", "traces", "name_to_trace_id"],
    ) -> None: ...

class GraphDef(_Message):
    NODE_FIELD_NUMBER: _Final = 1
    VERSIONS_FIELD_NUMBER: _Final = 4
    VERSION_FIELD_NUMBER: _Final = 3
    LIBRARY_FIELD_NUMBER: _Final = 2
    DEBUG_INFO_FIELD_NUMBER: _Final = 5
    @property
    def node(self) -> _Messages[NodeDef]: ...
    @property
    def versions(self) -> VersionDef: ...
    version: int
    @property
    def library(self) -> FunctionDefLibrary: ...
    @property
    def debug_info(self) -> GraphDebugInfo: ...
    def __init__(
        self,
        *,
        node: _Iterable[NodeDef] | None = ...,
        versions: VersionDef | None = ...,
        version: int | None = ...,
        library: FunctionDefLibrary | None = ...,
        debug_info: GraphDebugInfo | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["debug_info", "library", "versions"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["node", "versions", "version", "library", "debug_info"],
    ) -> None: ...

class GraphOptions(_Message):
    ENABLE_RECV_SCHEDULING_FIELD_NUMBER: _Final = 2
    OPTIMIZER_OPTIONS_FIELD_NUMBER: _Final = 3
    BUILD_COST_MODEL_FIELD_NUMBER: _Final = 4
    BUILD_COST_MODEL_AFTER_FIELD_NUMBER: _Final = 9
    INFER_SHAPES_FIELD_NUMBER: _Final = 5
    PLACE_PRUNED_GRAPH_FIELD_NUMBER: _Final = 6
    ENABLE_BFLOAT16_SENDRECV_FIELD_NUMBER: _Final = 7
    TIMELINE_STEP_FIELD_NUMBER: _Final = 8
    REWRITE_OPTIONS_FIELD_NUMBER: _Final = 10
    enable_recv_scheduling: bool
    @property
    def optimizer_options(self) -> OptimizerOptions: ...
    build_cost_model: int
    build_cost_model_after: int
    infer_shapes: bool
    place_pruned_graph: bool
    enable_bfloat16_sendrecv: bool
    timeline_step: int
    @property
    def rewrite_options(self) -> RewriterConfig: ...
    def __init__(
        self,
        *,
        enable_recv_scheduling: bool | None = ...,
        optimizer_options: OptimizerOptions | None = ...,
        build_cost_model: int | None = ...,
        build_cost_model_after: int | None = ...,
        infer_shapes: bool | None = ...,
        place_pruned_graph: bool | None = ...,
        enable_bfloat16_sendrecv: bool | None = ...,
        timeline_step: int | None = ...,
        rewrite_options: RewriterConfig | None = ...,
    ) -> None: ...
    def HasField(
        self,
        field_name: _Literal["optimizer_options", "rewrite_options"],
    ) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["enable_recv_scheduling", "optimizer_options", "build_cost_model", "build_cost_model_after", "infer_shapes", "place_pruned_graph", "enable_bfloat16_sendrecv", "timeline_step", "rewrite_options"],
    ) -> None: ...

class JobDef(_Message):
    class TasksEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: int
        value: str
        def __init__(self, *, key: int | None = ..., value: str | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    NAME_FIELD_NUMBER: _Final = 1
    TASKS_FIELD_NUMBER: _Final = 2
    name: str
    @property
    def tasks(self) -> _ScalarMap[int, str]: ...
    def __init__(
        self,
        *,
        name: str | None = ...,
        tasks: _Mapping[int, str] | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["name", "tasks"]) -> None: ...

class ListValue(_Message):
    VALUES_FIELD_NUMBER: _Final = 1
    @property
    def values(self) -> _Messages[StructuredValue]: ...
    def __init__(self, *, values: _Iterable[StructuredValue] | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["values"]) -> None: ...

class MemoryStats(_Message):
    TEMP_MEMORY_SIZE_FIELD_NUMBER: _Final = 1
    PERSISTENT_MEMORY_SIZE_FIELD_NUMBER: _Final = 3
    PERSISTENT_TENSOR_ALLOC_IDS_FIELD_NUMBER: _Final = 5
    DEVICE_TEMP_MEMORY_SIZE_FIELD_NUMBER: _Final = 2
    DEVICE_PERSISTENT_MEMORY_SIZE_FIELD_NUMBER: _Final = 4
    DEVICE_PERSISTENT_TENSOR_ALLOC_IDS_FIELD_NUMBER: _Final = 6
    temp_memory_size: int
    persistent_memory_size: int
    @property
    def persistent_tensor_alloc_ids(self) -> _Scalars[int]: ...
    device_temp_memory_size: int
    device_persistent_memory_size: int
    @property
    def device_persistent_tensor_alloc_ids(self) -> _Scalars[int]: ...
    def __init__(
        self,
        *,
        temp_memory_size: int | None = ...,
        persistent_memory_size: int | None = ...,
        persistent_tensor_alloc_ids: _Iterable[int] | None = ...,
        device_temp_memory_size: int | None = ...,
        device_persistent_memory_size: int | None = ...,
        device_persistent_tensor_alloc_ids: _Iterable[int] | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["temp_memory_size", "persistent_memory_size", "persistent_tensor_alloc_ids", "device_temp_memory_size", "device_persistent_memory_size", "device_persistent_tensor_alloc_ids"],
    ) -> None: ...

class MetaGraphDef(_Message):
    class MetaInfoDef(_Message):
        class FunctionAliasesEntry(_Message):
            KEY_FIELD_NUMBER: _Final = 1
            VALUE_FIELD_NUMBER: _Final = 2
            key: str
            value: str
            def __init__(self, *, key: str | None = ..., value: str | None = ...) -> None: ...
            def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

        META_GRAPH_VERSION_FIELD_NUMBER: _Final = 1
        STRIPPED_OP_LIST_FIELD_NUMBER: _Final = 2
        ANY_INFO_FIELD_NUMBER: _Final = 3
        TAGS_FIELD_NUMBER: _Final = 4
        TENSORFLOW_VERSION_FIELD_NUMBER: _Final = 5
        TENSORFLOW_GIT_VERSION_FIELD_NUMBER: _Final = 6
        STRIPPED_DEFAULT_ATTRS_FIELD_NUMBER: _Final = 7
        FUNCTION_ALIASES_FIELD_NUMBER: _Final = 8
        meta_graph_version: str
        @property
        def stripped_op_list(self) -> OpList: ...
        @property
        def any_info(self) -> _any_pb2.Any: ...
        @property
        def tags(self) -> _Scalars[str]: ...
        tensorflow_version: str
        tensorflow_git_version: str
        stripped_default_attrs: bool
        @property
        def function_aliases(self) -> _ScalarMap[str, str]: ...
        def __init__(
            self,
            *,
            meta_graph_version: str | None = ...,
            stripped_op_list: OpList | None = ...,
            any_info: _any_pb2.Any | None = ...,
            tags: _Iterable[str] | None = ...,
            tensorflow_version: str | None = ...,
            tensorflow_git_version: str | None = ...,
            stripped_default_attrs: bool | None = ...,
            function_aliases: _Mapping[str, str] | None = ...,
        ) -> None: ...
        def HasField(self, field_name: _Literal["any_info", "stripped_op_list"]) -> bool: ...
        def ClearField(
            self,
            field_name: _Literal["meta_graph_version", "stripped_op_list", "any_info", "tags", "tensorflow_version", "tensorflow_git_version", "stripped_default_attrs", "function_aliases"],
        ) -> None: ...

    class CollectionDefEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        @property
        def value(self) -> CollectionDef: ...
        def __init__(
            self,
            *,
            key: str | None = ...,
            value: CollectionDef | None = ...,
        ) -> None: ...
        def HasField(self, field_name: _Literal["value"]) -> bool: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    class SignatureDefEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        @property
        def value(self) -> SignatureDef: ...
        def __init__(self, *, key: str | None = ..., value: SignatureDef | None = ...) -> None: ...
        def HasField(self, field_name: _Literal["value"]) -> bool: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    META_INFO_DEF_FIELD_NUMBER: _Final = 1
    GRAPH_DEF_FIELD_NUMBER: _Final = 2
    SAVER_DEF_FIELD_NUMBER: _Final = 3
    COLLECTION_DEF_FIELD_NUMBER: _Final = 4
    SIGNATURE_DEF_FIELD_NUMBER: _Final = 5
    ASSET_FILE_DEF_FIELD_NUMBER: _Final = 6
    OBJECT_GRAPH_DEF_FIELD_NUMBER: _Final = 7
    @property
    def meta_info_def(self) -> MetaGraphDef.MetaInfoDef: ...
    @property
    def graph_def(self) -> GraphDef: ...
    @property
    def saver_def(self) -> SaverDef: ...
    @property
    def collection_def(self) -> _MessageMap[str, CollectionDef]: ...
    @property
    def signature_def(self) -> _MessageMap[str, SignatureDef]: ...
    @property
    def asset_file_def(self) -> _Messages[AssetFileDef]: ...
    @property
    def object_graph_def(self) -> SavedObjectGraph: ...
    def __init__(
        self,
        *,
        meta_info_def: MetaGraphDef.MetaInfoDef | None = ...,
        graph_def: GraphDef | None = ...,
        saver_def: SaverDef | None = ...,
        collection_def: _Mapping[str, CollectionDef] | None = ...,
        signature_def: _Mapping[str, SignatureDef] | None = ...,
        asset_file_def: _Iterable[AssetFileDef] | None = ...,
        object_graph_def: SavedObjectGraph | None = ...,
    ) -> None: ...
    def HasField(
        self,
        field_name: _Literal["graph_def", "meta_info_def", "object_graph_def", "saver_def"],
    ) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["meta_info_def", "graph_def", "saver_def", "collection_def", "signature_def", "asset_file_def", "object_graph_def"],
    ) -> None: ...

class NameAttrList(_Message):
    class AttrEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        @property
        def value(self) -> AttrValue: ...
        def __init__(self, *, key: str | None = ..., value: AttrValue | None = ...) -> None: ...
        def HasField(self, field_name: _Literal["value"]) -> bool: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    NAME_FIELD_NUMBER: _Final = 1
    ATTR_FIELD_NUMBER: _Final = 2
    name: str
    @property
    def attr(self) -> _MessageMap[str, AttrValue]: ...
    def __init__(
        self,
        *,
        name: str | None = ...,
        attr: _Mapping[str, AttrValue] | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["name", "attr"]) -> None: ...

class NamedTupleValue(_Message):
    NAME_FIELD_NUMBER: _Final = 1
    VALUES_FIELD_NUMBER: _Final = 2
    name: str
    @property
    def values(self) -> _Messages[PairValue]: ...
    def __init__(
        self,
        *,
        name: str | None = ...,
        values: _Iterable[PairValue] | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["name", "values"]) -> None: ...

class NodeDef(_Message):
    class ExperimentalDebugInfo(_Message):
        ORIGINAL_NODE_NAMES_FIELD_NUMBER: _Final = 1
        ORIGINAL_FUNC_NAMES_FIELD_NUMBER: _Final = 2
        @property
        def original_node_names(self) -> _Scalars[str]: ...
        @property
        def original_func_names(self) -> _Scalars[str]: ...
        def __init__(
            self,
            *,
            original_node_names: _Iterable[str] | None = ...,
            original_func_names: _Iterable[str] | None = ...,
        ) -> None: ...
        def ClearField(
            self,
            field_name: _Literal["original_node_names", "original_func_names"],
        ) -> None: ...

    class AttrEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        @property
        def value(self) -> AttrValue: ...
        def __init__(self, *, key: str | None = ..., value: AttrValue | None = ...) -> None: ...
        def HasField(self, field_name: _Literal["value"]) -> bool: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    NAME_FIELD_NUMBER: _Final = 1
    OP_FIELD_NUMBER: _Final = 2
    INPUT_FIELD_NUMBER: _Final = 3
    DEVICE_FIELD_NUMBER: _Final = 4
    ATTR_FIELD_NUMBER: _Final = 5
    EXPERIMENTAL_DEBUG_INFO_FIELD_NUMBER: _Final = 6
    EXPERIMENTAL_TYPE_FIELD_NUMBER: _Final = 7
    name: str
    op: str
    @property
    def input(self) -> _Scalars[str]: ...
    device: str
    @property
    def attr(self) -> _MessageMap[str, AttrValue]: ...
    @property
    def experimental_debug_info(self) -> NodeDef.ExperimentalDebugInfo: ...
    @property
    def experimental_type(self) -> FullTypeDef: ...
    def __init__(
        self,
        *,
        name: str | None = ...,
        op: str | None = ...,
        input: _Iterable[str] | None = ...,
        device: str | None = ...,
        attr: _Mapping[str, AttrValue] | None = ...,
        experimental_debug_info: NodeDef.ExperimentalDebugInfo | None = ...,
        experimental_type: FullTypeDef | None = ...,
    ) -> None: ...
    def HasField(
        self,
        field_name: _Literal["experimental_debug_info", "experimental_type"],
    ) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["name", "op", "input", "device", "attr", "experimental_debug_info", "experimental_type"],
    ) -> None: ...

class NodeExecStats(_Message):
    NODE_NAME_FIELD_NUMBER: _Final = 1
    ALL_START_MICROS_FIELD_NUMBER: _Final = 2
    OP_START_REL_MICROS_FIELD_NUMBER: _Final = 3
    OP_END_REL_MICROS_FIELD_NUMBER: _Final = 4
    ALL_END_REL_MICROS_FIELD_NUMBER: _Final = 5
    MEMORY_FIELD_NUMBER: _Final = 6
    OUTPUT_FIELD_NUMBER: _Final = 7
    TIMELINE_LABEL_FIELD_NUMBER: _Final = 8
    SCHEDULED_MICROS_FIELD_NUMBER: _Final = 9
    THREAD_ID_FIELD_NUMBER: _Final = 10
    REFERENCED_TENSOR_FIELD_NUMBER: _Final = 11
    MEMORY_STATS_FIELD_NUMBER: _Final = 12
    ALL_START_NANOS_FIELD_NUMBER: _Final = 13
    OP_START_REL_NANOS_FIELD_NUMBER: _Final = 14
    OP_END_REL_NANOS_FIELD_NUMBER: _Final = 15
    ALL_END_REL_NANOS_FIELD_NUMBER: _Final = 16
    SCHEDULED_NANOS_FIELD_NUMBER: _Final = 17
    node_name: str
    all_start_micros: int
    op_start_rel_micros: int
    op_end_rel_micros: int
    all_end_rel_micros: int
    @property
    def memory(self) -> _Messages[AllocatorMemoryUsed]: ...
    @property
    def output(self) -> _Messages[NodeOutput]: ...
    timeline_label: str
    scheduled_micros: int
    thread_id: int
    @property
    def referenced_tensor(self) -> _Messages[AllocationDescription]: ...
    @property
    def memory_stats(self) -> MemoryStats: ...
    all_start_nanos: int
    op_start_rel_nanos: int
    op_end_rel_nanos: int
    all_end_rel_nanos: int
    scheduled_nanos: int
    def __init__(
        self,
        *,
        node_name: str | None = ...,
        all_start_micros: int | None = ...,
        op_start_rel_micros: int | None = ...,
        op_end_rel_micros: int | None = ...,
        all_end_rel_micros: int | None = ...,
        memory: _Iterable[AllocatorMemoryUsed] | None = ...,
        output: _Iterable[NodeOutput] | None = ...,
        timeline_label: str | None = ...,
        scheduled_micros: int | None = ...,
        thread_id: int | None = ...,
        referenced_tensor: _Iterable[AllocationDescription] | None = ...,
        memory_stats: MemoryStats | None = ...,
        all_start_nanos: int | None = ...,
        op_start_rel_nanos: int | None = ...,
        op_end_rel_nanos: int | None = ...,
        all_end_rel_nanos: int | None = ...,
        scheduled_nanos: int | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["memory_stats"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["node_name", "all_start_micros", "op_start_rel_micros", "op_end_rel_micros", "all_end_rel_micros", "memory", "output", "timeline_label", "scheduled_micros", "thread_id", "referenced_tensor", "memory_stats", "all_start_nanos", "op_start_rel_nanos", "op_end_rel_nanos", "all_end_rel_nanos", "scheduled_nanos"],
    ) -> None: ...

class NodeOutput(_Message):
    SLOT_FIELD_NUMBER: _Final = 1
    TENSOR_DESCRIPTION_FIELD_NUMBER: _Final = 3
    slot: int
    @property
    def tensor_description(self) -> TensorDescription: ...
    def __init__(
        self,
        *,
        slot: int | None = ...,
        tensor_description: TensorDescription | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["tensor_description"]) -> bool: ...
    def ClearField(self, field_name: _Literal["slot", "tensor_description"]) -> None: ...

class NoneValue(_Message):
    def __init__(self) -> None: ...

class OpDef(_Message):
    class ArgDef(_Message):
        NAME_FIELD_NUMBER: _Final = 1
        DESCRIPTION_FIELD_NUMBER: _Final = 2
        TYPE_FIELD_NUMBER: _Final = 3
        TYPE_ATTR_FIELD_NUMBER: _Final = 4
        NUMBER_ATTR_FIELD_NUMBER: _Final = 5
        TYPE_LIST_ATTR_FIELD_NUMBER: _Final = 6
        HANDLE_DATA_FIELD_NUMBER: _Final = 7
        IS_REF_FIELD_NUMBER: _Final = 16
        EXPERIMENTAL_FULL_TYPE_FIELD_NUMBER: _Final = 17
        name: str
        description: str
        type: int
        type_attr: str
        number_attr: str
        type_list_attr: str
        @property
        def handle_data(self) -> _Messages[ResourceHandleProto.DtypeAndShape]: ...
        is_ref: bool
        @property
        def experimental_full_type(self) -> FullTypeDef: ...
        def __init__(
            self,
            *,
            name: str | None = ...,
            description: str | None = ...,
            type: int | str | None = ...,
            type_attr: str | None = ...,
            number_attr: str | None = ...,
            type_list_attr: str | None = ...,
            handle_data: _Iterable[ResourceHandleProto.DtypeAndShape] | None = ...,
            is_ref: bool | None = ...,
            experimental_full_type: FullTypeDef | None = ...,
        ) -> None: ...
        def HasField(self, field_name: _Literal["experimental_full_type"]) -> bool: ...
        def ClearField(
            self,
            field_name: _Literal["name", "description", "type", "type_attr", "number_attr", "type_list_attr", "handle_data", "is_ref", "experimental_full_type"],
        ) -> None: ...

    class AttrDef(_Message):
        NAME_FIELD_NUMBER: _Final = 1
        TYPE_FIELD_NUMBER: _Final = 2
        DEFAULT_VALUE_FIELD_NUMBER: _Final = 3
        DESCRIPTION_FIELD_NUMBER: _Final = 4
        HAS_MINIMUM_FIELD_NUMBER: _Final = 5
        MINIMUM_FIELD_NUMBER: _Final = 6
        ALLOWED_VALUES_FIELD_NUMBER: _Final = 7
        name: str
        type: str
        @property
        def default_value(self) -> AttrValue: ...
        description: str
        has_minimum: bool
        minimum: int
        @property
        def allowed_values(self) -> AttrValue: ...
        def __init__(
            self,
            *,
            name: str | None = ...,
            type: str | None = ...,
            default_value: AttrValue | None = ...,
            description: str | None = ...,
            has_minimum: bool | None = ...,
            minimum: int | None = ...,
            allowed_values: AttrValue | None = ...,
        ) -> None: ...
        def HasField(self, field_name: _Literal["allowed_values", "default_value"]) -> bool: ...
        def ClearField(
            self,
            field_name: _Literal["name", "type", "default_value", "description", "has_minimum", "minimum", "allowed_values"],
        ) -> None: ...

    NAME_FIELD_NUMBER: _Final = 1
    INPUT_ARG_FIELD_NUMBER: _Final = 2
    OUTPUT_ARG_FIELD_NUMBER: _Final = 3
    CONTROL_OUTPUT_FIELD_NUMBER: _Final = 20
    ATTR_FIELD_NUMBER: _Final = 4
    DEPRECATION_FIELD_NUMBER: _Final = 8
    SUMMARY_FIELD_NUMBER: _Final = 5
    DESCRIPTION_FIELD_NUMBER: _Final = 6
    IS_COMMUTATIVE_FIELD_NUMBER: _Final = 18
    IS_AGGREGATE_FIELD_NUMBER: _Final = 16
    IS_STATEFUL_FIELD_NUMBER: _Final = 17
    ALLOWS_UNINITIALIZED_INPUT_FIELD_NUMBER: _Final = 19
    IS_DISTRIBUTED_COMMUNICATION_FIELD_NUMBER: _Final = 21
    name: str
    @property
    def input_arg(self) -> _Messages[OpDef.ArgDef]: ...
    @property
    def output_arg(self) -> _Messages[OpDef.ArgDef]: ...
    @property
    def control_output(self) -> _Scalars[str]: ...
    @property
    def attr(self) -> _Messages[OpDef.AttrDef]: ...
    @property
    def deprecation(self) -> OpDeprecation: ...
    summary: str
    description: str
    is_commutative: bool
    is_aggregate: bool
    is_stateful: bool
    allows_uninitialized_input: bool
    is_distributed_communication: bool
    def __init__(
        self,
        *,
        name: str | None = ...,
        input_arg: _Iterable[OpDef.ArgDef] | None = ...,
        output_arg: _Iterable[OpDef.ArgDef] | None = ...,
        control_output: _Iterable[str] | None = ...,
        attr: _Iterable[OpDef.AttrDef] | None = ...,
        deprecation: OpDeprecation | None = ...,
        summary: str | None = ...,
        description: str | None = ...,
        is_commutative: bool | None = ...,
        is_aggregate: bool | None = ...,
        is_stateful: bool | None = ...,
        allows_uninitialized_input: bool | None = ...,
        is_distributed_communication: bool | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["deprecation"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["name", "input_arg", "output_arg", "control_output", "attr", "deprecation", "summary", "description", "is_commutative", "is_aggregate", "is_stateful", "allows_uninitialized_input", "is_distributed_communication"],
    ) -> None: ...

class OpDeprecation(_Message):
    VERSION_FIELD_NUMBER: _Final = 1
    EXPLANATION_FIELD_NUMBER: _Final = 2
    version: int
    explanation: str
    def __init__(
        self,
        *,
        version: int | None = ...,
        explanation: str | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["version", "explanation"]) -> None: ...

class OpList(_Message):
    OP_FIELD_NUMBER: _Final = 1
    @property
    def op(self) -> _Messages[OpDef]: ...
    def __init__(self, *, op: _Iterable[OpDef] | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["op"]) -> None: ...

class OptimizerOptions(_Message):
    class _Level(_EnumTypeWrapper):
        L1: _Final = 0
        L0: _Final = -1

    Level: _ClassVar[_Level]
    L1: _Final = 0
    L0: _Final = -1

    class _GlobalJitLevel(_EnumTypeWrapper):
        DEFAULT: _Final = 0
        OFF: _Final = -1
        ON_1: _Final = 1
        ON_2: _Final = 2

    GlobalJitLevel: _ClassVar[_GlobalJitLevel]
    DEFAULT: _Final = 0
    OFF: _Final = -1
    ON_1: _Final = 1
    ON_2: _Final = 2

    DO_COMMON_SUBEXPRESSION_ELIMINATION_FIELD_NUMBER: _Final = 1
    DO_CONSTANT_FOLDING_FIELD_NUMBER: _Final = 2
    MAX_FOLDED_CONSTANT_IN_BYTES_FIELD_NUMBER: _Final = 6
    DO_FUNCTION_INLINING_FIELD_NUMBER: _Final = 4
    OPT_LEVEL_FIELD_NUMBER: _Final = 3
    GLOBAL_JIT_LEVEL_FIELD_NUMBER: _Final = 5
    CPU_GLOBAL_JIT_FIELD_NUMBER: _Final = 7
    do_common_subexpression_elimination: bool
    do_constant_folding: bool
    max_folded_constant_in_bytes: int
    do_function_inlining: bool
    opt_level: int
    global_jit_level: int
    cpu_global_jit: bool
    def __init__(
        self,
        *,
        do_common_subexpression_elimination: bool | None = ...,
        do_constant_folding: bool | None = ...,
        max_folded_constant_in_bytes: int | None = ...,
        do_function_inlining: bool | None = ...,
        opt_level: int | str | None = ...,
        global_jit_level: int | str | None = ...,
        cpu_global_jit: bool | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["do_common_subexpression_elimination", "do_constant_folding", "max_folded_constant_in_bytes", "do_function_inlining", "opt_level", "global_jit_level", "cpu_global_jit"],
    ) -> None: ...

class PairValue(_Message):
    KEY_FIELD_NUMBER: _Final = 1
    VALUE_FIELD_NUMBER: _Final = 2
    key: str
    @property
    def value(self) -> StructuredValue: ...
    def __init__(
        self,
        *,
        key: str | None = ...,
        value: StructuredValue | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["value"]) -> bool: ...
    def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

class QueueRunnerDef(_Message):
    QUEUE_NAME_FIELD_NUMBER: _Final = 1
    ENQUEUE_OP_NAME_FIELD_NUMBER: _Final = 2
    CLOSE_OP_NAME_FIELD_NUMBER: _Final = 3
    CANCEL_OP_NAME_FIELD_NUMBER: _Final = 4
    QUEUE_CLOSED_EXCEPTION_TYPES_FIELD_NUMBER: _Final = 5
    queue_name: str
    @property
    def enqueue_op_name(self) -> _Scalars[str]: ...
    close_op_name: str
    cancel_op_name: str
    @property
    def queue_closed_exception_types(self) -> _Scalars[int]: ...
    def __init__(
        self,
        *,
        queue_name: str | None = ...,
        enqueue_op_name: _Iterable[str] | None = ...,
        close_op_name: str | None = ...,
        cancel_op_name: str | None = ...,
        queue_closed_exception_types: _Iterable[int | str] | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["queue_name", "enqueue_op_name", "close_op_name", "cancel_op_name", "queue_closed_exception_types"],
    ) -> None: ...

class RPCOptions(_Message):
    USE_RPC_FOR_INPROCESS_MASTER_FIELD_NUMBER: _Final = 1
    COMPRESSION_ALGORITHM_FIELD_NUMBER: _Final = 2
    COMPRESSION_LEVEL_FIELD_NUMBER: _Final = 3
    CACHE_RPC_RESPONSE_FIELD_NUMBER: _Final = 4
    DISABLE_SESSION_CONNECTION_SHARING_FIELD_NUMBER: _Final = 5
    NUM_CHANNELS_PER_TARGET_FIELD_NUMBER: _Final = 6
    use_rpc_for_inprocess_master: bool
    compression_algorithm: str
    compression_level: int
    cache_rpc_response: bool
    disable_session_connection_sharing: bool
    num_channels_per_target: int
    def __init__(
        self,
        *,
        use_rpc_for_inprocess_master: bool | None = ...,
        compression_algorithm: str | None = ...,
        compression_level: int | None = ...,
        cache_rpc_response: bool | None = ...,
        disable_session_connection_sharing: bool | None = ...,
        num_channels_per_target: int | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["use_rpc_for_inprocess_master", "compression_algorithm", "compression_level", "cache_rpc_response", "disable_session_connection_sharing", "num_channels_per_target"],
    ) -> None: ...

class RegisteredGradient(_Message):
    GRADIENT_FUNC_FIELD_NUMBER: _Final = 1
    REGISTERED_OP_TYPE_FIELD_NUMBER: _Final = 2
    gradient_func: str
    registered_op_type: str
    def __init__(
        self,
        *,
        gradient_func: str | None = ...,
        registered_op_type: str | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["gradient_func", "registered_op_type"],
    ) -> None: ...

class RegisteredSaver(_Message):
    NAME_FIELD_NUMBER: _Final = 1
    OBJECT_NAME_FIELD_NUMBER: _Final = 2
    name: str
    object_name: str
    def __init__(self, *, name: str | None = ..., object_name: str | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["name", "object_name"]) -> None: ...

class ResourceHandleProto(_Message):
    class DtypeAndShape(_Message):
        DTYPE_FIELD_NUMBER: _Final = 1
        SHAPE_FIELD_NUMBER: _Final = 2
        dtype: int
        @property
        def shape(self) -> TensorShapeProto: ...
        def __init__(
            self,
            *,
            dtype: int | str | None = ...,
            shape: TensorShapeProto | None = ...,
        ) -> None: ...
        def HasField(self, field_name: _Literal["shape"]) -> bool: ...
        def ClearField(self, field_name: _Literal["dtype", "shape"]) -> None: ...

    DEVICE_FIELD_NUMBER: _Final = 1
    CONTAINER_FIELD_NUMBER: _Final = 2
    NAME_FIELD_NUMBER: _Final = 3
    HASH_CODE_FIELD_NUMBER: _Final = 4
    MAYBE_TYPE_NAME_FIELD_NUMBER: _Final = 5
    DTYPES_AND_SHAPES_FIELD_NUMBER: _Final = 6
    device: str
    container: str
    name: str
    hash_code: int
    maybe_type_name: str
    @property
    def dtypes_and_shapes(self) -> _Messages[ResourceHandleProto.DtypeAndShape]: ...
    def __init__(
        self,
        *,
        device: str | None = ...,
        container: str | None = ...,
        name: str | None = ...,
        hash_code: int | None = ...,
        maybe_type_name: str | None = ...,
        dtypes_and_shapes: _Iterable[ResourceHandleProto.DtypeAndShape] | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["device", "container", "name", "hash_code", "maybe_type_name", "dtypes_and_shapes"],
    ) -> None: ...

class RewriterConfig(_Message):
    class _Toggle(_EnumTypeWrapper):
        DEFAULT: _Final = 0
        ON: _Final = 1
        OFF: _Final = 2
        AGGRESSIVE: _Final = 3
        EXPERIMENTAL_MLIR: _Final = 4
        EXPERIMENTAL_BOTH: _Final = 5

    Toggle: _ClassVar[_Toggle]
    DEFAULT: _Final = 0
    ON: _Final = 1
    OFF: _Final = 2
    AGGRESSIVE: _Final = 3
    EXPERIMENTAL_MLIR: _Final = 4
    EXPERIMENTAL_BOTH: _Final = 5

    class _CpuLayout(_EnumTypeWrapper):
        NO_CONVERSION_ON_CPU: _Final = 0
        NCHW_TO_NHWC: _Final = 1
        NHWC_TO_NCHW: _Final = 2

    CpuLayout: _ClassVar[_CpuLayout]
    NO_CONVERSION_ON_CPU: _Final = 0
    NCHW_TO_NHWC: _Final = 1
    NHWC_TO_NCHW: _Final = 2

    class _NumIterationsType(_EnumTypeWrapper):
        DEFAULT_NUM_ITERS: _Final = 0
        ONE: _Final = 1
        TWO: _Final = 2

    NumIterationsType: _ClassVar[_NumIterationsType]
    DEFAULT_NUM_ITERS: _Final = 0
    ONE: _Final = 1
    TWO: _Final = 2

    class _MemOptType(_EnumTypeWrapper):
        DEFAULT_MEM_OPT: _Final = 0
        NO_MEM_OPT: _Final = 1
        MANUAL: _Final = 2
        SWAPPING_HEURISTICS: _Final = 4
        RECOMPUTATION_HEURISTICS: _Final = 5
        SCHEDULING_HEURISTICS: _Final = 6
        HEURISTICS: _Final = 3

    MemOptType: _ClassVar[_MemOptType]
    DEFAULT_MEM_OPT: _Final = 0
    NO_MEM_OPT: _Final = 1
    MANUAL: _Final = 2
    SWAPPING_HEURISTICS: _Final = 4
    RECOMPUTATION_HEURISTICS: _Final = 5
    SCHEDULING_HEURISTICS: _Final = 6
    HEURISTICS: _Final = 3

    class CustomGraphOptimizer(_Message):
        class ParameterMapEntry(_Message):
            KEY_FIELD_NUMBER: _Final = 1
            VALUE_FIELD_NUMBER: _Final = 2
            key: str
            @property
            def value(self) -> AttrValue: ...
            def __init__(self, *, key: str | None = ..., value: AttrValue | None = ...) -> None: ...
            def HasField(self, field_name: _Literal["value"]) -> bool: ...
            def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

        NAME_FIELD_NUMBER: _Final = 1
        PARAMETER_MAP_FIELD_NUMBER: _Final = 2
        name: str
        @property
        def parameter_map(self) -> _MessageMap[str, AttrValue]: ...
        def __init__(
            self,
            *,
            name: str | None = ...,
            parameter_map: _Mapping[str, AttrValue] | None = ...,
        ) -> None: ...
        def ClearField(self, field_name: _Literal["name", "parameter_map"]) -> None: ...

    CPU_LAYOUT_CONVERSION_FIELD_NUMBER: _Final = 50
    LAYOUT_OPTIMIZER_FIELD_NUMBER: _Final = 1
    CONSTANT_FOLDING_FIELD_NUMBER: _Final = 3
    SHAPE_OPTIMIZATION_FIELD_NUMBER: _Final = 13
    REMAPPING_FIELD_NUMBER: _Final = 14
    COMMON_SUBGRAPH_ELIMINATION_FIELD_NUMBER: _Final = 24
    ARITHMETIC_OPTIMIZATION_FIELD_NUMBER: _Final = 7
    DEPENDENCY_OPTIMIZATION_FIELD_NUMBER: _Final = 8
    LOOP_OPTIMIZATION_FIELD_NUMBER: _Final = 9
    FUNCTION_OPTIMIZATION_FIELD_NUMBER: _Final = 10
    DEBUG_STRIPPER_FIELD_NUMBER: _Final = 11
    DISABLE_MODEL_PRUNING_FIELD_NUMBER: _Final = 2
    SCOPED_ALLOCATOR_OPTIMIZATION_FIELD_NUMBER: _Final = 15
    PIN_TO_HOST_OPTIMIZATION_FIELD_NUMBER: _Final = 18
    IMPLEMENTATION_SELECTOR_FIELD_NUMBER: _Final = 22
    AUTO_MIXED_PRECISION_FIELD_NUMBER: _Final = 23
    AUTO_MIXED_PRECISION_MKL_FIELD_NUMBER: _Final = 25
    AUTO_MIXED_PRECISION_ONEDNN_BFLOAT16_FIELD_NUMBER: _Final = 31
    AUTO_MIXED_PRECISION_CPU_FIELD_NUMBER: _Final = 29
    DISABLE_META_OPTIMIZER_FIELD_NUMBER: _Final = 19
    DISABLE_TFG_OPTIMIZER_FIELD_NUMBER: _Final = 32
    USE_PLUGIN_OPTIMIZERS_FIELD_NUMBER: _Final = 28
    EXPERIMENTAL_CONDITIONAL_CODE_MOTION_FIELD_NUMBER: _Final = 30
    META_OPTIMIZER_ITERATIONS_FIELD_NUMBER: _Final = 12
    MIN_GRAPH_NODES_FIELD_NUMBER: _Final = 17
    EXPERIMENTAL_DISABLE_COMPRESSED_TENSOR_OPTIMIZATION_FIELD_NUMBER: _Final = 26
    EXPERIMENTAL_DISABLE_FOLDING_QUANTIZATION_EMULATION_FIELD_NUMBER: _Final = 27
    MEMORY_OPTIMIZATION_FIELD_NUMBER: _Final = 4
    MEMORY_OPTIMIZER_TARGET_NODE_NAME_SCOPE_FIELD_NUMBER: _Final = 6
    META_OPTIMIZER_TIMEOUT_MS_FIELD_NUMBER: _Final = 20
    AUTO_PARALLEL_FIELD_NUMBER: _Final = 5
    FAIL_ON_OPTIMIZER_ERRORS_FIELD_NUMBER: _Final = 21
    SCOPED_ALLOCATOR_OPTS_FIELD_NUMBER: _Final = 16
    OPTIMIZERS_FIELD_NUMBER: _Final = 100
    CUSTOM_OPTIMIZERS_FIELD_NUMBER: _Final = 200
    INTER_OPTIMIZER_VERIFIER_CONFIG_FIELD_NUMBER: _Final = 300
    POST_OPTIMIZATION_VERIFIER_CONFIG_FIELD_NUMBER: _Final = 301
    cpu_layout_conversion: int
    layout_optimizer: int
    constant_folding: int
    shape_optimization: int
    remapping: int
    common_subgraph_elimination: int
    arithmetic_optimization: int
    dependency_optimization: int
    loop_optimization: int
    function_optimization: int
    debug_stripper: int
    disable_model_pruning: bool
    scoped_allocator_optimization: int
    pin_to_host_optimization: int
    implementation_selector: int
    auto_mixed_precision: int
    auto_mixed_precision_mkl: int
    auto_mixed_precision_onednn_bfloat16: int
    auto_mixed_precision_cpu: int
    disable_meta_optimizer: bool
    disable_tfg_optimizer: bool
    use_plugin_optimizers: int
    experimental_conditional_code_motion: int
    meta_optimizer_iterations: int
    min_graph_nodes: int
    experimental_disable_compressed_tensor_optimization: bool
    experimental_disable_folding_quantization_emulation: bool
    memory_optimization: int
    memory_optimizer_target_node_name_scope: str
    meta_optimizer_timeout_ms: int
    @property
    def auto_parallel(self) -> AutoParallelOptions: ...
    fail_on_optimizer_errors: bool
    @property
    def scoped_allocator_opts(self) -> ScopedAllocatorOptions: ...
    @property
    def optimizers(self) -> _Scalars[str]: ...
    @property
    def custom_optimizers(self) -> _Messages[RewriterConfig.CustomGraphOptimizer]: ...
    @property
    def inter_optimizer_verifier_config(self) -> VerifierConfig: ...
    @property
    def post_optimization_verifier_config(self) -> VerifierConfig: ...
    def __init__(
        self,
        *,
        cpu_layout_conversion: int | str | None = ...,
        layout_optimizer: int | str | None = ...,
        constant_folding: int | str | None = ...,
        shape_optimization: int | str | None = ...,
        remapping: int | str | None = ...,
        common_subgraph_elimination: int | str | None = ...,
        arithmetic_optimization: int | str | None = ...,
        dependency_optimization: int | str | None = ...,
        loop_optimization: int | str | None = ...,
        function_optimization: int | str | None = ...,
        debug_stripper: int | str | None = ...,
        disable_model_pruning: bool | None = ...,
        scoped_allocator_optimization: int | str | None = ...,
        pin_to_host_optimization: int | str | None = ...,
        implementation_selector: int | str | None = ...,
        auto_mixed_precision: int | str | None = ...,
        auto_mixed_precision_mkl: int | str | None = ...,
        auto_mixed_precision_onednn_bfloat16: int | str | None = ...,
        auto_mixed_precision_cpu: int | str | None = ...,
        disable_meta_optimizer: bool | None = ...,
        disable_tfg_optimizer: bool | None = ...,
        use_plugin_optimizers: int | str | None = ...,
        experimental_conditional_code_motion: int | str | None = ...,
        meta_optimizer_iterations: int | str | None = ...,
        min_graph_nodes: int | None = ...,
        experimental_disable_compressed_tensor_optimization: bool | None = ...,
        experimental_disable_folding_quantization_emulation: bool | None = ...,
        memory_optimization: int | str | None = ...,
        memory_optimizer_target_node_name_scope: str | None = ...,
        meta_optimizer_timeout_ms: int | None = ...,
        auto_parallel: AutoParallelOptions | None = ...,
        fail_on_optimizer_errors: bool | None = ...,
        scoped_allocator_opts: ScopedAllocatorOptions | None = ...,
        optimizers: _Iterable[str] | None = ...,
        custom_optimizers: _Iterable[RewriterConfig.CustomGraphOptimizer] | None = ...,
        inter_optimizer_verifier_config: VerifierConfig | None = ...,
        post_optimization_verifier_config: VerifierConfig | None = ...,
    ) -> None: ...
    def HasField(
        self,
        field_name: _Literal["auto_parallel", "inter_optimizer_verifier_config", "post_optimization_verifier_config", "scoped_allocator_opts"],
    ) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["cpu_layout_conversion", "layout_optimizer", "constant_folding", "shape_optimization", "remapping", "common_subgraph_elimination", "arithmetic_optimization", "dependency_optimization", "loop_optimization", "function_optimization", "debug_stripper", "disable_model_pruning", "scoped_allocator_optimization", "pin_to_host_optimization", "implementation_selector", "auto_mixed_precision", "auto_mixed_precision_mkl", "auto_mixed_precision_onednn_bfloat16", "auto_mixed_precision_cpu", "disable_meta_optimizer", "disable_tfg_optimizer", "use_plugin_optimizers", "experimental_conditional_code_motion", "meta_optimizer_iterations", "min_graph_nodes", "experimental_disable_compressed_tensor_optimization", "experimental_disable_folding_quantization_emulation", "memory_optimization", "memory_optimizer_target_node_name_scope", "meta_optimizer_timeout_ms", "auto_parallel", "fail_on_optimizer_errors", "scoped_allocator_opts", "optimizers", "custom_optimizers", "inter_optimizer_verifier_config", "post_optimization_verifier_config"],
    ) -> None: ...

class RunMetadata(_Message):
    class FunctionGraphs(_Message):
        PARTITION_GRAPHS_FIELD_NUMBER: _Final = 1
        PRE_OPTIMIZATION_GRAPH_FIELD_NUMBER: _Final = 2
        POST_OPTIMIZATION_GRAPH_FIELD_NUMBER: _Final = 3
        @property
        def partition_graphs(self) -> _Messages[GraphDef]: ...
        @property
        def pre_optimization_graph(self) -> GraphDef: ...
        @property
        def post_optimization_graph(self) -> GraphDef: ...
        def __init__(
            self,
            *,
            partition_graphs: _Iterable[GraphDef] | None = ...,
            pre_optimization_graph: GraphDef | None = ...,
            post_optimization_graph: GraphDef | None = ...,
        ) -> None: ...
        def HasField(
            self,
            field_name: _Literal["post_optimization_graph", "pre_optimization_graph"],
        ) -> bool: ...
        def ClearField(
            self,
            field_name: _Literal["partition_graphs", "pre_optimization_graph", "post_optimization_graph"],
        ) -> None: ...

    STEP_STATS_FIELD_NUMBER: _Final = 1
    COST_GRAPH_FIELD_NUMBER: _Final = 2
    PARTITION_GRAPHS_FIELD_NUMBER: _Final = 3
    FUNCTION_GRAPHS_FIELD_NUMBER: _Final = 4
    SESSION_METADATA_FIELD_NUMBER: _Final = 5
    @property
    def step_stats(self) -> StepStats: ...
    @property
    def cost_graph(self) -> CostGraphDef: ...
    @property
    def partition_graphs(self) -> _Messages[GraphDef]: ...
    @property
    def function_graphs(self) -> _Messages[RunMetadata.FunctionGraphs]: ...
    @property
    def session_metadata(self) -> SessionMetadata: ...
    def __init__(
        self,
        *,
        step_stats: StepStats | None = ...,
        cost_graph: CostGraphDef | None = ...,
        partition_graphs: _Iterable[GraphDef] | None = ...,
        function_graphs: _Iterable[RunMetadata.FunctionGraphs] | None = ...,
        session_metadata: SessionMetadata | None = ...,
    ) -> None: ...
    def HasField(
        self,
        field_name: _Literal["cost_graph", "session_metadata", "step_stats"],
    ) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["step_stats", "cost_graph", "partition_graphs", "function_graphs", "session_metadata"],
    ) -> None: ...

class RunOptions(_Message):
    class _TraceLevel(_EnumTypeWrapper):
        NO_TRACE: _Final = 0
        SOFTWARE_TRACE: _Final = 1
        HARDWARE_TRACE: _Final = 2
        FULL_TRACE: _Final = 3

    TraceLevel: _ClassVar[_TraceLevel]
    NO_TRACE: _Final = 0
    SOFTWARE_TRACE: _Final = 1
    HARDWARE_TRACE: _Final = 2
    FULL_TRACE: _Final = 3

    class Experimental(_Message):
        class RunHandlerPoolOptions(_Message):
            PRIORITY_FIELD_NUMBER: _Final = 1
            priority: int
            def __init__(self, *, priority: int | None = ...) -> None: ...
            def ClearField(self, field_name: _Literal["priority"]) -> None: ...

        COLLECTIVE_GRAPH_KEY_FIELD_NUMBER: _Final = 1
        USE_RUN_HANDLER_POOL_FIELD_NUMBER: _Final = 2
        RUN_HANDLER_POOL_OPTIONS_FIELD_NUMBER: _Final = 3
        collective_graph_key: int
        use_run_handler_pool: bool
        @property
        def run_handler_pool_options(self) -> RunOptions.Experimental.RunHandlerPoolOptions: ...
        def __init__(
            self,
            *,
            collective_graph_key: int | None = ...,
            use_run_handler_pool: bool | None = ...,
            run_handler_pool_options: RunOptions.Experimental.RunHandlerPoolOptions | None = ...,
        ) -> None: ...
        def HasField(self, field_name: _Literal["run_handler_pool_options"]) -> bool: ...
        def ClearField(
            self,
            field_name: _Literal["collective_graph_key", "use_run_handler_pool", "run_handler_pool_options"],
        ) -> None: ...

    TRACE_LEVEL_FIELD_NUMBER: _Final = 1
    TIMEOUT_IN_MS_FIELD_NUMBER: _Final = 2
    INTER_OP_THREAD_POOL_FIELD_NUMBER: _Final = 3
    OUTPUT_PARTITION_GRAPHS_FIELD_NUMBER: _Final = 5
    DEBUG_OPTIONS_FIELD_NUMBER: _Final = 6
    REPORT_TENSOR_ALLOCATIONS_UPON_OOM_FIELD_NUMBER: _Final = 7
    EXPERIMENTAL_FIELD_NUMBER: _Final = 8
    trace_level: int
    timeout_in_ms: int
    inter_op_thread_pool: int
    output_partition_graphs: bool
    @property
    def debug_options(self) -> DebugOptions: ...
    report_tensor_allocations_upon_oom: bool
    @property
    def experimental(self) -> RunOptions.Experimental: ...
    def __init__(
        self,
        *,
        trace_level: int | str | None = ...,
        timeout_in_ms: int | None = ...,
        inter_op_thread_pool: int | None = ...,
        output_partition_graphs: bool | None = ...,
        debug_options: DebugOptions | None = ...,
        report_tensor_allocations_upon_oom: bool | None = ...,
        experimental: RunOptions.Experimental | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["debug_options", "experimental"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["trace_level", "timeout_in_ms", "inter_op_thread_pool", "output_partition_graphs", "debug_options", "report_tensor_allocations_upon_oom", "experimental"],
    ) -> None: ...

class SaveSliceInfoDef(_Message):
    FULL_NAME_FIELD_NUMBER: _Final = 1
    FULL_SHAPE_FIELD_NUMBER: _Final = 2
    VAR_OFFSET_FIELD_NUMBER: _Final = 3
    VAR_SHAPE_FIELD_NUMBER: _Final = 4
    full_name: str
    @property
    def full_shape(self) -> _Scalars[int]: ...
    @property
    def var_offset(self) -> _Scalars[int]: ...
    @property
    def var_shape(self) -> _Scalars[int]: ...
    def __init__(
        self,
        *,
        full_name: str | None = ...,
        full_shape: _Iterable[int] | None = ...,
        var_offset: _Iterable[int] | None = ...,
        var_shape: _Iterable[int] | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["full_name", "full_shape", "var_offset", "var_shape"],
    ) -> None: ...

class SaveableObject(_Message):
    SAVE_FUNCTION_FIELD_NUMBER: _Final = 2
    RESTORE_FUNCTION_FIELD_NUMBER: _Final = 3
    save_function: int
    restore_function: int
    def __init__(
        self,
        *,
        save_function: int | None = ...,
        restore_function: int | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["save_function", "restore_function"],
    ) -> None: ...

class SavedAsset(_Message):
    ASSET_FILE_DEF_INDEX_FIELD_NUMBER: _Final = 1
    asset_file_def_index: int
    def __init__(self, *, asset_file_def_index: int | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["asset_file_def_index"]) -> None: ...

class SavedBareConcreteFunction(_Message):
    CONCRETE_FUNCTION_NAME_FIELD_NUMBER: _Final = 1
    ARGUMENT_KEYWORDS_FIELD_NUMBER: _Final = 2
    ALLOWED_POSITIONAL_ARGUMENTS_FIELD_NUMBER: _Final = 3
    FUNCTION_SPEC_FIELD_NUMBER: _Final = 4
    concrete_function_name: str
    @property
    def argument_keywords(self) -> _Scalars[str]: ...
    allowed_positional_arguments: int
    @property
    def function_spec(self) -> FunctionSpec: ...
    def __init__(
        self,
        *,
        concrete_function_name: str | None = ...,
        argument_keywords: _Iterable[str] | None = ...,
        allowed_positional_arguments: int | None = ...,
        function_spec: FunctionSpec | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["function_spec"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["concrete_function_name", "argument_keywords", "allowed_positional_arguments", "function_spec"],
    ) -> None: ...

class SavedConcreteFunction(_Message):
    BOUND_INPUTS_FIELD_NUMBER: _Final = 2
    CANONICALIZED_INPUT_SIGNATURE_FIELD_NUMBER: _Final = 3
    OUTPUT_SIGNATURE_FIELD_NUMBER: _Final = 4
    @property
    def bound_inputs(self) -> _Scalars[int]: ...
    @property
    def canonicalized_input_signature(self) -> StructuredValue: ...
    @property
    def output_signature(self) -> StructuredValue: ...
    def __init__(
        self,
        *,
        bound_inputs: _Iterable[int] | None = ...,
        canonicalized_input_signature: StructuredValue | None = ...,
        output_signature: StructuredValue | None = ...,
    ) -> None: ...
    def HasField(
        self,
        field_name: _Literal["canonicalized_input_signature", "output_signature"],
    ) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["bound_inputs", "canonicalized_input_signature", "output_signature"],
    ) -> None: ...

class SavedConstant(_Message):
    OPERATION_FIELD_NUMBER: _Final = 1
    operation: str
    def __init__(self, *, operation: str | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["operation"]) -> None: ...

class SavedFunction(_Message):
    CONCRETE_FUNCTIONS_FIELD_NUMBER: _Final = 1
    FUNCTION_SPEC_FIELD_NUMBER: _Final = 2
    @property
    def concrete_functions(self) -> _Scalars[str]: ...
    @property
    def function_spec(self) -> FunctionSpec: ...
    def __init__(
        self,
        *,
        concrete_functions: _Iterable[str] | None = ...,
        function_spec: FunctionSpec | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["function_spec"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["concrete_functions", "function_spec"],
    ) -> None: ...

class SavedModel(_Message):
    SAVED_MODEL_SCHEMA_VERSION_FIELD_NUMBER: _Final = 1
    META_GRAPHS_FIELD_NUMBER: _Final = 2
    saved_model_schema_version: int
    @property
    def meta_graphs(self) -> _Messages[MetaGraphDef]: ...
    def __init__(
        self,
        *,
        saved_model_schema_version: int | None = ...,
        meta_graphs: _Iterable[MetaGraphDef] | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["saved_model_schema_version", "meta_graphs"],
    ) -> None: ...

class SavedObject(_Message):
    class SaveableObjectsEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        @property
        def value(self) -> SaveableObject: ...
        def __init__(
            self,
            *,
            key: str | None = ...,
            value: SaveableObject | None = ...,
        ) -> None: ...
        def HasField(self, field_name: _Literal["value"]) -> bool: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    CHILDREN_FIELD_NUMBER: _Final = 1
    DEPENDENCIES_FIELD_NUMBER: _Final = 15
    SLOT_VARIABLES_FIELD_NUMBER: _Final = 3
    USER_OBJECT_FIELD_NUMBER: _Final = 4
    ASSET_FIELD_NUMBER: _Final = 5
    FUNCTION_FIELD_NUMBER: _Final = 6
    VARIABLE_FIELD_NUMBER: _Final = 7
    BARE_CONCRETE_FUNCTION_FIELD_NUMBER: _Final = 8
    CONSTANT_FIELD_NUMBER: _Final = 9
    RESOURCE_FIELD_NUMBER: _Final = 10
    CAPTURED_TENSOR_FIELD_NUMBER: _Final = 12
    SAVEABLE_OBJECTS_FIELD_NUMBER: _Final = 11
    REGISTERED_NAME_FIELD_NUMBER: _Final = 13
    SERIALIZED_USER_PROTO_FIELD_NUMBER: _Final = 14
    REGISTERED_SAVER_FIELD_NUMBER: _Final = 16
    @property
    def children(self) -> _Messages[TrackableObjectGraph.TrackableObject.ObjectReference]: ...
    @property
    def dependencies(
        self,
    ) -> _Messages[TrackableObjectGraph.TrackableObject.ObjectReference]: ...
    @property
    def slot_variables(
        self,
    ) -> _Messages[TrackableObjectGraph.TrackableObject.SlotVariableReference]: ...
    @property
    def user_object(self) -> SavedUserObject: ...
    @property
    def asset(self) -> SavedAsset: ...
    @property
    def function(self) -> SavedFunction: ...
    @property
    def variable(self) -> SavedVariable: ...
    @property
    def bare_concrete_function(self) -> SavedBareConcreteFunction: ...
    @property
    def constant(self) -> SavedConstant: ...
    @property
    def resource(self) -> SavedResource: ...
    @property
    def captured_tensor(self) -> CapturedTensor: ...
    @property
    def saveable_objects(self) -> _MessageMap[str, SaveableObject]: ...
    registered_name: str
    @property
    def serialized_user_proto(self) -> _any_pb2.Any: ...
    registered_saver: str
    def __init__(
        self,
        *,
        children: _Iterable[TrackableObjectGraph.TrackableObject.ObjectReference] | None = ...,
        dependencies: _Iterable[TrackableObjectGraph.TrackableObject.ObjectReference] | None = ...,
        slot_variables: _Iterable[TrackableObjectGraph.TrackableObject.SlotVariableReference] | None = ...,
        user_object: SavedUserObject | None = ...,
        asset: SavedAsset | None = ...,
        function: SavedFunction | None = ...,
        variable: SavedVariable | None = ...,
        bare_concrete_function: SavedBareConcreteFunction | None = ...,
        constant: SavedConstant | None = ...,
        resource: SavedResource | None = ...,
        captured_tensor: CapturedTensor | None = ...,
        saveable_objects: _Mapping[str, SaveableObject] | None = ...,
        registered_name: str | None = ...,
        serialized_user_proto: _any_pb2.Any | None = ...,
        registered_saver: str | None = ...,
    ) -> None: ...
    def HasField(
        self,
        field_name: _Literal["asset", "bare_concrete_function", "captured_tensor", "constant", "function", "kind", "resource", "serialized_user_proto", "user_object", "variable"],
    ) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["children", "dependencies", "slot_variables", "user_object", "asset", "function", "variable", "bare_concrete_function", "constant", "resource", "captured_tensor", "saveable_objects", "registered_name", "serialized_user_proto", "registered_saver", "kind"],
    ) -> None: ...
    def WhichOneof(
        self,
        oneof_group: _Literal["kind"],
    ) -> _Literal["user_object", "asset", "function", "variable", "bare_concrete_function", "constant", "resource", "captured_tensor"] | None: ...

class SavedObjectGraph(_Message):
    class ConcreteFunctionsEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        @property
        def value(self) -> SavedConcreteFunction: ...
        def __init__(
            self,
            *,
            key: str | None = ...,
            value: SavedConcreteFunction | None = ...,
        ) -> None: ...
        def HasField(self, field_name: _Literal["value"]) -> bool: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    NODES_FIELD_NUMBER: _Final = 1
    CONCRETE_FUNCTIONS_FIELD_NUMBER: _Final = 2
    @property
    def nodes(self) -> _Messages[SavedObject]: ...
    @property
    def concrete_functions(self) -> _MessageMap[str, SavedConcreteFunction]: ...
    def __init__(
        self,
        *,
        nodes: _Iterable[SavedObject] | None = ...,
        concrete_functions: _Mapping[str, SavedConcreteFunction] | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["nodes", "concrete_functions"]) -> None: ...

class SavedResource(_Message):
    DEVICE_FIELD_NUMBER: _Final = 1
    device: str
    def __init__(self, *, device: str | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["device"]) -> None: ...

class SavedSlice(_Message):
    NAME_FIELD_NUMBER: _Final = 1
    SLICE_FIELD_NUMBER: _Final = 2
    DATA_FIELD_NUMBER: _Final = 3
    name: str
    @property
    def slice(self) -> TensorSliceProto: ...
    @property
    def data(self) -> TensorProto: ...
    def __init__(
        self,
        *,
        name: str | None = ...,
        slice: TensorSliceProto | None = ...,
        data: TensorProto | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["data", "slice"]) -> bool: ...
    def ClearField(self, field_name: _Literal["name", "slice", "data"]) -> None: ...

class SavedSliceMeta(_Message):
    NAME_FIELD_NUMBER: _Final = 1
    SHAPE_FIELD_NUMBER: _Final = 2
    TYPE_FIELD_NUMBER: _Final = 3
    SLICE_FIELD_NUMBER: _Final = 4
    name: str
    @property
    def shape(self) -> TensorShapeProto: ...
    type: int
    @property
    def slice(self) -> _Messages[TensorSliceProto]: ...
    def __init__(
        self,
        *,
        name: str | None = ...,
        shape: TensorShapeProto | None = ...,
        type: int | str | None = ...,
        slice: _Iterable[TensorSliceProto] | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["shape"]) -> bool: ...
    def ClearField(self, field_name: _Literal["name", "shape", "type", "slice"]) -> None: ...

class SavedTensorSliceMeta(_Message):
    TENSOR_FIELD_NUMBER: _Final = 1
    VERSIONS_FIELD_NUMBER: _Final = 2
    @property
    def tensor(self) -> _Messages[SavedSliceMeta]: ...
    @property
    def versions(self) -> VersionDef: ...
    def __init__(
        self,
        *,
        tensor: _Iterable[SavedSliceMeta] | None = ...,
        versions: VersionDef | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["versions"]) -> bool: ...
    def ClearField(self, field_name: _Literal["tensor", "versions"]) -> None: ...

class SavedTensorSlices(_Message):
    META_FIELD_NUMBER: _Final = 1
    DATA_FIELD_NUMBER: _Final = 2
    @property
    def meta(self) -> SavedTensorSliceMeta: ...
    @property
    def data(self) -> SavedSlice: ...
    def __init__(
        self,
        *,
        meta: SavedTensorSliceMeta | None = ...,
        data: SavedSlice | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["data", "meta"]) -> bool: ...
    def ClearField(self, field_name: _Literal["meta", "data"]) -> None: ...

class SavedUserObject(_Message):
    IDENTIFIER_FIELD_NUMBER: _Final = 1
    VERSION_FIELD_NUMBER: _Final = 2
    METADATA_FIELD_NUMBER: _Final = 3
    identifier: str
    @property
    def version(self) -> VersionDef: ...
    metadata: str
    def __init__(
        self,
        *,
        identifier: str | None = ...,
        version: VersionDef | None = ...,
        metadata: str | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["version"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["identifier", "version", "metadata"],
    ) -> None: ...

class SavedVariable(_Message):
    DTYPE_FIELD_NUMBER: _Final = 1
    SHAPE_FIELD_NUMBER: _Final = 2
    TRAINABLE_FIELD_NUMBER: _Final = 3
    SYNCHRONIZATION_FIELD_NUMBER: _Final = 4
    AGGREGATION_FIELD_NUMBER: _Final = 5
    NAME_FIELD_NUMBER: _Final = 6
    DEVICE_FIELD_NUMBER: _Final = 7
    EXPERIMENTAL_DISTRIBUTED_VARIABLE_COMPONENTS_FIELD_NUMBER: _Final = 8
    dtype: int
    @property
    def shape(self) -> TensorShapeProto: ...
    trainable: bool
    synchronization: int
    aggregation: int
    name: str
    device: str
    @property
    def experimental_distributed_variable_components(self) -> _Messages[SavedVariable]: ...
    def __init__(
        self,
        *,
        dtype: int | str | None = ...,
        shape: TensorShapeProto | None = ...,
        trainable: bool | None = ...,
        synchronization: int | str | None = ...,
        aggregation: int | str | None = ...,
        name: str | None = ...,
        device: str | None = ...,
        experimental_distributed_variable_components: _Iterable[SavedVariable] | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["shape"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["dtype", "shape", "trainable", "synchronization", "aggregation", "name", "device", "experimental_distributed_variable_components"],
    ) -> None: ...

class SaverDef(_Message):
    class _CheckpointFormatVersion(_EnumTypeWrapper):
        LEGACY: _Final = 0
        V1: _Final = 1
        V2: _Final = 2

    CheckpointFormatVersion: _ClassVar[_CheckpointFormatVersion]
    LEGACY: _Final = 0
    V1: _Final = 1
    V2: _Final = 2

    FILENAME_TENSOR_NAME_FIELD_NUMBER: _Final = 1
    SAVE_TENSOR_NAME_FIELD_NUMBER: _Final = 2
    RESTORE_OP_NAME_FIELD_NUMBER: _Final = 3
    MAX_TO_KEEP_FIELD_NUMBER: _Final = 4
    SHARDED_FIELD_NUMBER: _Final = 5
    KEEP_CHECKPOINT_EVERY_N_HOURS_FIELD_NUMBER: _Final = 6
    VERSION_FIELD_NUMBER: _Final = 7
    filename_tensor_name: str
    save_tensor_name: str
    restore_op_name: str
    max_to_keep: int
    sharded: bool
    keep_checkpoint_every_n_hours: float
    version: int
    def __init__(
        self,
        *,
        filename_tensor_name: str | None = ...,
        save_tensor_name: str | None = ...,
        restore_op_name: str | None = ...,
        max_to_keep: int | None = ...,
        sharded: bool | None = ...,
        keep_checkpoint_every_n_hours: float | None = ...,
        version: int | str | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["filename_tensor_name", "save_tensor_name", "restore_op_name", "max_to_keep", "sharded", "keep_checkpoint_every_n_hours", "version"],
    ) -> None: ...

class ScopedAllocatorOptions(_Message):
    ENABLE_OP_FIELD_NUMBER: _Final = 1
    @property
    def enable_op(self) -> _Scalars[str]: ...
    def __init__(self, *, enable_op: _Iterable[str] | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["enable_op"]) -> None: ...

class SerializedDType(_Message):
    DATATYPE_FIELD_NUMBER: _Final = 1
    datatype: int
    def __init__(self, *, datatype: int | str | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["datatype"]) -> None: ...

class SessionMetadata(_Message):
    NAME_FIELD_NUMBER: _Final = 1
    VERSION_FIELD_NUMBER: _Final = 2
    name: str
    version: int
    def __init__(self, *, name: str | None = ..., version: int | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["name", "version"]) -> None: ...

class SignatureDef(_Message):
    class InputsEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        @property
        def value(self) -> TensorInfo: ...
        def __init__(self, *, key: str | None = ..., value: TensorInfo | None = ...) -> None: ...
        def HasField(self, field_name: _Literal["value"]) -> bool: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    class OutputsEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        @property
        def value(self) -> TensorInfo: ...
        def __init__(self, *, key: str | None = ..., value: TensorInfo | None = ...) -> None: ...
        def HasField(self, field_name: _Literal["value"]) -> bool: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    class DefaultsEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        @property
        def value(self) -> TensorProto: ...
        def __init__(self, *, key: str | None = ..., value: TensorProto | None = ...) -> None: ...
        def HasField(self, field_name: _Literal["value"]) -> bool: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    INPUTS_FIELD_NUMBER: _Final = 1
    OUTPUTS_FIELD_NUMBER: _Final = 2
    METHOD_NAME_FIELD_NUMBER: _Final = 3
    DEFAULTS_FIELD_NUMBER: _Final = 4
    @property
    def inputs(self) -> _MessageMap[str, TensorInfo]: ...
    @property
    def outputs(self) -> _MessageMap[str, TensorInfo]: ...
    method_name: str
    @property
    def defaults(self) -> _MessageMap[str, TensorProto]: ...
    def __init__(
        self,
        *,
        inputs: _Mapping[str, TensorInfo] | None = ...,
        outputs: _Mapping[str, TensorInfo] | None = ...,
        method_name: str | None = ...,
        defaults: _Mapping[str, TensorProto] | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["inputs", "outputs", "method_name", "defaults"],
    ) -> None: ...

class SplitterVersionDef(_Message):
    SPLITTER_VERSION_FIELD_NUMBER: _Final = 1
    JOIN_VERSION_FIELD_NUMBER: _Final = 2
    BAD_CONSUMERS_FIELD_NUMBER: _Final = 3
    splitter_version: int
    join_version: int
    @property
    def bad_consumers(self) -> _Scalars[int]: ...
    def __init__(
        self,
        *,
        splitter_version: int | None = ...,
        join_version: int | None = ...,
        bad_consumers: _Iterable[int] | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["splitter_version", "join_version", "bad_consumers"],
    ) -> None: ...

class StepStats(_Message):
    DEV_STATS_FIELD_NUMBER: _Final = 1
    @property
    def dev_stats(self) -> _Messages[DeviceStepStats]: ...
    def __init__(self, *, dev_stats: _Iterable[DeviceStepStats] | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["dev_stats"]) -> None: ...

class StructuredValue(_Message):
    NONE_VALUE_FIELD_NUMBER: _Final = 1
    FLOAT64_VALUE_FIELD_NUMBER: _Final = 11
    INT64_VALUE_FIELD_NUMBER: _Final = 12
    STRING_VALUE_FIELD_NUMBER: _Final = 13
    BOOL_VALUE_FIELD_NUMBER: _Final = 14
    TENSOR_SHAPE_VALUE_FIELD_NUMBER: _Final = 31
    TENSOR_DTYPE_VALUE_FIELD_NUMBER: _Final = 32
    TENSOR_SPEC_VALUE_FIELD_NUMBER: _Final = 33
    TYPE_SPEC_VALUE_FIELD_NUMBER: _Final = 34
    BOUNDED_TENSOR_SPEC_VALUE_FIELD_NUMBER: _Final = 35
    LIST_VALUE_FIELD_NUMBER: _Final = 51
    TUPLE_VALUE_FIELD_NUMBER: _Final = 52
    DICT_VALUE_FIELD_NUMBER: _Final = 53
    NAMED_TUPLE_VALUE_FIELD_NUMBER: _Final = 54
    TENSOR_VALUE_FIELD_NUMBER: _Final = 55
    NUMPY_VALUE_FIELD_NUMBER: _Final = 56
    @property
    def none_value(self) -> NoneValue: ...
    float64_value: float
    int64_value: int
    string_value: str
    bool_value: bool
    @property
    def tensor_shape_value(self) -> TensorShapeProto: ...
    tensor_dtype_value: int
    @property
    def tensor_spec_value(self) -> TensorSpecProto: ...
    @property
    def type_spec_value(self) -> TypeSpecProto: ...
    @property
    def bounded_tensor_spec_value(self) -> BoundedTensorSpecProto: ...
    @property
    def list_value(self) -> ListValue: ...
    @property
    def tuple_value(self) -> TupleValue: ...
    @property
    def dict_value(self) -> DictValue: ...
    @property
    def named_tuple_value(self) -> NamedTupleValue: ...
    @property
    def tensor_value(self) -> TensorProto: ...
    @property
    def numpy_value(self) -> TensorProto: ...
    def __init__(
        self,
        *,
        none_value: NoneValue | None = ...,
        float64_value: float | None = ...,
        int64_value: int | None = ...,
        string_value: str | None = ...,
        bool_value: bool | None = ...,
        tensor_shape_value: TensorShapeProto | None = ...,
        tensor_dtype_value: int | str | None = ...,
        tensor_spec_value: TensorSpecProto | None = ...,
        type_spec_value: TypeSpecProto | None = ...,
        bounded_tensor_spec_value: BoundedTensorSpecProto | None = ...,
        list_value: ListValue | None = ...,
        tuple_value: TupleValue | None = ...,
        dict_value: DictValue | None = ...,
        named_tuple_value: NamedTupleValue | None = ...,
        tensor_value: TensorProto | None = ...,
        numpy_value: TensorProto | None = ...,
    ) -> None: ...
    def HasField(
        self,
        field_name: _Literal["bool_value", "bounded_tensor_spec_value", "dict_value", "float64_value", "int64_value", "kind", "list_value", "named_tuple_value", "none_value", "numpy_value", "string_value", "tensor_dtype_value", "tensor_shape_value", "tensor_spec_value", "tensor_value", "tuple_value", "type_spec_value"],
    ) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["none_value", "float64_value", "int64_value", "string_value", "bool_value", "tensor_shape_value", "tensor_dtype_value", "tensor_spec_value", "type_spec_value", "bounded_tensor_spec_value", "list_value", "tuple_value", "dict_value", "named_tuple_value", "tensor_value", "numpy_value", "kind"],
    ) -> None: ...
    def WhichOneof(
        self,
        oneof_group: _Literal["kind"],
    ) -> _Literal["none_value", "float64_value", "int64_value", "string_value", "bool_value", "tensor_shape_value", "tensor_dtype_value", "tensor_spec_value", "type_spec_value", "bounded_tensor_spec_value", "list_value", "tuple_value", "dict_value", "named_tuple_value", "tensor_value", "numpy_value"] | None: ...

class TensorConnection(_Message):
    FROM_TENSOR_FIELD_NUMBER: _Final = 1
    TO_TENSOR_FIELD_NUMBER: _Final = 2
    from_tensor: str
    to_tensor: str
    def __init__(
        self,
        *,
        from_tensor: str | None = ...,
        to_tensor: str | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["from_tensor", "to_tensor"]) -> None: ...

class TensorDescription(_Message):
    DTYPE_FIELD_NUMBER: _Final = 1
    SHAPE_FIELD_NUMBER: _Final = 2
    ALLOCATION_DESCRIPTION_FIELD_NUMBER: _Final = 4
    dtype: int
    @property
    def shape(self) -> TensorShapeProto: ...
    @property
    def allocation_description(self) -> AllocationDescription: ...
    def __init__(
        self,
        *,
        dtype: int | str | None = ...,
        shape: TensorShapeProto | None = ...,
        allocation_description: AllocationDescription | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["allocation_description", "shape"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["dtype", "shape", "allocation_description"],
    ) -> None: ...

class TensorInfo(_Message):
    class CooSparse(_Message):
        VALUES_TENSOR_NAME_FIELD_NUMBER: _Final = 1
        INDICES_TENSOR_NAME_FIELD_NUMBER: _Final = 2
        DENSE_SHAPE_TENSOR_NAME_FIELD_NUMBER: _Final = 3
        values_tensor_name: str
        indices_tensor_name: str
        dense_shape_tensor_name: str
        def __init__(
            self,
            *,
            values_tensor_name: str | None = ...,
            indices_tensor_name: str | None = ...,
            dense_shape_tensor_name: str | None = ...,
        ) -> None: ...
        def ClearField(
            self,
            field_name: _Literal["values_tensor_name", "indices_tensor_name", "dense_shape_tensor_name"],
        ) -> None: ...

    class CompositeTensor(_Message):
        TYPE_SPEC_FIELD_NUMBER: _Final = 1
        COMPONENTS_FIELD_NUMBER: _Final = 2
        @property
        def type_spec(self) -> TypeSpecProto: ...
        @property
        def components(self) -> _Messages[TensorInfo]: ...
        def __init__(
            self,
            *,
            type_spec: TypeSpecProto | None = ...,
            components: _Iterable[TensorInfo] | None = ...,
        ) -> None: ...
        def HasField(self, field_name: _Literal["type_spec"]) -> bool: ...
        def ClearField(self, field_name: _Literal["type_spec", "components"]) -> None: ...

    NAME_FIELD_NUMBER: _Final = 1
    COO_SPARSE_FIELD_NUMBER: _Final = 4
    COMPOSITE_TENSOR_FIELD_NUMBER: _Final = 5
    DTYPE_FIELD_NUMBER: _Final = 2
    TENSOR_SHAPE_FIELD_NUMBER: _Final = 3
    name: str
    @property
    def coo_sparse(self) -> TensorInfo.CooSparse: ...
    @property
    def composite_tensor(self) -> TensorInfo.CompositeTensor: ...
    dtype: int
    @property
    def tensor_shape(self) -> TensorShapeProto: ...
    def __init__(
        self,
        *,
        name: str | None = ...,
        coo_sparse: TensorInfo.CooSparse | None = ...,
        composite_tensor: TensorInfo.CompositeTensor | None = ...,
        dtype: int | str | None = ...,
        tensor_shape: TensorShapeProto | None = ...,
    ) -> None: ...
    def HasField(
        self,
        field_name: _Literal["composite_tensor", "coo_sparse", "encoding", "name", "tensor_shape"],
    ) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["name", "coo_sparse", "composite_tensor", "dtype", "tensor_shape", "encoding"],
    ) -> None: ...
    def WhichOneof(
        self,
        oneof_group: _Literal["encoding"],
    ) -> _Literal["name", "coo_sparse", "composite_tensor"] | None: ...

class TensorProto(_Message):
    DTYPE_FIELD_NUMBER: _Final = 1
    TENSOR_SHAPE_FIELD_NUMBER: _Final = 2
    VERSION_NUMBER_FIELD_NUMBER: _Final = 3
    TENSOR_CONTENT_FIELD_NUMBER: _Final = 4
    HALF_VAL_FIELD_NUMBER: _Final = 13
    FLOAT_VAL_FIELD_NUMBER: _Final = 5
    DOUBLE_VAL_FIELD_NUMBER: _Final = 6
    INT_VAL_FIELD_NUMBER: _Final = 7
    STRING_VAL_FIELD_NUMBER: _Final = 8
    SCOMPLEX_VAL_FIELD_NUMBER: _Final = 9
    INT64_VAL_FIELD_NUMBER: _Final = 10
    BOOL_VAL_FIELD_NUMBER: _Final = 11
    DCOMPLEX_VAL_FIELD_NUMBER: _Final = 12
    RESOURCE_HANDLE_VAL_FIELD_NUMBER: _Final = 14
    VARIANT_VAL_FIELD_NUMBER: _Final = 15
    UINT32_VAL_FIELD_NUMBER: _Final = 16
    UINT64_VAL_FIELD_NUMBER: _Final = 17
    FLOAT8_VAL_FIELD_NUMBER: _Final = 18
    dtype: int
    @property
    def tensor_shape(self) -> TensorShapeProto: ...
    version_number: int
    tensor_content: bytes
    @property
    def half_val(self) -> _Scalars[int]: ...
    @property
    def float_val(self) -> _Scalars[float]: ...
    @property
    def double_val(self) -> _Scalars[float]: ...
    @property
    def int_val(self) -> _Scalars[int]: ...
    @property
    def string_val(self) -> _Scalars[bytes]: ...
    @property
    def scomplex_val(self) -> _Scalars[float]: ...
    @property
    def int64_val(self) -> _Scalars[int]: ...
    @property
    def bool_val(self) -> _Scalars[bool]: ...
    @property
    def dcomplex_val(self) -> _Scalars[float]: ...
    @property
    def resource_handle_val(self) -> _Messages[ResourceHandleProto]: ...
    @property
    def variant_val(self) -> _Messages[VariantTensorDataProto]: ...
    @property
    def uint32_val(self) -> _Scalars[int]: ...
    @property
    def uint64_val(self) -> _Scalars[int]: ...
    float8_val: bytes
    def __init__(
        self,
        *,
        dtype: int | str | None = ...,
        tensor_shape: TensorShapeProto | None = ...,
        version_number: int | None = ...,
        tensor_content: bytes | None = ...,
        half_val: _Iterable[int] | None = ...,
        float_val: _Iterable[float] | None = ...,
        double_val: _Iterable[float] | None = ...,
        int_val: _Iterable[int] | None = ...,
        string_val: _Iterable[bytes] | None = ...,
        scomplex_val: _Iterable[float] | None = ...,
        int64_val: _Iterable[int] | None = ...,
        bool_val: _Iterable[bool] | None = ...,
        dcomplex_val: _Iterable[float] | None = ...,
        resource_handle_val: _Iterable[ResourceHandleProto] | None = ...,
        variant_val: _Iterable[VariantTensorDataProto] | None = ...,
        uint32_val: _Iterable[int] | None = ...,
        uint64_val: _Iterable[int] | None = ...,
        float8_val: bytes | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["tensor_shape"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["dtype", "tensor_shape", "version_number", "tensor_content", "half_val", "float_val", "double_val", "int_val", "string_val", "scomplex_val", "int64_val", "bool_val", "dcomplex_val", "resource_handle_val", "variant_val", "uint32_val", "uint64_val", "float8_val"],
    ) -> None: ...

class TensorShapeProto(_Message):
    class Dim(_Message):
        SIZE_FIELD_NUMBER: _Final = 1
        NAME_FIELD_NUMBER: _Final = 2
        size: int
        name: str
        def __init__(self, *, size: int | None = ..., name: str | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["size", "name"]) -> None: ...

    DIM_FIELD_NUMBER: _Final = 2
    UNKNOWN_RANK_FIELD_NUMBER: _Final = 3
    @property
    def dim(self) -> _Messages[TensorShapeProto.Dim]: ...
    unknown_rank: bool
    def __init__(
        self,
        *,
        dim: _Iterable[TensorShapeProto.Dim] | None = ...,
        unknown_rank: bool | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["dim", "unknown_rank"]) -> None: ...

class TensorSliceProto(_Message):
    class Extent(_Message):
        START_FIELD_NUMBER: _Final = 1
        LENGTH_FIELD_NUMBER: _Final = 2
        start: int
        length: int
        def __init__(self, *, start: int | None = ..., length: int | None = ...) -> None: ...
        def HasField(self, field_name: _Literal["has_length_hack", "length"]) -> bool: ...
        def ClearField(
            self,
            field_name: _Literal["start", "length", "has_length_hack"],
        ) -> None: ...
        def WhichOneof(
            self,
            oneof_group: _Literal["has_length_hack"],
        ) -> _Literal["length"] | None: ...

    EXTENT_FIELD_NUMBER: _Final = 1
    @property
    def extent(self) -> _Messages[TensorSliceProto.Extent]: ...
    def __init__(self, *, extent: _Iterable[TensorSliceProto.Extent] | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["extent"]) -> None: ...

class TensorSpecProto(_Message):
    NAME_FIELD_NUMBER: _Final = 1
    SHAPE_FIELD_NUMBER: _Final = 2
    DTYPE_FIELD_NUMBER: _Final = 3
    name: str
    @property
    def shape(self) -> TensorShapeProto: ...
    dtype: int
    def __init__(
        self,
        *,
        name: str | None = ...,
        shape: TensorShapeProto | None = ...,
        dtype: int | str | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["shape"]) -> bool: ...
    def ClearField(self, field_name: _Literal["name", "shape", "dtype"]) -> None: ...

class ThreadPoolOptionProto(_Message):
    NUM_THREADS_FIELD_NUMBER: _Final = 1
    GLOBAL_NAME_FIELD_NUMBER: _Final = 2
    num_threads: int
    global_name: str
    def __init__(
        self,
        *,
        num_threads: int | None = ...,
        global_name: str | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["num_threads", "global_name"]) -> None: ...

class TrackableObjectGraph(_Message):
    class TrackableObject(_Message):
        class ObjectReference(_Message):
            NODE_ID_FIELD_NUMBER: _Final = 1
            LOCAL_NAME_FIELD_NUMBER: _Final = 2
            node_id: int
            local_name: str
            def __init__(self, *, node_id: int | None = ..., local_name: str | None = ...) -> None: ...
            def ClearField(self, field_name: _Literal["node_id", "local_name"]) -> None: ...

        class SerializedTensor(_Message):
            NAME_FIELD_NUMBER: _Final = 1
            FULL_NAME_FIELD_NUMBER: _Final = 2
            CHECKPOINT_KEY_FIELD_NUMBER: _Final = 3
            name: str
            full_name: str
            checkpoint_key: str
            def __init__(
                self,
                *,
                name: str | None = ...,
                full_name: str | None = ...,
                checkpoint_key: str | None = ...,
            ) -> None: ...
            def ClearField(
                self,
                field_name: _Literal["name", "full_name", "checkpoint_key"],
            ) -> None: ...

        class SlotVariableReference(_Message):
            ORIGINAL_VARIABLE_NODE_ID_FIELD_NUMBER: _Final = 1
            SLOT_NAME_FIELD_NUMBER: _Final = 2
            SLOT_VARIABLE_NODE_ID_FIELD_NUMBER: _Final = 3
            original_variable_node_id: int
            slot_name: str
            slot_variable_node_id: int
            def __init__(
                self,
                *,
                original_variable_node_id: int | None = ...,
                slot_name: str | None = ...,
                slot_variable_node_id: int | None = ...,
            ) -> None: ...
            def ClearField(
                self,
                field_name: _Literal["original_variable_node_id", "slot_name", "slot_variable_node_id"],
            ) -> None: ...

        CHILDREN_FIELD_NUMBER: _Final = 1
        ATTRIBUTES_FIELD_NUMBER: _Final = 2
        SLOT_VARIABLES_FIELD_NUMBER: _Final = 3
        REGISTERED_SAVER_FIELD_NUMBER: _Final = 4
        HAS_CHECKPOINT_VALUES_FIELD_NUMBER: _Final = 5
        @property
        def children(self) -> _Messages[TrackableObjectGraph.TrackableObject.ObjectReference]: ...
        @property
        def attributes(
            self,
        ) -> _Messages[TrackableObjectGraph.TrackableObject.SerializedTensor]: ...
        @property
        def slot_variables(
            self,
        ) -> _Messages[TrackableObjectGraph.TrackableObject.SlotVariableReference]: ...
        @property
        def registered_saver(self) -> RegisteredSaver: ...
        @property
        def has_checkpoint_values(self) -> _wrappers_pb2.BoolValue: ...
        def __init__(
            self,
            *,
            children: _Iterable[TrackableObjectGraph.TrackableObject.ObjectReference] | None = ...,
            attributes: _Iterable[TrackableObjectGraph.TrackableObject.SerializedTensor] | None = ...,
            slot_variables: _Iterable[TrackableObjectGraph.TrackableObject.SlotVariableReference] | None = ...,
            registered_saver: RegisteredSaver | None = ...,
            has_checkpoint_values: _wrappers_pb2.BoolValue | None = ...,
        ) -> None: ...
        def HasField(
            self,
            field_name: _Literal["has_checkpoint_values", "registered_saver"],
        ) -> bool: ...
        def ClearField(
            self,
            field_name: _Literal["children", "attributes", "slot_variables", "registered_saver", "has_checkpoint_values"],
        ) -> None: ...

    NODES_FIELD_NUMBER: _Final = 1
    @property
    def nodes(self) -> _Messages[TrackableObjectGraph.TrackableObject]: ...
    def __init__(
        self,
        *,
        nodes: _Iterable[TrackableObjectGraph.TrackableObject] | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["nodes"]) -> None: ...

class TupleValue(_Message):
    VALUES_FIELD_NUMBER: _Final = 1
    @property
    def values(self) -> _Messages[StructuredValue]: ...
    def __init__(self, *, values: _Iterable[StructuredValue] | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["values"]) -> None: ...

class TypeSpecProto(_Message):
    class _TypeSpecClass(_EnumTypeWrapper):
        UNKNOWN: _Final = 0
        SPARSE_TENSOR_SPEC: _Final = 1
        INDEXED_SLICES_SPEC: _Final = 2
        RAGGED_TENSOR_SPEC: _Final = 3
        TENSOR_ARRAY_SPEC: _Final = 4
        DATA_DATASET_SPEC: _Final = 5
        DATA_ITERATOR_SPEC: _Final = 6
        OPTIONAL_SPEC: _Final = 7
        PER_REPLICA_SPEC: _Final = 8
        VARIABLE_SPEC: _Final = 9
        ROW_PARTITION_SPEC: _Final = 10
        REGISTERED_TYPE_SPEC: _Final = 12
        EXTENSION_TYPE_SPEC: _Final = 13

    TypeSpecClass: _ClassVar[_TypeSpecClass]
    UNKNOWN: _Final = 0
    SPARSE_TENSOR_SPEC: _Final = 1
    INDEXED_SLICES_SPEC: _Final = 2
    RAGGED_TENSOR_SPEC: _Final = 3
    TENSOR_ARRAY_SPEC: _Final = 4
    DATA_DATASET_SPEC: _Final = 5
    DATA_ITERATOR_SPEC: _Final = 6
    OPTIONAL_SPEC: _Final = 7
    PER_REPLICA_SPEC: _Final = 8
    VARIABLE_SPEC: _Final = 9
    ROW_PARTITION_SPEC: _Final = 10
    REGISTERED_TYPE_SPEC: _Final = 12
    EXTENSION_TYPE_SPEC: _Final = 13

    TYPE_SPEC_CLASS_FIELD_NUMBER: _Final = 1
    TYPE_STATE_FIELD_NUMBER: _Final = 2
    TYPE_SPEC_CLASS_NAME_FIELD_NUMBER: _Final = 3
    NUM_FLAT_COMPONENTS_FIELD_NUMBER: _Final = 4
    type_spec_class: int
    @property
    def type_state(self) -> StructuredValue: ...
    type_spec_class_name: str
    num_flat_components: int
    def __init__(
        self,
        *,
        type_spec_class: int | str | None = ...,
        type_state: StructuredValue | None = ...,
        type_spec_class_name: str | None = ...,
        num_flat_components: int | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["type_state"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["type_spec_class", "type_state", "type_spec_class_name", "num_flat_components"],
    ) -> None: ...

class ValuesDef(_Message):
    class ExternalValuesEntry(_Message):
        KEY_FIELD_NUMBER: _Final = 1
        VALUE_FIELD_NUMBER: _Final = 2
        key: str
        value: str
        def __init__(self, *, key: str | None = ..., value: str | None = ...) -> None: ...
        def ClearField(self, field_name: _Literal["key", "value"]) -> None: ...

    VALUES_FIELD_NUMBER: _Final = 1
    EXTERNAL_VALUES_FIELD_NUMBER: _Final = 2
    @property
    def values(self) -> _Scalars[str]: ...
    @property
    def external_values(self) -> _ScalarMap[str, str]: ...
    def __init__(
        self,
        *,
        values: _Iterable[str] | None = ...,
        external_values: _Mapping[str, str] | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["values", "external_values"]) -> None: ...

class VariableDef(_Message):
    VARIABLE_NAME_FIELD_NUMBER: _Final = 1
    INITIAL_VALUE_NAME_FIELD_NUMBER: _Final = 6
    INITIALIZER_NAME_FIELD_NUMBER: _Final = 2
    SNAPSHOT_NAME_FIELD_NUMBER: _Final = 3
    SAVE_SLICE_INFO_DEF_FIELD_NUMBER: _Final = 4
    IS_RESOURCE_FIELD_NUMBER: _Final = 5
    TRAINABLE_FIELD_NUMBER: _Final = 7
    SYNCHRONIZATION_FIELD_NUMBER: _Final = 8
    AGGREGATION_FIELD_NUMBER: _Final = 9
    variable_name: str
    initial_value_name: str
    initializer_name: str
    snapshot_name: str
    @property
    def save_slice_info_def(self) -> SaveSliceInfoDef: ...
    is_resource: bool
    trainable: bool
    synchronization: int
    aggregation: int
    def __init__(
        self,
        *,
        variable_name: str | None = ...,
        initial_value_name: str | None = ...,
        initializer_name: str | None = ...,
        snapshot_name: str | None = ...,
        save_slice_info_def: SaveSliceInfoDef | None = ...,
        is_resource: bool | None = ...,
        trainable: bool | None = ...,
        synchronization: int | str | None = ...,
        aggregation: int | str | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["save_slice_info_def"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["variable_name", "initial_value_name", "initializer_name", "snapshot_name", "save_slice_info_def", "is_resource", "trainable", "synchronization", "aggregation"],
    ) -> None: ...

class VariantTensorDataProto(_Message):
    TYPE_NAME_FIELD_NUMBER: _Final = 1
    METADATA_FIELD_NUMBER: _Final = 2
    TENSORS_FIELD_NUMBER: _Final = 3
    type_name: str
    metadata: bytes
    @property
    def tensors(self) -> _Messages[TensorProto]: ...
    def __init__(
        self,
        *,
        type_name: str | None = ...,
        metadata: bytes | None = ...,
        tensors: _Iterable[TensorProto] | None = ...,
    ) -> None: ...
    def ClearField(self, field_name: _Literal["type_name", "metadata", "tensors"]) -> None: ...

class VerifierConfig(_Message):
    class _Toggle(_EnumTypeWrapper):
        DEFAULT: _Final = 0
        ON: _Final = 1
        OFF: _Final = 2

    Toggle: _ClassVar[_Toggle]
    DEFAULT: _Final = 0
    ON: _Final = 1
    OFF: _Final = 2

    VERIFICATION_TIMEOUT_IN_MS_FIELD_NUMBER: _Final = 1
    STRUCTURE_VERIFIER_FIELD_NUMBER: _Final = 2
    verification_timeout_in_ms: int
    structure_verifier: int
    def __init__(
        self,
        *,
        verification_timeout_in_ms: int | None = ...,
        structure_verifier: int | str | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["verification_timeout_in_ms", "structure_verifier"],
    ) -> None: ...

class VersionDef(_Message):
    PRODUCER_FIELD_NUMBER: _Final = 1
    MIN_CONSUMER_FIELD_NUMBER: _Final = 2
    BAD_CONSUMERS_FIELD_NUMBER: _Final = 3
    producer: int
    min_consumer: int
    @property
    def bad_consumers(self) -> _Scalars[int]: ...
    def __init__(
        self,
        *,
        producer: int | None = ...,
        min_consumer: int | None = ...,
        bad_consumers: _Iterable[int] | None = ...,
    ) -> None: ...
    def ClearField(
        self,
        field_name: _Literal["producer", "min_consumer", "bad_consumers"],
    ) -> None: ...

class WhileContextDef(_Message):
    CONTEXT_NAME_FIELD_NUMBER: _Final = 1
    PARALLEL_ITERATIONS_FIELD_NUMBER: _Final = 2
    BACK_PROP_FIELD_NUMBER: _Final = 3
    SWAP_MEMORY_FIELD_NUMBER: _Final = 4
    PIVOT_NAME_FIELD_NUMBER: _Final = 5
    PIVOT_FOR_PRED_NAME_FIELD_NUMBER: _Final = 6
    PIVOT_FOR_BODY_NAME_FIELD_NUMBER: _Final = 7
    LOOP_EXIT_NAMES_FIELD_NUMBER: _Final = 8
    LOOP_ENTER_NAMES_FIELD_NUMBER: _Final = 10
    VALUES_DEF_FIELD_NUMBER: _Final = 9
    MAXIMUM_ITERATIONS_NAME_FIELD_NUMBER: _Final = 11
    NESTED_CONTEXTS_FIELD_NUMBER: _Final = 12
    context_name: str
    parallel_iterations: int
    back_prop: bool
    swap_memory: bool
    pivot_name: str
    pivot_for_pred_name: str
    pivot_for_body_name: str
    @property
    def loop_exit_names(self) -> _Scalars[str]: ...
    @property
    def loop_enter_names(self) -> _Scalars[str]: ...
    @property
    def values_def(self) -> ValuesDef: ...
    maximum_iterations_name: str
    @property
    def nested_contexts(self) -> _Messages[ControlFlowContextDef]: ...
    def __init__(
        self,
        *,
        context_name: str | None = ...,
        parallel_iterations: int | None = ...,
        back_prop: bool | None = ...,
        swap_memory: bool | None = ...,
        pivot_name: str | None = ...,
        pivot_for_pred_name: str | None = ...,
        pivot_for_body_name: str | None = ...,
        loop_exit_names: _Iterable[str] | None = ...,
        loop_enter_names: _Iterable[str] | None = ...,
        values_def: ValuesDef | None = ...,
        maximum_iterations_name: str | None = ...,
        nested_contexts: _Iterable[ControlFlowContextDef] | None = ...,
    ) -> None: ...
    def HasField(self, field_name: _Literal["values_def"]) -> bool: ...
    def ClearField(
        self,
        field_name: _Literal["context_name", "parallel_iterations", "back_prop", "swap_memory", "pivot_name", "pivot_for_pred_name", "pivot_for_body_name", "loop_exit_names", "loop_enter_names", "values_def", "maximum_iterations_name", "nested_contexts"],
    ) -> None: ...
