"""Arrays and the bytes that they are stored as, in every format alike."""
