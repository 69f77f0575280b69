"""One module a family of data sets, found by its name.

Each has ``PATTERN`` and ``NAMES`` (what it answers to, for programs and for people), ``ABOUT`` (what it is) and
``load(name, input_shape) -> Dataset``; where it is not for classification, ``TASK`` (None: it serves every task); where
its files have to be found, ``is_present(name)``, and where they may change under the same name, ``fingerprint(name)``.
"""
