"""V2 checkpoints, which TensorFlow calls tensor bundles.

    prefix.index                    a table: "" -> header, every tensor's name -> its entry
    prefix.data-00000-of-00001      shards: the tensors' bytes, back to back

What an entry says is in `tfckpt.bundle.entry`, the files' names in `tfckpt.bundle.naming`.
"""
