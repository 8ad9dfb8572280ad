"""Looking at checkpoints: what they are, whether they are sound, what they hold, how they differ.

Each function returns a small object that prints well, compares, and has `to_json()`; the commands
and the HTML report only show them.
"""
