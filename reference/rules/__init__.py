"""The table of operations and their derivatives, one file for each family."""
