"""PyTorch on the rows of cases.json: a line of JSON {"section", "row"} in, a line of milliseconds out, by figure and layout.

usage: serve.py --device cpu|cuda --threads N --tf32 0|1 --benchmark 0|1 --budget MS

On the CPU both memory layouts are timed; on CUDA channels_last, by events. The section "peak" is answered with the GFLOP/s of
a product of matrices, which says what the machine gives at the moment.
"""
import argparse
import json
import sys

import torch
from models import TRAINING, inference, training
from ops import convolution, kernel
from overhead import tiny
from timer import Timer

options = argparse.ArgumentParser()
options.add_argument("--device", default="cpu")
options.add_argument("--threads", type=int, default=2)
options.add_argument("--tf32", type=int, default=0)
options.add_argument("--benchmark", type=int, default=1)
options.add_argument("--budget", type=float, default=200)
options = options.parse_args()

torch.backends.cudnn.benchmark = bool(options.benchmark)
torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = bool(options.tf32)

SECTIONS = {"conv": convolution, "kernel": kernel, "train": training, "infer": inference, "overhead": tiny}
NCHW, NHWC = ("NCHW", torch.contiguous_format), ("NHWC", torch.channels_last)
PROBE, PROBE_MS = 1024, 50  # rows and columns; three matrices are 12 MiB


def layouts(section, row):
    images = {
        "conv": lambda: True,
        "kernel": lambda: len(row["shape"]) == 4,
        "train": lambda: len(row["input"]) == 3,
        "infer": lambda: len(TRAINING[row["name"]]["input"]) == 3,
        "overhead": lambda: False,
    }[section]()
    if options.device == "cuda":
        return [NHWC]
    return [NCHW, NHWC] if images else [NCHW]


def times(section, row):
    torch.set_num_threads(1 if section == "overhead" else options.threads)  # a tiny op is not worth a second thread
    timer, result = Timer(options.device, options.budget), {}
    for name, layout in layouts(section, row):
        for figure, run in SECTIONS[section](row, options.device, layout).items():
            result.setdefault(figure, {})[name] = timer.milliseconds(run)
    return result


def peak():
    torch.set_num_threads(options.threads)
    a, b = torch.randn(PROBE, PROBE), torch.randn(PROBE, PROBE)
    product = torch.empty(PROBE, PROBE)
    took = Timer("cpu", PROBE_MS).milliseconds(lambda: torch.mm(a, b, out=product))
    return 2 * PROBE**3 / took / 1e6


device = torch.cuda.get_device_name() if options.device == "cuda" else "cpu"
print(json.dumps({"version": torch.__version__, "device": device}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    section = request["section"]
    print(json.dumps(peak() if section == "peak" else times(section, request["row"])), flush=True)
