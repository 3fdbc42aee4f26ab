"""The demo, played once as anybody would start it: it must come out, and say so by its exit status."""

import os
import subprocess
import sys

import pytest

LONGEST_S = 150
"""Far beyond what it takes: other tests share the machine."""


@pytest.mark.demo
def test_the_demo_evening_comes_out() -> None:
    played = subprocess.run(
        [sys.executable, "-m", "notifier", "demo", "--once"],
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=LONGEST_S,
        check=False,
    )
    said = f"{played.stdout}\n{played.stderr}"
    assert played.returncode == 0, said
    assert "10/10" in played.stdout, said
