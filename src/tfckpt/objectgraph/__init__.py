"""What the one tensor says that an object-based checkpoint has of its objects: the graph of them.

keys.py        what keys look like
nodes.py       what the graph says, checked
resolving.py   what a person calls a tensor -> its key
"""
