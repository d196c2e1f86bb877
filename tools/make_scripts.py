#!/usr/bin/env python3
"""Writes src/llama/tokenizer_train_scripts.inc: the script of each code point, as where each run of one script begins.

Unicode's Script property out of the `regex` package. Scripts are numbered by their first code point; 0 is Common (and what is not assigned
between two of Common), 1 Inherited, 2 Han, Hiragana and Katakana together with the sound mark U+30FC, as SentencePiece has them.
What is not assigned goes on with the run before it.

    tools/make_scripts.py > src/llama/tokenizer_train_scripts.inc
"""
import unicodedata

import regex

NAMES = """Adlam Ahom Arabic Armenian Avestan Balinese Bamum Batak Bengali Bopomofo Brahmi Braille Buginese Buhid
Canadian_Aboriginal Chakma Cham Cherokee Coptic Cyrillic Deseret Devanagari Egyptian_Hieroglyphs Ethiopic Georgian Glagolitic Gothic
Greek Gujarati Gurmukhi Han Hangul Hanunoo Hebrew Hiragana Javanese Kannada Katakana Kayah_Li Khmer Lao Latin Lepcha Limbu Lisu
Malayalam Meetei_Mayek Mongolian Myanmar New_Tai_Lue Nko Ogham Ol_Chiki Oriya Phags_Pa Rejang Runic Samaritan Saurashtra Sinhala
Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Tamil Telugu Thaana Thai Tibetan Tifinagh Vai Yi""".split()


def main():
    tests = [(name, regex.compile(r'\p{Script=%s}' % name)) for name in NAMES]
    common, inherited = regex.compile(r'\p{Script=Common}'), regex.compile(r'\p{Script=Inherited}')
    letters = regex.compile(r'\p{L}')
    number = {'Han': 2, 'Hiragana': 2, 'Katakana': 2}
    runs, last = [], None
    for cp in range(0x110000):
        ch = chr(cp)
        if 0xD800 <= cp < 0xE000 or unicodedata.category(ch) in ('Cn', 'Co'):
            continue
        if cp == 0x30FC:
            script = 2
        elif inherited.match(ch):
            script = 1
        elif common.match(ch):
            script = 0
        else:
            name = next((n for n, t in tests if t.match(ch)), 'other')
            if name == 'other' and not letters.match(ch):
                name = last_name
            script = number.setdefault(name, len(set(number.values())) + 2)
            last_name = name
        if script != last:
            runs.append(f'0x{cp << 8 | script:07X}')
            last = script
    print('/* Written by tools/make_scripts.py: where a run of one script begins, code point << 8 | script. */')
    for at in range(0, len(runs), 12):
        print('    ' + ' '.join(r + ',' for r in runs[at:at + 12]))


if __name__ == '__main__':
    main()
