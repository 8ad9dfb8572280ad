"""When things went wrong: what is whole of a damaged checkpoint, and what ails a folder."""
