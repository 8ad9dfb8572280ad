"""Files of tensors, of any library: each is read as one lazy mapping, and written from one.

A format is a module here: its reader says where tensors lie in a file, its writer makes one.
`opening` tells from a file's content which format it is; `writing` knows what each can hold.
"""

from tfckpt.formats.opening import open_tensors
from tfckpt.formats.writing import write_tensors

__all__ = ["open_tensors", "write_tensors"]
