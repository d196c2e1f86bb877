"""A worker that trains with PyTorch (transformers, PEFT) for bench/train.py: forward, loss, backward, AdamW step

    python3 bench/peer_train.py '{"work": "classify", "batches": "b.jsonl", "model": "x.gguf", "rank": 8, "steps": 4, "threads": 2}'

Commands as in worker.py. Works: pretrain (a new model), classify, tokens (writes token ids of texts). Batches are padded at the right to
their longest sequence, with an attention mask.
"""
import json
import os
import sys

sys.path.append(sys.path.pop(0))  # profile.py beside this file is not the standard one

import torch
import transformers

import worker


def tiny(task):
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=8192, hidden_size=256, num_hidden_layers=6, num_attention_heads=4, num_key_value_heads=4,
        intermediate_size=768, tie_word_embeddings=True, max_position_embeddings=2048))


def classifier(task):
    folder, name = os.path.split(task["model"])
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder, gguf_file=name, num_labels=2,
                                                                            dtype=torch.float32)
    model.config.pad_token_id = 0
    if task.get("rank"):
        import peft
        model = peft.get_peft_model(model, peft.LoraConfig(r=task["rank"], lora_alpha=2 * task["rank"], lora_dropout=0.0,
                                                           target_modules=["q_proj", "v_proj"], task_type="SEQ_CLS"))
    return model


def batch(lists, classify):
    width = max(map(len, lists))
    out = {"input_ids": torch.tensor([ids + [0] * (width - len(ids)) for ids in lists]),
           "attention_mask": torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids in lists])}
    out["labels"] = torch.arange(len(lists)) % 2 if classify else out["input_ids"]
    return out, sum(map(len, lists))


def train(task):
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(task.get("threads", 2))
    torch.manual_seed(1)
    classify = task["work"] == "classify"
    model = (classifier if classify else tiny)(task).train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.01)
    batches = [batch(lists, classify) for lists in worker.lines(task["batches"])]

    def run():
        tokens = 0
        for i in range(task.get("steps", 4)):
            inputs, n = batches[i % len(batches)]
            loss = model(**inputs, use_cache=False).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimiser.step()
            optimiser.zero_grad()
            tokens += n
        return {"tokens": tokens, "loss": loss.item()}
    return run


def tokens(task):
    """One list of ids a line of `texts`."""
    folder, name = os.path.split(task["model"])
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=name)
    with open(task["texts"], encoding="utf-8") as texts, open(task["ids"], "w", encoding="ascii") as out:
        for text in texts:
            out.write(json.dumps(tokenizer(text.rstrip("\n"))["input_ids"]) + "\n")
    return lambda: {}


if __name__ == "__main__":
    worker.serve({"pretrain": train, "classify": train, "tokens": tokens})
