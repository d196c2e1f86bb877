#!/usr/bin/env python3
"""Tiny random models of every architecture and variant, with what transformers says of them.

    python3 make_models.py            writes one folder or .gguf a model beside this script, and NAME.golden

Needs torch, transformers, safetensors, gguf (versions used: VERSIONS beside this script). Weights are random with a fixed seed and scaled so
that activations are of the order of one. Models are run in F32 on the weights as stored (bfloat16 and Q8_0 ones on what those decode to).

NAME.golden, little-endian: u32 magic 'HXGV', n_sequences, n_embd, n_logits (vocabulary or 0), n_labels (or 0), head (0 none, 1 text, 2 token);
then a sequence: u32 n, i32 ids (n), f32 hidden (n, n_embd), f32 logits (n, n_logits), f32 head (n of a token head, else 1; n_labels),
f32 padded hidden (n, n_embd): the same sequences as one batch, padded at the right with an attention mask.
"""
import json
import pathlib
import shutil
import struct

import gguf
import numpy as np
import torch
import transformers
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
VOCAB, HIDDEN, FF, LAYERS, HEADS = 96, 32, 64, 2, 4
LENGTHS = [1, 7, 24]
YARN = {'rope_type': 'yarn', 'factor': 4.0, 'original_max_position_embeddings': 16, 'rope_theta': 100.0}
LLAMA3 = {'rope_type': 'llama3', 'factor': 8.0, 'low_freq_factor': 1.0, 'high_freq_factor': 4.0,
          'original_max_position_embeddings': 16, 'rope_theta': 500.0}


def config_of(kind, **more):
    base = dict(vocab_size=VOCAB, hidden_size=HIDDEN, intermediate_size=FF, num_hidden_layers=LAYERS,
                num_attention_heads=HEADS, num_key_value_heads=HEADS, max_position_embeddings=128,
                bos_token_id=1, eos_token_id=2, pad_token_id=0, tie_word_embeddings=False, rms_norm_eps=1e-5)
    base.update(more)
    return {'llama': transformers.LlamaConfig, 'qwen2': transformers.Qwen2Config,
            'qwen3': transformers.Qwen3Config}[kind](**base)


def build(kind, model_class, config, seed):
    torch.manual_seed(seed)
    config._attn_implementation = 'eager'
    model = getattr(transformers, {'llama': 'Llama', 'qwen2': 'Qwen2', 'qwen3': 'Qwen3'}[kind] + model_class)(config)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() == 2:
                p.normal_(0, 1.0 if 'embed' in name else 1.2 / p.shape[1] ** 0.5)
            elif name.endswith('bias'):
                p.normal_(0, 0.2)
            else:
                p.copy_(1 + 0.1 * torch.randn_like(p))
    return model.float().eval()


def weights_of(model, tied):
    return {k: v.contiguous() for k, v in model.state_dict().items()
            if 'inv_freq' not in k and not (tied and k == 'lm_head.weight')}


def write_golden(name, model, head):
    rng = np.random.default_rng(len(name))
    ids = [rng.integers(3, model.config.vocab_size, n).tolist() for n in LENGTHS]
    d = model.config.hidden_size
    base = model.model
    out = []
    longest = max(LENGTHS)
    padded = torch.tensor([s + [0] * (longest - len(s)) for s in ids])
    mask = torch.tensor([[1] * len(s) + [0] * (longest - len(s)) for s in ids])
    n_labels = model.config.num_labels if head else 0
    n_logits = 0 if head else model.config.vocab_size
    with torch.no_grad():
        together = base(input_ids=padded, attention_mask=mask).last_hidden_state.numpy()
        for i, s in enumerate(ids):
            t = torch.tensor([s])
            hidden = base(input_ids=t).last_hidden_state[0].numpy()
            result = model(input_ids=t).logits[0].numpy()
            both = together[i, :len(s)]
            assert np.abs(both - hidden).max() < 1e-5 * max(1, np.abs(hidden).max()), name
            out.append(struct.pack('<I', len(s)) + np.array(s, '<i4').tobytes() + hidden.astype('<f4').tobytes() +
                       result.astype('<f4').tobytes() + both.astype('<f4').tobytes())
    header = struct.pack('<6I', 0x56475848, len(ids), d, n_logits, n_labels, head)
    (HERE / f'{name}.golden').write_bytes(header + b''.join(out))


def write_config(folder, config, edit):
    text = json.loads(config.to_json_string(use_diff=False))
    keep = {'architectures', 'model_type', 'vocab_size', 'hidden_size', 'intermediate_size', 'num_hidden_layers',
            'num_attention_heads', 'num_key_value_heads', 'head_dim', 'max_position_embeddings', 'rms_norm_eps',
            'rope_parameters', 'tie_word_embeddings', 'attention_bias', 'mlp_bias', 'bos_token_id', 'eos_token_id',
            'pad_token_id', 'id2label', 'hidden_act', 'use_sliding_window', 'sliding_window'}
    text = {k: v for k, v in text.items() if k in keep}
    edit(text)
    (folder / 'config.json').write_text(json.dumps(text, indent=1, sort_keys=True) + '\n')


def old_layout(key):
    """rope_theta and rope_scaling, as transformers 4 wrote them."""
    def edit(text):
        rope = text.pop('rope_parameters')
        text['rope_theta'] = rope.pop('rope_theta')
        kind = rope.pop('rope_type')
        text['rope_scaling'] = None if kind == 'default' else {key: kind, **rope}
    return edit


def folder_model(name, kind, model_class, seed, edit=lambda text: None, dtype=torch.float32, shards=1, head=0, **more):
    config = config_of(kind, **more)
    model = build(kind, model_class, config, seed)
    config.architectures = [type(model).__name__]
    model.load_state_dict({k: v.to(dtype).float() for k, v in model.state_dict().items()})
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    weights = {k: v.to(dtype) for k, v in weights_of(model, config.tie_word_embeddings).items()}
    if shards == 1:
        save_file(weights, folder / 'model.safetensors')
    else:
        names = sorted(weights)
        where, files = {}, [f'model-{i + 1:05}-of-{shards:05}.safetensors' for i in range(shards)]
        for i, file in enumerate(files):
            part = names[i::shards]
            save_file({k: weights[k] for k in part}, folder / file)
            where.update({k: file for k in part})
        (folder / 'model.safetensors.index.json').write_text(
            json.dumps({'metadata': {}, 'weight_map': where}, indent=1) + '\n')
    write_config(folder, config, edit)
    write_golden(name, model, head)


# ---------------------------------------------------------------- GGUF
PARTS = [('attn_norm', 'input_layernorm'), ('ffn_norm', 'post_attention_layernorm'), ('attn_q', 'self_attn.q_proj'),
         ('attn_k', 'self_attn.k_proj'), ('attn_v', 'self_attn.v_proj'), ('attn_output', 'self_attn.o_proj'),
         ('attn_q_norm', 'self_attn.q_norm'), ('attn_k_norm', 'self_attn.k_norm'), ('ffn_gate', 'mlp.gate_proj'),
         ('ffn_up', 'mlp.up_proj'), ('ffn_down', 'mlp.down_proj')]


def permute(w, n_heads):
    """Rotation pairs (i, i + d / 2) side by side, as GGUF files of the llama architecture hold them."""
    return w.reshape(n_heads, 2, w.shape[0] // n_heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def gguf_tensors(model, kind):
    c, state = model.config, {k: v.numpy() for k, v in model.state_dict().items()}
    out = {'token_embd.weight': state['model.embed_tokens.weight'], 'output_norm.weight': state['model.norm.weight']}
    if not c.tie_word_embeddings and 'lm_head.weight' in state:
        out['output.weight'] = state['lm_head.weight']
    if 'score.weight' in state:
        out['cls.output.weight'] = state['score.weight']
    for layer in range(c.num_hidden_layers):
        for short, long in PARTS:
            for suffix in 'weight', 'bias':
                w = state.get(f'model.layers.{layer}.{long}.{suffix}')
                if w is None:
                    continue
                if kind == 'llama' and short in ('attn_q', 'attn_k'):
                    w = permute(w, c.num_attention_heads if short == 'attn_q' else c.num_key_value_heads)
                out[f'blk.{layer}.{short}.{suffix}'] = w
    return out


def write_tokenizer(w):
    """Bytes and a few merges, chatml's special tokens."""
    byte_of = gguf_bytes()
    letters = [byte_of[b] for b in range(256)]
    merges = [('Ġ', 't'), ('Ġt', 'h'), ('Ġth', 'e'), ('i', 'n'), ('o', 'o'), ('g', 'oo'), ('goo', 'd'), ('Ġ', 'good'),
              ('b', 'a'), ('ba', 'd'), ('Ġ', 'bad'), ('Ġ', 'a'), ('i', 's'), ('Ġ', 'is')]
    tokens = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] + letters + [a + b for a, b in merges]
    w.add_tokenizer_model('gpt2')
    w.add_tokenizer_pre('smollm')
    w.add_token_list(tokens)
    w.add_token_types([3, 3, 3] + [1] * (len(tokens) - 3))
    w.add_token_merges([f'{a} {b}' for a, b in merges])
    w.add_bos_token_id(1)
    w.add_eos_token_id(2)
    w.add_pad_token_id(0)
    w.add_chat_template("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + "
                        "'<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
                        "{% endif %}")
    return len(tokens)


def gguf_bytes():
    """gpt2's printable stand-ins for bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    return {**{b: chr(b) for b in plain}, **{b: chr(256 + i) for i, b in enumerate(others)}}


def gguf_model(name, kind, model_class, seed, quantised=False, tokenizer=False, labels=(), **more):
    if tokenizer:
        more['vocab_size'] = 3 + 256 + 14
    config = config_of(kind, **more)
    model = build(kind, model_class, config, seed)
    if quantised:
        with torch.no_grad():
            for p in model.parameters():
                if p.dim() == 2:
                    q = gguf.quants.quantize(p.numpy(), gguf.GGMLQuantizationType.Q8_0)
                    p.copy_(torch.from_numpy(gguf.quants.dequantize(q, gguf.GGMLQuantizationType.Q8_0)))
    path = HERE / f'{name}.gguf'
    w = gguf.GGUFWriter(path, kind)
    w.add_name(name)
    w.add_block_count(config.num_hidden_layers)
    w.add_context_length(config.max_position_embeddings)
    w.add_embedding_length(config.hidden_size)
    w.add_feed_forward_length(config.intermediate_size)
    w.add_head_count(config.num_attention_heads)
    w.add_head_count_kv(config.num_key_value_heads)
    w.add_layer_norm_rms_eps(config.rms_norm_eps)
    rope = config.rope_parameters
    head_dim = getattr(config, 'head_dim', None) or config.hidden_size // config.num_attention_heads
    w.add_rope_dimension_count(head_dim)
    w.add_rope_freq_base(rope['rope_theta'])
    if kind == 'qwen3':
        w.add_key_length(head_dim)
        w.add_value_length(head_dim)
    if rope['rope_type'] in ('yarn', 'linear'):
        w.add_rope_scaling_type(gguf.RopeScalingType(rope['rope_type']))
        w.add_rope_scaling_factor(rope['factor'])
        if 'original_max_position_embeddings' in rope:
            w.add_rope_scaling_orig_ctx_len(rope['original_max_position_embeddings'])
    if labels:
        w.add_string('huaxiang.head.type', 'last')
        w.add_array('huaxiang.labels', list(labels))
    if tokenizer:
        assert write_tokenizer(w) == config.vocab_size
    if rope['rope_type'] == 'llama3':
        plain = 1.0 / rope['rope_theta'] ** (np.arange(0, head_dim, 2, dtype=np.float64) / head_dim)
        scaled = model.model.rotary_emb.inv_freq.numpy().astype(np.float64)
        w.add_tensor('rope_freqs.weight', (plain / scaled).astype(np.float32))
    for key, t in gguf_tensors(model, kind).items():
        if quantised and t.ndim == 2:
            q = gguf.quants.quantize(t, gguf.GGMLQuantizationType.Q8_0)
            w.add_tensor(key, q, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        else:
            w.add_tensor(key, np.ascontiguousarray(t))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    write_golden(name, model, 1 if labels else 0)


def main():
    folder_model('llama_mha', 'llama', 'ForCausalLM', 1, edit=old_layout('type'))
    folder_model('llama_llama3', 'llama', 'ForCausalLM', 2, edit=old_layout('rope_type'), num_key_value_heads=2,
                 tie_word_embeddings=True, rope_parameters=dict(LLAMA3))
    folder_model('llama_linear', 'llama', 'ForCausalLM', 3, edit=old_layout('type'), num_key_value_heads=1,
                 tie_word_embeddings=True,
                 rope_parameters={'rope_type': 'linear', 'factor': 4.0, 'rope_theta': 100.0})
    folder_model('llama_yarn', 'llama', 'ForCausalLM', 4, num_key_value_heads=2, tie_word_embeddings=True,
                 rope_parameters=dict(YARN))
    folder_model('llama_bias', 'llama', 'ForCausalLM', 5, attention_bias=True, mlp_bias=True, tie_word_embeddings=True)
    folder_model('llama_shards', 'llama', 'ForCausalLM', 6, dtype=torch.bfloat16, shards=2)
    folder_model('qwen2_tied', 'qwen2', 'ForCausalLM', 7, num_key_value_heads=2, tie_word_embeddings=True)
    folder_model('qwen3_wide', 'qwen3', 'ForCausalLM', 8, num_attention_heads=2, num_key_value_heads=1, head_dim=32,
                 tie_word_embeddings=True)
    names = {'id2label': {0: 'negative', 1: 'neutral', 2: 'positive'},
             'label2id': {'negative': 0, 'neutral': 1, 'positive': 2}}
    folder_model('llama_classes', 'llama', 'ForSequenceClassification', 9, head=1, num_key_value_heads=2, **names)
    folder_model('qwen2_classes', 'qwen2', 'ForSequenceClassification', 10, head=1, num_key_value_heads=2,
                 dtype=torch.float16, **names)
    folder_model('llama_tokens', 'llama', 'ForTokenClassification', 11, head=2, num_key_value_heads=2,
                 dtype=torch.float16, **names)
    gguf_model('gguf_llama3', 'llama', 'ForCausalLM', 12, num_key_value_heads=2, tie_word_embeddings=True,
               rope_parameters=dict(LLAMA3))
    gguf_model('gguf_qwen2_yarn', 'qwen2', 'ForCausalLM', 13, num_key_value_heads=2, tie_word_embeddings=True,
               rope_parameters=dict(YARN))
    gguf_model('gguf_qwen3', 'qwen3', 'ForCausalLM', 14, quantised=True, num_attention_heads=2, num_key_value_heads=1,
               head_dim=32)
    gguf_model('gguf_chat', 'llama', 'ForCausalLM', 15, quantised=True, tokenizer=True, num_attention_heads=1,
               num_key_value_heads=1, tie_word_embeddings=True, max_position_embeddings=512)
    gguf_model('gguf_classes', 'llama', 'ForSequenceClassification', 16, quantised=True, tokenizer=True,
               num_key_value_heads=2, labels=('negative', 'positive'), num_labels=2)
    (HERE / 'VERSIONS').write_text(f'torch {torch.__version__.split("+")[0]}\ntransformers {transformers.__version__}\n'
                                   f'numpy {np.__version__}\n')


if __name__ == '__main__':
    main()
