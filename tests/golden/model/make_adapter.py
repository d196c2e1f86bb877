#!/usr/bin/env python3
"""Makes adapter/ and adapter_scores/: LoRA adapters of PEFT on tests/golden/llama/llama_mha, and what transformers and PEFT give with them.

    tests/golden/model/make_adapter.py        (peft 0.21.2, transformers 5.23.0, torch 2.15.0)

adapter         all seven matrices, r 4, alpha 8, alpha_pattern v_proj 2; LM logits of the last token
adapter_scores  q and v, r 2, rank-stabilised, with a new head of three labels; its logits on the last token
Ids are 3, 5, 7, ... 49, as the tests of conversion run them. logits.txt: one number a line.
"""
import json
import pathlib
import shutil
import tempfile

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

HERE = pathlib.Path(__file__).parent
BASE = HERE.parent / 'llama' / 'llama_mha'
IDS = torch.tensor([[3 + 2 * i for i in range(24)]])


def disturb(model, deviation):
    for name, p in model.named_parameters():
        if 'lora_B' in name:
            torch.nn.init.normal_(p, std=deviation)


def save(model, name, logits):
    with tempfile.TemporaryDirectory() as work:
        model.save_pretrained(work)
        out = HERE / name
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        config = json.loads((pathlib.Path(work) / 'adapter_config.json').read_text())
        config['base_model_name_or_path'] = 'llama_mha'
        (out / 'adapter_config.json').write_text(json.dumps(config, indent=1, sort_keys=True) + '\n')
        shutil.copy(pathlib.Path(work) / 'adapter_model.safetensors', out)
        (out / 'logits.txt').write_text(''.join(f'{x:.9g}\n' for x in logits.tolist()))


def main():
    torch.manual_seed(7)
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    matrices = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']
    model = get_peft_model(base, LoraConfig(r=4, lora_alpha=8, target_modules=matrices, alpha_pattern={'v_proj': 2},
                                            task_type='CAUSAL_LM'))
    disturb(model, 0.1)
    model.eval()
    with torch.no_grad():
        save(model, 'adapter', model(IDS).logits[0, -1])
    base = AutoModelForSequenceClassification.from_pretrained(BASE, dtype=torch.float32, num_labels=3)
    base.config.pad_token_id = 0
    model = get_peft_model(base, LoraConfig(r=2, lora_alpha=3, target_modules=['q_proj', 'v_proj'], use_rslora=True,
                                            task_type='SEQ_CLS'))
    disturb(model, 0.2)
    model.eval()
    with torch.no_grad():
        save(model, 'adapter_scores', model(IDS).logits[0])


if __name__ == '__main__':
    main()
