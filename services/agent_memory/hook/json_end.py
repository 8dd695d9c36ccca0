"""The end of a JSON value that comes in pieces, found by its quotes and brackets alone: no hook can wait for `json`."""

# All but brackets.
_REST = bytes(set(range(256)) - set(b"{}[]"))


class JsonEnd:
    """Looks for the end of one object or array."""

    def __init__(self) -> None:
        self._depth = 0
        self._is_quoted = False
        # Whether the next byte stands behind a backslash.
        self._is_escaped = False
        # Only what begins with a bracket has an end of its own.
        self._has_end = True
        self._scanned = 0

    def cut(self, chunks: list[bytes]) -> bool:
        """Whether the value ends in these chunks, the same and more each time; what follows its end is taken off."""
        while self._scanned < len(chunks):
            end = self.find(chunks[self._scanned])
            if end >= 0:
                chunks[self._scanned :] = [chunks[self._scanned][:end]]
                return True
            self._scanned += 1
        return False

    def find(self, piece: bytes) -> int:
        """The index behind the value's last byte, in the next piece; -1 while it goes on, or has no end of its own."""
        at = 0
        if not self._depth:
            start = piece.lstrip(b" \t\r\n\xef\xbb\xbf")
            if start and start[:1] not in (b"{", b"["):
                self._has_end = False
            at = len(piece) - len(start)
        while self._has_end and at < len(piece):
            quote = piece.find(b'"', at)
            end = quote if quote >= 0 else len(piece)
            if self._is_quoted:
                run = end - at - len(piece[at:end].rstrip(b"\\"))
                # A backslash that ended the last piece counts if only backslashes follow.
                is_escaped = (run + (self._is_escaped and run == end - at)) % 2 == 1
                self._is_quoted = quote < 0 or is_escaped
                self._is_escaped = quote < 0 and is_escaped
            elif found := self._closed(piece, at, end):
                return found
            else:
                self._is_quoted = quote >= 0
            at = end + 1
        return -1

    def _closed(self, piece: bytes, start: int, end: int) -> int:
        """The index behind the bracket between `start` and `end` that closes the value; 0 if none does."""
        brackets = piece[start:end].translate(None, _REST)
        opened = brackets.count(b"{") + brackets.count(b"[")
        closed = len(brackets) - opened
        if closed < self._depth:
            self._depth += opened - closed
            return 0
        for place in range(start, end):
            byte = piece[place : place + 1]
            if byte in (b"{", b"["):
                self._depth += 1
            elif byte in (b"}", b"]"):
                self._depth -= 1
                if self._depth == 0:
                    return place + 1
        return 0
