"""Tags of a SavedModel's graphs, as in ``tf.compat.v1.saved_model.tag_constants``."""

from __future__ import annotations

SERVING = "serve"
TRAINING = "train"
EVAL = "eval"
GPU = "gpu"
TPU = "tpu"
