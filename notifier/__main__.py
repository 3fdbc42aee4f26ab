"""``notifier`` and ``python -m notifier``."""

from notifier.cli.app import app


def main() -> None:
    """Run the command that the arguments name."""
    app(prog_name="notifier")


if __name__ == "__main__":
    main()
