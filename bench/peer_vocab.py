"""The peers of bench/vocab.py.

    train TEXT,.. PREFIX VOCAB FLAGS      trains with `sentencepiece` what huaxiang train tokenizer trains
    count FOLDER TEXT                     tokens and bytes of its lines
    pieces FOLDER RECORDS IDS             sentencepiece: records with other ids
    model FOLDER                          a tiny random LLaMA beside FOLDER/tokenizer.model, so that it can be converted
    hf FOLDER RECORDS IDS                 transformers' LlamaTokenizer: the same; those that begin with a blank apart
    llama FILE.gguf RECORDS IDS           llama.cpp's tokenizer of a vocabulary: the same

RECORDS and IDS as bench_tokenize reads and writes them. Prints one line of JSON. Records that are no UTF-8, and those with a NUL for
llama.cpp, are left out where a peer takes text alone; so are those that spell a special token, which peers parse.
"""
import ctypes as c
import json
import os
import sys

sys.path.append(sys.path.pop(0))  # profile.py beside this file is not the standard one
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "golden", "llama"))


def train(text, prefix, vocab):
    import sentencepiece
    sentencepiece.SentencePieceTrainer.train(
        input=text, model_prefix=prefix, model_type="bpe", vocab_size=int(vocab), byte_fallback=True, num_threads=2,
        character_coverage=0.9995, normalization_rule_name="identity", remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True, max_sentence_length=1 << 24, user_defined_symbols=["<mask>", "<sep>"], minloglevel=1)
    return {}


def count(folder, text):
    import sentencepiece
    pieces = sentencepiece.SentencePieceProcessor(model_file=f"{folder}/tokenizer.model")
    with open(text, encoding="utf-8") as file:
        lines = file.read().split("\n")
    return {"tokens": sum(map(len, pieces.encode(lines))), "bytes": sum(len(line.encode()) for line in lines)}


def pieces(folder, records, ids):
    import check_tokens
    texts = list(check_tokens.records(records))
    theirs = check_tokens.encoder(folder)(texts)
    return {"records": len(texts), "different": sum(a != b for a, b in zip(theirs, check_tokens.id_lists(ids)))}


def model(folder):
    import sentencepiece
    import torch
    import transformers
    n = sentencepiece.SentencePieceProcessor(model_file=f"{folder}/tokenizer.model").vocab_size()
    torch.manual_seed(1)
    config = transformers.LlamaConfig(vocab_size=n, hidden_size=64, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
                                      bos_token_id=1, eos_token_id=2)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return {}


def texts_and_ids(records, ids, usable):
    import check_tokens
    for text, ours in zip(check_tokens.records(records), check_tokens.id_lists(ids)):
        try:
            decoded = text.decode()
        except UnicodeDecodeError:
            continue
        if usable(decoded) and not any(special in decoded for special in ("<unk>", "<s>", "</s>")):
            yield decoded, ours


def hf(folder, records, ids):
    import transformers
    tokenizer = transformers.LlamaTokenizer.from_pretrained(folder)
    pairs = list(texts_and_ids(records, ids, lambda text: True))
    theirs = tokenizer([text for text, _ in pairs], add_special_tokens=False)["input_ids"]
    wrong = [text for (text, a), b in zip(pairs, theirs) if a != b]
    begin = sum(text[0] == " " for text in wrong)
    return {"records": len(pairs), "different": len(wrong) - begin, "begin_with_blank": begin}


def llama(path, records, ids):
    import peer_llama_cpp
    lib = peer_llama_cpp.library()
    params = lib.llama_model_default_params()
    params.flags[0] = True  # vocab_only
    model = lib.llama_model_load_from_file(path.encode(), params)
    lib.llama_model_get_vocab.restype, lib.llama_model_get_vocab.argtypes = c.c_void_p, [c.c_void_p]
    lib.llama_tokenize.argtypes = [c.c_void_p, c.c_char_p, c.c_int32, c.POINTER(c.c_int32), c.c_int32, c.c_bool, c.c_bool]
    vocab, n, wrong = lib.llama_model_get_vocab(model), 0, []
    out = (c.c_int32 * 100000)()
    for text, ours in texts_and_ids(records, ids, lambda text: "\0" not in text):
        data = text.encode()
        m = lib.llama_tokenize(vocab, data, len(data), out, len(out), False, True)
        n += 1
        if list(out[:m]) != ours:
            wrong.append(text)
    return {"records": n, "different": len(wrong)}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
