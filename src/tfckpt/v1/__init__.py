"""V1 checkpoints, the only format before TensorFlow 0.12.

    path                    a table: "" -> what there is, every slice's key -> its values
    P-00000-of-00002 ...    the same in several files, addressed as P-?????-of-00002

What the records say is in `tfckpt.v1.records`, the files' names in `tfckpt.v1.naming`.
"""

from tfckpt.v1.reader import V1Reader
from tfckpt.v1.writer import V1Writer

__all__ = ["V1Reader", "V1Writer"]
