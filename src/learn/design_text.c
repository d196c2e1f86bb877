/* design_text.c - the text column that a network reads: which one it is, its known tokens, and rows as ids; see problem.h.
 *
 *     "Good GOOD 很好"  ->  good good 很 好  ->  7 7 31 12 -1 -1 ...          "home > list > cart", items ">"  ->  home, list, cart
 *
 * Known are the tokens that occur min_count times in the training rows, the HX_TOKENS_MAX commonest, the first in bytewise order among equals. An
 * id is the place in that order of bytes plus one; 0 stands for what is not known, and for a row without any token. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "learn/design.h"
#include "learn/text_net.h"

#define LENGTH_USUAL 256
#define COUNT_USUAL 2
#define BLOCK ((size_t)4096)
#define TOKEN_MAX ((size_t)1 << 20) /* bytes */

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
}

/* ------------------------------------------------------------------ which column */
static bool may_be_text(const hx_table *t, size_t column) {
    const hx_table_column *about = hx_table_column_at(t, column);
    return about->kind == HX_KIND_TEXT || about->missing == hx_table_rows(t);
}

static hx_status named(const hx_table *t, const char *name, size_t *column, hx_error *err) {
    *column = hx_table_find(t, hx_str_of(name));
    if (*column == HX_COLUMN_NONE)
        return hx_fail(err, HX_ENOTFOUND, "there is no column '%s'", name);
    if (may_be_text(t, *column)) return HX_OK;
    return hx_fail(err, HX_EINVAL, "the column '%s' holds values of kind %s, not texts; --as-text",
                   name, hx_kind_name(hx_table_column_at(t, *column)->kind));
}

static hx_status only_one(const hx_table *t, const char *model, const size_t *chosen, size_t n,
                          size_t *column, hx_error *err) {
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        if (hx_table_column_at(t, chosen[i])->kind == HX_KIND_TEXT) {
            *column = chosen[i];
            found++;
        }
    if (found == 1) return HX_OK;
    if (found == 0)
        return hx_fail(err, HX_EINVAL,
                       "%s reads a text, and no column holds texts: name one by --text (of numbers "
                       "by --as-text, too), or leave this model out",
                       model);
    return hx_fail(err, HX_EINVAL,
                   "%s reads one text, and %zu columns hold texts; name it by --text", model,
                   found);
}

hx_status hx_design_choose_text(hx_design *d, const hx_table *t, const hx_design_options *o,
                                size_t **chosen, size_t *n, bool *text, hx_error *err) {
    size_t column = HX_COLUMN_NONE, kept = 0, *all;
    bool given = o->text && o->text[0], needs = (o->wants & HX_WANTS_TOKENS) != 0;
    *text = needs || (given && (o->wants & HX_WANTS_TOKENS_TOO));
    if (!given && !needs) return HX_OK;
    if (given)
        HX_TRY(named(t, o->text, &column, err));
    else
        HX_TRY(only_one(t, o->model ? o->model : "a model", *chosen, *n, &column, err));
    if (!(all = hx_arena_alloc(d->arena, (*n + 1) * sizeof *all))) return no_memory(err);
    for (size_t i = 0; i < *n; i++)
        if ((*chosen)[i] != column) all[kept++] = (*chosen)[i];
    if (*text) all[kept++] = column;
    if (kept == 0)
        return hx_fail(err, HX_EINVAL,
                       "no column is left beside the text '%s', which this model can't read; take "
                       "textcnn, gru or transformer",
                       o->text);
    *chosen = all;
    *n = kept;
    return HX_OK;
}

/* ------------------------------------------------------------------ known tokens */
typedef struct {
    size_t at, len, count; /* bytes [at, at + len) of `bytes` */
} entry;

typedef struct {
    hx_map places; /* hash to index + 1 in entries */
    hx_buf bytes, entries, word;
    size_t n, longest;
} counting;

static bool count_token(counting *k) {
    const hx_str word = hx_buf_str(&k->word);
    uint64_t *place = hx_map_put(&k->places, hx_hash(word));
    if (!place) return false;
    if (*place == 0) {
        const entry fresh = {k->bytes.len, word.len, 0};
        if (!hx_buf_append(&k->entries, &fresh, sizeof fresh) ||
            !hx_buf_append_str(&k->bytes, word))
            return false;
        *place = ++k->n;
    }
    ((entry *)(void *)k->entries.ptr)[*place - 1].count++;
    return true;
}

static bool count_text(counting *k, hx_str text, hx_str mark, size_t length) {
    size_t at = 0, n = 0;
    while (n < length && hx_token_next(text, mark, &at, &k->word)) {
        if (k->word.failed || !count_token(k)) return false;
        n++;
    }
    if (n > k->longest) k->longest = n;
    return !k->word.failed;
}

static bool count_rows(counting *k, const hx_table *t, size_t column, hx_str mark, size_t length) {
    size_t rows = hx_table_rows(t);
    uint32_t codes[BLOCK];
    if (hx_table_column_at(t, column)->kind != HX_KIND_TEXT) return true;
    for (size_t i = 0; i < rows; i += BLOCK) {
        size_t m = rows - i < BLOCK ? rows - i : BLOCK;
        hx_table_codes(t, column, i, m, codes);
        for (size_t r = 0; r < m; r++)
            if (codes[r] != HX_CODE_MISSING &&
                !count_text(k, hx_table_value(t, column, codes[r]), mark, length))
                return false;
    }
    return true;
}

typedef struct {
    hx_str word;
    size_t count;
} counted_token;

static int commoner(const void *a, const void *b) {
    const counted_token *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return hx_str_compare(x->word, y->word);
}

static int compare_words(const void *a, const void *b) {
    return hx_str_compare(((const counted_token *)a)->word, ((const counted_token *)b)->word);
}

static bool keep_known(hx_design *d, hx_design_column *c, const counting *k, size_t min_count) {
    const entry *all = (const entry *)(const void *)k->entries.ptr;
    counted_token *sorted = calloc(k->n + 1, sizeof *sorted);
    size_t n = 0;
    if (!sorted) return false;
    for (size_t i = 0; i < k->n; i++)
        if (all[i].count >= min_count)
            sorted[n++] =
                (counted_token){{(const char *)k->bytes.ptr + all[i].at, all[i].len}, all[i].count};
    qsort(sorted, n, sizeof *sorted, commoner);
    if (n > HX_TOKENS_MAX) n = HX_TOKENS_MAX;
    qsort(sorted, n, sizeof *sorted, compare_words);
    c->levels = hx_arena_alloc(d->arena, (n + 1) * sizeof *c->levels);
    bool ok = c->levels != NULL;
    for (size_t i = 0; i < n && ok; i++)
        ok = (c->levels[i] = hx_arena_str(d->arena, sorted[i].word).ptr) != NULL;
    c->n_levels = n;
    free(sorted);
    return ok;
}

hx_status hx_design_fit_tokens(hx_design *d, hx_design_column *c, const hx_table *t, size_t column,
                               const hx_design_options *o, hx_error *err) {
    counting k = {.n = 0};
    size_t length = o->length ? o->length : LENGTH_USUAL;
    c->kind = HX_KIND_TEXT;
    c->mark = hx_arena_str(d->arena, hx_str_of(o->items)).ptr;
    if (!c->mark) return no_memory(err);
    hx_map_init(&k.places);
    hx_buf_init(&k.bytes, (size_t)16 << 30);
    hx_buf_init(&k.entries, (size_t)16 << 30);
    hx_buf_init(&k.word, TOKEN_MAX);
    bool ok = count_rows(&k, t, column, hx_str_of(c->mark), length) &&
              keep_known(d, c, &k, o->min_count ? o->min_count : COUNT_USUAL);
    hx_map_release(&k.places);
    hx_buf_release(&k.bytes);
    hx_buf_release(&k.entries);
    hx_buf_release(&k.word);
    c->tokens = k.longest > 0 ? k.longest : 1;
    return ok ? HX_OK : no_memory(err);
}

/* ------------------------------------------------------------------ rows */
static int compare_known(const void *key, const void *level) {
    return hx_str_compare(*(const hx_str *)key, hx_str_of(*(const char *const *)level));
}

static double id_of(const hx_design_column *c, hx_str word) {
    const char **found =
        c->n_levels ? bsearch(&word, c->levels, c->n_levels, sizeof *c->levels, compare_known)
                    : NULL;
    return found ? (double)(found - c->levels) + 1 : 0;
}

static bool put_row(const hx_design_column *c, hx_str text, hx_buf *word, double *out) {
    size_t at = 0, n = 0;
    while (n < c->tokens && hx_token_next(text, hx_str_of(c->mark), &at, word))
        out[n++] = id_of(c, hx_buf_str(word));
    if (n == 0) out[n++] = 0;
    while (n < c->tokens)
        out[n++] = -1;
    return !word->failed;
}

hx_status hx_design_put_tokens(const hx_design_column *c, const hx_table *t, size_t column,
                               hx_problem *p, hx_error *err) {
    hx_buf word;
    uint32_t codes[BLOCK];
    bool text = hx_table_column_at(t, column)->kind == HX_KIND_TEXT, ok = true;
    if (!may_be_text(t, column))
        return hx_fail(
            err, HX_EFORMAT, "column '%s' holds values of kind %s, but the model learnt from %s",
            c->name, hx_kind_name(hx_table_column_at(t, column)->kind), hx_kind_name(HX_KIND_TEXT));
    hx_buf_init(&word, TOKEN_MAX);
    for (size_t i = 0; i < p->n && ok; i += BLOCK) {
        size_t m = p->n - i < BLOCK ? p->n - i : BLOCK;
        if (text) hx_table_codes(t, column, i, m, codes);
        for (size_t r = 0; r < m && ok; r++) {
            bool has = text && codes[r] != HX_CODE_MISSING;
            hx_str value = has ? hx_table_value(t, column, codes[r]) : (hx_str){"", 0};
            ok = put_row(c, value, &word, p->x + (i + r) * p->d + c->first);
        }
    }
    hx_buf_release(&word);
    return ok ? HX_OK : no_memory(err);
}
