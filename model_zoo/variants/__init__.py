"""One module a kind of variant, found by its name.

Each has ``NAMES`` (the variants it makes), ``TOLERANCE`` (how far an artifact may be from the fp32 source),
``applies(weights)``, ``transform(loaded, name, model)``, which returns the network to export, and ``finish(path,
format_name, calibration)``, which changes the exported file in place and returns what the record should say about it,
or None. The last two raise ``UnsupportedError`` with the reason where the variant cannot be.
"""
