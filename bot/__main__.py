"""``python -m bot``: the same front door as the ``certdesk`` command."""

from bot.cli import main

if __name__ == "__main__":
    main()
