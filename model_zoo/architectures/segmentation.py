"""torchvision's segmentation networks, with the logits of every pixel as their one output."""

import torch
from torch import nn


class Logits(nn.Module):
    """The backbone and classifier under their own names, so that the published weights fit; no auxiliary classifier."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.backbone = network.get_submodule("backbone")
        self.classifier = network.get_submodule("classifier")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (1, 3, H, W) to logits (1, classes, H, W)."""
        features = self.backbone(x)
        # LRASPP's head takes both maps of its backbone, DeepLab's the one called "out".
        y = self.classifier(features if "high" in features else features["out"])
        return nn.functional.interpolate(y, size=x.shape[-2:], mode="bilinear", align_corners=False)


def build(constructor: str) -> nn.Module:
    """Return the untrained network that torchvision constructs under this name, for Pascal VOC's 21 classes."""
    from model_zoo import torch_setup

    torch_setup.define_torchvision_operators()
    from torchvision.models import get_model

    return Logits(get_model(constructor, weights=None, weights_backbone=None))
