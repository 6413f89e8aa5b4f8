#!/usr/bin/env python3
"""Writes the logits that tests/integration/engine/reference_logits_test.cc compares with.

Usage: make_logit_fixtures.py RINGMASTER_BINARY
Makes each tiny model with the binary, runs reference_forward on it, and writes tests/golden/logits/*.json.
Takes about half a minute. The fixtures are committed; run this again only when tiny models change.
"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile

import reference_forward

YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 1024}
LINEAR = {"rope_type": "linear", "factor": 4.0}
# Name, shape, dtype, rope_scaling instead of the shape's own.
CASES = [
    ("llama", "tiny-llama", "bf16", None),
    ("llama_f32", "tiny-llama", "f32", None),
    ("llama_linear", "tiny-llama", "bf16", LINEAR),
    ("llama_yarn", "tiny-llama", "bf16", YARN),
    ("qwen2", "tiny-qwen2", "bf16", None),
    ("qwen3", "tiny-qwen3", "bf16", None),
]
PROMPT = [(i * i * 7 + i * 13 + 5) % 496 for i in range(200)]
# First, last, and both sides of the borders of blocks (16) and attention chunks (64).
POSITIONS = [0, 14, 15, 16, 32, 62, 63, 64, 127, 128, 199]
VOCABULARY_STRIDE = 33


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = pathlib.Path(__file__).parent.parent / "golden" / "logits"
    target.mkdir(parents=True, exist_ok=True)
    for name, shape, dtype, scaling in CASES:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.argv[1], "model", "make-tiny", folder, "--shape", shape, "--dtype", dtype]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            config = json.loads((pathlib.Path(folder) / "config.json").read_text())
            if scaling:
                config["rope_scaling"] = scaling
            tensors = reference_forward.read_safetensors(pathlib.Path(folder) / "model.safetensors")
            logits = reference_forward.forward(config, tensors, PROMPT)
        rows = [[float(f"{v:.9g}") for v in logits[p][::VOCABULARY_STRIDE]] for p in POSITIONS]
        rms = [float(f"{math.sqrt(sum(v * v for v in logits[p]) / len(logits[p])):.6g}") for p in POSITIONS]
        best = [max(range(len(logits[p])), key=lambda t, p=p: logits[p][t]) for p in POSITIONS]
        fixture = {
            "shape": shape,
            "dtype": dtype,
            "rope_scaling": scaling,
            "prompt": PROMPT,
            "positions": POSITIONS,
            "vocabulary_stride": VOCABULARY_STRIDE,
            "rms": rms,
            "best": best,
            "logits": rows,
        }
        lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in fixture.items())
        (target / f"{name}.json").write_text("{\n" + lines + "\n}\n")
        print(name)


main()
