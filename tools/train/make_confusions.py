#!/usr/bin/env python3
"""Makes the lists that noise in Chinese texts is drawn from: characters that sound alike, characters that look alike.

    tools/train/make_confusions.py --homophones homophones.tsv --shapes shapes.tsv [--text CORPUS.txt ...] [--font FONT.ttc]

A line is `字<TAB>字字字`, the most likely confusion first; huaxiang train reads both by --homophones FILE and --shapes FILE.

Characters are those of GB 2312 (6,763), as its encoding lists them. Homophones have the usual reading of pypinyin in common: with the
tone first, then without it, then but for zh/z, ch/c, sh/s, -ng/-n and l/n; within these the more frequent one (in --text, else in the order
of GB 2312, whose first level holds the frequent ones).
Shapes are drawn by a font into 32 x 32 points, blurred by 3 x 3, and compared by their cosine: the 8 nearest above 0.78. Strokes are not
looked at, so that what looks alike at the size of a telephone's screen counts, whatever it is made of.

Needs pypinyin (MIT licence; its data from the Unicode Unihan database, Unicode licence, and others named there), Pillow and numpy, and any
font with Chinese characters. The lists are facts about characters, made anew here; they serve training and are not part of the product.
"""
import argparse
import collections
import subprocess
import sys

HOMOPHONES_MAX = 24
SHAPES_MAX = 8
ALIKE = 0.78
SIDE = 32


def characters_of_gb2312():
    found = []
    for row in range(0xB0, 0xF8):
        for column in range(0xA1, 0xFF):
            try:
                found.append(bytes((row, column)).decode('gb2312'))
            except UnicodeDecodeError:
                pass
    return found


def count_characters(paths):
    counts = collections.Counter()
    for path in paths:
        with open(path, encoding='utf-8', errors='replace') as lines:
            for line in lines:
                counts.update(line)
    return counts


def blurred(reading):
    """A reading as many speakers don't tell it from others: zh z, ch c, sh s, -ng -n, l n."""
    for clear, blur in (('zh', 'z'), ('ch', 'c'), ('sh', 's'), ('l', 'n')):
        if reading.startswith(clear):
            reading = blur + reading[len(clear):]
    return reading[:-1] if reading.endswith('ng') else reading


def homophones_of(characters, rank):
    from pypinyin import Style, lazy_pinyin

    toned = {c: lazy_pinyin(c, style=Style.TONE3)[0] for c in characters}
    plain = {c: r.rstrip('12345') for c, r in toned.items()}
    groups = collections.defaultdict(list)
    for c in characters:
        groups[blurred(plain[c])].append(c)
    alike = {}
    for c in characters:
        others = [o for o in groups[blurred(plain[c])] if o != c]
        others.sort(key=lambda o: (plain[o] != plain[c], toned[o] != toned[c], rank[o]))
        alike[c] = ''.join(others[:HOMOPHONES_MAX])
    return alike


def default_font():
    out = subprocess.run(['fc-match', '-f', '%{file}', ':lang=zh-cn'], capture_output=True, text=True, check=True)
    return out.stdout


def draw_all(characters, font_path):
    import numpy
    from PIL import Image, ImageDraw, ImageFilter, ImageFont

    font = ImageFont.truetype(font_path, SIDE - 2)
    rows = numpy.zeros((len(characters), SIDE * SIDE), dtype=numpy.float32)
    for i, c in enumerate(characters):
        image = Image.new('L', (SIDE, SIDE), 0)
        left, top, right, bottom = font.getbbox(c)
        at = ((SIDE - right - left) // 2, (SIDE - bottom - top) // 2)
        ImageDraw.Draw(image).text(at, c, fill=255, font=font)
        rows[i] = numpy.asarray(image.filter(ImageFilter.BoxBlur(1)), dtype=numpy.float32).ravel()
    rows -= rows.mean(axis=1, keepdims=True)
    norms = numpy.linalg.norm(rows, axis=1, keepdims=True)
    return rows / numpy.maximum(norms, 1e-6)


def shapes_of(characters, font_path):
    import numpy

    rows = draw_all(characters, font_path)
    alike = {}
    for start in range(0, len(characters), 512):
        cosine = rows[start:start + 512] @ rows.T
        for k, line in enumerate(cosine):
            line[start + k] = -1
            nearest = numpy.argsort(-line, kind='stable')[:SHAPES_MAX]
            alike[characters[start + k]] = ''.join(characters[n] for n in nearest if line[n] >= ALIKE)
    return alike


def write_list(path, characters, alike):
    with open(path, 'w', encoding='utf-8') as out:
        for c in characters:
            if alike[c]:
                out.write(f'{c}\t{alike[c]}\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--homophones', metavar='FILE')
    parser.add_argument('--shapes', metavar='FILE')
    parser.add_argument('--text', metavar='FILE', nargs='*', default=[], help='texts that say which characters are frequent')
    parser.add_argument('--font', metavar='FILE', help='default: what fontconfig gives for zh-cn')
    options = parser.parse_args()
    if not options.homophones and not options.shapes:
        parser.error('nothing to write: give --homophones FILE, --shapes FILE or both')
    characters = characters_of_gb2312()
    counts = count_characters(options.text)
    rank = {c: (-counts[c], i) for i, c in enumerate(characters)}
    if options.homophones:
        write_list(options.homophones, characters, homophones_of(characters, rank))
    if options.shapes:
        write_list(options.shapes, characters, shapes_of(characters, options.font or default_font()))
    return 0


if __name__ == '__main__':
    sys.exit(main())
