"""One module a family of data sets, found by its name.

Each has ``PATTERN`` (the names it answers to) and ``load(name) -> Dataset``.
"""
