"""PyTorch on the rows of cases.json, for run.ts: a line of JSON {"section", "row"} in, a line of milliseconds out.

usage: torch.py --device cpu|cuda --threads N --tf32 0|1 --benchmark 0|1 --budget MS

On the CPU the faster of both memory layouts is kept for each figure; on CUDA it is channels_last, timed by events.
"""
import argparse
import json
import os
import statistics
import sys
import time

sys.path.pop(0)  # this file's folder, in which torch would be this file
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

options = argparse.ArgumentParser()
options.add_argument("--device", default="cpu")
options.add_argument("--threads", type=int, default=2)
options.add_argument("--tf32", type=int, default=0)
options.add_argument("--benchmark", type=int, default=1)
options.add_argument("--budget", type=float, default=200)
options = options.parse_args()

CUDA = options.device == "cuda"
WARM_UP, SAMPLE_MS = 3, 20
torch.set_num_threads(options.threads)
torch.backends.cudnn.benchmark = bool(options.benchmark)
torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = bool(options.tf32)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases.json")) as file:
    INPUT = {row["name"]: row["input"] for row in json.load(file)["train"]}


def sample(run, calls):
    """Milliseconds of some calls."""
    if not CUDA:
        started = time.perf_counter()
        for _ in range(calls):
            run()
        return (time.perf_counter() - started) * 1e3
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    for _ in range(calls):
        run()
    end.record()
    end.synchronize()
    return start.elapsed_time(end)


def milliseconds(run):
    """As time() in timer.ts."""
    sample(run, WARM_UP)
    calls, took = 1, sample(run, 1)
    while took < SAMPLE_MS and calls < 1000:
        calls = min(1000, int(-(-calls * min(10, 1.2 * SAMPLE_MS / max(took, 1e-3)) // 1)))
        took = sample(run, calls)
    samples, end = [], time.perf_counter() + options.budget / 1e3
    while time.perf_counter() < end or len(samples) < 3:
        samples.append(sample(run, calls) / calls)
    return statistics.median(samples)


def tensor(shape, layout):
    x = torch.randn(*shape, device=options.device)
    return x.contiguous(memory_format=layout) if x.dim() == 4 else x


def convolution(row, layout):
    _, n, c, h, w, k, r, s, stride, padding, groups = row
    x, weight = tensor((n, c, h, w), layout), tensor((k, c // groups, r, s), layout)
    bias = tensor((k,), layout)
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


def kernel(row, layout):
    shape = row["shape"]
    window = {"kernel_size": row.get("window"), "stride": row.get("stride"), "padding": row.get("padding")}
    if row["op"] == "matmul":
        m, k, n = shape
        leaves = [tensor((m, k), layout), tensor((k, n), layout)]
        op = lambda: leaves[0] @ leaves[1]  # noqa: E731
    else:
        x = tensor(shape, layout)
        leaves = [x]
        target = torch.arange(shape[0], device=options.device) * 7 % shape[1]
        weight, bias = torch.ones(shape[1], device=options.device), torch.zeros(shape[1], device=options.device)
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


class PaddedShortcut(nn.Module):
    def __init__(self, padding):
        super().__init__()
        self.padding = padding

    def forward(self, x):
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.padding, self.padding))


def conv3(c_in, c_out, stride=1):
    return nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)


class BasicBlock(nn.Module):
    def __init__(self, c_in, c_out, stride, padded):
        super().__init__()
        self.first = nn.Sequential(conv3(c_in, c_out, stride), nn.BatchNorm2d(c_out), nn.ReLU(inplace=True))
        self.second = nn.Sequential(conv3(c_out, c_out), nn.BatchNorm2d(c_out))
        if stride == 1 and c_in == c_out:
            self.shortcut = nn.Identity()
        elif padded:
            self.shortcut = PaddedShortcut((c_out - c_in) // 2)
        else:
            self.shortcut = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))

    def forward(self, x):
        return F.relu(self.second(self.first(x)) + self.shortcut(x), inplace=True)


def residual(stem, widths, blocks, padded, classes):
    layers, channels = list(stem), widths[0][0]
    for width, stride in widths:
        for i in range(blocks):
            layers.append(BasicBlock(channels, width, stride if i == 0 else 1, padded))
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def pooled(c_in, c_out, kernel, padding=0, ceil=False):
    return [nn.Conv2d(c_in, c_out, kernel, padding=padding), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=ceil)]


def dense(c_in, c_out):
    return [nn.Linear(c_in, c_out), nn.ReLU()]


def network(name):
    if name == "mnist-cnn":
        features = [*pooled(1, 32, 3, 1), *pooled(32, 64, 3, 1), *pooled(64, 128, 3, 1, True), nn.Flatten()]
        return nn.Sequential(*features, *dense(2048, 256), nn.Dropout(0.4), nn.Linear(256, 10))
    if name == "scratch-cnn":
        return nn.Sequential(*pooled(1, 30, 5), nn.Flatten(), *dense(4320, 100), nn.Linear(100, 10))
    if name == "lenet5":
        features = [*pooled(1, 6, 5, 2), *pooled(6, 16, 5), nn.Flatten()]
        return nn.Sequential(*features, *dense(400, 120), *dense(120, 84), nn.Linear(84, 10))
    if name == "mlp":
        return nn.Sequential(*dense(784, 256), nn.Dropout(0.25), *dense(256, 128), nn.Linear(128, 10))
    if name == "resnet20":
        stem = [conv3(3, 16), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
        return residual(stem, [(16, 1), (32, 2), (64, 2)], 3, True, 10)
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    return residual(stem, [(64, 1), (128, 2), (256, 2), (512, 2)], 2, False, 1000)


def model(row, layout):
    x = tensor((row["batch"], *INPUT[row["name"]]), layout)
    net = network(row["name"]).to(options.device)
    return (net.to(memory_format=layout) if x.dim() == 4 else net), x


def training(row, layout):
    net, x = model(row, layout)
    labels = torch.arange(row["batch"], device=options.device) % 10
    sgd = {"lr": 0.01, "momentum": 0.9, "weight_decay": 1e-4 if row["name"] == "resnet20" else 0}
    if row["name"] in ("lenet5", "resnet18", "resnet20"):
        optimizer = torch.optim.SGD(net.parameters(), **sgd)
    else:
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)

    def step():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(net(x), labels).backward()
        optimizer.step()

    return {"step": step}


def inference(row, layout):
    net, x = model(row, layout)
    net.eval()

    def call():
        with torch.inference_mode():
            net(x)

    return {"call": call}


SECTIONS = {"conv": convolution, "kernel": kernel, "train": training, "infer": inference}
LAYOUTS = [torch.channels_last] if CUDA else [torch.contiguous_format, torch.channels_last]

print(json.dumps({"version": torch.__version__, "device": torch.cuda.get_device_name() if CUDA else "cpu"}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    best = {}
    for layout in LAYOUTS:
        for figure, run in SECTIONS[request["section"]](request["row"], layout).items():
            took = milliseconds(run)
            best[figure] = min(best.get(figure, took), took)
    print(json.dumps(best), flush=True)
