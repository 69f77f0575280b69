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

and one of two ways to write the file, which return what its record says of it beside the variant's own words, or None:

``export(loaded, path, request)``
    from a network, here; ``TAKES`` names the kinds of source it understands: ``torch``, ``onnx``, ``keras``.
``convert(source, path, request)``
    from the file of another exporter, ``SOURCE``. ``PRECISIONS`` is a mapping then: to the precision of that file.

What cannot live beside the controller's packages has an environment of its own: ``ENVIRONMENT`` names the lock it is
made from, such as ``converters-x86_64-cp311/onnx2tf``. ``convert`` and ``load`` run there, in a directory of their own,
so the module imports nothing but numpy and the standard library at its top. ``TOOL`` names a program without which the
format is refused; ``RUNS_HERE = False`` says that only a board can open the file, and ``load`` is not there.

Both ways raise ``UnsupportedError`` with the reason where the file cannot be.
"""
