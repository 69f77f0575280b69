"""Where a network comes from: one module a kind, found by its name.

Each has ``PACKAGES`` (the distributions whose versions shape the network), ``GIVES`` (a ``torch`` network, or an
``onnx`` or ``keras`` file), ``code_files(model)`` (the source files that shape the network),
``declared_weights(model)`` and ``load(request) -> Loaded``. None imports a heavy library before ``load``.
"""
