/* random_text.h - texts mixed at random from bytes, code points, and pieces that cleaning or word segmentation has a rule for. */
#ifndef HX_TESTS_RANDOM_TEXT_H
#define HX_TESTS_RANDOM_TEXT_H

#include <string.h>

#include "base/rng.h"
#include "base/utf8.h"

static const char *const pieces[] = {
    "&",
    "amp",
    "lt",
    "gt",
    "nbsp",
    "semi",
    "eacute",
    "Eacute",
    "larr",
    "#39",
    "#x26",
    ";",
    "<",
    ">",
    "/",
    "b",
    "br",
    "script",
    "style",
    "</script>",
    "<script>",
    "</style>",
    "<style>",
    "<b>",
    "</b>",
    "<p class=\"x\">",
    "<!--",
    "-->",
    "\"",
    "'",
    "http://",
    "https://a.b/c",
    "www.",
    "ftp://",
    "@",
    "@bob",
    "me@x.com",
    "a",
    "Z",
    "é",
    "\xCC\x81",
    "\xCC\x95",
    "\xCC\xB8",
    "\xE1\x84\x80",
    "\xE1\x85\xA1",
    "\xE1\x86\xA8",
    "\xE2\x80\x8D",
    "\xEF\xB8\x8F",
    "\xE2\x83\xA3",
    "👩",
    "🏽",
    "❤",
    "🇨",
    "🏴",
    "\xF3\xA0\x81\xA7",
    "1",
    "9",
    "#",
    "*",
    "!",
    "！",
    "。",
    "…",
    "—",
    ".",
    "-",
    "_",
    ",",
    ":",
    "：",
    "＠",
    "＜",
    "＞",
    "＆",
    "；",
    " ",
    "　",
    "\t",
    "\n",
    "\xC2\xA0",
    "￣",
    "¨",
    "\xE2\x80\x8B",
    "\x01",
    "\xFF",
    "\xE4\xBD",
    "\xED\xA0\x80",
    "好",
    "吃",
    "乾",
    "隆",
    "坤",
    "清",
    "宮",
    "宫",
    "萧",
    "蕭",
    "於",
    "則",
    "则",
    "薴",
    "苧",
    "覆",
    "答",
    "瞭",
    "解",
    "藉",
    "口",
    "着",
    "著",
    "𣎴",
    "㎏",
    "ﬁ",
    "½",
    "ｶ",
    "ﾞ",
    "Ａ",
    "ｂ",
    "ǅ",
    "İ",
    "ﷺ",
    "ㅤ",
    "‼",
    "’",
    "™",
};

/* Up to 24 pieces in `out`, which has room for `room` bytes. */
static inline hx_str random_text(hx_rng *r, char *out, size_t room) {
    size_t n = 0;
    for (uint64_t left = hx_rng_below(r, 24); left > 0 && n + 32 < room; left--) {
        uint64_t kind = hx_rng_below(r, 16);
        if (kind == 0) {
            out[n++] = (char)hx_rng_below(r, 256);
        } else if (kind == 1) {
            n += hx_utf8_put((uint32_t)hx_rng_below(r, 0x110000), out + n);
        } else if (kind == 2) {
            n += hx_utf8_put(0x4E00 + (uint32_t)hx_rng_below(r, 0x5200), out + n);
        } else {
            const char *piece = pieces[hx_rng_below(r, sizeof pieces / sizeof *pieces)];
            memcpy(out + n, piece, strlen(piece));
            n += strlen(piece);
        }
    }
    return (hx_str){out, n};
}

#endif
