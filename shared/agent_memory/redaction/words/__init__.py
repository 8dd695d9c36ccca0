"""The words that name secrets: in programs, and in the languages people write."""
