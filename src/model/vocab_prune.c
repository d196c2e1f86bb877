/* vocab_prune.c - choosing the tokens that stay; see vocab_prune.h.
 *
 * Byte-pair merging of a text takes the earliest merge that is there, again and again. Each merge that it takes lies within a token of the
 * result; so where all that a token is made of is kept, the same merges are taken as before, and others are not there to be taken: the texts
 * are cut as before. What a token is made of is found by merging its own spelling. A unigram tokenizer takes the best path; paths over
 * pieces that are gone were worse. */
#include "model/vocab_prune.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "model/vocab_files.h"

#define SYMBOLS_MAX                                                                                \
    512 /* characters of one token; longer ones are kept whole, with their characters */

typedef struct {
    const hx__vocab_files *files;
    uint8_t *kept; /* (n_rows) */
    size_t n_rows;
} choice;

static void keep(choice *c, int64_t id) {
    if (id >= 0 && (size_t)id < c->n_rows) c->kept[id] = 1;
}

/* Merges `spelling` as its tokenizer does and keeps every part that comes up. */
static void keep_parts(choice *c, hx_str spelling) {
    hx_str symbols[SYMBOLS_MAX];
    size_t n = 0;
    for (size_t at = 0; at < spelling.len && n < SYMBOLS_MAX; n++) {
        size_t from = at;
        (void)hx_utf8_next(spelling, &at);
        symbols[n] = (hx_str){spelling.ptr + from, at - from};
        keep(c, hx__vocab_files_find(c->files, symbols[n]));
    }
    for (;;) {
        size_t best = n;
        double first = 0, rank = 0;
        for (size_t i = 0; i + 1 < n; i++)
            if (hx__vocab_files_rank(c->files, symbols[i], symbols[i + 1], &rank) &&
                (best == n || rank < first)) {
                best = i;
                first = rank;
            }
        if (best == n) return;
        symbols[best].len += symbols[best + 1].len;
        memmove(&symbols[best + 1], &symbols[best + 2], (n - best - 2) * sizeof *symbols);
        n--;
        keep(c, hx__vocab_files_find(c->files, symbols[best]));
    }
}

static void keep_always(choice *c, const hx_tokenizer *t) {
    size_t n = hx_tokenizer_n_vocab(t), plain = hx_tokenizer_n_plain(t);
    for (size_t i = 0; i < n && i < c->n_rows; i++) {
        int32_t id = (int32_t)i;
        bool added = i >= plain || hx_tokenizer_is_special(t, id);
        if (added || hx_tokenizer_bytes(t, id).len == 1 || hx_tokenizer_ends(t, id)) c->kept[i] = 1;
    }
    keep(c, hx_tokenizer_bos(t));
    keep(c, hx_tokenizer_eos(t));
    keep(c, hx_tokenizer_pad(t));
    keep(c, hx_tokenizer_find(t, HX_STR_LIT("<unk>")));
}

static hx_status list_kept(const choice *c, hx_arena *arena, uint32_t **tokens, size_t *n_tokens,
                           hx_error *err) {
    size_t n = 0;
    uint32_t *list = hx_arena_alloc(arena, (c->n_rows + 1) * sizeof *list);
    if (!list) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < c->n_rows; i++)
        if (c->kept[i]) list[n++] = (uint32_t)i;
    *tokens = list;
    *n_tokens = n;
    return HX_OK;
}

static hx_status choose(choice *c, hx_dataset *texts, const hx_tokenizer *tokenizer,
                        hx_arena *arena, hx_error *err) {
    for (size_t part = 0; part < HX_DATASET_PARTS; part++) {
        hx_token_lists l;
        HX_TRY(hx_dataset_tokens(texts, tokenizer, (hx_part)part, 0, 0, arena, &l, err));
        for (size_t i = 0; i < l.starts[l.n]; i++)
            keep(c, l.ids[i]);
    }
    uint8_t *used = hx_arena_alloc(arena, c->n_rows + 1);
    if (!used) return hx_fail(err, HX_ENOMEM, "out of memory");
    memcpy(used, c->kept, c->n_rows);
    for (size_t i = 0; c->files->merges && i < c->n_rows; i++)
        if (used[i]) keep_parts(c, hx_tokenizer_spelling(tokenizer, (int32_t)i));
    keep_always(c, tokenizer);
    return HX_OK;
}

hx_status hx__vocab_choose(hx_dataset *texts, const hx_tokenizer *tokenizer, const char *folder,
                           size_t n_rows, hx_arena *arena, uint32_t **tokens, size_t *n_tokens,
                           hx_error *err) {
    hx__vocab_files files;
    HX_TRY(hx__vocab_files_open(&files, folder, err));
    choice c = {.files = &files, .kept = calloc(n_rows + 1, 1), .n_rows = n_rows};
    hx_arena *scratch = hx_arena_new((size_t)16 << 30);
    hx_status st = c.kept && scratch ? choose(&c, texts, tokenizer, scratch, err)
                                     : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK) st = list_kept(&c, arena, tokens, n_tokens, err);
    hx_arena_free(scratch);
    free(c.kept);
    hx__vocab_files_release(&files);
    return st;
}

hx_status hx__vocab_rewrite(const char *folder, const uint32_t *tokens, size_t n_tokens,
                            hx_error *err) {
    hx__vocab_files files;
    size_t n_old = n_tokens ? (size_t)tokens[n_tokens - 1] + 1 : 0;
    int64_t *new_ids = calloc(n_old + 1, sizeof *new_ids);
    if (!new_ids) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n_old; i++)
        new_ids[i] = -1;
    for (size_t i = 0; i < n_tokens; i++)
        new_ids[tokens[i]] = (int64_t)i;
    const hx__renumbering r = {new_ids, n_old, n_tokens};
    hx_status st = hx__vocab_files_open(&files, folder, err);
    if (st == HX_OK) {
        st = hx__vocab_files_write(&files, &r, folder, err);
        hx__vocab_files_release(&files);
    }
    free(new_ids);
    return st;
}
