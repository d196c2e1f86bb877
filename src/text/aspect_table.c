/* aspect_table.c - reading the tables of aspects.
 *
 *     id TAB industries TAB zh name TAB en name TAB zh terms TAB en terms
 *     price   all   价格   price   价格|太贵-|便宜+   price|too expensive-|cheap+
 *
 * Terms are parted by bars, "-" stands where there are none. A term that ends in + or - is an opinion by itself. An id that was read
 * before gets more terms; a term that was read before keeps its first meaning, so that the user's table, which is read first,
 * decides. Terms stand as cleaning leaves texts: NFKC, lower case, simplified. Industries are for people who edit the table. */
#include "text/aspect.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "text/lexicon_file.h"

enum { F_ID = 0, F_INDUSTRY, F_ZH, F_EN, F_ZH_TERMS, F_EN_TERMS, N_FIELDS };

static hx_status add_terms(hx_lexicon *l, const hx_lexicon_file *f, int field, uint32_t aspect,
                           hx_error *err) {
    hx_str list = f->field[field];
    if (hx_str_equal(list, HX_STR_LIT("-"))) return HX_OK;
    for (size_t from = 0, i = 0; i <= list.len; i++) {
        if (i < list.len && list.ptr[i] != '|') continue;
        hx_str term = {list.ptr + from, i - from};
        char last = term.len > 1 ? term.ptr[term.len - 1] : '\0';
        hx_term_kind kind = last == '+' ? HX_TERM_GOOD : last == '-' ? HX_TERM_BAD : HX_TERM_PLAIN;
        term.len -= kind != HX_TERM_PLAIN;
        if (term.len == 0)
            return hx_fail(err, HX_EFORMAT, "lexicon %s, line %d: an empty term", f->name, f->line);
        HX_TRY(hx__lexicon_add_phrase(l, HX_PHRASE_ASPECT, term, aspect * 4 + kind, err));
        from = i + 1;
    }
    return HX_OK;
}

/* The index of the record's aspect, made where its id is new. */
static hx_status entry_of(hx_lexicon *l, const hx_lexicon_file *f, uint32_t *out, hx_error *err) {
    const hx_aspect_entry *list = (const hx_aspect_entry *)(const void *)l->aspect_table.ptr;
    size_t n = l->aspect_table.len / sizeof *list;
    for (size_t i = 0; i < n; i++) {
        if (!hx_str_equal(list[i].id, f->field[F_ID])) continue;
        *out = (uint32_t)i;
        return HX_OK;
    }
    hx_aspect_entry entry = {hx_arena_str(l->arena, f->field[F_ID]),
                             hx_arena_str(l->arena, f->field[F_ZH]),
                             hx_arena_str(l->arena, f->field[F_EN])};
    if (!entry.id.ptr || !entry.zh.ptr || !entry.en.ptr)
        return hx_fail(err, HX_ENOMEM, "out of memory while loading the lexicons");
    *out = (uint32_t)n;
    hx_buf_append(&l->aspect_table, &entry, sizeof entry);
    return hx_buf_status(&l->aspect_table, "the table of aspects", err);
}

static hx_status read_table(hx_lexicon *l, const char *share_dir, const char *name, hx_error *err) {
    hx_lexicon_file f;
    hx_status status = hx__lexicon_file_open(&f, share_dir, name, err);
    if (status == HX_OK) l->hash = hx_hash_mix(l->hash, hx_hash(hx_buf_str(&f.bytes)));
    for (bool more = status == HX_OK; more && status == HX_OK;) {
        uint32_t aspect = 0;
        status = hx__lexicon_file_next(&f, N_FIELDS, &more, err);
        if (status != HX_OK || !more) break;
        status = entry_of(l, &f, &aspect, err);
        if (status == HX_OK) status = add_terms(l, &f, F_ZH_TERMS, aspect, err);
        if (status == HX_OK) status = add_terms(l, &f, F_EN_TERMS, aspect, err);
    }
    hx__lexicon_file_close(&f);
    return status;
}

hx_status hx__aspects_open(hx_lexicon *l, const char *share_dir, const char *path, hx_error *err) {
    if (path) HX_TRY(read_table(l, NULL, path, err));
    return read_table(l, share_dir, "aspects.tsv", err);
}
