"""What a restore returns: which values were restored, which were not, and assertions about that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfckpt.names import shown
from tfckpt.objects.restoring import Restoration, given_full_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfckpt.objects.building import Built


class LoadStatus:
    """What `Checkpoint.restore` returns: what has found its counterpart until now.

    Each question first gives objects that were added since the values that wait for them. The
    methods return the status, so that they can be chained; those that assert raise AssertionError.
    """

    def __init__(
        self,
        restoration: Restoration,
        settle: Callable[[], Built],
        objects: Callable[[], Built],
        *,
        optional: str | None = None,
    ) -> None:
        """Report on a restoration.

        `settle` gives what was added the values that wait for it, and returns the program's
        objects; `objects` only returns them. `optional` is a key that need not be restored.
        """
        self.path = restoration.path
        self._restoration = restoration
        self._own = settle
        self._objects = objects
        self._optional = optional

    @property
    def restored(self) -> list[str]:
        """Keys of the values of this program that were restored."""
        return sorted(self._restored(self._own()))

    @property
    def unrestored(self) -> list[str]:
        """Keys of values of this program that are not in the checkpoint; they are unchanged."""
        return self._unrestored(self._own())

    @property
    def unused(self) -> list[str]:
        """Keys of values of the checkpoint that nothing in this program takes."""
        self._own()
        return self._restoration.unused

    def assert_consumed(self) -> LoadStatus:
        """Check that checkpoint and program have the same values."""
        self.assert_existing_objects_matched()
        unused = self._restoration.unused
        if unused:
            raise AssertionError(
                f"{self.path}: {len(unused)} values of the checkpoint have no counterpart "
                f"here: {shown(unused)}"
            )
        return self

    def assert_existing_objects_matched(self) -> LoadStatus:
        """Check that all values of this program were in the checkpoint."""
        own = self._own()
        missing = [key for key in self._unrestored(own) if key != self._optional]
        if missing:
            raise AssertionError(
                f"{self.path}: {len(missing)} values here are not in the checkpoint: "
                f"{shown(self._named(own, missing))}"
            )
        return self

    def assert_nontrivial_match(self) -> LoadStatus:
        """Check that anything but the root matched."""
        own = self._own()
        if self._restoration.match(own).is_trivial:
            missing = shown(self._unrestored(own))
            raise AssertionError(
                f"{self.path}: nothing but the root matches. Not in the checkpoint: "
                f"{missing or 'nothing, for there is nothing to restore to'}"
            )
        return self

    def run_restore_ops(self, session: object = None) -> None:
        """Restore what was added since: there are no operations, and no session to run them in."""
        self._own()

    def initialize_or_restore(self, session: object = None) -> None:
        """Do what `run_restore_ops` does: arrays have values from the beginning."""
        self._own()

    def expect_partial(self) -> LoadStatus:
        """Log no warning about values of the file that nothing took."""
        self._own()
        self._restoration.expect_partial()
        return self

    def _restored(self, own: Built) -> list[str]:
        places = self._restoration.places
        return [key for key, mine in own.places.items() if not places.isdisjoint(mine)]

    def _unrestored(self, own: Built) -> list[str]:
        places, skipped = self._restoration.places, self._restoration.skipped(own)
        return [
            key
            for key, mine in own.places.items()
            if places.isdisjoint(mine) and key not in skipped
        ]

    def _named(self, own: Built, keys: list[str]) -> list[str]:
        return keys

    def __repr__(self) -> str:
        own = self._objects()
        unrestored = len(self._unrestored(own))
        return (
            f"<restored {len(self._restored(own))} values of {self.path!r}; {unrestored} "
            f"here not in it, {len(self._restoration.unused)} of it not here>"
        )


class NameBasedStatus(LoadStatus):
    """What restoring a name-based checkpoint returns.

    A name-based checkpoint knows no objects, and may have values for other programs. So each
    assertion checks one thing: that all values of this program were in it.
    """

    def _named(self, own: Built, keys: list[str]) -> list[str]:
        names = given_full_names(own)
        return [f"{names[key]} ({key})" if key in names else f"{key} (no name)" for key in keys]

    def assert_consumed(self) -> LoadStatus:
        return self.assert_existing_objects_matched()

    def assert_nontrivial_match(self) -> LoadStatus:
        return self.assert_existing_objects_matched()


class NothingLoaded:
    """What ``restore(None)`` returns: nothing was asked for, so no assertion holds."""

    path = ""
    restored: tuple[str, ...] = ()
    unrestored: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    def _refuse(self, session: object = None) -> LoadStatus:
        raise AssertionError("No checkpoint specified (save_path=None); nothing is being restored.")

    assert_consumed = _refuse
    assert_existing_objects_matched = _refuse
    assert_nontrivial_match = _refuse
    run_restore_ops = _refuse

    def initialize_or_restore(self, session: object = None) -> None:
        """Do nothing: arrays have values from the beginning."""

    def expect_partial(self) -> NothingLoaded:
        return self
