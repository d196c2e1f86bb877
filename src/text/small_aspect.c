/* small_aspect.c - aspects of the engine `llama`: the head `aspects` says which sides of a purchase a text speaks of and how, the table of the rules where.
 *
 *     labels of 0.5 and more:  taste:positive .93  price:negative .71      table:  味道 -> taste, 太贵 -> price
 *
 * 1. What the rules found keeps its place (span, opinion). Where the head has labels of 0.5 and more for it, they decide: the surer side, or both where
 *    both are (mixed); of what the head says nothing the rules' word stays.
 * 2. What the head finds and the table has no term for: each clause is read by itself; the one that says it most surely is the span, and the opinion.
 *    Of a text of one clause this is the text.
 * 3. Names: the head's labels mean lines of the table where they are known under another name (cleanliness is hygiene); what is in no table has names here.
 *
 * The logit of such an aspect is that of its probability, rounded to 1/4096, of a mixed one that of the one side less that of the other; its evidence is one
 * piece, the opinion, with all of the weight, so that evidence adds up to the logit as with the rules. The score is the probability of the side, of mixed
 * the lesser one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "text/annotator.h"
#include "text/aspect.h"
#include "text/clause.h"
#include "text/small_read.h"

enum { CLAUSES_MOST = 64, SIDES_MOST = 64 };

static const double logit_unit = 4096, logit_most = 30, side_holds = 0.5;

/* The head's names of what the table calls otherwise, or does not have. */
static const struct {
    const char *label, *id, *en, *zh;
} side_names[] = {{"appearance", "look", "look", "外观"},
                  {"cleanliness", "hygiene", "hygiene", "卫生"},
                  {"performance", "function", "function", "功能"},
                  {"content", "story", "story", "内容"},
                  {"material", "material", "material", "材质"},
                  {"smell", "smell", "smell", "气味"},
                  {"network", "network", "network", "网络"},
                  {"acting", "acting", "acting", "演技"},
                  {"printing", "printing", "printing", "印刷"},
                  {"installation", "installation", "installation", "安装"}};

/* One aspect that the head finds. */
typedef struct {
    hx_str name; /* as its labels have it */
    double good, bad; /* probabilities; 0 = no such label */
    size_t good_label, bad_label;
} side;

typedef struct {
    hx_annotator *a;
    const hx_small *small;
    hx_str given;
    const hx_analysis *text;
    const hx_mentions *mentions;
    hx_arena *arena;
    hx_aspect *list;
    size_t n;
    hx_span *clauses; /* NULL: not read yet */
    const float *read; /* (n_clauses, labels) */
    size_t n_clauses;
} side_case;

static hx_status no_memory(const side_case *s, hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                   s->text->clean.text.len);
}

/* ------------------------------------------------------------------ what the head found */
static side *side_of(side *sides, size_t *n, hx_str name) {
    for (size_t i = 0; i < *n; i++)
        if (hx_str_equal(sides[i].name, name)) return &sides[i];
    if (*n == SIDES_MOST) return NULL;
    sides[*n] = (side){.name = name};
    return &sides[(*n)++];
}

/* Sides with a label of at least side_holds, in the order of the head's labels. */
static size_t find_sides(const side_case *s, const float *p, side *sides) {
    size_t head = s->small->heads[HX_SMALL_ASPECTS], n = 0;
    size_t n_labels = hx_llama_head_of(s->small->llama, head)->n_labels;
    for (size_t i = 0; i < n_labels; i++) {
        const char *label = hx_llama_head_label(s->small->llama, head, i);
        const char *colon = strrchr(label, ':');
        if (!colon || (double)p[i] < side_holds) continue;
        bool good = strcmp(colon, ":positive") == 0;
        if (!good && strcmp(colon, ":negative") != 0) continue;
        side *x = side_of(sides, &n, (hx_str){label, (size_t)(colon - label)});
        if (!x) continue;
        *(good ? &x->good : &x->bad) = (double)p[i];
        *(good ? &x->good_label : &x->bad_label) = i;
    }
    return n;
}

static double logit_of(double p) {
    if (p <= 0) return 0;
    double logit = p < 1 ? log(p / (1 - p)) : logit_most;
    return fmin(fmax(logit, 1 / logit_unit), logit_most);
}

/* Says of an aspect with a span what the head says. */
static hx_status say_side(const side_case *s, const side *x, hx_aspect *to, hx_error *err) {
    double logit = logit_of(x->good) - logit_of(x->bad);
    hx_evidence *e = hx_arena_alloc(s->arena, sizeof *e);
    if (!e) return no_memory(s, err);
    to->logit = nearbyint(logit * logit_unit) / logit_unit;
    to->label = x->good > 0 && x->bad > 0 ? HX_SENTIMENT_MIXED
                : x->good > 0             ? HX_SENTIMENT_POSITIVE
                                          : HX_SENTIMENT_NEGATIVE;
    to->score = to->label == HX_SENTIMENT_MIXED ? fmin(x->good, x->bad) : fmax(x->good, x->bad);
    bool said = to->opinion.start < to->opinion.end;
    *e = (hx_evidence){said ? to->opinion : to->span, to->logit};
    to->evidence = e;
    to->n_evidence = to->logit != 0;
    return HX_OK;
}

/* ------------------------------------------------------------------ where it says so */
static hx_status cut_clauses(side_case *s, hx_error *err) {
    const hx_clean *c = &s->text->clean;
    hx_clauses found;
    HX_TRY(hx__clauses_find(s->a, s->text, s->mentions, &found, err));
    size_t n = found.n < CLAUSES_MOST ? found.n : CLAUSES_MOST;
    s->clauses = hx_arena_alloc(s->a->scratch, (n + 1) * sizeof *s->clauses);
    if (!s->clauses) return no_memory(s, err);
    for (size_t i = 0; i < n; i++) {
        size_t start = found.list[i].start;
        size_t end = i + 1 < n ? found.list[i + 1].start : c->text.len;
        while (end > start && c->text.ptr[end - 1] == ' ')
            end--;
        if (end > start) s->clauses[s->n_clauses++] = hx__clean_span(c, start, end);
    }
    return HX_OK;
}

static hx_status read_clauses(side_case *s, hx_error *err) {
    HX_TRY(cut_clauses(s, err));
    if (s->n_clauses < 2) return HX_OK;
    hx_str *texts = hx_arena_alloc(s->a->scratch, s->n_clauses * sizeof *texts);
    if (!texts) return no_memory(s, err);
    for (size_t i = 0; i < s->n_clauses; i++)
        texts[i] =
            (hx_str){s->given.ptr + s->clauses[i].start, s->clauses[i].end - s->clauses[i].start};
    return hx__small_sides(s->a->small, texts, s->n_clauses, s->a->scratch, &s->read, err);
}

static hx_status find_place(side_case *s, const side *x, hx_span *out, hx_error *err) {
    size_t head = s->small->heads[HX_SMALL_ASPECTS], best = 0;
    size_t width = hx_llama_head_of(s->small->llama, head)->n_labels;
    size_t label = x->good >= x->bad ? x->good_label : x->bad_label;
    if (!s->clauses) HX_TRY(read_clauses(s, err));
    for (size_t i = 1; s->read && i < s->n_clauses; i++)
        if (s->read[i * width + label] > s->read[best * width + label]) best = i;
    *out = s->n_clauses > 0 ? s->clauses[best] : (hx_span){0, (uint32_t)s->given.len};
    return HX_OK;
}

/* ------------------------------------------------------------------ both together */
static void name_side(const side_case *s, hx_str label, hx_str *id, hx_str *name) {
    const hx_lexicon *l = s->a->model->lexicon;
    const hx_aspect_entry *table = (const hx_aspect_entry *)(const void *)l->aspect_table.ptr;
    bool english = s->text->lang == HX_LANG_EN || s->text->lang == HX_LANG_OTHER;
    *id = *name = label;
    for (size_t i = 0; i < sizeof side_names / sizeof *side_names; i++)
        if (hx_str_equal(label, hx_str_of(side_names[i].label))) {
            *id = hx_str_of(side_names[i].id);
            *name = hx_str_of(english ? side_names[i].en : side_names[i].zh);
        }
    for (size_t i = 0; i < l->aspect_table.len / sizeof *table; i++)
        if (hx_str_equal(*id, table[i].id)) *name = english ? table[i].en : table[i].zh;
}

static hx_status put_side(side_case *s, const side *x, hx_error *err) {
    hx_str id, name;
    name_side(s, x->name, &id, &name);
    for (size_t i = 0; i < s->n; i++)
        if (hx_str_equal(s->list[i].id, id)) return say_side(s, x, &s->list[i], err);
    hx_aspect found = {.id = hx_arena_str(s->arena, id), .name = hx_arena_str(s->arena, name)};
    if (!found.id.ptr || !found.name.ptr) return no_memory(s, err);
    HX_TRY(find_place(s, x, &found.span, err));
    found.opinion = found.span;
    HX_TRY(say_side(s, x, &found, err));
    s->list[s->n++] = found;
    return HX_OK;
}

static int by_place(const void *x, const void *y) {
    const hx_aspect *a = x, *b = y;
    if (a->span.start != b->span.start) return a->span.start < b->span.start ? -1 : 1;
    return hx_str_compare(a->id, b->id);
}

hx_status hx__small_aspects(hx_annotator *a, hx_str given, const hx_analysis *text,
                            const hx_mentions *mentions, hx_arena *arena, const hx_aspect **list,
                            size_t *n, hx_error *err) {
    const hx_small_said *said;
    side sides[SIDES_MOST];
    if (!hx__small_has(a->model->small, HX_SMALL_ASPECTS) || text->n_words == 0) return HX_OK;
    HX_TRY(hx__small_of(a->small, given, HX_ASKS_ASPECTS, &said, err));
    side_case s = {.a = a,
                   .small = a->model->small,
                   .given = given,
                   .text = text,
                   .mentions = mentions,
                   .arena = arena,
                   .n = *n};
    size_t n_sides = find_sides(&s, said->sides, sides);
    if (n_sides == 0) return HX_OK;
    s.list = hx_arena_alloc(arena, (*n + n_sides) * sizeof *s.list);
    if (!s.list) return no_memory(&s, err);
    if (*n > 0) memcpy(s.list, *list, *n * sizeof *s.list);
    for (size_t i = 0; i < n_sides; i++)
        HX_TRY(put_side(&s, &sides[i], err));
    qsort(s.list, s.n, sizeof *s.list, by_place);
    *list = s.list;
    *n = s.n;
    return HX_OK;
}
