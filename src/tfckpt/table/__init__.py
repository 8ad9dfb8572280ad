"""leveldb's immutable table file: sorted keys, each with a value.

An ``.index`` file is one table; so is a whole V1 checkpoint.
"""

from tfckpt.table.reader import Table
from tfckpt.table.writer import write_table

__all__ = ["Table", "write_table"]
