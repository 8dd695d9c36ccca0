"""Text as those read it who get it: its graphemes, its tokens, and what it looks like on a screen."""
