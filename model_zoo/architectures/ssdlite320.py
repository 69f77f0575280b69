"""SSDLite on MobileNet v3 (torchvision's), as one table of raw predictions, without the decoding in its graph."""

import torch
from torch import nn


class RawDetections(nn.Module):
    """The backbone and head of a torchvision SSD, under their own names, so that its published weights fit."""

    def __init__(self, detector: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head = detector.get_submodule("backbone"), detector.get_submodule("head")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (1, 3, 320, 320) to (1, 3234, 4 + classes): box offsets, then the logits of the classes."""
        found = self.head(list(self.backbone(x).values()))
        return torch.cat([found["bbox_regression"], found["cls_logits"]], dim=2)


def build() -> nn.Module:
    """Return the untrained network for COCO's 91 category numbers, of which 0 is the background."""
    from model_zoo import torch_setup

    torch_setup.define_torchvision_operators()
    from torchvision.models.detection import ssdlite320_mobilenet_v3_large

    return RawDetections(ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None))
