"""Networks written here from their papers, or made of another library's parts.

Each module has ``build(**arguments) -> torch.nn.Module``, with the entry's ``arguments``; its first output is one
tensor. A module whose name starts with ``_`` is shared by others.
"""
