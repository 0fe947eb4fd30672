"""Writes the networks that infer's rows run as DIR/NAME-BATCH.onnx.

usage: export_onnx.py DIR
"""
import sys
import warnings
from pathlib import Path

import torch
from models import CASES, model

warnings.simplefilter("ignore")  # the exporter that needs no further package is deprecated
for row in CASES["infer"]:
    net, x = model(row, "cpu", torch.contiguous_format)
    file = Path(sys.argv[1]) / f"{row['name']}-{row['batch']}.onnx"
    torch.onnx.export(net.eval(), (x,), file, input_names=["x"], output_names=["y"], dynamo=False)
