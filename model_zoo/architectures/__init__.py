"""Networks written here from their papers. Each module has ``build() -> torch.nn.Module``."""
