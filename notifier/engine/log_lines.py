"""Log lines that cannot be written: a full disk must not stop the loop that wanted to tell of it."""

from typing import TextIO


class LogLines:
    """A stream for lines of log. What it refuses is counted, and told with the first that it takes again."""

    def __init__(self, to: TextIO) -> None:
        """Write to this stream, which stays its owner's."""
        self._to = to
        self.lost = 0

    def write(self, text: str) -> int:
        """Write it if that is possible."""
        try:
            if self.lost and text.strip():
                self._to.write(f'{{"event": "log_lines_lost", "level": "warning", "count": {self.lost}}}\n')
                self._to.flush()
                self.lost = 0
            return self._to.write(text)
        except OSError:
            self.lost += 1
            return 0

    def flush(self) -> None:
        """Have it written if that is possible."""
        try:
            self._to.flush()
        except OSError:
            self.lost += 1
