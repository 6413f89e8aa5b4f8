#!/usr/bin/env python3
"""A decoder's forward pass in pure Python with float64, as an oracle for the engine's kernels.

Shares nothing with the engine: plain loops over whole sequences, no KV cache, no blocks, its own reader of
config.json and model.safetensors, RoPE scaling written from the models' published definitions.

Usage: reference_forward.py MODEL_FOLDER TOKEN,TOKEN,...
Prints one JSON object: {"logits": [[...] for each position]}.
"""

import json
import math
import pathlib
import struct
import sys


def read_safetensors(path):
    """Name -> (shape, flat list of floats)."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        raw = data[begin:end]
        if entry["dtype"] == "F32":
            values = struct.unpack(f"<{len(raw) // 4}f", raw)
        elif entry["dtype"] == "BF16":
            halves = struct.unpack(f"<{len(raw) // 2}H", raw)
            values = struct.unpack(f"<{len(halves)}f", struct.pack(f"<{len(halves)}I", *(h << 16 for h in halves)))
        else:
            values = struct.unpack(f"<{len(raw) // 2}e", raw)
        tensors[name] = (entry["shape"], values)
    return tensors


def rope(config, head_dim):
    """Angular frequency of each pair, and the factor on cos and sin."""
    theta = config.get("rope_theta", 10000.0)
    pairs = head_dim // 2
    plain = [1.0 / theta ** (2 * j / head_dim) for j in range(pairs)]
    scaling = config.get("rope_scaling")
    if not scaling:
        return plain, 1.0
    kind, factor = scaling["rope_type"], scaling["factor"]
    if kind == "linear":
        return [f / factor for f in plain], 1.0
    trained = scaling.get("original_max_position_embeddings", config["max_position_embeddings"])
    if kind == "llama3":
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        scaled = []
        for f in plain:
            wavelength = 2 * math.pi / f
            if wavelength < trained / high:
                scaled.append(f)
            elif wavelength > trained / low:
                scaled.append(f / factor)
            else:
                smooth = (trained / wavelength - low) / (high - low)
                scaled.append((1 - smooth) * f / factor + smooth * f)
        return scaled, 1.0
    if kind == "yarn":
        fast, slow = scaling.get("beta_fast", 32.0), scaling.get("beta_slow", 1.0)

        def dimension(turns):
            return head_dim * math.log(trained / (turns * 2 * math.pi)) / (2 * math.log(theta))

        low = max(math.floor(dimension(fast)), 0)
        high = min(math.ceil(dimension(slow)), head_dim - 1)
        width = high - low if high != low else 0.001
        scaled = []
        for j, f in enumerate(plain):
            ramp = min(max((j - low) / width, 0.0), 1.0)
            scaled.append(f / factor * ramp + f * (1 - ramp))
        return scaled, scaling.get("attention_factor") or 0.1 * math.log(factor) + 1.0
    raise SystemExit(f"rope_type {kind} is not known")


def matvec(tensor, x):
    (rows, columns), values = tensor
    return [sum(a * b for a, b in zip(values[r * columns : (r + 1) * columns], x)) for r in range(rows)]


def rms_norm(x, weight, epsilon):
    scale = 1.0 / math.sqrt(sum(v * v for v in x) / len(x) + epsilon)
    return [v * scale * w for v, w in zip(x, weight)]


def turn(head, position, frequencies, magnitude):
    half = len(head) // 2
    out = list(head)
    for j, f in enumerate(frequencies):
        c, s = math.cos(position * f) * magnitude, math.sin(position * f) * magnitude
        out[j] = head[j] * c - head[j + half] * s
        out[j + half] = head[j + half] * c + head[j] * s
    return out


def softmax(scores):
    highest = max(scores)
    weights = [math.exp(s - highest) for s in scores]
    total = sum(weights)
    return [w / total for w in weights]


def forward(config, tensors, tokens):
    """Logits of every position."""
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    kv_heads = config.get("num_key_value_heads", heads)
    head_dim = config.get("head_dim") or hidden // heads
    epsilon = config["rms_norm_eps"]
    frequencies, magnitude = rope(config, head_dim)
    embedding = tensors["model.embed_tokens.weight"]
    rows = [list(embedding[1][t * hidden : (t + 1) * hidden]) for t in tokens]

    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."

        def weight(name):
            return tensors.get(prefix + name)

        def project(name, x):
            y = matvec(weight(name + ".weight"), x)
            bias = weight(name + ".bias")
            return [a + b for a, b in zip(y, bias[1])] if bias else y

        def split(flat, norm, position):
            parts = [flat[i : i + head_dim] for i in range(0, len(flat), head_dim)]
            if norm:
                parts = [rms_norm(p, norm[1], epsilon) for p in parts]
            return [turn(p, position, frequencies, magnitude) for p in parts]

        keys, values, attended = [], [], []
        for position, row in enumerate(rows):
            x = rms_norm(row, weight("input_layernorm.weight")[1], epsilon)
            query = split(project("self_attn.q_proj", x), weight("self_attn.q_norm.weight"), position)
            keys.append(split(project("self_attn.k_proj", x), weight("self_attn.k_norm.weight"), position))
            flat = project("self_attn.v_proj", x)
            values.append([flat[i : i + head_dim] for i in range(0, len(flat), head_dim)])
            joined = []
            for h in range(heads):
                g = h // (heads // kv_heads)
                scores = [sum(a * b for a, b in zip(query[h], k[g])) / math.sqrt(head_dim) for k in keys]
                shares = softmax(scores)
                joined += [sum(w * v[g][d] for w, v in zip(shares, values)) for d in range(head_dim)]
            attended.append(matvec(weight("self_attn.o_proj.weight"), joined))
        for row, addition in zip(rows, attended):
            for i, a in enumerate(addition):
                row[i] += a
            x = rms_norm(row, weight("post_attention_layernorm.weight")[1], epsilon)
            gate = matvec(weight("mlp.gate_proj.weight"), x)
            up = matvec(weight("mlp.up_proj.weight"), x)
            inner = [g / (1.0 + math.exp(-g)) * u for g, u in zip(gate, up)]
            for i, a in enumerate(matvec(weight("mlp.down_proj.weight"), inner)):
                row[i] += a

    head = embedding if config.get("tie_word_embeddings") else tensors["lm_head.weight"]
    norm = tensors["model.norm.weight"][1]
    return [matvec(head, rms_norm(row, norm, epsilon)) for row in rows]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    config = json.loads((folder / "config.json").read_text())
    tokens = [int(t) for t in sys.argv[2].split(",")]
    print(json.dumps({"logits": forward(config, read_safetensors(folder / "model.safetensors"), tokens)}))


if __name__ == "__main__":
    main()
