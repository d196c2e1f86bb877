#!/usr/bin/env python3
"""Whether transformers sees in the model of a training run what Huaxiang saw.

usage: check_run.py RUN [MOST]

RUN/predictions.jsonl holds the probabilities of the best model for each example of the test; RUN/best is opened by
AutoModelForSequenceClassification and its tokenizer by AutoTokenizer. Log-probabilities must be equal to 1e-4 and labels the
same, for the first MOST (50) examples. Needs torch and transformers.
"""
import json
import math
import pathlib
import sys

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

TOLERANCE = 1e-4


def main(run, most=50):
    run = pathlib.Path(run)
    config = json.loads((run / 'config.json').read_text())
    length = config['tasks'][0].get('max_length', 512)
    model = AutoModelForSequenceClassification.from_pretrained(run / 'best').eval()
    tokenizer = AutoTokenizer.from_pretrained(run / 'best')
    worst, other, n = 0.0, 0, 0
    with open(run / 'predictions.jsonl', encoding='utf-8') as lines:
        for line, _ in zip(lines, range(int(most))):
            record = json.loads(line)
            ids = tokenizer(record['text'].strip(), truncation=True, max_length=length, return_tensors='pt')
            with torch.no_grad():
                found = torch.log_softmax(model(**ids).logits[0].double(), -1)
            other += model.config.id2label[int(found.argmax())] != record['predicted']
            for i, label in model.config.id2label.items():
                worst = max(worst, abs(found[int(i)].item() - math.log(record['scores'][label])))
            n += 1
    print(f'{n} examples, {other} other labels, log-probabilities differ by {worst:.1e} at most')
    return 0 if n > 0 and other == 0 and worst <= TOLERANCE else 1


if __name__ == '__main__':
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
