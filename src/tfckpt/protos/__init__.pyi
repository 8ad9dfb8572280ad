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

__all__ = [
    "AssetFileDef",
    "AttrValue",
    "BoundedTensorSpecProto",
    "BundleEntryProto",
    "BundleHeaderProto",
    "CapturedTensor",
    "CheckpointState",
    "ChunkInfo",
    "ChunkMetadata",
    "ChunkedField",
    "ChunkedMessage",
    "Code",
    "CollectionDef",
    "CondContextDef",
    "ControlFlowContextDef",
    "DataType",
    "DictValue",
    "FieldIndex",
    "FingerprintDef",
    "FullTypeDef",
    "FullTypeId",
    "FunctionDef",
    "FunctionDefLibrary",
    "FunctionSpec",
    "GradientDef",
    "GraphDebugInfo",
    "GraphDef",
    "ListValue",
    "MetaGraphDef",
    "NameAttrList",
    "NamedTupleValue",
    "NodeDef",
    "NoneValue",
    "OpDef",
    "OpDeprecation",
    "OpList",
    "PairValue",
    "QueueRunnerDef",
    "RegisteredGradient",
    "RegisteredSaver",
    "ResourceHandleProto",
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
    "SerializedDType",
    "SignatureDef",
    "SplitterVersionDef",
    "StructuredValue",
    "TensorInfo",
    "TensorProto",
    "TensorShapeProto",
    "TensorSliceProto",
    "TensorSpecProto",
    "TrackableObjectGraph",
    "TupleValue",
    "TypeSpecProto",
    "ValuesDef",
    "VariableAggregation",
    "VariableDef",
    "VariableSynchronization",
    "VariantTensorDataProto",
    "VersionDef",
    "WhileContextDef",
    "adopt",
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

class ListValue(_Message):
    VALUES_FIELD_NUMBER: _Final = 1
    @property
    def values(self) -> _Messages[StructuredValue]: ...
    def __init__(self, *, values: _Iterable[StructuredValue] | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["values"]) -> None: ...

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

class SerializedDType(_Message):
    DATATYPE_FIELD_NUMBER: _Final = 1
    datatype: int
    def __init__(self, *, datatype: int | str | None = ...) -> None: ...
    def ClearField(self, field_name: _Literal["datatype"]) -> None: ...

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
