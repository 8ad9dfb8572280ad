"""Signatures: what a model can be asked, and which tensors take and give it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfckpt import protos
from tfckpt.dtypes import DataType
from tfckpt.errors import TensorNotFoundError
from tfckpt.graph.operation import Operation, Tensor
from tfckpt.graphdef.messages import as_message
from tfckpt.protos import SignatureDef, TensorProto, is_message
from tfckpt.saved_model.method_names import MethodNameUpdater
from tfckpt.saved_model.signature_constants import (
    CLASSIFY_INPUTS,
    CLASSIFY_METHOD_NAME,
    CLASSIFY_OUTPUT_CLASSES,
    CLASSIFY_OUTPUT_SCORES,
    PREDICT_METHOD_NAME,
    REGRESS_INPUTS,
    REGRESS_METHOD_NAME,
    REGRESS_OUTPUTS,
    SUPERVISED_EVAL_METHOD_NAME,
    SUPERVISED_TRAIN_METHOD_NAME,
)
from tfckpt.saved_model.utils import (
    build_tensor_info,
    build_tensor_info_from_op,
    get_element_from_tensor_info,
)

__all__ = [
    "MethodNameUpdater",
    "build_signature_def",
    "classification_signature_def",
    "is_valid_signature",
    "load_op_from_signature_def",
    "op_signature_def",
    "predict_signature_def",
    "regression_signature_def",
    "supervised_eval_signature_def",
    "supervised_train_signature_def",
]


def build_signature_def(
    inputs: Mapping[str, protos.TensorInfo] | None = None,
    outputs: Mapping[str, protos.TensorInfo] | None = None,
    method_name: str | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> SignatureDef:
    """Return a SignatureDef of these TensorInfos.

    `defaults` are values for inputs that may be left out: TensorProtos, or Const tensors of a
    graph.

    Raises ValueError for a default of another kind.
    """
    signature = SignatureDef()
    for key, info in (inputs or {}).items():
        signature.inputs[key].CopyFrom(as_message(info, protos.TensorInfo, f"input {key!r}"))
    for key, info in (outputs or {}).items():
        signature.outputs[key].CopyFrom(as_message(info, protos.TensorInfo, f"output {key!r}"))
    if method_name is not None:
        signature.method_name = method_name
    for key, value in (defaults or {}).items():
        signature.defaults[key].CopyFrom(_default(key, value))
    return signature


def _default(key: str, value: Any) -> TensorProto:
    if is_message(value, TensorProto):
        return as_message(value, TensorProto, key)
    if isinstance(value, Tensor) and value.op.type == "Const":
        return value.op.node_def.attr["value"].tensor
    raise ValueError(
        f"the default of {key!r} must be a TensorProto or a Const tensor, not {value!r}"
    )


def predict_signature_def(
    inputs: Mapping[str, object], outputs: Mapping[str, object]
) -> SignatureDef:
    """Return a signature for prediction; its tensors may be of any type.

    The values are Tensors or Variables of a graph, or TensorInfos.

    Raises ValueError without inputs or outputs.

    >>> x = protos.TensorInfo(name="x:0", dtype=1)
    >>> predict_signature_def({"x": x}, {"y": x}).method_name
    'tensorflow/serving/predict'
    """
    if not inputs:
        raise ValueError("Prediction `inputs` cannot be None or empty.")
    if not outputs:
        raise ValueError("Prediction `outputs` cannot be None or empty.")
    return build_signature_def(_infos(inputs), _infos(outputs), PREDICT_METHOD_NAME)


def _infos(tensors: Mapping[str, object]) -> dict[str, protos.TensorInfo]:
    return {key: build_tensor_info(tensor) for key, tensor in tensors.items()}


def regression_signature_def(examples: object, predictions: object) -> SignatureDef:
    """Return a signature for regression: strings (tf.Examples) in, floats out.

    Raises ValueError for a tensor that is missing or of another type.
    """
    return build_signature_def(
        {REGRESS_INPUTS: _of_type("Regression input", examples, DataType.DT_STRING)},
        {REGRESS_OUTPUTS: _of_type("Regression output", predictions, DataType.DT_FLOAT)},
        REGRESS_METHOD_NAME,
    )


def classification_signature_def(
    examples: object, classes: object | None, scores: object | None
) -> SignatureDef:
    """Return a signature for classification: strings in; string classes, float scores or both out.

    Raises ValueError for a tensor that is missing or of another type.
    """
    inputs = {CLASSIFY_INPUTS: _of_type("Classification input", examples, DataType.DT_STRING)}
    if classes is None and scores is None:
        raise ValueError("Classification `classes` and `scores` cannot both be None.")
    given = {
        CLASSIFY_OUTPUT_CLASSES: ("Classification classes", classes, DataType.DT_STRING),
        CLASSIFY_OUTPUT_SCORES: ("Classification scores", scores, DataType.DT_FLOAT),
    }
    outputs = {
        key: _of_type(what, tensor, data_type)
        for key, (what, tensor, data_type) in given.items()
        if tensor is not None
    }
    return build_signature_def(inputs, outputs, CLASSIFY_METHOD_NAME)


def supervised_train_signature_def(
    inputs: Mapping[str, object],
    loss: Mapping[str, object] | None,
    predictions: Mapping[str, object] | None = None,
    metrics: Mapping[str, object] | None = None,
) -> SignatureDef:
    """Return a signature for training: its outputs are loss, predictions and metrics together.

    Raises ValueError without inputs.
    """
    return _supervised(SUPERVISED_TRAIN_METHOD_NAME, inputs, loss, predictions, metrics)


def supervised_eval_signature_def(
    inputs: Mapping[str, object],
    loss: Mapping[str, object] | None,
    predictions: Mapping[str, object] | None = None,
    metrics: Mapping[str, object] | None = None,
) -> SignatureDef:
    """Return a signature for evaluation; as `supervised_train_signature_def`."""
    return _supervised(SUPERVISED_EVAL_METHOD_NAME, inputs, loss, predictions, metrics)


def _supervised(
    method_name: str, inputs: Mapping[str, object], *outputs: Mapping[str, object] | None
) -> SignatureDef:
    if not inputs:
        raise ValueError(f"{method_name} `inputs` cannot be None or empty.")
    merged = {key: tensor for part in outputs for key, tensor in (part or {}).items()}
    return build_signature_def(_infos(inputs), _infos(merged), method_name)


def op_signature_def(op: Operation | Tensor | str, key: str) -> SignatureDef:
    """Return a signature that names an operation or a tensor: its one output, `key`.

    >>> from tfckpt.graph import Graph
    >>> graph = Graph()
    >>> signature = op_signature_def(graph.create_op("NoOp", name="init"), "run_me")
    >>> with graph.as_default():
    ...     load_op_from_signature_def(signature, "run_me")
    <Operation 'init' type=NoOp>
    """
    return build_signature_def(outputs={key: build_tensor_info_from_op(op)})


def load_op_from_signature_def(
    signature_def: SignatureDef, key: str, import_scope: str | None = None
) -> Operation | Tensor:
    """Return the element of the default graph that `op_signature_def` named.

    Raises NotFoundError if the signature has no such output, or the graph no such element.
    """
    signature = as_message(signature_def, SignatureDef, "signature_def")
    if key not in signature.outputs:
        raise TensorNotFoundError(f"the signature has no output {key!r}", tensor=key)
    try:
        return get_element_from_tensor_info(signature.outputs[key], import_scope=import_scope)
    except TensorNotFoundError as error:
        error.message = f"what the signature calls {key!r} is not there: {error.message}"
        raise


def _of_type(what: str, tensor: object, data_type: DataType) -> protos.TensorInfo:
    if tensor is None:
        raise ValueError(f"{what} cannot be None.")
    try:
        info = build_tensor_info(tensor)
    except TypeError as error:
        raise ValueError(f"{what}: {error}") from None
    if info.dtype != data_type:
        found = DataType(info.dtype).name
        raise ValueError(f"{what} tensors must be of type {data_type.name}, not {found}.")
    return info


# What TensorFlow Serving asks of the tensors of each method: key -> type, None where any will do.
_CLASSIFY_OUTPUTS = {
    CLASSIFY_OUTPUT_CLASSES: DataType.DT_STRING,
    CLASSIFY_OUTPUT_SCORES: DataType.DT_FLOAT,
}


def is_valid_signature(signature_def: SignatureDef | None) -> bool:
    """Whether TensorFlow Serving can serve a signature: predict, regress or classify."""
    if signature_def is None:
        return False
    rule = _RULES.get(signature_def.method_name)
    return rule is not None and rule(signature_def)


def _is_predict(signature: SignatureDef) -> bool:
    return bool(signature.inputs and signature.outputs)


def _is_regress(signature: SignatureDef) -> bool:
    return _types(signature.inputs) == {REGRESS_INPUTS: DataType.DT_STRING} and _types(
        signature.outputs
    ) == {REGRESS_OUTPUTS: DataType.DT_FLOAT}


def _is_classify(signature: SignatureDef) -> bool:
    outputs = _types(signature.outputs)
    return (
        _types(signature.inputs) == {CLASSIFY_INPUTS: DataType.DT_STRING}
        and bool(outputs)
        and outputs.items() <= _CLASSIFY_OUTPUTS.items()
    )


_RULES = {
    PREDICT_METHOD_NAME: _is_predict,
    REGRESS_METHOD_NAME: _is_regress,
    CLASSIFY_METHOD_NAME: _is_classify,
}


def _types(infos: Mapping[str, protos.TensorInfo]) -> dict[str, int]:
    return {key: infos[key].dtype for key in infos}
