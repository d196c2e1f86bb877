/* stem.h - English words without their endings: connections -> connect. */
#ifndef HX_TEXT_STEM_H
#define HX_TEXT_STEM_H

#include "huaxiang/base.h"

/* Stems a word in place and returns its new length, at most n; what has anything but a to z stays. */
size_t hx__stem(char *word, size_t n);

#endif
