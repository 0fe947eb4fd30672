"""Time per op of tiny tensors in PyTorch: the twin of overhead.ts. Prints microseconds as JSON."""
import json
import time

import torch
import torch.nn.functional as F

OPS, REPEATS = 2000, 30


def measure(op):
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        for _ in range(OPS):
            op()
        times.append((time.perf_counter() - started) * 1e6 / OPS)
    return sorted(times)[REPEATS // 2]


torch.set_num_threads(1)  # nothing here is worth a second one
x, y = torch.ones(4, requires_grad=True), torch.ones(4)
image = torch.ones(1, 2, 4, 4)
weight = torch.ones(2, 2, 3, 3, requires_grad=True)
gradient, image_gradient = torch.ones(4), torch.ones(1, 2, 2, 2)


def backward(result, dy, leaf):
    result.backward(dy)
    leaf.grad = None


def quiet(op):
    def run():
        with torch.no_grad():
            return measure(op)

    return run()


print(
    json.dumps(
        {
            "add, forward": quiet(lambda: torch.add(x, y)),
            "add, forward + backward": measure(lambda: backward(torch.add(x, y), gradient, x)),
            "conv2d, forward": quiet(lambda: F.conv2d(image, weight)),
            "conv2d, forward + backward": measure(lambda: backward(F.conv2d(image, weight), image_gradient, weight)),
        }
    )
)
