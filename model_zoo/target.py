"""One artifact that is wanted, by name: what a build plans, and a worker makes."""

from dataclasses import dataclass

from model_zoo import cache_key
from model_zoo.model import Model


@dataclass(frozen=True)
class Target:
    """One artifact that is wanted.

    Attributes:
        variant_module: of ``model_zoo.variants``, which makes the variant.
        opset: of a format that has opsets, else None.
    """

    model: Model
    variant_module: str
    variant: str
    format: str
    opset: int | None

    @property
    def identity(self) -> tuple[str, str, str, int | None]:
        """What the index has at most one artifact for."""
        return self.model.name, self.variant, self.format, self.opset

    @property
    def name(self) -> str:
        """``model.variant.format``, and the opset where the format has them."""
        return ".".join(str(part) for part in self.identity if part is not None)

    def build_key(self, weights: str) -> str:
        """Return the key under which the artifact with weights of this kind is cached."""
        return cache_key.key(self.model, self.variant_module, self.variant, self.format, self.opset, weights)

    def __str__(self) -> str:
        return f"{self.model.name} {self.variant} {self.format}"
