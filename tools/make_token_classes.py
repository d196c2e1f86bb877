#!/usr/bin/env python3
"""Writes src/llama/pretokenize_class.inc: the character classes of the pre-tokenizers, asked from `tokenizers` (0.23.3) itself.

Its regular expressions (Oniguruma), its Digits splitter (Rust) and its NFC each carry their own version of Unicode, so each is asked
about every code point. Marks that utf8proc (2.8) knows and the NFC of `tokenizers` does not are a class too. Usage: tools/make_token_classes.py > src/llama/pretokenize_class.inc
"""
import ctypes
import ctypes.util
import unicodedata

from tokenizers import Regex, normalizers, pre_tokenizers

ALL = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
STEP = 4096


def chunks():
    for start in range(0, len(ALL), STEP):
        yield ALL[start:start + STEP]


def matching(pattern):
    splitter = pre_tokenizers.Split(Regex(pattern), "removed")
    found = set()
    for chunk in chunks():
        kept = {c for piece, _ in splitter.pre_tokenize_str("".join(map(chr, chunk))) for c in piece}
        found.update(c for c in chunk if chr(c) not in kept)
    return found


def digits():
    splitter = pre_tokenizers.Digits(individual_digits=True)
    found = set()
    for chunk in chunks():
        pieces = splitter.pre_tokenize_str("".join("a" + chr(c) for c in chunk))
        found.update(ord(p) for p, _ in pieces if len(p) == 1 and p != "a")
    return found


def changed_by_nfc():
    """What NFC may change: itself, as a mark that is reordered, or as the second part of a composition."""
    nfc = normalizers.NFC()
    found = {c for c in ALL if nfc.normalize_str(chr(c)) != chr(c) or unicodedata.combining(chr(c))}
    for c in ALL:
        parts = unicodedata.normalize("NFD", chr(c))
        if len(parts) > 1 and unicodedata.normalize("NFC", parts) == chr(c):
            found.update(map(ord, parts[1:]))
    return found


def utf8proc_nfc():
    library = ctypes.CDLL(ctypes.util.find_library("utf8proc"))
    library.utf8proc_map.restype = ctypes.c_ssize_t
    free = ctypes.CDLL(None).free
    free.argtypes = [ctypes.c_void_p]

    def nfc(text):
        data, out = text.encode(), ctypes.c_void_p()
        size = library.utf8proc_map(data, len(data), ctypes.byref(out), 1 << 1 | 1 << 3)  # STABLE, COMPOSE
        text = ctypes.string_at(out, size).decode()
        free(out)
        return text

    return nfc


def newer_marks():
    """What utf8proc reorders before an overlay, or joins, and the NFC of `tokenizers` does not."""
    ours, theirs = utf8proc_nfc(), normalizers.NFC().normalize_str
    found = {c for c in ALL if ours(chr(c) + "\u0334") != theirs(chr(c) + "\u0334")}
    return found | {0x11930}  # with U+11935 it is U+11938 since Unicode 13


def main():
    sets = [(1, matching(r"\p{L}")), (2, matching(r"\p{N}")), (4, matching(r"\s")), (8, digits()), (16, changed_by_nfc()),
            (32, newer_marks())]
    table = [0] * 0x110000
    for bit, members in sets:
        for c in members:
            table[c] |= bit
    ranges, start = [], 0
    for c in range(1, 0x110001):
        if c == 0x110000 or table[c] != table[start]:
            if table[start]:
                ranges.append(f"{{0x{start:X}, 0x{c - 1:X}, {table[start]}}},")
            start = c
    print("/* By tools/make_token_classes.py with tokenizers 0.23.3. {first, last, classes} */")
    print("/* clang-format off */")
    for i in range(0, len(ranges), 6):
        print(" ".join(ranges[i:i + 6]))
    print("/* clang-format on */")


main()
