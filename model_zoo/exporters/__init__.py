"""One module a way to write a file, found by its name, which profiles and ``--formats`` use.

Each has:

``EXTENSION``
    of the file, which is called ``model.<extension>``.
``FILE_FORMAT``
    what backends call the kind of file: several exporters may write one kind.
``LAYOUT``
    of the file's input: ``NCHW`` or ``NHWC``.
``OPSET``
    whether the format has opsets.
``PRECISIONS``
    those that it makes, of ``fp32``, ``fp16``, ``int8`` and ``uint8``; another one is refused.
``PACKAGES``
    the distributions whose versions shape the file.
``load(path)``
    returns a function from a float32 batch of one, in the file's layout, to the float32 first output.
``export(loaded, path, request)``
    writes the file and returns what its record says of it beside the variant's own words, or None.

A converter that cannot live beside the controller's packages has an environment of its own. Its module has no
``export`` but three other names, and imports nothing but numpy and the standard library at its top, because it is
imported there too:

``ENVIRONMENT``
    the lock that its environment is made from, such as ``converters-x86_64-cp311/onnx2tf``.
``SOURCE``
    the exporter that writes what it converts. ``PRECISIONS`` is a mapping then: to the precision of that file.
``convert(source, path, request)``
    as ``export``, but from a file; runs in that environment, as ``load`` does, in a directory of its own.

Both raise ``UnsupportedError`` with the reason where the file cannot be.
"""
