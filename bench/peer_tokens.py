"""The peer of bench/tokens.py: MODEL RECORDS IDS. Tokenises the records with `tokenizers` or `sentencepiece`, one thread, and prints JSON: the
seconds, and how many records have other ids than the file IDS says."""
import json
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "golden", "llama"))
import check_tokens  # noqa: E402


def main():
    encode = check_tokens.encoder(sys.argv[1])
    texts = list(check_tokens.records(sys.argv[2]))
    start = time.process_time()
    theirs = encode(texts)
    seconds = time.process_time() - start
    different = sum(a != b for a, b in zip(theirs, check_tokens.id_lists(sys.argv[3])))
    print(json.dumps({"seconds": seconds, "different": different}))


if __name__ == "__main__":
    main()
