/* correct_llama.c - what a language model says of passages: which token should stand where, and how likely the whole is with a fix and without.
 *
 *     passages -> tokens -> one pass in both directions -> for each token the tokens that should stand there (the task `correct`, docs/training.md)
 *              -> <mask> before a token: something is missing, a second pass with a mask there says what
 *              -> fixes worth it: the passage with each, read forwards -> gain in ln p
 *
 * What should stand in the place of token t is asked one place before. <sep> there means that t should go, <mask> that something is missing
 * before it. In Chinese each token of Han characters is a site of its own; in other scripts the tokens between two blanks are, and what they
 * become together is one fix. All reading is of whole passages, packed; a passage's numbers do not depend on the others. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/utf8.h"
#include "huaxiang/llama.h"
#include "text/correct.h"

#define TOKENS_AT_ONCE 384 /* rows of logits that are held */
#define TOKENS_MAX 512 /* of a passage: longer ones are left to the rules */
#define ODDS_MIN (-3.0) /* ln p(other) - ln p(own): less is not looked at */
#define SAID_MAX 3 /* of a token */
#define LANES 16
#define NEGLIGIBLE 11.0f /* logits so far below the best are left out of the sum */
#define HEAD_MAX 9.0
#define CAUSAL_MAX 15.0
#define CAUSAL_ODDS (-5.0) /* fixes with lower odds are not read forwards */
#define CAUSAL_SOME 6 /* of a passage */
#define UNITS_SHARE 0.5f /* what the n-grams count beside the model, for choosing those */

struct hx_correct_reader {
    hx_llama *model;
    hx_llama_context *context; /* owned */
    size_t n_vocab;
    int32_t gone, missing; /* marks; -1 = the model has none */
    hx_map han; /* hash of a token of Han characters -> its id + 1 */
};

typedef struct {
    hx_passage *p;
    const int32_t *ids;
    const hx_token_span *spans;
    size_t n;
    float *base; /* (n) ln p of token t + 1, read forwards; NULL: not read */
} read_passage;

/* ------------------------------------------------------------------ opening */
static int32_t find_token(const hx_llama *m, const char *name, const char *other) {
    size_t n = hx_llama_describe(m)->n_vocab;
    for (size_t i = 0; i < n; i++) {
        hx_str text = hx_llama_token(m, (int32_t)i);
        if (hx_str_equal(text, hx_str_of(name)) || hx_str_equal(text, hx_str_of(other)))
            return (int32_t)i;
    }
    return -1;
}

static bool all_han(hx_str s) {
    for (size_t at = 0; at < s.len;)
        if (!hx_utf8_is_han(hx_utf8_next(s, &at))) return false;
    return s.len > 0;
}

static hx_status list_han(hx_correct_reader *r, hx_error *err) {
    for (size_t i = 0; i < r->n_vocab; i++) {
        hx_str text = hx_llama_token(r->model, (int32_t)i);
        if (!all_han(text)) continue;
        uint64_t *id = hx_map_put(&r->han, hx_hash(text));
        if (!id) return hx_fail(err, HX_ENOMEM, "out of memory");
        *id = i + 1;
    }
    return HX_OK;
}

hx_status hx__correct_reader_open(hx_correct_reader **out, hx_llama *m, hx_error *err) {
    const hx_context_options options = {.batch_tokens = TOKENS_MAX};
    hx_correct_reader *r = calloc(1, sizeof *r);
    if (!r) return hx_fail(err, HX_ENOMEM, "out of memory");
    r->model = m;
    r->n_vocab = hx_llama_describe(m)->n_vocab;
    r->gone = find_token(m, "<sep>", "[SEP]");
    r->missing = find_token(m, "<mask>", "[MASK]");
    hx_map_init(&r->han);
    hx_status st = hx_llama_context_open(&r->context, m, &options, err);
    if (st == HX_OK) st = list_han(r, err);
    if (st != HX_OK) {
        hx__correct_reader_close(r);
        return st;
    }
    *out = r;
    return HX_OK;
}

void hx__correct_reader_close(hx_correct_reader *r) {
    if (!r) return;
    hx_llama_context_close(r->context);
    hx_map_release(&r->han);
    free(r);
}

/* ------------------------------------------------------------------ rows */
/* LANES values side by side, so that the compiler can take them at once; the order of sums is fixed. */
static float log_sum(const float *row, size_t n) {
    float best[LANES], most = row[0], sum = 0;
    size_t whole = n - n % LANES;
    for (size_t k = 0; k < LANES; k++)
        best[k] = row[0];
    for (size_t v = 0; v < whole; v += LANES)
        for (size_t k = 0; k < LANES; k++)
            best[k] = row[v + k] > best[k] ? row[v + k] : best[k];
    for (size_t k = 0; k < LANES; k++)
        most = best[k] > most ? best[k] : most;
    for (size_t v = whole; v < n; v++)
        most = row[v] > most ? row[v] : most;
    float least = most - NEGLIGIBLE;
    for (size_t v = 0; v < n; v += LANES) {
        size_t end = n - v < LANES ? n - v : LANES;
        int any = 0;
        for (size_t k = 0; k < end; k++)
            any |= row[v + k] > least;
        for (size_t k = 0; any && k < end; k++)
            if (row[v + k] > least) sum += expf(row[v + k] - most);
    }
    return most + logf(sum);
}

typedef struct {
    int32_t id;
    double log_prob;
} said_token;

/* The likeliest tokens but `own` whose odds against it are worth a look; how many. */
static size_t likeliest(const float *row, size_t n_vocab, int32_t own, said_token out[SAID_MAX],
                        double *own_log_prob) {
    float least = row[own] + (float)ODDS_MIN;
    size_t n = 0;
    for (size_t v = 0; v < n_vocab; v++) {
        if (row[v] < least || (int32_t)v == own) continue;
        size_t at = n;
        while (at > 0 && out[at - 1].log_prob < (double)row[v])
            at--;
        if (at == SAID_MAX) continue;
        if (n < SAID_MAX) n++;
        memmove(out + at + 1, out + at, (n - at - 1) * sizeof *out);
        out[at] = (said_token){(int32_t)v, (double)row[v]};
    }
    double total = (double)log_sum(row, n_vocab);
    *own_log_prob = (double)row[own] - total;
    for (size_t i = 0; i < n; i++)
        out[i].log_prob -= total;
    return n;
}

static float within(double x, double most) {
    return (float)(x > most ? most : x < -most ? -most : x);
}

static void set_head(hx_fix *x, double to, double own) {
    x->f[HX_FIX_HEAD] = within(to - own, HEAD_MAX);
    x->f[HX_FIX_HEAD_TO] = within(to, HEAD_MAX);
}

static hx_fix *same_fix(const hx_passage *p, uint32_t start, uint32_t end, hx_str to) {
    for (size_t i = 0; i < p->n_fixes; i++)
        if (p->fixes[i].start == start && p->fixes[i].end == end &&
            hx_str_equal(p->fixes[i].to, to))
            return &p->fixes[i];
    return NULL;
}

/* ------------------------------------------------------------------ what it says */
static hx_str span_text(const read_passage *q, size_t t) {
    hx_token_span s = q->spans[t];
    return (hx_str){q->p->text.ptr + s.start, s.end - s.start};
}

typedef struct {
    uint32_t at; /* token before which something is missing */
    read_passage *q;
    double log_prob, own;
} gap;

typedef struct {
    hx_correct_reader *r;
    hx_arena *arena;
    gap *gaps; /* (room) */
    size_t n_gaps, room;
} reading;

static void say(reading *g, read_passage *q, uint32_t start, uint32_t end, uint32_t site, hx_str to,
                double log_prob, double own) {
    bool han = all_han((hx_str){q->p->text.ptr + start, end - start}) || all_han(to);
    hx_fix *x = same_fix(q->p, start, end, to);
    if (!x) {
        x = hx__fix_add(q->p, g->arena, han ? HX_FIX_ZH_SAID : HX_FIX_EN_SAID, start, end, to);
        if (!x) return;
        x->site = site;
        x->f[HX_FIX_A] = to.len == 0;
        x->f[HX_FIX_B] = start == end;
        x->f[HX_FIX_C] = (float)hx_utf8_count(to) -
                         (float)hx_utf8_count((hx_str){q->p->text.ptr + start, end - start});
    }
    set_head(x, log_prob, own);
}

static void note_gap(reading *g, read_passage *q, size_t t, double log_prob, double own) {
    if (g->n_gaps == g->room || g->r->missing < 0) return;
    g->gaps[g->n_gaps++] = (gap){(uint32_t)t, q, log_prob, own};
}

/* What is not said is less likely than what is. */
static void set_unsaid(hx_fix *x, double own) {
    x->f[HX_FIX_HEAD] = within(log1p(-exp(own < -1e-6 ? own : -1e-6)) - own - 3, HEAD_MAX);
    x->f[HX_FIX_HEAD_TO] = -(float)HEAD_MAX;
}

/* The token that stands at `s` when the fix is made; -1: no token is that, or the fix reaches beyond. */
static int32_t token_with(const hx_correct_reader *r, hx_str text, hx_token_span s,
                          const hx_fix *x) {
    char with[64];
    uint64_t *id;
    size_t head = x->start - s.start, tail = s.end - x->end;
    if (x->end > s.end || head + x->to.len + tail > sizeof with) return -1;
    if (head + x->to.len + tail == 0) return r->gone;
    memcpy(with, text.ptr + s.start, head);
    if (x->to.len > 0) memcpy(with + head, x->to.ptr, x->to.len);
    memcpy(with + head + x->to.len, text.ptr + x->end, tail);
    id = hx_map_get(&r->han, hx_hash((hx_str){with, head + x->to.len + tail}));
    return id ? (int32_t)(*id - 1) : -1;
}

/* Token t, of Han characters. */
static void read_han(reading *g, read_passage *q, size_t t, const float *row) {
    said_token said[SAID_MAX];
    double own;
    size_t n = likeliest(row, g->r->n_vocab, q->ids[t], said, &own);
    hx_token_span s = q->spans[t];
    for (size_t i = 0; i < q->p->n_fixes; i++) {
        hx_fix *x = &q->p->fixes[i];
        if (x->start < s.start || x->start >= s.end) continue;
        int32_t id = token_with(g->r, q->p->text, s, x);
        if (id >= 0)
            set_head(x, (double)(row[id] - row[q->ids[t]]) + own, own);
        else
            set_unsaid(x, own);
    }
    for (size_t i = 0; i < n; i++) {
        hx_str to = hx_llama_token(g->r->model, said[i].id);
        if (said[i].id == g->r->gone)
            say(g, q, s.start, s.end, s.start, HX_STR_LIT(""), said[i].log_prob, own);
        else if (said[i].id == g->r->missing)
            note_gap(g, q, t, said[i].log_prob, own);
        else if (all_han(to))
            say(g, q, s.start, s.end, s.start, to, said[i].log_prob, own);
    }
}

/* The end of the word between blanks that token t begins. */
static size_t word_tokens_end(const read_passage *q, size_t t) {
    size_t end = t + 1;
    while (end < q->n && q->spans[end].end > q->spans[end].start &&
           q->spans[end].start == q->spans[end - 1].end && !all_han(span_text(q, end)))
        end++;
    return end;
}

static void read_word(reading *g, read_passage *q, size_t from, size_t to, const float *rows) {
    int32_t ids[32];
    size_t n = 0;
    double log_prob = 0, own = 0;
    bool other = false;
    for (size_t t = from; t < to; t++) {
        said_token said[SAID_MAX];
        double kept;
        size_t some =
            likeliest(rows + (t - 1) * g->r->n_vocab, g->r->n_vocab, q->ids[t], said, &kept);
        own += kept;
        if (some > 0 && said[0].id == g->r->missing && t == from)
            note_gap(g, q, t, said[0].log_prob, kept);
        bool changes = some > 0 && said[0].log_prob > kept && said[0].id != g->r->missing;
        log_prob += changes ? said[0].log_prob : kept;
        other = other || changes;
        if (changes && said[0].id == g->r->gone) continue;
        if (n < sizeof ids / sizeof *ids) ids[n++] = changes ? said[0].id : q->ids[t];
    }
    uint32_t start = q->spans[from].start, end = q->spans[to - 1].end;
    for (size_t i = 0; i < q->p->n_fixes; i++) {
        hx_fix *x = &q->p->fixes[i];
        if (x->start < start || x->start >= end) continue;
        set_unsaid(x, own);
    }
    hx_str text = {NULL, 0};
    hx_error ignored = {.code = HX_OK};
    if (!other || n == sizeof ids / sizeof *ids) return;
    if (n > 0 &&
        hx_llama_detokenize(g->r->model, ids, n, false, g->arena, &text, &ignored) != HX_OK)
        return;
    while (text.len > 0 && text.ptr[0] == ' ')
        text = (hx_str){text.ptr + 1, text.len - 1};
    if (text.len == 0 && start > 0 && q->p->text.ptr[start - 1] == ' ') start--;
    if (hx_utf8_is_valid(text)) say(g, q, start, end, q->spans[from].start, text, log_prob, own);
}

static void read_rows(reading *g, read_passage *q, const float *rows) {
    for (size_t t = 1; t < q->n;) {
        if (q->spans[t].end == q->spans[t].start) {
            t++;
        } else if (all_han(span_text(q, t))) {
            read_han(g, q, t, rows + (t - 1) * g->r->n_vocab);
            t++;
        } else {
            size_t end = word_tokens_end(q, t);
            read_word(g, q, t, end, rows);
            t = end;
        }
    }
}

/* ------------------------------------------------------------------ passes */
static hx_status run_pieces(hx_correct_reader *r, hx_llama_piece *pieces, size_t n, hx_error *err) {
    return n > 0 ? hx_llama_run(r->context, pieces, n, err) : HX_OK;
}

static hx_status read_both_ways(reading *g, read_passage *list, size_t n, hx_error *err) {
    hx_llama_piece *pieces = hx_arena_alloc(g->arena, (n + 1) * sizeof *pieces);
    if (!pieces) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t from = 0, to; from < n; from = to) {
        size_t tokens = 0;
        for (to = from; to < n && (to == from || tokens + list[to].n <= TOKENS_AT_ONCE); to++) {
            tokens += list[to].n;
            pieces[to] = (hx_llama_piece){.ids = list[to].ids,
                                          .n = list[to].n,
                                          .sequence = -1,
                                          .want = HX_WANT_LOGITS_ALL,
                                          .bidirectional = true};
        }
        HX_TRY(run_pieces(g->r, pieces + from, to - from, err));
        for (size_t i = from; i < to; i++) {
            size_t rows;
            const float *logits = hx_llama_logits(g->r->context, i - from, &rows);
            if (logits && rows == list[i].n) read_rows(g, &list[i], logits);
        }
    }
    return HX_OK;
}

/* Where something is missing: what. */
static void fill_gap(reading *g, const gap *x, const float *row) {
    said_token said[SAID_MAX];
    double own;
    size_t n = likeliest(row, g->r->n_vocab, g->r->missing, said, &own);
    uint32_t at = x->q->spans[x->at].start;
    for (size_t i = 0; i < n; i++) {
        hx_str text = {NULL, 0};
        hx_error ignored = {.code = HX_OK};
        bool spaced = at > 0 && x->q->p->text.ptr[at - 1] == ' ';
        if (said[i].id == g->r->gone || said[i].id == g->r->missing) continue;
        if (hx_llama_detokenize(g->r->model, &said[i].id, 1, false, g->arena, &text, &ignored) !=
            HX_OK)
            continue;
        while (text.len > 0 && text.ptr[0] == ' ')
            text = (hx_str){text.ptr + 1, text.len - 1};
        if (text.len == 0 || !hx_utf8_is_valid(text)) continue;
        char *copy = hx_arena_alloc(g->arena, text.len + 2);
        if (!copy) return;
        memcpy(copy, text.ptr, text.len);
        if (spaced) copy[text.len] = ' ';
        say(g, x->q, at, at, at, (hx_str){copy, text.len + spaced}, x->log_prob + said[i].log_prob,
            x->own);
    }
}

static hx_status read_gaps(reading *g, hx_error *err) {
    for (size_t from = 0, to; from < g->n_gaps; from = to) {
        hx_llama_piece pieces[32];
        size_t tokens = 0;
        for (to = from; to < g->n_gaps && to - from < 32; to++) {
            const gap *x = &g->gaps[to];
            if (to > from && tokens + x->q->n + 1 > TOKENS_AT_ONCE) break;
            tokens += x->q->n + 1;
            int32_t *ids = hx_arena_alloc(g->arena, (x->q->n + 1) * sizeof *ids);
            if (!ids) return hx_fail(err, HX_ENOMEM, "out of memory");
            memcpy(ids, x->q->ids, x->at * sizeof *ids);
            ids[x->at] = g->r->missing;
            memcpy(ids + x->at + 1, x->q->ids + x->at, (x->q->n - x->at) * sizeof *ids);
            pieces[to - from] = (hx_llama_piece){.ids = ids,
                                                 .n = x->q->n + 1,
                                                 .sequence = -1,
                                                 .want = HX_WANT_LOGITS_ALL,
                                                 .bidirectional = true};
        }
        HX_TRY(run_pieces(g->r, pieces, to - from, err));
        for (size_t i = from; i < to; i++) {
            size_t rows;
            const float *logits = hx_llama_logits(g->r->context, i - from, &rows);
            if (logits && rows > g->gaps[i].at)
                fill_gap(g, &g->gaps[i], logits + (g->gaps[i].at - 1) * g->r->n_vocab);
        }
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ read forwards */
typedef struct {
    read_passage *q;
    hx_fix *fix; /* NULL: the passage as it stands */
    const int32_t *ids;
    size_t n;
} variant;

static float promise(const hx_fix *x) {
    return x->f[HX_FIX_HEAD] + UNITS_SHARE * x->f[HX_FIX_UNITS];
}

static int by_promise(const void *a, const void *b) {
    const hx_fix *x = *(hx_fix *const *)a, *y = *(hx_fix *const *)b;
    if (promise(x) != promise(y)) return promise(x) > promise(y) ? -1 : 1;
    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return hx_str_compare(x->to, y->to);
}

static hx_status make_variant(reading *g, read_passage *q, hx_fix *x, variant *out, hx_error *err) {
    const hx_token_options options = {.special = true};
    hx_str text = q->p->text;
    hx_tokens tokens;
    size_t len = x->start + x->to.len + (text.len - x->end);
    char *with = hx_arena_alloc(g->arena, len + 1);
    if (!with) return hx_fail(err, HX_ENOMEM, "out of memory");
    memcpy(with, text.ptr, x->start);
    memcpy(with + x->start, x->to.ptr, x->to.len);
    memcpy(with + x->start + x->to.len, text.ptr + x->end, text.len - x->end);
    HX_TRY(hx_llama_tokenize(g->r->model, (hx_str){with, len}, &options, g->arena, &tokens, NULL,
                             err));
    *out = (variant){.q = q, .fix = x, .ids = tokens.ids, .n = tokens.n};
    return HX_OK;
}

static hx_status make_variants(reading *g, read_passage *q, variant *out, size_t *n,
                               hx_error *err) {
    hx_passage *p = q->p;
    size_t some = 0;
    hx_fix **list = hx_arena_alloc(g->arena, (p->n_fixes + 1) * sizeof(hx_fix *));
    if (!list) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < p->n_fixes; i++)
        if ((double)p->fixes[i].f[HX_FIX_HEAD] > CAUSAL_ODDS) list[some++] = &p->fixes[i];
    if (some == 0) return HX_OK;
    qsort(list, some, sizeof *list, by_promise);
    q->base = hx_arena_alloc(g->arena, (q->n + 1) * sizeof *q->base);
    if (!q->base) return hx_fail(err, HX_ENOMEM, "out of memory");
    out[(*n)++] = (variant){.q = q, .ids = q->ids, .n = q->n};
    for (size_t i = 0; i < some && i < CAUSAL_SOME; i++)
        HX_TRY(make_variant(g, q, list[i], &out[(*n)++], err));
    return HX_OK;
}

static float next_log_prob(const int32_t *ids, size_t t, const float *logits, size_t n_vocab) {
    const float *row = logits + t * n_vocab;
    return row[ids[t + 1]] - log_sum(row, n_vocab);
}

/* Up to where both begin alike the model says the same of both. */
static void take_variant(const variant *v, const float *logits, size_t n_vocab) {
    read_passage *q = v->q;
    double gain = 0;
    size_t same = 0;
    if (!v->fix) {
        for (size_t t = 0; t + 1 < q->n; t++)
            q->base[t] = next_log_prob(q->ids, t, logits, n_vocab);
        return;
    }
    while (same + 1 < v->n && same + 1 < q->n && v->ids[same + 1] == q->ids[same + 1])
        same++;
    for (size_t t = same; t + 1 < v->n; t++)
        gain += (double)next_log_prob(v->ids, t, logits, n_vocab);
    for (size_t t = same; t + 1 < q->n; t++)
        gain -= (double)q->base[t];
    v->fix->f[HX_FIX_CAUSAL] = within(gain, CAUSAL_MAX);
}

static hx_status read_forwards(reading *g, variant *list, size_t n, hx_error *err) {
    hx_llama_piece pieces[32];
    for (size_t from = 0, to; from < n; from = to) {
        size_t tokens = 0;
        for (to = from; to < n && to - from < 32; to++) {
            if (to > from && tokens + list[to].n > TOKENS_AT_ONCE) break;
            tokens += list[to].n;
            pieces[to - from] = (hx_llama_piece){
                .ids = list[to].ids, .n = list[to].n, .sequence = -1, .want = HX_WANT_LOGITS_ALL};
        }
        HX_TRY(run_pieces(g->r, pieces, to - from, err));
        for (size_t i = from; i < to; i++) {
            size_t rows;
            const float *logits = hx_llama_logits(g->r->context, i - from, &rows);
            if (logits && rows == list[i].n) take_variant(&list[i], logits, g->r->n_vocab);
        }
    }
    return HX_OK;
}

hx_status hx__correct_read(hx_correct_reader *r, hx_passage *passages, size_t n, hx_arena *arena,
                           hx_error *err) {
    const hx_token_options options = {.special = true};
    reading g = {.r = r, .arena = arena, .room = 4 * n + 16};
    read_passage *list = hx_arena_alloc(arena, (n + 1) * sizeof *list);
    variant *variants = hx_arena_alloc(arena, (n + 1) * (CAUSAL_SOME + 1) * sizeof *variants);
    size_t some = 0, n_variants = 0;
    g.gaps = hx_arena_alloc(arena, g.room * sizeof *g.gaps);
    if (!list || !variants || !g.gaps) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        hx_tokens tokens;
        hx_token_span *spans;
        if (passages[i].text.len > HX_PASSAGE_MAX) continue;
        HX_TRY(hx_llama_tokenize(r->model, passages[i].text, &options, arena, &tokens, NULL, err));
        if (tokens.n < 2 || tokens.n > TOKENS_MAX) continue;
        HX_TRY(hx_llama_token_spans(r->model, passages[i].text, tokens.ids, tokens.n, arena, &spans,
                                    err));
        list[some++] =
            (read_passage){.p = &passages[i], .ids = tokens.ids, .spans = spans, .n = tokens.n};
    }
    HX_TRY(read_both_ways(&g, list, some, err));
    HX_TRY(read_gaps(&g, err));
    for (size_t i = 0; i < some; i++)
        HX_TRY(make_variants(&g, &list[i], variants, &n_variants, err));
    return read_forwards(&g, variants, n_variants, err);
}
