/* syntax.c - the file of what is learnt of grammar, sums over its weights, and words as arcs and relations see them; see syntax.h.
 *
 * A part that the file does not have is none; a part that is there must be whole: as many weights as slots and labels, a number as its
 * scale, names of all labels. */
#include "text/syntax.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"

#define SCALE_MAX 1e3

static const char *const tag_names[HX_UPOS_N] = {"ADJ",   "ADP",   "ADV", "AUX",  "CCONJ", "DET",
                                                 "INTJ",  "NOUN",  "NUM", "PART", "PRON",  "PROPN",
                                                 "PUNCT", "SCONJ", "SYM", "VERB", "X"};

/* ------------------------------------------------------------------ the file */
static size_t count_names(hx_str names) {
    size_t n = 0;
    for (size_t i = 0; i < names.len; i++)
        n += names.ptr[i] == '\n';
    return n;
}

static hx_status take_part(hx_syntax *s, hx_syntax_kind kind, size_t lang, const char *path,
                           hx_error *err) {
    static const char *const parts[HX_SYNTAX_N] = {"upos", "arcs", "rels", "brks"},
                             *const langs[] = {"zh", "en"};
    const bool has_labels = kind == HX_SYNTAX_UPOS || kind == HX_SYNTAX_RELATIONS;
    hx_syntax_part made = {.n = 1};
    hx_str bytes[4] = {{NULL, 0}};
    hx_error unsaid = {0};
    for (size_t i = 0; i < (has_labels ? 4 : 3); i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%s.%s.%c", parts[kind], langs[lang], "cwsl"[i]);
        hx_status st = hx__datafile_section(&s->file, name, 1, &bytes[i], i > 0 ? err : &unsaid);
        if (st != HX_OK) return i > 0 ? st : HX_OK;
    }
    made.names = bytes[3];
    if (has_labels) made.n = count_names(made.names);
    if (!hx__learned_table_of(&made.table, bytes[0]) || made.n == 0 ||
        made.n > HX_SYNTAX_LABELS_MAX || bytes[1].len != bytes[0].len * made.n ||
        bytes[2].len != sizeof made.scale)
        return hx__learned_damaged(path, err);
    memcpy(&made.scale, bytes[2].ptr, sizeof made.scale);
    if (!(fabs(made.scale) < SCALE_MAX)) return hx__learned_damaged(path, err);
    made.weight = (const int8_t *)bytes[1].ptr;
    s->part[kind][lang] = made;
    return HX_OK;
}

hx_status hx__syntax_open_file(hx_syntax **out, const char *path, hx_error *err) {
    hx_syntax *s = calloc(1, sizeof *s);
    if (!s) return hx_fail(err, HX_ENOMEM, "out of memory while opening %s", path);
    hx_status st = hx__datafile_open(&s->file, path, HX_SYNTAX_KIND, err);
    if (st != HX_OK) {
        free(s);
        return st;
    }
    for (int kind = 0; kind < HX_SYNTAX_N && st == HX_OK; kind++)
        for (size_t lang = 0; lang < 2 && st == HX_OK; lang++)
            st = take_part(s, (hx_syntax_kind)kind, lang, path, err);
    if (st != HX_OK) {
        hx__syntax_close(s);
        return st;
    }
    *out = s;
    return HX_OK;
}

void hx__syntax_close(hx_syntax *s) {
    if (!s) return;
    hx__datafile_close(&s->file);
    free(s);
}

/* ------------------------------------------------------------------ sums */
void hx__syntax_logits(const hx_syntax_part *p, const uint64_t *features, size_t n,
                       double *logits) {
    int32_t sums[HX_SYNTAX_LABELS_MAX] = {0};
    for (size_t f = 0; f < n; f++) /* the table is larger than the processor's cache */
        __builtin_prefetch(p->table.check + (features[f] >> p->table.shift) * HX_LEARNED_WAYS);
    for (size_t f = 0; f < n; f++) {
        size_t slot = hx__learned_slot(&p->table, features[f]);
        if (slot == SIZE_MAX) continue;
        const int8_t *w = p->weight + slot * p->n;
        for (size_t k = 0; k < p->n; k++)
            sums[k] += w[k];
    }
    for (size_t k = 0; k < p->n; k++)
        logits[k] = p->scale * sums[k];
}

size_t hx__syntax_label(const hx_syntax_part *p, const char *name) {
    size_t at = 0, place = 0;
    while (at < p->names.len) {
        const char *end = memchr(p->names.ptr + at, '\n', p->names.len - at);
        hx_str one = {p->names.ptr + at, end ? (size_t)(end - p->names.ptr) - at : 0};
        if (!end || hx_str_equal(one, hx_str_of(name))) break;
        at += one.len + 1;
        place++;
    }
    return place;
}

/* ------------------------------------------------------------------ words */
uint8_t hx__upos_number(const char *name) {
    uint8_t k = 0;
    while (name && k < HX_UPOS_N && strcmp(tag_names[k], name) != 0)
        k++;
    return name ? k : HX_UPOS_N;
}

static uint32_t folded(uint32_t cp) {
    if (cp >= 0xFF01 && cp <= 0xFF5E) cp -= 0xFEE0;
    if (cp >= '0' && cp <= '9') return '0';
    return cp >= 'A' && cp <= 'Z' ? cp | 32 : cp;
}

static hx_syntax_word word_of(hx_str form, const char *upos) {
    hx_syntax_word w = {.form = 1, .begin = 2, .end = 3, .tag = hx__upos_number(upos)};
    uint32_t last[3] = {0};
    for (size_t at = 0, k = 0; at < form.len; k++) {
        uint32_t cp = folded(hx_utf8_next(form, &at));
        w.form = hx__syntax_mix(w.form, cp);
        if (k < 2) w.begin = hx__syntax_mix(w.begin, cp);
        last[0] = last[1];
        last[1] = last[2];
        last[2] = cp;
        w.comma = k == 0 && (cp == ',' || cp == 0x3001);
    }
    for (size_t k = 0; k < 3; k++)
        w.end = hx__syntax_mix(w.end, last[k]);
    w.verb = upos && (strcmp(upos, "VERB") == 0 || strcmp(upos, "AUX") == 0);
    w.mark = upos && strcmp(upos, "PUNCT") == 0;
    return w;
}

void hx__syntax_words(const hx_str *forms, const char *const *upos, size_t n,
                      hx_syntax_word *words) {
    for (size_t i = 0; i < n; i++)
        words[i] = word_of(forms[i], upos ? upos[i] : NULL);
}
