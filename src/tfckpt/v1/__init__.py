"""V1 checkpoints, the default before TensorFlow 0.12.

    path                    a table: "" -> what there is, every slice's key -> its values
    P-00000-of-00002 ...    the same in several files, addressed as P-?????-of-00002

The classes are in `tfckpt.v1.reader` and `tfckpt.v1.writer`; `tfckpt.v1.records` says what the
records hold, `tfckpt.v1.naming` what the files are called.
"""
