"""The twin of overhead.ts: ops of tiny tensors."""
import torch
import torch.nn.functional as F


def tiny(row, device, _layout):
    if row == "add":
        leaf = torch.ones(4, device=device, requires_grad=True)
        other, dy = torch.ones(4, device=device), torch.ones(4, device=device)
        op = lambda: torch.add(leaf, other)  # noqa: E731
    else:
        leaf = torch.ones(2, 2, 3, 3, device=device, requires_grad=True)
        image, dy = torch.ones(1, 2, 4, 4, device=device), torch.ones(1, 2, 2, 2, device=device)
        op = lambda: F.conv2d(image, leaf)  # noqa: E731

    def forward():
        with torch.no_grad():
            op()

    def both():
        op().backward(dy)
        leaf.grad = None

    return {"forward": forward, "forward + backward": both}
