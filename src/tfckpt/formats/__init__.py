"""Files of tensors, of any library: each is read as one lazy mapping, and written from one.

A format is a module here. It says where tensors lie in a file, or writes them to one; what is told
by content, and what a format can hold, is in `opening` and `writing`.
"""

from tfckpt.formats.opening import open_tensors
from tfckpt.formats.writing import write_tensors

__all__ = ["open_tensors", "write_tensors"]
