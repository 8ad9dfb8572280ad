"""`make_tensor_proto` and `make_ndarray` against TensorFlow's own, byte for byte."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

import tfckpt

NUMBERS = [
    np.float32, np.float64, np.int32, np.uint8, np.int16, np.int8, np.int64, np.bool_, np.uint16,
    np.uint32, np.uint64, np.float16, np.complex64, np.complex128, ml_dtypes.bfloat16,
    ml_dtypes.float8_e5m2, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e4m3fnuz,
    ml_dtypes.float8_e4m3b11fnuz, ml_dtypes.float8_e5m2fnuz, ml_dtypes.float4_e2m1fn,
    ml_dtypes.int4, ml_dtypes.uint4, ml_dtypes.int2, ml_dtypes.uint2,
]  # fmt: skip
SHAPES = [(), (1,), (0,), (2, 0, 3), (1, 1), (2,), (3, 4), (2, 3, 5)]
STRINGS = [
    np.array(b"x", object),
    np.array([b"", b"a\0", b"\xff" * 200], object),
    np.array([["a", "\u00e9"]], object),
    np.array([b"ab", b"c"]),
    np.array(["\u00e9", "b"]),
    np.array([], object),
]


def random_array(dtype, shape, seed):
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, shape, dtype, endpoint=True)
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(bool)
    values = rng.normal(size=shape) * 3
    if dtype.kind == "c":
        values = values + 1j * rng.normal(size=shape)
    if "int" in dtype.name:
        values = rng.integers(-2 if dtype.name[0] == "i" else 0, 2, shape)
    return np.asarray(values).astype(dtype)


def theirs(array, **kwargs):
    try:
        return tf.make_tensor_proto(array, **kwargs)
    except TypeError as error:  # the FNUZ types have no typed field in TensorFlow's Python code
        pytest.skip(str(error))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", NUMBERS, ids=lambda one: np.dtype(one).name)
def test_the_message_of_an_array_is_tensorflows(dtype, shape):
    for seed in range(3):
        array = random_array(dtype, shape, seed)

        expected = theirs(array)

        found = tfckpt.make_tensor_proto(array)
        assert expected.SerializeToString() == found.SerializeToString()
        back = tfckpt.make_ndarray(expected)
        assert (array.dtype, array.shape) == (back.dtype, back.shape)
        assert array.tobytes() == back.tobytes()
        assert back.flags.writeable


@pytest.mark.parametrize("array", STRINGS, ids=repr)
def test_the_message_of_strings_is_tensorflows(array):
    expected = tf.make_tensor_proto(array)

    assert expected.SerializeToString() == tfckpt.make_tensor_proto(array).SerializeToString()
    assert tf.make_ndarray(expected).tolist() == tfckpt.make_ndarray(expected).tolist()


@pytest.mark.parametrize(
    "value",
    [
        *(1, -1, 1 << 40, 1.5, True, 1j, "a", b"a\0", np.float64(3)),
        *([1, 2], [1.0, 2], [[True]], ["a\0", "b"], []),
    ],
    ids=repr,
)
def test_pythons_values_take_tensorflows_types(value):
    expected = tf.make_tensor_proto(value)

    assert expected.SerializeToString() == tfckpt.make_tensor_proto(value).SerializeToString()


@pytest.mark.parametrize("dtype", [tf.float32, tf.int64, tf.float16, tf.complex64, tf.uint8])
def test_a_dtype_given_is_the_messages(dtype):
    expected = tf.make_tensor_proto([1, 2, 3], dtype=dtype)

    for same in (dtype, dtype.as_datatype_enum, dtype.as_numpy_dtype):
        found = tfckpt.make_tensor_proto([1, 2, 3], same)
        assert expected.SerializeToString() == found.SerializeToString()


@pytest.mark.parametrize("dtype", NUMBERS, ids=lambda one: np.dtype(one).name)
def test_a_larger_shape_repeats_the_last_value(dtype):
    array = random_array(dtype, (2,), 5)

    expected = theirs(array, shape=[2, 3])

    found = tfckpt.make_tensor_proto(array, shape=[2, 3])
    assert expected.SerializeToString() == found.SerializeToString()
    back = tfckpt.make_ndarray(found)
    assert back.tobytes() == np.array([array[0], *[array[1]] * 5], array.dtype).tobytes()


@pytest.mark.parametrize("kind", [tf.qint8, tf.quint8, tf.qint16, tf.quint16, tf.qint32])
def test_quantized_messages_are_tensorflows(kind):
    dtype = np.dtype(kind.as_numpy_dtype)
    array = np.array([1, 2, 3], dtype[0]).view(dtype)

    expected = tf.make_tensor_proto(array)

    found = tfckpt.make_tensor_proto(array)
    assert expected.SerializeToString() == found.SerializeToString()
    assert array.tobytes() == tfckpt.make_ndarray(found).tobytes()
