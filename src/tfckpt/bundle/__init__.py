"""V2 checkpoints, which TensorFlow calls tensor bundles.

    prefix.index                    a table: "" -> header, every tensor's name -> its entry
    prefix.data-00000-of-00001      shards: the tensors' bytes, back to back

What an entry says is in `tfckpt.bundle.entry`, the files' names in `tfckpt.bundle.naming`.
"""

from tfckpt.bundle.merge import merge_bundles
from tfckpt.bundle.reader import BundleReader
from tfckpt.bundle.writer import BundleWriter

__all__ = ["BundleReader", "BundleWriter", "merge_bundles"]
