from __future__ import annotations

import numpy as np
import pytest
import torch

from skinnet.images.tensors import pixels_to_tensor
from skinnet.training.operations import COVERED, OPERATIONS, cut_out, operate
from tests.drawings import LOOKS, draw_lesion


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(count: int) -> torch.Tensor:
    return pixels_to_tensor(np.stack([np.asarray(draw_lesion(LOOKS["mel"], seed=3, size=(64, 48)))] * count))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_operation_changes_a_photo_but_leaves_it_that_photo(operation: object) -> None:
    images = batch(1)
    changed = operation(images, generator(2)).clamp(0, 1)  # type: ignore[operator]
    assert changed.shape == images.shape
    assert changed.dtype == torch.float32
    assert 0.002 < (changed - images).abs().mean() < 0.25
    pair = torch.stack([changed.mean(dim=(0, 1)).flatten(), images.mean(dim=(0, 1)).flatten()])
    assert torch.corrcoef(pair)[0, 1] > 0.8


def test_no_operation_changes_nothing_and_spends_no_random_number() -> None:
    images, source = batch(2), generator()
    assert operate(images, source, count=0) is images
    assert cut_out(images, source, probability=0) is images
    assert torch.equal(torch.rand(3, generator=source), torch.rand(3, generator=generator()))


def test_operations_differ_from_image_to_image_and_can_be_repeated() -> None:
    changed = operate(batch(24), generator(), count=1)
    assert torch.equal(changed, operate(batch(24), generator(), count=1))
    different = {tuple(image.mean(dim=(1, 2)).mul(1e4).round().int().tolist()) for image in changed}
    assert len(different) > len(OPERATIONS)


def test_more_operations_change_more() -> None:
    images = batch(60)
    changes = [(operate(images, generator(), count=count) - images).abs().mean() for count in (1, 3)]
    assert changes[1] > 1.3 * changes[0]


def test_cut_out_covers_as_many_images_and_as_much_of_them_as_it_says() -> None:
    noise = torch.rand(400, 3, 48, 64, generator=generator(1))
    changed = cut_out(noise, generator(), probability=0.25)
    covered = (changed != noise).any(dim=1).float().mean(dim=(1, 2))
    assert (covered > 0).float().mean().item() == pytest.approx(0.25, abs=0.06)
    shares = covered[covered > 0]
    assert shares.min() > COVERED[0] * 0.7
    assert shares.max() < COVERED[1] * 1.05


def test_what_is_covered_has_the_mean_colour_of_its_image() -> None:
    noise = torch.rand(1, 3, 48, 64, generator=generator(1))
    changed = cut_out(noise, generator(), probability=1)
    covered = (changed != noise).any(dim=1)[0]
    colours = changed[0][:, covered]
    torch.testing.assert_close(colours.mean(dim=1), noise.mean(dim=(0, 2, 3)), atol=1e-5, rtol=0)
    assert colours.std(dim=1).max() < 1e-6
