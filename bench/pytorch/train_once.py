"""The twin of train-once.ts: some steps of training, then the peak of resident memory in KiB.

usage: train_once.py NETWORK STEPS NCHW|NHWC THREADS
"""
import sys

import torch
from models import TRAINING, training

name, steps, layout, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
step = training(TRAINING[name], "cpu", torch.channels_last if layout == "NHWC" else torch.contiguous_format)["step"]
for _ in range(int(steps)):
    step()
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM:")))
