/* explain.c - what each word adds to a score that is no sum: Owen values by erasure; see huaxiang/explain.h.
 *
 *     text      |屏幕 很 清楚， | 但是 物流 太慢。|        players: words, a mark goes with the word before it
 *     clauses   |       0       |        1        |        order: clauses drawn, words in each drawn
 *     variants  ""  太慢。  物流太慢。  但是物流太慢。  很但是物流太慢。 ...  the text
 *
 * What a word adds in a round is the difference between two neighbouring variants, so a round's differences sum to v(text) - v("") whatever the order;
 * its value is the mean of all rounds. Each v is rounded to 1/4096 and there are 2^k rounds, so every mean and every sum of them is exact in a double.
 * Every second round goes through the order of the one before from its end.
 *
 * All variants are one call, so that a language model reads them packed. Texts of more than HX_EXPLAIN_PARTS words have clauses for players, and of
 * more clauses than that several in a row. */
#include "huaxiang/text.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "text/annotator.h"
#include "text/explain.h"

#define ROUNDS_MOST 64
#define LONG_TEXT 32 /* players from which on two rounds are all */

typedef struct {
    uint32_t from, to; /* bytes that go with it */
    hx_span span; /* without the blanks at its ends */
    uint32_t clause;
} explain_player;

typedef struct {
    hx_str text;
    explain_player *list;
    uint32_t n, n_clauses;
} explain_game;

/* ------------------------------------------------------------------ players */
static bool ends_clause(hx_str text, hx_span word) {
    static const char marks[] = ",.!?;:~\n";
    static const char *const wide[] = {"，", "。", "！", "？", "；", "：", "…"};
    const char *last = text.ptr + word.end;
    size_t len = word.end - word.start;
    if (len > 0 && strchr(marks, last[-1])) return last[-1] != '\0';
    for (size_t i = 0; len >= 3 && i < sizeof wide / sizeof *wide; i++)
        if (memcmp(last - 3, wide[i], 3) == 0) return true;
    return false;
}

/* A mark, or what cleaning drops. */
static bool is_mark(const hx_word *w) {
    size_t at = 0;
    if (w->text.len == 0) return true;
    uint32_t cp = hx_utf8_next(w->text, &at);
    if (at < w->text.len) return false;
    if (cp < 0x80) return !(cp >= 'a' && cp <= 'z') && !(cp >= '0' && cp <= '9');
    return (cp >= 0x2010 && cp <= 0x2060) || (cp >= 0x3001 && cp <= 0x301F) ||
           (cp >= 0xFF01 && cp <= 0xFF20);
}

static void take_words(explain_game *g, const hx_word *words, size_t n) {
    bool open = false;
    for (size_t i = 0; i < n; i++) {
        bool joins = g->n > 0 && is_mark(&words[i]);
        if (!joins) {
            g->list[g->n++] = (explain_player){
                .from = words[i].span.start, .span = words[i].span, .clause = g->n_clauses - open};
            if (!open) g->list[g->n - 1].clause = g->n_clauses++;
            open = true;
        }
        g->list[g->n - 1].span.end = words[i].span.end;
        if (ends_clause(g->text, words[i].span)) open = false;
    }
}

/* Several players in a row that `same` says belong together become one. */
static void merge(explain_game *g, uint32_t most) {
    uint32_t out = 0, each = (g->n_clauses + most - 1) / most;
    if (g->n <= most || each == 0) return;
    for (uint32_t i = 0; i < g->n; i++) {
        uint32_t clause = g->list[i].clause / each;
        if (out > 0 && g->list[out - 1].clause == clause) {
            g->list[out - 1].span.end = g->list[i].span.end;
            continue;
        }
        g->list[out] = g->list[i];
        g->list[out++].clause = clause;
    }
    g->n = out;
    g->n_clauses = out;
}

static void set_bytes(explain_game *g) {
    for (uint32_t i = 0; i < g->n; i++) {
        g->list[i].from = i == 0 ? 0 : g->list[i].span.start;
        g->list[i].to = i + 1 < g->n ? g->list[i + 1].span.start : (uint32_t)g->text.len;
    }
}

static hx_status find_players(hx_annotator *a, hx_str text, hx_arena *arena, explain_game *g,
                              hx_error *err) {
    const hx_word *words;
    size_t n;
    *g = (explain_game){.text = text};
    HX_TRY(hx_text_words(a, text, arena, &words, &n, err));
    g->list = hx_arena_alloc(arena, (n + 1) * sizeof *g->list);
    if (!g->list)
        return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                       text.len);
    take_words(g, words, n);
    merge(g, HX_EXPLAIN_PARTS);
    set_bytes(g);
    return HX_OK;
}

/* ------------------------------------------------------------------ orders */
static void shuffle(hx_rng *rng, uint32_t *list, uint32_t n) {
    for (uint32_t i = n; i > 1; i--) {
        uint32_t k = (uint32_t)hx_rng_below(rng, i), was = list[i - 1];
        list[i - 1] = list[k];
        list[k] = was;
    }
}

/* Clauses drawn, then the words of each; players of a clause stand together. room: (n_clauses). */
static void draw_order(const explain_game *g, hx_rng *rng, uint32_t *room, uint32_t *order) {
    uint32_t at = 0;
    for (uint32_t c = 0; c < g->n_clauses; c++)
        room[c] = c;
    shuffle(rng, room, g->n_clauses);
    for (uint32_t c = 0; c < g->n_clauses; c++) {
        uint32_t first = at;
        for (uint32_t i = 0; i < g->n; i++)
            if (g->list[i].clause == room[c]) order[at++] = i;
        shuffle(rng, order + first, at - first);
    }
}

static void draw_orders(const explain_game *g, uint64_t seed, size_t rounds, uint32_t *room,
                        uint32_t *orders) {
    hx_rng rng;
    hx_rng_seed(&rng, seed);
    for (size_t r = 0; r < rounds; r++) {
        uint32_t *order = orders + r * g->n;
        if (r % 2 == 0) draw_order(g, &rng, room, order);
        for (uint32_t i = 0; r % 2 == 1 && i < g->n; i++)
            order[i] = order[(ptrdiff_t)-1 - (ptrdiff_t)i];
    }
}

/* ------------------------------------------------------------------ variants */
/* The text of the players whose `in` is set; NULL when out of memory. */
static char *write_variant(const explain_game *g, const bool *in, hx_arena *arena, hx_str *out) {
    char *at = hx_arena_alloc(arena, g->text.len + 1), *start = at;
    for (uint32_t i = 0; at && i < g->n; i++) {
        if (!in[i]) continue;
        size_t len = g->list[i].to - g->list[i].from;
        memcpy(at, g->text.ptr + g->list[i].from, len);
        at += len;
    }
    *out = (hx_str){start, (size_t)(at - start)};
    return start;
}

/* texts: the empty one, the whole one, then n - 1 a round. */
static bool write_variants(const explain_game *g, const uint32_t *orders, size_t rounds, bool *in,
                           hx_arena *arena, hx_str *texts) {
    size_t k = 2;
    texts[0] = HX_STR_LIT("");
    texts[1] = g->text;
    for (size_t r = 0; r < rounds; r++) {
        memset(in, 0, g->n * sizeof *in);
        for (uint32_t i = 0; i + 1 < g->n; i++) {
            in[orders[r * g->n + i]] = true;
            if (!write_variant(g, in, arena, &texts[k++])) return false;
        }
    }
    return true;
}

static double rounded(double x) {
    return nearbyint(x * 4096) / 4096;
}

/* logits: one every `step`. */
static void sum_up(const explain_game *g, const uint32_t *orders, size_t rounds,
                   const double *logits, size_t step, hx_evidence *parts, hx_explanation *out) {
    double bias = rounded(logits[0]), whole = rounded(logits[step]);
    for (uint32_t i = 0; i < g->n; i++)
        parts[i] = (hx_evidence){g->list[i].span, 0};
    for (size_t r = 0, k = 2; r < rounds; r++) {
        double before = bias;
        for (uint32_t i = 0; i < g->n; i++) {
            double v = i + 1 < g->n ? rounded(logits[step * k++]) : whole;
            parts[orders[r * g->n + i]].weight += (v - before) / (double)rounds;
            before = v;
        }
    }
    out->bias = bias;
    out->logit = whole;
    out->parts = parts;
    out->n_parts = g->n;
}

static size_t rounds_of(const hx_text_scorer *s, const explain_game *g) {
    size_t rounds = 2, wanted = s->rounds ? s->rounds : g->n <= LONG_TEXT ? 8 : 2;
    while (2 * rounds <= wanted && rounds < ROUNDS_MOST)
        rounds *= 2;
    return rounds;
}

hx_status hx__explain_all(hx_annotator *a, hx_str text, const hx_text_scorer *s, size_t k,
                          hx_arena *scratch, hx_arena *arena, hx_explanation *out, hx_error *err) {
    explain_game g;
    HX_TRY(find_players(a, text, scratch, &g, err));
    size_t rounds = rounds_of(s, &g), n = g.n > 1 ? 2 + rounds * (g.n - 1) : 2;
    uint32_t *orders = hx_arena_alloc(scratch, (rounds * g.n + g.n_clauses + 1) * sizeof *orders);
    hx_str *texts = hx_arena_alloc(scratch, n * sizeof *texts);
    double *logits = hx_arena_alloc(scratch, n * k * sizeof *logits);
    bool *in = hx_arena_alloc(scratch, g.n + 1);
    hx_evidence *parts = hx_arena_alloc(arena, (k * g.n + 1) * sizeof *parts);
    bool has_room = orders && texts && logits && in && parts;
    if (has_room) draw_orders(&g, s->seed, rounds, orders + rounds * g.n, orders);
    if (!has_room || !write_variants(&g, orders, rounds, in, scratch, texts))
        return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                       text.len);
    HX_TRY(s->score(s->context, texts, n, logits, err));
    for (size_t i = 0; i < k; i++) {
        if (g.n == 0) logits[k + i] = logits[i];
        sum_up(&g, orders, rounds, logits + i, k, parts + i * g.n, &out[i]);
        out[i].asked = n;
        out[i].score = 1 / (1 + exp(-out[i].logit));
    }
    return HX_OK;
}

hx_status hx_text_explain(hx_annotator *a, hx_str text, const hx_text_scorer *scorer,
                          hx_arena *arena, hx_explanation *out, hx_error *err) {
    hx_explanation e = {.bias = 0};
    if (scorer) {
        hx_arena *scratch = hx_arena_new((size_t)1 << 30);
        if (!scratch)
            return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                           text.len);
        hx_status status = hx__explain_all(a, text, scorer, 1, scratch, arena, &e, err);
        hx_arena_free(scratch);
        HX_TRY(status);
    } else {
        hx_sentiment mood;
        HX_TRY(hx_text_sentiment(a, text, arena, &mood, err));
        e = (hx_explanation){.bias = mood.bias,
                             .logit = mood.logit,
                             .parts = mood.evidence,
                             .n_parts = mood.n_evidence};
    }
    e.score = 1 / (1 + exp(-e.logit));
    *out = e;
    return HX_OK;
}
