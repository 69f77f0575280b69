"""One module a format, found by its name.

Each has ``EXTENSION``, ``PACKAGES`` (the distributions whose versions shape the file), ``OPSET`` (whether the
format has one), ``export(loaded, example, path, opset)`` and ``load(path)``, which returns a function from a
float32 batch of one to the float32 first output.
"""
