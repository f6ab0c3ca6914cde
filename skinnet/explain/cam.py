"""Class activation maps in their own units: how many logits each place of a photo adds to each diagnosis.

    features = photo_features(classifier, pixels)  # (C, h, w), once a photo
    maps = class_maps(head(classifier.network), features[None])  # (1, 7, h, w), all diagnoses at once
    maps = library_maps(head(classifier.network), features[None], name="LayerCAM")

What is explained is a diagnosis's *lead*: its logit minus the mean of the seven logits. Softmax sees nothing else, so
what all logits share is evidence for no diagnosis.

The target layer is the last one with positions (`features[-1]`, or `layer4[-1]` of a ResNet). The network below it runs
once, without gradients or hooks, in the classifier's own thread. Everything else happens in a copy of its head,
made for each call, so threads may draw maps and classify photos at the same time.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from skinnet.errors import TrainingError
from skinnet.inference.classifier import Classifier
from skinnet.models.backbone import Head


def photo_features(classifier: Classifier, pixels: np.ndarray) -> Tensor:
    """Run the network for the features of a photo: uint8 (H, W, 3) -> (C, h, w).

    A photo that was classified already has them in `Examined.features`.

    Raises:
        TrainingError: if the network's last feature layer is not known.
    """
    features = classifier.run(pixels[None]).features
    if features is None:
        name = type(classifier.network).__name__
        raise TrainingError(f"No heat map for {name}: its last feature layer is not known.")
    return features[0]


def class_maps(layers: Head, features: Tensor) -> Tensor:
    """Grad-CAM of all diagnoses at once: (B, C, h, w) -> (B, 7, h, w) logits, negative where a place speaks against.

    For global average pooling and a linear layer this is the closed form of Zhou et al. (CVPR 2016), and the sum over a
    map and the diagnosis's bias are its lead. For any other head it takes one pass and a gradient a diagnosis
    (Selvaraju et al., ICCV 2017).
    """
    if layers.closed_form:
        places = features.shape[-2] * features.shape[-1]
        return torch.einsum("kc,bchw->bkhw", _weights(layers), features) / places
    weights = torch.stack([gradient.mean(dim=(2, 3)) for gradient in _gradients(layers, features)], dim=1)
    return torch.einsum("vkc,bchw->bkhw", weights, features)


def _weights(layers: Head) -> Tensor:
    """Of the linear layer, for the leads: (7, C)."""
    weight: Tensor = layers.linear.weight
    return weight - weight.mean(dim=0)


def _gradients(layers: Head, features: Tensor) -> list[Tensor]:
    """Of the lead of each diagnosis, (B, C, h, w) each."""
    with torch.enable_grad():
        free = features.detach().requires_grad_()
        leads = _leads(layers(free)).sum(dim=0)  # (7,): no photo's logits depend on another
        return [torch.autograd.grad(lead, free, retain_graph=True)[0] for lead in leads]


def _leads(logits: Tensor) -> Tensor:
    """(..., 7) logits minus their mean."""
    return logits - logits.mean(dim=-1, keepdim=True)


class LeadTarget:
    """A diagnosis's lead, as the package grad-cam wants it."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, logits: Tensor) -> Tensor:
        """(7,) -> ()."""
        return _leads(logits)[self.number]


def library_maps(layers: Head, features: Tensor, *, name: str) -> Tensor:
    """The maps of a class of the package grad-cam, before it stretches each: (B, C, h, w) -> (B, 7, h, w).

    Args:
        layers: a head of this call's own: the package hooks into its first layer.
        name: of the class, such as "LayerCAM".
    """
    import pytorch_grad_cam  # takes seconds; Grad-CAM, the default, does without

    photos, diagnoses = len(features), int(layers(features[:1]).shape[1])
    batch = features.detach().repeat_interleave(diagnoses, dim=0).requires_grad_()
    targets = [LeadTarget(number) for number in range(diagnoses)] * photos
    cam = getattr(pytorch_grad_cam, name)(layers, [layers[0]])
    try:
        with torch.enable_grad():
            logits = cam.activations_and_grads(batch)
            torch.stack([target(row) for target, row in zip(targets, logits, strict=True)]).sum().backward()
        kept = cam.activations_and_grads
        activations, gradients = kept.activations[0].numpy(), kept.gradients[0].numpy()
        maps = cam.get_cam_image(batch, layers[0], targets, activations, gradients, eigen_smooth=False)
    finally:
        cam.activations_and_grads.release()
    found: Tensor = torch.from_numpy(np.asarray(maps, dtype=np.float32)).unflatten(0, (photos, diagnoses))
    return found


def principal_maps(layers: Head, features: Tensor) -> Tensor:
    """Eigen-CAM: the features' first principal component, the same for every diagnosis: (B, C, h, w) -> (B, 7, h, w).

    Its sign is arbitrary; it is turned so that it grows with the strength of the features.
    """
    from pytorch_grad_cam import EigenCAM  # as in `library_maps`

    diagnoses = int(layers(features[:1]).shape[1])
    cam = EigenCAM(layers, [layers[0]])
    cam.activations_and_grads.release()
    fewer = torch.linalg.qr(features.flatten(2)).R.unflatten(2, features.shape[2:])  # turned, so that hw channels do
    maps: Tensor = torch.from_numpy(cam.get_cam_image(None, None, None, fewer.numpy(), None, eigen_smooth=False))
    strength = features.norm(dim=1)
    along = ((strength - strength.mean(dim=(1, 2), keepdim=True)) * maps).sum(dim=(1, 2), keepdim=True)
    upright: Tensor = maps * along.sign()
    return upright[:, None].expand(-1, diagnoses, -1, -1)
