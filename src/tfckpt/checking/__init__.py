"""Whether a checkpoint is sound: its tables, shards, slices, checksums, and its objects."""
