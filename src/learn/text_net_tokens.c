/* text_net_tokens.c - a text as ids: every Han character, every run of letters and digits in lower case, every other visible character; or, with a
 * mark, the items between marks as they stand.
 *
 * An id is the place of the hash among the known ones, in ascending order, plus one; 0 stands for what is not known. A text without any visible
 * character is one unknown. */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/utf8.h"
#include "learn/text_net_inside.h"

#define KNOWN_MAX 30000u

static bool is_letter(uint32_t c) {
    utf8proc_category_t is = utf8proc_category((utf8proc_int32_t)c);
    return (is >= UTF8PROC_CATEGORY_LU && is <= UTF8PROC_CATEGORY_LO) ||
           (is >= UTF8PROC_CATEGORY_ND && is <= UTF8PROC_CATEGORY_NO);
}

static bool is_blank(uint32_t c) {
    utf8proc_category_t is = utf8proc_category((utf8proc_int32_t)c);
    return c <= ' ' || (is >= UTF8PROC_CATEGORY_ZS && is <= UTF8PROC_CATEGORY_ZP);
}

static void put_lower(hx_buf *b, uint32_t c) {
    char bytes[4];
    hx_buf_append(b, bytes, hx_utf8_put((uint32_t)utf8proc_tolower((utf8proc_int32_t)c), bytes));
}

/* The next token's bytes in `word`; false at the end. */
static bool next_token(hx_str text, size_t *at, hx_buf *word) {
    hx_buf_reset(word);
    while (*at < text.len) {
        size_t before = *at;
        uint32_t c = hx_utf8_next(text, at);
        bool joins = c != HX_UTF8_BAD && is_letter(c) && !hx_utf8_is_han(c);
        if (word->len > 0 && !joins) {
            *at = before;
            return true;
        }
        if (c == HX_UTF8_BAD || is_blank(c)) continue;
        put_lower(word, c);
        if (!joins) return true;
    }
    return word->len > 0;
}

/* What stands between two marks; nothing between them is no item. */
static bool next_item(hx_str text, hx_str mark, size_t *at, hx_buf *word) {
    hx_buf_reset(word);
    while (*at < text.len) {
        size_t from = *at, to = from;
        while (to < text.len &&
               (text.len - to < mark.len || memcmp(text.ptr + to, mark.ptr, mark.len) != 0))
            to++;
        *at = to < text.len ? to + mark.len : to;
        while (from < to && (unsigned char)text.ptr[from] <= ' ')
            from++;
        while (to > from && (unsigned char)text.ptr[to - 1] <= ' ')
            to--;
        if (to > from) return hx_buf_append(word, text.ptr + from, to - from);
    }
    return false;
}

bool hx_token_next(hx_str text, hx_str mark, size_t *at, hx_buf *word) {
    return mark.len > 0 ? next_item(text, mark, at, word) : next_token(text, at, word);
}

static uint32_t id_of(const hx_text_net *net, uint64_t key) {
    size_t low = 0, high = net->n_known;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (net->keys[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < net->n_known && net->keys[low] == key ? (uint32_t)low + 1 : 0;
}

bool hx_net_ids(const hx_text_net *net, hx_str text, hx_buf *word, hx_buf *out) {
    const uint32_t unknown = 0;
    hx_buf_reset(out);
    for (size_t at = 0, n = 0; n < net->max_length && next_token(text, &at, word); n++) {
        uint32_t id = id_of(net, hx_hash(hx_buf_str(word)));
        hx_buf_append(out, &id, sizeof id);
    }
    if (out->len == 0) hx_buf_append(out, &unknown, sizeof unknown);
    return !out->failed && !word->failed;
}

typedef struct {
    uint64_t key, count;
} token_count;

static int compare_counts(const void *a, const void *b) {
    const token_count *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return (x->key > y->key) - (x->key < y->key);
}

static int compare_keys(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool count_tokens(const hx_text_rows *rows, size_t max_length, hx_map *counts) {
    hx_buf word;
    bool done = true;
    hx_buf_init(&word, (size_t)1 << 30);
    for (size_t i = 0; i < rows->n && done; i++)
        for (size_t at = 0, n = 0; n < max_length && next_token(rows->texts[i], &at, &word); n++) {
            uint64_t *count = hx_map_put(counts, hx_hash(hx_buf_str(&word)));
            if (!count || word.failed) {
                done = false;
                break;
            }
            (*count)++;
        }
    hx_buf_release(&word);
    return done;
}

static bool keep_tokens(hx_text_net *net, const hx_map *counts, size_t min_count) {
    token_count *all = calloc(counts->n + 1, sizeof *all);
    size_t n = 0, at = 0;
    uint64_t key, count;
    while (all && hx_map_next(counts, &at, &key, &count))
        if (count >= min_count) all[n++] = (token_count){key, count};
    if (all) qsort(all, n, sizeof *all, compare_counts);
    if (n > KNOWN_MAX) n = KNOWN_MAX;
    net->keys = calloc(n + 1, sizeof *net->keys);
    for (size_t i = 0; all && net->keys && i < n; i++)
        net->keys[i] = all[i].key;
    if (all && net->keys) qsort(net->keys, n, sizeof *net->keys, compare_keys);
    net->n_known = n;
    free(all);
    return all && net->keys;
}

hx_status hx_net_learn_tokens(hx_text_net *net, const hx_text_rows *rows, size_t min_count,
                              hx_error *err) {
    hx_map counts;
    hx_map_init(&counts);
    bool done =
        count_tokens(rows, net->max_length, &counts) && keep_tokens(net, &counts, min_count);
    hx_map_release(&counts);
    return done ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
}
