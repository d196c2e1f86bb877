/* cleaner.h - the state of one cleaning, shared by clean.c (characters), clean_markup.c (entities, tags), clean_norm.c (NFKC), and
 * clean_links.c (URLs, mentions). */
#ifndef HX_TEXT_CLEANER_H
#define HX_TEXT_CLEANER_H

#include "text/charclass.h"
#include "text/clean.h"
#include "text/clean_buf.h"

#define HX_NO_POSITION SIZE_MAX

typedef struct {
    const hx_charclass *classes;
    const hx_t2s *t2s;
    const hx_clean_rules *rules;
    hx_str in;
    hx_clean_buf *out;
    bool failed; /* out of memory or over the cap */
    bool watch; /* `out` may end in an entity whose semicolon is missing */
    bool traditional; /* there is something for traditional -> simplified to do */
    bool links; /* there may be a URL or a mention */
    uint32_t joiner; /* a joiner or selector that waits for what follows; 0 = none */
    uint32_t joiner_start, joiner_end;
    size_t raw_at[2]; /* where in `out` the content of an open <script>, <style> begins */
    uint32_t raw_start[2]; /* the original byte of its tag */
} hx_cleaner;

/* One code point that comes from original bytes [start, end), through all rules. */
void hx__clean_take(hx_cleaner *c, uint32_t cp, uint32_t start, uint32_t end);
/* The same for a code point that is decomposed and lower-cased already. */
void hx__clean_take_normal(hx_cleaner *c, uint32_t cp, uint32_t start, uint32_t end);
/* Appends without any rule. */
void hx__clean_put(hx_cleaner *c, uint32_t cp, uint32_t start, uint32_t end);
void hx__clean_put_blank(hx_cleaner *c, uint32_t start, uint32_t end);
/* Appends a mark unless `most` of it stand there already. */
void hx__clean_put_folded(hx_cleaner *c, uint32_t cp, size_t most, uint32_t start, uint32_t end);
void hx__clean_truncate(hx_cleaner *c, size_t len);

/* clean_markup.c */
void hx__clean_markup(hx_cleaner *c, uint32_t cp, uint32_t start, uint32_t end); /* & ; < > @ : */
void hx__clean_bare_entity(hx_cleaner *c); /* &nbsp without ; at the end of `out` */

/* clean_norm.c */
void hx__clean_normalise(hx_cleaner *c, uint32_t cp, uint32_t start, uint32_t end);
/* cp composes with, or is ordered among, what stands at the end of `out`. */
void hx__clean_compose(hx_cleaner *c, uint32_t cp, uint32_t start, uint32_t end);

/* clean_links.c: replaces URLs and mentions in `b` by blanks; whether there were any. */
bool hx__clean_drop_links(hx_clean_buf *b);

#endif
