/* atom.h - the pieces of a cleaned text that are never cut by the dictionary: Latin words, numbers, e-mail addresses, emoji, marks. */
#ifndef HX_TEXT_ATOM_H
#define HX_TEXT_ATOM_H

#include "huaxiang/base.h"

/* The end of the letters-and-digits atom at byte `at`, `at` itself where none begins (Han, blank, mark, emoji). *number: starts with a
 * digit. Only as an example: don't  wi-fi  3.14  1,000  50%  5kg  2026-03-05  12:30  r&d  c++  c#  me@shop.com */
size_t hx__atom_latin(hx_str s, size_t at, bool *number);

/* The end of the symbol at byte `at`: one code point with the marks behind it, or a whole emoji sequence (*emoji). */
size_t hx__atom_symbol(hx_str s, size_t at, bool *emoji);

/* The end of the keycap (a digit in a box) at byte `at`, `at` itself where there is none. */
size_t hx__atom_keycap(hx_str s, size_t at);

bool hx__cp_is_pictograph(uint32_t cp); /* Extended_Pictographic */
/* Extended_Pictographic, a regional indicator or a skin tone. */
bool hx__cp_is_emoji(uint32_t cp);

#endif
