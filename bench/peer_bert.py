"""A worker that runs encoders of transformers with random weights for bench/text.py: labels of texts, as its pipeline gives them

    python3 bench/peer_bert.py '{"work": "base", "texts": "texts.txt", "threads": 2, "batch": 32}'

Commands as in worker.py. base: 12 layers, 768 wide, as BERT-base; small: 4 layers, 312 wide, as TinyBERT4. The vocabulary is that of bert-base-chinese
in size (21,128); a character is a token, as it nearly is there, so both sides read the same texts.
"""
import os
import sys

sys.path.append(sys.path.pop(0))  # profile.py beside this file is not the standard one

import torch
import transformers

import worker

SIZES = {"base": (12, 768, 12, 3072), "small": (4, 312, 12, 1200)}


def characters(text):
    """Ids that are spread over the vocabulary; a run of letters or digits is one token."""
    ids, inside = [101], False
    for c in text[:510]:
        word = c.isascii() and c.isalnum()
        if not (word and inside) and not c.isspace():
            ids.append(1000 + ord(c) % 20000)
        inside = word
    return [*ids[:511], 102]


def labels(task):
    torch.manual_seed(1)
    torch.set_num_threads(task.get("threads", 2))
    torch.set_grad_enabled(False)
    layers, width, heads, inner = SIZES[task["work"]]
    config = transformers.BertConfig(vocab_size=21128, num_hidden_layers=layers, hidden_size=width, num_attention_heads=heads, intermediate_size=inner)
    model = transformers.BertForSequenceClassification(config).eval()
    with open(task["texts"], encoding="utf-8") as file:
        texts = [line.rstrip("\n") for line in file][:task.get("head")]
    size = task.get("batch", 32)

    def run():
        """In the order of the texts and padded to the longest of a batch, as the pipeline does it."""
        total = 0
        for start in range(0, len(texts), size):
            ids = [characters(text) for text in texts[start:start + size]]
            longest = max(map(len, ids))
            total += sum(map(len, ids))
            rows = torch.tensor([x + [0] * (longest - len(x)) for x in ids])
            model(input_ids=rows, attention_mask=(rows > 0).long()).logits.softmax(-1).argmax(-1).tolist()
        return {"texts": len(texts), "tokens": total}
    return run


worker.serve({"base": labels, "small": labels})
