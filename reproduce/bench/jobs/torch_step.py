"""segmentation_models.pytorch's U-Net with a ResNet18 encoder, stepped by torch's Adam."""

import segmentation_models_pytorch
import torch
from torch.utils.flop_counter import FlopCounterMode

from selfsup_segmentation.reproduce.bench.measuring import peak_mib, timed


def prepare(size, batch):
    """A step in float32 on channels-last images, on a GPU where torch has one.

    Args:
        size: (width, height) in px.
        batch: images a step.
    """
    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = True  # the size never changes
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    device, (width, height) = "cuda" if torch.cuda.is_available() else "cpu", size
    model = segmentation_models_pytorch.Unet("resnet18", encoder_weights=None, classes=19)
    model = model.to(device, memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    images = torch.randn(batch, 3, height, width).to(device, memory_format=torch.channels_last)
    labels = torch.randint(0, 19, (batch, height, width), device=device)
    labels[torch.rand(labels.shape, device=device) < 0.05] = 255
    latest = [None]

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(model(images), labels, ignore_index=255)
        loss.backward()
        optimizer.step()
        latest[0] = loss.detach()

    times = 10 if device == "cuda" else 1
    with FlopCounterMode(display=False) as counter:
        model(images)
    step()
    facts = {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "forward_convolution_flops": counter.get_total_flops(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "steps_per_call": times,
    }
    return facts, {
        "step": lambda: timed(step, times, lambda: latest[0].item()),
        "memory": lambda: {"peak_mib": peak_mib()},
    }
