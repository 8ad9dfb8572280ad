"""Paths and URLs: what they are made of, without a look at what is there.

A URL is ``scheme://...``, also a chained one (``simplecache::s3://...``). Its parts are split and
joined at slashes, on every system.
"""

from __future__ import annotations

import os
import re

# run/s3://b is a path here, C:// a drive's
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(::[A-Za-z][A-Za-z0-9+.-]+)*://")


def is_remote(path: str) -> bool:
    """Whether a path is a URL, whose file is not on this machine."""
    return _URL.match(path) is not None


def split(path: str) -> tuple[str, str]:
    """Return the folder of a path, and the name in it.

    >>> split("s3://bucket/run/m-1"), split("memory://m-1")
    (('s3://bucket/run', 'm-1'), ('memory://', 'm-1'))
    """
    found = _URL.match(path)
    if found is None:
        return os.path.split(path)
    folder, slash, name = path[found.end() :].rpartition("/")
    return found[0] + (folder or slash), name


def folder_of(path: str) -> str:
    return split(path)[0]


def join(folder: str, name: str) -> str:
    """Return the path of what a folder has under a name; a name that is a whole path stays so.

    >>> join("s3://bucket/run", "m-1"), join("memory://", "m-1")
    ('s3://bucket/run/m-1', 'memory://m-1')
    """
    if not is_remote(folder):
        return os.path.join(folder, name)
    if name.startswith("/") or is_remote(name):
        return name
    return f"{folder}{'' if folder.endswith('/') else '/'}{name}"


def relative(path: str, folder: str) -> str:
    """Return a path as it is said from a folder.

    >>> relative("s3://bucket/run/m-1", "s3://bucket/run"), relative("run/m-1", "run")
    ('m-1', 'm-1')
    """
    if not is_remote(path) and not is_remote(folder):
        return os.path.relpath(path, folder)
    start = join(folder, "")
    return path.removeprefix(start) if path.startswith(start) else path


def real(path: str) -> str:
    """Return the one name that a file has, whichever way leads to it."""
    return path if is_remote(path) else os.path.realpath(path)


def lies_in(path: str, folder: str) -> bool:
    """Whether a file lies in a folder, or in one below it, links followed."""
    if is_remote(path) or is_remote(folder):
        inside = folder_of(path).rstrip("/") + "/"
        parts = inside.split("/")
        return inside.startswith(folder.rstrip("/") + "/") and ".." not in parts
    inside, home = os.path.realpath(os.path.dirname(path)), os.path.realpath(folder)
    try:
        return os.path.commonpath([inside, home]) == home
    except ValueError:  # on another drive
        return False
