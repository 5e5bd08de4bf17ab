"""``python -m gradcheck_suite``: the command line."""

from gradcheck_suite.cli import main

if __name__ == "__main__":
    main()
