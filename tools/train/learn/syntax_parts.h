/* syntax_parts.h - puts one part of one language into models/huaxiang-learn/syntax.hxd; all other parts stay as they are.
 *
 * Each trainer (fit_syntax.c, fit_breaks.c) makes its own parts, so the file is made in steps and a step can be repeated alone. A file that is not
 * there yet, or is none of ours, is begun anew. */
#ifndef HX_TRAIN_LEARN_SYNTAX_PARTS_H
#define HX_TRAIN_LEARN_SYNTAX_PARTS_H

#include <stdio.h>
#include <string.h>

#include "text/syntax.h"

enum { SYNTAX_SECTIONS = 32 };

typedef struct {
    hx_datafile_part list[SYNTAX_SECTIONS];
    char names[SYNTAX_SECTIONS][16];
    size_t n;
} syntax_sections;

static inline void add_syntax_part(syntax_sections *s, const char *name, const hx_syntax_part *p) {
    const size_t slots = ((size_t)1 << (64 - p->table.shift)) * HX_LEARNED_WAYS;
    const hx_str bytes[] = {{(const char *)p->table.check, slots},
                            {(const char *)p->weight, slots * p->n},
                            {(const char *)&p->scale, sizeof p->scale},
                            p->names};
    for (size_t i = 0; i < (p->names.len > 0 ? 4 : 3); i++) {
        (void)snprintf(s->names[s->n], sizeof s->names[0], "%.13s.%c", name, "cwsl"[i]);
        s->list[s->n] = (hx_datafile_part){s->names[s->n], bytes[i]};
        s->n++;
    }
}

/* name: "upos.zh" and the like. Returns 0 when done. */
static inline int put_syntax_part(const char *path, const char *name, const hx_syntax_part *made) {
    static const char *const kinds[HX_SYNTAX_N] = {"upos", "arcs", "rels", "brks"},
                             *const langs[] = {"zh", "en"};
    static syntax_sections s;
    hx_syntax *old = NULL;
    hx_error err = {0};
    s.n = 0;
    if (hx__syntax_open_file(&old, path, &err) != HX_OK) old = NULL;
    for (size_t l = 0; l < 2; l++)
        for (size_t k = 0; k < HX_SYNTAX_N; k++) {
            char one[16];
            (void)snprintf(one, sizeof one, "%s.%s", kinds[k], langs[l]);
            const hx_syntax_part *p = strcmp(one, name) == 0 ? made : old ? &old->part[k][l] : NULL;
            if (p && p->table.check) add_syntax_part(&s, one, p);
        }
    err = (hx_error){0};
    const bool done = hx__datafile_write(path, HX_SYNTAX_KIND, s.list, s.n, &err) == HX_OK;
    if (!done) fprintf(stderr, "fit: %s\n", err.message);
    hx__syntax_close(old);
    return !done;
}

#endif
