#!/usr/bin/env python3
"""Decode speed of Hugging Face transformers at the Qwen2.5-7B shape with random weights, batch 1, for comparison.

Usage: measure_transformers.py   (prints tokens per second: eager generate, and a static cache with torch.compile)
"""

import time

import torch
import transformers

PROMPT_TOKENS, OUTPUT_TOKENS, ROUNDS = 1024, 96, 5


def measure(model, **options):
    """Tokens per second of decode: the difference of two lengths, so that the prompt does not count."""
    ids = torch.randint(0, 1000, (1, PROMPT_TOKENS), device="cuda")
    settings = dict(attention_mask=torch.ones_like(ids), do_sample=False, eos_token_id=None, pad_token_id=0, **options)
    short, long = 8, 8 + OUTPUT_TOKENS
    seconds = {short: [], long: []}
    for count in (short, long) * ROUNDS:
        torch.cuda.synchronize()
        begin = time.perf_counter()
        model.generate(ids, max_new_tokens=count, min_new_tokens=count, **settings)
        torch.cuda.synchronize()
        seconds[count].append(time.perf_counter() - begin)
    # A static cache is as long as its output: each length compiles anew, and what was compiled may be recorded again in the round
    # after. They get their best of the rounds behind these two.
    return OUTPUT_TOKENS / (min(seconds[long][2:]) - min(seconds[short][2:]))


def main():
    config = transformers.Qwen2Config(
        num_hidden_layers=28, hidden_size=3584, intermediate_size=18944, num_attention_heads=28, num_key_value_heads=4,
        vocab_size=152064, rope_theta=1e6, tie_word_embeddings=False, max_position_embeddings=32768,
        attn_implementation="sdpa")
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        print(f"speed | transformers, eager, batch 1         | {measure(model):8.1f} |        |  | tokens/s", flush=True)
        rate = measure(model, cache_implementation="static")
        print(f"speed | transformers, compiled, batch 1      | {rate:8.1f} |        |  | tokens/s", flush=True)


if __name__ == "__main__":
    main()
