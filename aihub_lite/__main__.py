"""`python -m aihub_lite`."""

from aihub_lite.cli import main

if __name__ == "__main__":
    main()
