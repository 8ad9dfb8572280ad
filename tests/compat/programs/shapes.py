"""Asks shapes what they say."""

import pickle

import tensorflow as tf

known, partly, unknown = tf.TensorShape([2, 3]), tf.TensorShape([None, 3]), tf.TensorShape(None)
for shape in (known, partly, unknown, tf.TensorShape([]), tf.TensorShape(7), tf.TensorShape([5])):
    print(shape, repr(shape), shape.rank, shape.ndims, bool(shape), shape.is_fully_defined())
    print(shape.num_elements(), shape == pickle.loads(pickle.dumps(shape)))
    for other in (known, partly, unknown, [2], [2, None], (2, 4)):
        print(shape.is_compatible_with(other), shape == other, end=" ")
    print()
print(known.as_list(), partly.as_list(), len(known), list(known), known[0], known[-1], known[1:])
print(known + [4], partly + partly, unknown.dims, unknown[2:])
print(known == "no shape", known != [2, 3], {known: 1}[tf.TensorShape([2, 3])])
for action in (
    unknown.as_list,
    lambda: len(unknown),
    lambda: list(unknown),
    lambda: tf.TensorShape([-2]),
    lambda: tf.TensorShape("ab"),
):
    try:
        print(action())
    except (TypeError, ValueError) as error:
        print(type(error).__name__)
