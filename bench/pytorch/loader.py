"""PyTorch's DataLoader on the rows of ../loader.ts: a line of JSON {"section", "row"} in, a line of images per second out.

usage: loader.py --data FOLDER

Photos are decoded by Pillow, as torchvision's ImageFolder does. The resident MNIST is loaded twice: sample by sample, which is
PyTorch's way, and "whole", by indexing the tensors with a batch's indices.
"""
import argparse
import gzip
import json
import os
import sys
import time

import numpy
import torch
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler

options = argparse.ArgumentParser()
options.add_argument("--data", required=True)
options = options.parse_args()


def photos():
    from torchvision import datasets, transforms

    transform = transforms.Compose([
        transforms.Resize(256),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ])
    return datasets.ImageFolder(os.path.join(options.data, "hymenoptera", "train"), transform)


def idx(name, offset):
    with gzip.open(os.path.join(options.data, "mnist", name)) as file:
        return torch.from_numpy(numpy.frombuffer(file.read(), numpy.uint8, offset=offset).copy())


class Mnist(Dataset):
    """Bytes; a sample, or a batch by a list of indices, is normalised as it is asked for."""

    def __init__(self):
        self.images = idx("train-images-idx3-ubyte.gz", 16).view(-1, 1, 28, 28)
        self.labels = idx("train-labels-idx1-ubyte.gz", 8).long()

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return (self.images[index].float() / 255 - 0.1307) / 0.3081, self.labels[index]


def epoch(loader):
    """Images per second of an epoch, after one that warms up."""
    for _ in range(2):
        start, images = time.perf_counter(), 0
        for batch, _ in loader:
            images += len(batch)
        seconds = time.perf_counter() - start
    return images / seconds


def rates(row):
    workers = row["workers"]
    common = {"num_workers": workers, "persistent_workers": workers > 0}
    if row["set"] == "photos":
        return {"Pillow": epoch(DataLoader(photos(), row["batch"], shuffle=True, **common))}
    mnist = Mnist()
    batches = BatchSampler(RandomSampler(mnist), row["batch"], drop_last=False)
    return {
        "samples": epoch(DataLoader(mnist, row["batch"], shuffle=True, **common)),
        "whole": epoch(DataLoader(mnist, sampler=batches, batch_size=None, **common)),
    }


print(json.dumps({"version": torch.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(rates(json.loads(line)["row"])), flush=True)
