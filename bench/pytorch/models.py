"""The twin of models.ts: a step of training, and a call of inference."""
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from networks import network
from ops import tensor

with open(Path(__file__).resolve().parents[1] / "cases.json") as file:
    CASES = json.load(file)
TRAINING = {row["name"]: row for row in CASES["train"]}


def model(row, device, layout):
    x = tensor((row["batch"], *TRAINING[row["name"]]["input"]), device, layout)
    net = network(row["name"]).to(device)
    return (net.to(memory_format=layout) if x.dim() == 4 else net), x


def training(row, device, layout):
    net, x = model(row, device, layout)
    labels = torch.arange(row["batch"], device=device) % 10
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


def inference(row, device, layout):
    net, x = model(row, device, layout)
    net.eval()

    def call():
        with torch.inference_mode():
            net(x).cpu()  # where the caller reads it

    return {"call": call}
