"""The report: one page that opens from disk, and the tables and figures beside it."""
