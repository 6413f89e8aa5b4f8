"""A PyTorch model in the CUDA module, and how far both are from the model in float32. PyTorch alone is needed."""

import ctypes

import torch

import cuda_module

ERROR_RATIO_MAX = 1.5


class ModelInModule:
    """The weights of a model with the parameter names of transformers, opened by the CUDA module."""

    def __init__(self, api, model, context_tokens, rows_max):
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
        angles = torch.outer(torch.arange(context_tokens, dtype=torch.float64), rotary.inv_freq.double().cpu())
        cosines = (angles.cos() * rotary.attention_scaling).float().contiguous()
        sines = (angles.sin() * rotary.attention_scaling).float().contiguous()
        self.keep += [layers, cosines, sines]
        shape = cuda_module.Shape(
            config.num_hidden_layers, config.hidden_size, config.num_attention_heads, config.num_key_value_heads,
            head_dim, config.intermediate_size, config.vocab_size, context_tokens, config.rms_norm_eps,
            int("model.layers.0.self_attn.q_proj.bias" in weights),
            int("model.layers.0.self_attn.q_norm.weight" in weights), 0)
        request = cuda_module.OpenRequest(
            shape=shape, embedding=tensor("model.embed_tokens.weight"), final_norm=tensor("model.norm.weight"),
            head=tensor("lm_head.weight"), layers=layers, cosines=cosines.data_ptr(), sines=sines.data_ptr(),
            block_tokens=cuda_module.BLOCK_TOKENS, block_count=64, memory_utilization=0.5, step_tokens_max=context_tokens,
            sequences_max=rows_max, uses_graphs=1, keeps_logits=1, ranks=1)
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


def compare(name, model, api, prompt_tokens, decode_steps, context_tokens):
    """Logits of every position of a prompt, then steps of one teacher-forced token: the module's error against the model in
    float32 beside the model's own in bfloat16. Prints a line for each part; false if one is too far off. The model is float32
    afterwards.
    """
    count = prompt_tokens + decode_steps
    tokens = torch.randint(0, model.config.vocab_size, (count,)).tolist()
    module = ModelInModule(api, model, context_tokens, prompt_tokens)  # A row is sampled for each position.
    prefill = module.logits(tokens[:prompt_tokens], prompt_tokens)
    decode = torch.cat([module.logits([tokens[i]], i + 1) for i in range(prompt_tokens, count)])
    module.close()
    with torch.no_grad():
        ids = torch.tensor([tokens], device=model.lm_head.weight.device)
        theirs = model(ids).logits[0].float().cpu()
        exact = model.float()(ids).logits[0].cpu()
    passed = True
    for part, ours, rows in (("prefill", prefill, slice(0, prompt_tokens)), ("decode", decode, slice(prompt_tokens, None))):
        error, their_error = relative_error(ours, exact[rows]), relative_error(theirs[rows], exact[rows])
        is_good = error <= ERROR_RATIO_MAX * their_error
        passed = passed and is_good
        print(f"{'ok' if is_good else 'FAIL':4} {name} {part}: error {error:.5f}, the model's own in bf16 "
              f"{their_error:.5f}, ratio {error / their_error:.2f} (at most {ERROR_RATIO_MAX})", flush=True)
    return passed
