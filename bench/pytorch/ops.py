"""The twin of kernels.ts: what is timed of a row, by the figure's name."""
import torch
import torch.nn.functional as F


def tensor(shape, device, layout):
    x = torch.randn(*shape, device=device)
    return x.contiguous(memory_format=layout) if x.dim() == 4 else x


def convolution(row, device, layout):
    _, n, c, h, w, k, r, s, stride, padding, groups = row
    x, weight = tensor((n, c, h, w), device, layout), tensor((k, c // groups, r, s), device, layout)
    bias = tensor((k,), device, layout)
    strides, paddings = [stride] * 2, [padding] * 2
    dy = torch.randn_like(F.conv2d(x, weight, bias, stride, padding, 1, groups))

    def backward(*wanted):
        return lambda: torch.ops.aten.convolution_backward(
            dy, x, weight, [k], strides, paddings, [1, 1], False, [0, 0], groups, wanted
        )

    return {
        "forward": lambda: F.conv2d(x, weight, bias, stride, padding, 1, groups),
        "backward input": backward(True, False, False),
        "backward weight": backward(False, True, True),
    }


def kernel(row, device, layout):
    shape = row["shape"]
    window = {"kernel_size": row.get("window"), "stride": row.get("stride"), "padding": row.get("padding")}
    if row["op"] == "matmul":
        m, k, n = shape
        leaves = [tensor((m, k), device, layout), tensor((k, n), device, layout)]
        op = lambda: leaves[0] @ leaves[1]  # noqa: E731
    else:
        x = tensor(shape, device, layout)
        leaves = [x]
        target = torch.arange(shape[0], device=device) * 7 % shape[1]
        weight, bias = torch.ones(shape[1], device=device), torch.zeros(shape[1], device=device)
        mean, variance = torch.zeros_like(bias), torch.ones_like(weight)
        if row["op"] == "batchNorm2d":
            leaves += [weight, bias]
        op = {
            "im2col": lambda: F.unfold(x, **window),
            "maxPool2d": lambda: F.max_pool2d(x, **window),
            "avgPool2d": lambda: F.avg_pool2d(x, **window),
            "relu": lambda: F.relu(x),
            "batchNorm2d": lambda: F.batch_norm(x, mean, variance, weight, bias, True),
            "crossEntropy": lambda: F.cross_entropy(x, target),
        }[row["op"]]
    for leaf in leaves:
        leaf.requires_grad_()
    y = op()
    dy = torch.randn_like(y)
    return {"forward": op, "backward": lambda: torch.autograd.grad(y, leaves, dy, retain_graph=True)}
