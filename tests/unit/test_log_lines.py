"""A log that cannot be written stops nothing, and says afterwards what is missing."""

import errno
import io
import json

import structlog

from notifier.bootstrap import set_up_logs


class Disk(io.StringIO):
    """A file on a disk that may be full."""

    full = False

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


def test_lines_that_a_full_disk_refuses_are_counted_and_told() -> None:
    disk = Disk()
    set_up_logs("info", disk)
    try:
        log = structlog.get_logger()
        log.info("first")
        disk.full = True
        log.warning("database_away")
        log.warning("database_away")
        disk.full = False
        log.info("last")
    finally:
        structlog.reset_defaults()
    lines = [json.loads(line) for line in disk.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["first", "log_lines_lost", "last"]
    assert lines[1]["count"] == 2
