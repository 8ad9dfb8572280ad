"""What a restore says of itself."""

from __future__ import annotations

from collections.abc import Sequence

from tfckpt.objects.matching import Match

_SHOWN = 10


class LoadStatus:
    """What `Checkpoint.restore` returns: whether all found its counterpart.

    The methods return the status, so that they can be chained; those that assert raise
    AssertionError.
    """

    def __init__(self, path: str, found: Match) -> None:
        self.path = path
        self.restored: list[str] = sorted(found.keys)
        """Keys of the values that were restored."""
        self.unrestored: list[str] = found.unrestored
        """Keys of values of this program that are not in the checkpoint; they are unchanged."""
        self.unused: list[str] = found.unused
        """Keys of values of the checkpoint that nothing in this program takes."""
        self._only_root = len(found.objects) <= 1

    def assert_consumed(self) -> LoadStatus:
        """Check that checkpoint and program have the same values."""
        self.assert_existing_objects_matched()
        if self.unused:
            raise AssertionError(
                f"{self.path}: {len(self.unused)} values of the checkpoint have no counterpart "
                f"here: {_listed(self.unused)}"
            )
        return self

    def assert_existing_objects_matched(self) -> LoadStatus:
        """Check that all values of this program were in the checkpoint."""
        if self.unrestored:
            raise AssertionError(
                f"{self.path}: {len(self.unrestored)} values here are not in the checkpoint: "
                f"{_listed(self.unrestored)}"
            )
        return self

    def assert_nontrivial_match(self) -> LoadStatus:
        """Check that anything but the root matched."""
        if self._only_root:
            raise AssertionError(
                f"{self.path}: nothing but the root matches. Not in the checkpoint: "
                f"{_listed(self.unrestored) or 'nothing, for there is nothing to restore to'}"
            )
        return self

    def expect_partial(self) -> LoadStatus:
        """Do nothing: no warning is given for what is left over, so none has to be silenced."""
        return self

    def __repr__(self) -> str:
        return (
            f"<restored {len(self.restored)} values of {self.path!r}; {len(self.unrestored)} "
            f"here not in it, {len(self.unused)} of it not here>"
        )


class NothingLoaded(LoadStatus):
    """What ``restore(None)`` returns: nothing was asked for, so no assertion holds."""

    def __init__(self) -> None:
        super().__init__("", Match({}, {}, [], []))

    def _refuse(self) -> LoadStatus:
        raise AssertionError("No checkpoint specified (save_path=None); nothing is being restored.")

    assert_consumed = _refuse
    assert_existing_objects_matched = _refuse
    assert_nontrivial_match = _refuse


def _listed(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more
