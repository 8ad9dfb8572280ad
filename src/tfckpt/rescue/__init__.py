"""After damage: what is whole of a damaged checkpoint, and what ails a folder."""
