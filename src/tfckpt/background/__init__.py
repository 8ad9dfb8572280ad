"""Saves that do not stop the loop.

prepared.py  a save that was checked, and has yet to be written
snapshot.py  copies of arrays, in memory that is used again
thread.py    the thread that writes, and what is under way
saver.py     BackgroundSaver
"""

from tfckpt.background.saver import BackgroundSaver
from tfckpt.background.thread import PendingSave

__all__ = ["BackgroundSaver", "PendingSave"]
