"""The doctor: everything that is checked, with a verdict, its evidence and its remedy."""
