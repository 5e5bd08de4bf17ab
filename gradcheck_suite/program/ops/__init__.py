"""The rows of the op table, one family a file."""
