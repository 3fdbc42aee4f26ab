"""Where tests keep what they write: in memory where the machine has room there.

On a disk every commit waits for it, and every database copied for a test costs the system hundreds of files.
No test cuts the power, so none can tell the difference.
"""

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM = 2 * 1024**3
"""Bytes that must be free: several times the 350 MB that four workers were seen to take."""


def folder() -> Path | None:
    """A folder in memory with room enough, or None: then the machine's own temporary folder has to do."""
    if not (_MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)):
        return None
    return _MEMORY if shutil.disk_usage(_MEMORY).free >= _ROOM else None
