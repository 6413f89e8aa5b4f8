#!/usr/bin/env python3
"""The CUDA module, on the host, against models in plain PyTorch: what tests/gpu/compare_with_transformers.py does on a card, with two
narrow layers of the shapes of Qwen2.5-7B, Llama-3-8B and Qwen3-8B (heads of 128, their groups, biases, norms and rope scaling).

Usage: compare_with_torch.py libringmaster_cuda_on_host.so   (prints a line per comparison; exits 1 if one failed)
"""

import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "gpu"))
import cuda_module
from model_in_module import compare
from torch_models import Config, Llama3Scaling, Model

PROMPT_TOKENS, DECODE_STEPS, CONTEXT = 72, 6, 128

CONFIGS = {
    "qwen2.5-7b": Config(hidden_size=896, intermediate_size=384, num_attention_heads=7, num_key_value_heads=1, head_dim=128,
                         has_qkv_bias=True),
    "llama-3-8b": Config(hidden_size=512, intermediate_size=384, num_attention_heads=4, num_key_value_heads=1, head_dim=128,
                         rope_theta=5e5, rms_norm_eps=1e-5, rope_scaling=Llama3Scaling(8.0, 1.0, 4.0, 8192)),
    "qwen3-8b": Config(hidden_size=512, intermediate_size=384, num_attention_heads=8, num_key_value_heads=2, head_dim=128,
                       has_qk_norm=True),
}


def make_model(config):
    torch.manual_seed(1)
    model = Model(config)
    for name, weight in model.named_parameters():
        with torch.no_grad():
            if name.endswith("bias") or "norm" in name:
                weight.copy_((1.0 if "norm" in name else 0.0) + 0.1 * torch.randn_like(weight))
            else:
                weight.copy_((0.08 if name.startswith("lm_head") else 0.02) * torch.randn_like(weight))
    return model.to(torch.bfloat16).eval()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    api = cuda_module.load(sys.argv[1])
    results = [compare(name, make_model(config), api, PROMPT_TOKENS, DECODE_STEPS, CONTEXT) for name, config in CONFIGS.items()]
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
