"""GraphDef and MetaGraphDef messages: what reads, makes and changes them without a graph in memory.

names.py            names of nodes, tensors and scopes          devices.py      names of devices
messages.py         messages of TensorFlow's own classes, copies, sizes; graphs as messages
keys.py             the collections that TensorFlow has
op_defs.py          TensorFlow's ops: inputs, outputs, attributes and their defaults
checks.py           whether a node is one
attr_values.py      attributes <-> Python values
rescoping.py        names in messages, into a scope and out of it
saver_nodes.py      the nodes of Savers that are not wanted
files.py            .meta, .pb, .pbtxt: reading and writing         text.py    the text form, fast
listing.py          the variables and constants of a graph
summary.py          what is in a graph, for people
pruning.py          leaving nodes out          comparing.py     whether two graphs are equal
freeze.py           variables <-> constants
frozen_nodes.py     what a node becomes        frozen_functions.py   the same within functions
calls.py            which ops call functions
"""
