"""The twin of networks.ts."""
import torch.nn.functional as F
from torch import nn


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
