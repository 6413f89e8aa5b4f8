#!/usr/bin/env python3
"""The CUDA module against Hugging Face transformers: 4 layers at full width with random weights.

For the shapes of Qwen2.5-7B, Llama-3-8B (rope scaling included) and Qwen3-8B: logits of every position of a prompt, then 64 teacher-forced
decode steps. The error against transformers in float32 may be at most 1.5 times the error that transformers itself
makes in bfloat16.

Usage: compare_with_transformers.py libringmaster_cuda.so   (prints a line per comparison; exits 1 if one failed)
"""

import ctypes
import sys

import torch
import transformers

import cuda_module

PROMPT_TOKENS, DECODE_STEPS, CONTEXT = 200, 64, 512
ERROR_RATIO_MAX = 1.5


def configs():
    wide = dict(num_hidden_layers=4, torch_dtype="bfloat16", attn_implementation="sdpa", tie_word_embeddings=False,
                max_position_embeddings=4096)
    yield "qwen2.5-7b", transformers.Qwen2Config(
        hidden_size=3584, intermediate_size=18944, num_attention_heads=28, num_key_value_heads=4, vocab_size=152064,
        rope_theta=1e6, rms_norm_eps=1e-6, **wide)
    yield "llama-3-8b", transformers.LlamaConfig(
        hidden_size=4096, intermediate_size=14336, num_attention_heads=32, num_key_value_heads=8, vocab_size=128256,
        rope_theta=5e5, rms_norm_eps=1e-5,
        rope_scaling={"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                      "original_max_position_embeddings": 8192}, **wide)
    if not hasattr(transformers, "Qwen3Config"):
        print(f"qwen3-8b skipped: transformers {transformers.__version__} has no Qwen3", flush=True)
        return
    yield "qwen3-8b", transformers.Qwen3Config(
        hidden_size=4096, intermediate_size=12288, num_attention_heads=32, num_key_value_heads=8, head_dim=128,
        vocab_size=151936, rope_theta=1e6, rms_norm_eps=1e-6, **wide)


def make_model(config):
    torch.manual_seed(1)
    with torch.device("cuda"):  # A billion random numbers are there at once.
        model = transformers.AutoModelForCausalLM.from_config(config).to(torch.bfloat16)
    for name, weight in model.named_parameters():
        if name.endswith("bias") or "norm" in name:
            weight.data.copy_((1.0 if "norm" in name else 0.0) + 0.1 * torch.randn_like(weight))
    model.lm_head.weight.data *= 4.0  # Logits that differ.
    return model.eval()


class Module:
    """A transformers model's weights in the CUDA module."""

    def __init__(self, api, model):
        config = model.config
        weights = dict(model.named_parameters())
        self.keep = []

        def tensor(name):
            if name not in weights:
                return cuda_module.HostTensor(None, 0)
            data = weights[name].detach().cpu().contiguous()
            self.keep.append(data)
            return cuda_module.HostTensor(data.data_ptr(), 2)

        head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        layers = (cuda_module.HostLayer * config.num_hidden_layers)()
        names = ("input_layernorm.weight post_attention_layernorm.weight self_attn.q_proj.weight self_attn.k_proj.weight "
                 "self_attn.v_proj.weight self_attn.o_proj.weight mlp.gate_proj.weight mlp.up_proj.weight "
                 "mlp.down_proj.weight self_attn.q_proj.bias self_attn.k_proj.bias self_attn.v_proj.bias "
                 "self_attn.q_norm.weight self_attn.k_norm.weight").split()
        for i, layer in enumerate(layers):
            for field, name in zip(cuda_module.LAYER_FIELDS, names):
                setattr(layer, field, tensor(f"model.layers.{i}.{name}"))
        rotary = model.model.rotary_emb
        angles = torch.outer(torch.arange(CONTEXT, dtype=torch.float64), rotary.inv_freq.double().cpu())
        cosines = (angles.cos() * rotary.attention_scaling).float().contiguous()
        sines = (angles.sin() * rotary.attention_scaling).float().contiguous()
        self.keep += [layers, cosines, sines]
        shape = cuda_module.Shape(
            config.num_hidden_layers, config.hidden_size, config.num_attention_heads, config.num_key_value_heads,
            head_dim, config.intermediate_size, config.vocab_size, CONTEXT, config.rms_norm_eps,
            int("model.layers.0.self_attn.q_proj.bias" in weights),
            int("model.layers.0.self_attn.q_norm.weight" in weights), 0)
        request = cuda_module.OpenRequest(
            shape=shape, embedding=tensor("model.embed_tokens.weight"), final_norm=tensor("model.norm.weight"),
            head=tensor("lm_head.weight"), layers=layers, cosines=cosines.data_ptr(), sines=sines.data_ptr(),
            block_tokens=cuda_module.BLOCK_TOKENS, block_count=64, memory_utilization=0.5, step_tokens_max=512,
            sequences_max=256, uses_graphs=1, keeps_logits=1, ranks=1)
        self.api, self.config = api, config
        self.device, info = ctypes.c_void_p(), cuda_module.DeviceInfo()
        cuda_module.call(api.open, ctypes.byref(request), ctypes.byref(self.device), ctypes.byref(info))

    def logits(self, tokens, context):
        group = self.config.num_attention_heads // self.config.num_key_value_heads
        step, _words = cuda_module.pack_step(tokens, context, group)
        samples = ctypes.create_string_buffer(176 * len(tokens))
        seconds = ctypes.c_double()
        cuda_module.call(self.api.submit, self.device, ctypes.byref(step))
        cuda_module.call(self.api.wait, self.device, samples, len(tokens), ctypes.byref(seconds))
        out = torch.empty(len(tokens), self.config.vocab_size, dtype=torch.float32)
        cuda_module.call(self.api.read_logits, self.device, out.data_ptr(), len(tokens))
        return out

    def close(self):
        self.api.close(self.device)


def relative_error(got, want):
    return ((got - want).norm() / want.norm()).item()


def compare(name, config, api):
    model = make_model(config)
    tokens = torch.randint(0, config.vocab_size, (PROMPT_TOKENS + DECODE_STEPS,)).tolist()
    module = Module(api, model)
    prefill = module.logits(tokens[:PROMPT_TOKENS], PROMPT_TOKENS)
    decode = torch.cat([module.logits([tokens[i]], i + 1) for i in range(PROMPT_TOKENS, len(tokens))])
    module.close()
    with torch.no_grad():
        ids = torch.tensor([tokens], device="cuda")
        model = model.to("cuda")
        theirs = model(ids).logits[0].float().cpu()
        exact = model.float()(ids).logits[0].cpu()
    passed = True
    for part, ours, rows in (("prefill", prefill, slice(0, PROMPT_TOKENS)),
                             ("decode", decode, slice(PROMPT_TOKENS, None))):
        error, their_error = relative_error(ours, exact[rows]), relative_error(theirs[rows], exact[rows])
        is_good = error <= ERROR_RATIO_MAX * their_error
        passed = passed and is_good
        print(f"{'ok' if is_good else 'FAIL':4} {name} {part}: error {error:.5f}, transformers in bf16 "
              f"{their_error:.5f}, ratio {error / their_error:.2f} (at most {ERROR_RATIO_MAX})", flush=True)
    return passed


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.backends.cuda.matmul.allow_tf32 = False
    api = cuda_module.load(sys.argv[1])
    results = [compare(name, config, api) for name, config in configs()]
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
