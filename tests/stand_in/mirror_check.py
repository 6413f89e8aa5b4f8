#!/usr/bin/env python3
"""The Python mirror of the CUDA module's functions, which only the parts of scripts/gpu-check with PyTorch use: a small model with
random weights gives the same logits for a prompt at once as for a part of it and the rest token by token.

Usage: mirror_check.py libringmaster_cuda_on_host.so
"""

import ctypes
import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "gpu"))
import cuda_module

HEADS, KV_HEADS, HEAD_DIM, VOCABULARY, CONTEXT = 4, 2, 16, 128, 64
TOKENS = [(i * 37 + 11) % VOCABULARY for i in range(21)]
AT_ONCE = 17


def open_model(api, keep):
    angles = [[p * 1e4 ** (-2 * j / HEAD_DIM) for j in range(HEAD_DIM // 2)] for p in range(CONTEXT)]
    tables = [(ctypes.c_float * (CONTEXT * HEAD_DIM // 2))(*(f(a) for row in angles for a in row)) for f in (math.cos, math.sin)]
    keep += tables
    shape = cuda_module.Shape(2, 64, HEADS, KV_HEADS, HEAD_DIM, 96, VOCABULARY, CONTEXT, 1e-6, 1, 1, 0)
    request = cuda_module.OpenRequest(
        shape=shape, cosines=ctypes.addressof(tables[0]), sines=ctypes.addressof(tables[1]), block_tokens=cuda_module.BLOCK_TOKENS,
        block_count=8, memory_utilization=0.5, step_tokens_max=32, sequences_max=32, uses_graphs=1, keeps_logits=1, ranks=1)
    device, info = ctypes.c_void_p(), cuda_module.DeviceInfo()
    cuda_module.call(api.open, ctypes.byref(request), ctypes.byref(device), ctypes.byref(info))
    if (info.block_count, info.graphs) != (8, 8):  # Batches of 1, 2, 4, 8, 12, 16, 24, 32.
        sys.exit(f"info of the device: {info.block_count} blocks, {info.graphs} graphs; expected 8 and 8")
    return device


def logits(api, device, tokens, context):
    step, _words = cuda_module.pack_step(tokens, context, HEADS // KV_HEADS)
    samples, seconds = ctypes.create_string_buffer(176 * len(tokens)), ctypes.c_double()
    cuda_module.call(api.submit, device, ctypes.byref(step))
    cuda_module.call(api.wait, device, samples, len(tokens), ctypes.byref(seconds))
    out = (ctypes.c_float * (len(tokens) * VOCABULARY))()
    cuda_module.call(api.read_logits, device, out, len(tokens))
    rows = [list(out[i * VOCABULARY:(i + 1) * VOCABULARY]) for i in range(len(tokens))]
    for i, row in enumerate(rows):
        token = ctypes.c_int32.from_buffer(samples, 176 * i).value
        if token != row.index(max(row)):
            sys.exit(f"sample {i} of {len(tokens)} is {token}, the largest logit is {row.index(max(row))}")
    return rows


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    api, keep = cuda_module.load(sys.argv[1]), []
    device = open_model(api, keep)
    want = logits(api, device, TOKENS, len(TOKENS))
    got = logits(api, device, TOKENS[:AT_ONCE], AT_ONCE)
    for i in range(AT_ONCE, len(TOKENS)):
        got += logits(api, device, [TOKENS[i]], i + 1)
    api.close(device)
    size = math.sqrt(sum(x * x for row in want for x in row))
    error = math.sqrt(sum((x - y) ** 2 for a, b in zip(want, got) for x, y in zip(a, b))) / size
    print(f"a prompt at once and by tokens: logits off by {error:.5f}")
    sys.exit(not 0 < size or error > 0.02)  # bfloat16 rounds each of some ten sums by 0.002.


if __name__ == "__main__":
    main()
