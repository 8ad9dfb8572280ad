"""Saver: numbered checkpoints in a folder, rotated by TensorFlow's rules.

saver.py            the class: the order of a save, of a restore
var_list.py         which tensors are saved, under which names
path.py             from save_path and step to the files' names
sharding.py         spreading tensors over shards, and writing these in parallel
retention.py        what stays and what is deleted
matching.py         checking a checkpoint against the variables, before anything changes
definition.py       SaverDef
alike.py            bytes of messages that differ only in names
nodes.py            the nodes of a Saver in a graph
variables_graph.py  the graph that goes into the .meta file, made for weights alone
given_graph.py      the same, where a graph was given
restored.py         what a graph restores
node_values.py      values by the names of a graph's operations
"""

from tfckpt.saver.matching import RestoreReport
from tfckpt.saver.node_values import values_by_node
from tfckpt.saver.retention import remove_checkpoint
from tfckpt.saver.saver import Saver

__all__ = ["RestoreReport", "Saver", "remove_checkpoint", "values_by_node"]
