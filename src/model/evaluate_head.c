/* evaluate_head.c - how good a head is on labelled data, as training evaluates it; see huaxiang/model.h.
 *
 *     file -> dataset (dataset.h) -> texts, 256 at a time -> what the head says -> figures of src/learn
 *
 * Labels go by name: a label of the data that the head does not know is one that it never says. Words are encoded one by one, as training does;
 * those that max_length cuts off are wrong in spans and count nowhere else. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "huaxiang/learn.h"
#include "huaxiang/model.h"
#include "model/dataset.h"
#include "model/tag_spans.h"

#define A_TIME 256
#define JSON_MAX ((size_t)64 << 20)
#define UNSAID UINT32_MAX /* no tag */

typedef struct {
    hx_llama_context *c;
    const hx_llama *m;
    size_t head;
    const hx_llama_head_info *info;
    const hx_head_evaluation *o;
    hx_dataset *data; /* owned */
    size_t n;
    const char **names; /* (n_names): labels of the head, then those that only the data has */
    size_t n_names;
    uint32_t *place; /* labels of the data among them */
    hx_arena *arena; /* the caller's */
    hx_arena *scratch; /* of a call; owned */
    hx_json_writer w;
    hx_error *err;
} evaluation;

static hx_status no_memory(const evaluation *e) {
    return hx_fail(e->err, HX_ENOMEM, "out of memory");
}

static void put(evaluation *e, const char *key, double v) {
    hx_json_key(&e->w, key);
    hx_json_double(&e->w, v);
}

static void put_count(evaluation *e, const char *key, uint64_t v) {
    hx_json_key(&e->w, key);
    hx_json_int(&e->w, (int64_t)v);
}

static const hx_example *example(const evaluation *e, size_t i) {
    return hx_dataset_at(e->data, HX_PART_TRAIN, i);
}

/* ------------------------------------------------------------------ data */
static hx_status read_data(evaluation *e, const char *path) {
    static const hx_target_kind targets[] = {
        [HX_LLAMA_LABEL] = HX_TARGET_LABEL,   [HX_LLAMA_LABELS] = HX_TARGET_LABELS,
        [HX_LLAMA_NUMBER] = HX_TARGET_NUMBER, [HX_LLAMA_TAG] = HX_TARGET_TAGS,
        [HX_LLAMA_CRF] = HX_TARGET_TAGS,      [HX_LLAMA_TREE] = HX_TARGET_TAGS,
        [HX_LLAMA_SEGMENT] = HX_TARGET_TAGS,  [HX_LLAMA_REPLACED] = HX_TARGET_TAGS};
    const hx_dataset_options options = {
        .text = e->o->text,
        .label = !e->o->label && e->info->kind == HX_LLAMA_TREE ? "deprel" : e->o->label,
        .text2 = e->o->text2,
        .target = targets[e->info->kind],
        .reader = e->o->reader,
        .cancel = e->o->cancel};
    HX_TRY(hx_dataset_read(&e->data, path, &options, e->err));
    e->n = hx_dataset_count(e->data, HX_PART_TRAIN);
    if (e->o->n > 0 && e->n > e->o->n) e->n = e->o->n;
    if (e->o->text2 && !e->info->pairs)
        return hx_fail(e->err, HX_EINVAL,
                       "the head %s learnt from single texts; --text2 is for heads of pairs",
                       e->info->name);
    return e->n > 0 ? HX_OK : hx_fail(e->err, HX_EINVAL, "%s has no labelled rows", path);
}

static hx_status name_labels(evaluation *e) {
    size_t n = e->info->n_labels, more = hx_dataset_n_labels(e->data);
    e->names = hx_arena_alloc(e->arena, (n + more + 1) * sizeof *e->names);
    e->place = hx_arena_alloc(e->arena, (more + 1) * sizeof *e->place);
    if (!e->names || !e->place) return no_memory(e);
    for (; e->n_names < n; e->n_names++)
        e->names[e->n_names] = hx_llama_head_label(e->m, e->head, e->n_names);
    for (size_t i = 0; i < more; i++) {
        size_t k = 0;
        while (k < n && strcmp(e->names[k], hx_dataset_label(e->data, i)) != 0)
            k++;
        if (k == n) k = e->n_names++;
        e->names[k] = hx_dataset_label(e->data, i);
        e->place[i] = (uint32_t)k;
    }
    return HX_OK;
}

/* `seconds` NULL = not wanted. */
static hx_status next_texts(const evaluation *e, size_t at, hx_str *texts, hx_str *seconds,
                            size_t *n) {
    if (hx_flag_is_raised(e->o->cancel))
        return hx_fail(e->err, HX_ECANCELLED, "stopped on request");
    *n = e->n - at < A_TIME ? e->n - at : A_TIME;
    for (size_t i = 0; i < *n; i++)
        texts[i] = example(e, at + i)->text;
    for (size_t i = 0; seconds && i < *n; i++)
        seconds[i] = example(e, at + i)->text2;
    hx_arena_reset(e->scratch);
    if (e->o->progress) e->o->progress(e->o->context, at, e->n);
    return HX_OK;
}

/* ------------------------------------------------------------------ texts */
/* (n, n_labels) of all texts. */
static hx_status read_texts(const evaluation *e, float **out) {
    hx_str texts[A_TIME], seconds[A_TIME];
    size_t wide = e->info->n_labels;
    *out = hx_arena_alloc(e->arena, (e->n * wide + 1) * sizeof **out);
    if (!*out) return no_memory(e);
    for (size_t at = 0, n = 0; at < e->n; at += n) {
        float *to = *out + at * wide;
        HX_TRY(next_texts(e, at, texts, seconds, &n));
        HX_TRY(hx_llama_read_pairs(e->c, &e->head, 1, texts, e->o->text2 ? seconds : NULL, n,
                                   e->o->max_length, &to, e->err));
        if (e->o->join) HX_TRY(e->o->join(e->o->join_context, texts, n, to, e->err));
    }
    return HX_OK;
}

static hx_status evaluate_number(evaluation *e, const float *said) {
    double *values = hx_arena_alloc(e->arena, 2 * e->n * sizeof *values), *found = values + e->n;
    hx_regression m;
    if (!values) return no_memory(e);
    for (size_t i = 0; i < e->n; i++) {
        values[i] = example(e, i)->number;
        found[i] = (double)said[i];
    }
    HX_TRY(hx_regression_of(values, found, e->n, &m, e->err));
    put_count(e, "n", e->n);
    put(e, "mae", m.mae);
    put(e, "rmse", m.rmse);
    put(e, "r2", m.r2);
    put(e, "median_error", m.median_error);
    put(e, "max_error", m.max_error);
    put(e, "mape", m.mape);
    return HX_OK;
}

static void put_label(evaluation *e, size_t label, const float *gold, const float *said,
                      float threshold) {
    uint64_t n = 0, predicted = 0, hit = 0;
    for (size_t i = label; i < e->n * e->n_names; i += e->n_names) {
        bool set = said[i] >= threshold, is = gold[i] > 0.5f;
        n += is;
        predicted += set;
        hit += set && is;
    }
    hx_json_object(&e->w);
    hx_json_key(&e->w, "label");
    hx_json_cstr(&e->w, e->names[label]);
    put_count(e, "n", n);
    put_count(e, "predicted", predicted);
    put(e, "precision", predicted ? (double)hit / (double)predicted : NAN);
    put(e, "recall", n ? (double)hit / (double)n : NAN);
    put(e, "f1", n + predicted ? 2 * (double)hit / (double)(n + predicted) : NAN);
    hx_json_end_object(&e->w);
}

static hx_status evaluate_labels(evaluation *e, const float *said) {
    size_t wide = e->n_names, own = e->info->n_labels;
    float threshold = e->o->threshold > 0 ? (float)e->o->threshold : 0.5f;
    float *gold = hx_arena_alloc(e->arena, 2 * e->n * wide * sizeof *gold), *p = gold + e->n * wide;
    hx_multilabel m;
    if (!gold) return no_memory(e);
    for (size_t i = 0; i < e->n; i++) {
        const uint32_t *many = hx_dataset_many(e->data, example(e, i));
        for (size_t k = 0; k < example(e, i)->n_labels; k++)
            gold[i * wide + e->place[many[k]]] = 1;
        memcpy(p + i * wide, said + i * own, own * sizeof *p);
    }
    HX_TRY(hx_multilabel_of(gold, p, e->n, wide, threshold, e->arena, &m, e->err));
    put_count(e, "n", e->n);
    put(e, "micro_f1", m.micro_f1);
    put(e, "macro_f1", m.macro_f1);
    put(e, "sample_f1", m.sample_f1);
    put(e, "subset_accuracy", m.exact);
    put(e, "hamming_loss", m.hamming);
    put(e, "micro_auc", m.micro_auc);
    put(e, "macro_auc", m.macro_auc);
    put(e, "threshold", (double)threshold);
    hx_json_key(&e->w, "labels");
    hx_json_array(&e->w);
    for (size_t k = 0; k < wide; k++)
        put_label(e, k, gold, p, threshold);
    hx_json_end_array(&e->w);
    return HX_OK;
}

/* hx_evaluate()'s record, whole. */
static hx_status evaluate_label(evaluation *e, const float *said, hx_str *json) {
    size_t wide = e->n_names, own = e->info->n_labels;
    uint32_t *labels = hx_arena_alloc(e->arena, 2 * e->n * sizeof *labels), *best = labels + e->n;
    float *p = hx_arena_alloc(e->arena, e->n * wide * sizeof *p);
    if (!labels || !p) return no_memory(e);
    for (size_t i = 0; i < e->n; i++) {
        labels[i] = e->place[example(e, i)->label];
        memcpy(p + i * wide, said + i * own, own * sizeof *p);
        for (uint32_t k = 1; k < own; k++)
            if (said[i * own + k] > said[i * own + best[i]]) best[i] = k;
    }
    const hx_evaluation asked = {.labels = labels,
                                 .predictions = best,
                                 .probabilities = p,
                                 .n = e->n,
                                 .n_labels = wide,
                                 .names = e->names,
                                 .temperature = e->info->temperature,
                                 .seed = e->o->seed};
    return hx_evaluate(&asked, e->arena, json, e->err);
}

static hx_status evaluate_texts(evaluation *e, hx_str *json) {
    float *said;
    HX_TRY(read_texts(e, &said));
    if (e->info->kind == HX_LLAMA_LABEL) return evaluate_label(e, said, json);
    return e->info->kind == HX_LLAMA_NUMBER ? evaluate_number(e, said) : evaluate_labels(e, said);
}

/* ------------------------------------------------------------------ words */
typedef struct {
    uint64_t n_words, n_right, n_arcs;
    hx_span_list gold, found;
    bool spans;
} tally;

/* The next word of a text whose words have one blank between them. */
static uint32_t next_word(hx_str text, uint32_t start) {
    const char *blank = memchr(text.ptr + start, ' ', text.len - start);
    return blank ? (uint32_t)(blank - text.ptr) + 1 : (uint32_t)text.len;
}

static hx_status count_tags(const evaluation *e, size_t i, const hx_tags *t, tally *y) {
    const hx_example *x = example(e, i);
    const uint32_t *many = hx_dataset_many(e->data, x);
    uint32_t *gold = hx_arena_alloc(e->scratch, (2u * x->n_labels + 1) * sizeof *gold),
             *found = gold + x->n_labels, start = 0;
    if (!gold) return no_memory(e);
    for (size_t k = 0, at = 0; k < x->n_labels; k++, start = next_word(x->text, start)) {
        bool said = at < t->n && t->tags[at].span.start == start;
        gold[k] = e->place[many[k]];
        found[k] = said ? t->tags[at++].label : UNSAID;
        y->n_words += said;
        y->n_right += said && found[k] == gold[k];
    }
    if (!y->spans) return HX_OK;
    hx_spans_put(&y->gold, (uint32_t)i, gold, x->n_labels);
    hx_spans_put(&y->found, (uint32_t)i, found, x->n_labels);
    return HX_OK;
}

/* Tokens: one begins a word where the span of its word is another than that of the token before. */
static void put_word(hx_span_list *s, uint32_t text, uint32_t token, bool begins) {
    if (!begins && s->open) return;
    hx_spans_close(s, token);
    s->out[s->n] = (hx_labelled_span){.text = text, .start = token};
    s->open = true;
}

static void count_tokens(size_t text, const hx_tags *t, tally *y) {
    for (uint32_t k = 0; k < t->n; k++) {
        bool begins = k == 0 || t->tags[k].span.start != t->tags[k - 1].span.start;
        y->n_words++;
        y->n_right += begins == (t->tags[k].label == 0);
        put_word(&y->gold, (uint32_t)text, k, begins);
        put_word(&y->found, (uint32_t)text, k, t->tags[k].label == 0);
    }
    hx_spans_close(&y->gold, (uint32_t)t->n);
    hx_spans_close(&y->found, (uint32_t)t->n);
}

static void count_arcs(const evaluation *e, size_t i, const hx_tree *t, tally *y) {
    const hx_example *x = example(e, i);
    const uint32_t *many = hx_dataset_many(e->data, x), *heads = hx_dataset_heads(e->data, x);
    uint32_t start = 0;
    for (size_t k = 0; k < t->n && k < x->n_labels; k++, start = next_word(x->text, start)) {
        if (t->arcs[k].span.start != start) return;
        if (!heads || heads[k] == HX_NO_HEAD || heads[k] > t->n) continue;
        bool arc = heads[k] == t->arcs[k].head;
        y->n_words++;
        y->n_arcs += arc;
        y->n_right += arc && e->place[many[k]] == t->arcs[k].label;
    }
}

static hx_status count_texts(const evaluation *e, size_t at, const hx_str *texts, size_t n,
                             tally *y) {
    const hx_tag_options options = {
        .max_length = e->o->max_length, .words = true, .apart = true, .head = e->info->name};
    hx_tags tags[A_TIME];
    hx_tree trees[A_TIME];
    bool tree = e->info->kind == HX_LLAMA_TREE;
    HX_TRY(tree ? hx_llama_parse(e->c, texts, n, &options, e->scratch, trees, e->err)
                : hx_llama_tag(e->c, texts, n, &options, e->scratch, tags, e->err));
    for (size_t i = 0; i < n; i++) {
        if (tree)
            count_arcs(e, at + i, &trees[i], y);
        else if (e->info->kind == HX_LLAMA_SEGMENT)
            count_tokens(at + i, &tags[i], y);
        else
            HX_TRY(count_tags(e, at + i, &tags[i], y));
    }
    return HX_OK;
}

/* Room for as many spans as there are words; a token has a byte at least, or is the blank in front of a word. */
static hx_status open_spans(const evaluation *e, tally *y) {
    bool tokens = e->info->kind == HX_LLAMA_SEGMENT;
    size_t most = 1;
    for (size_t i = 0; i < e->n; i++)
        most += example(e, i)->n_labels + (tokens ? example(e, i)->text.len : 0) + 1;
    y->spans = tokens || ((e->info->kind == HX_LLAMA_TAG || e->info->kind == HX_LLAMA_CRF) &&
                          hx_tags_are_spans(e->names, e->n_names));
    if (!y->spans) return HX_OK;
    y->gold = (hx_span_list){.labels = e->names,
                             .n_labels = e->n_names,
                             .out = hx_arena_alloc(e->arena, most * sizeof *y->gold.out)};
    y->found = y->gold;
    y->found.out = hx_arena_alloc(e->arena, most * sizeof *y->found.out);
    return y->gold.out && y->found.out ? HX_OK : no_memory(e);
}

static hx_status put_spans(evaluation *e, const tally *y) {
    hx_span_metrics m;
    HX_TRY(hx_spans_of(y->gold.out, y->gold.n, y->found.out, y->found.n, e->arena, &m, e->err));
    put(e, "precision", m.precision);
    put(e, "recall", m.recall);
    put(e, "f1", m.f1);
    put_count(e, "spans", m.n_gold);
    put_count(e, "spans_predicted", m.n_found);
    return HX_OK;
}

static hx_status evaluate_words(evaluation *e) {
    hx_str texts[A_TIME];
    tally y = {0};
    HX_TRY(open_spans(e, &y));
    for (size_t at = 0, n = 0; at < e->n; at += n) {
        HX_TRY(next_texts(e, at, texts, NULL, &n));
        HX_TRY(count_texts(e, at, texts, n, &y));
    }
    double n = y.n_words > 0 ? (double)y.n_words : NAN;
    put_count(e, "n", y.n_words);
    put_count(e, "texts", e->n);
    if (e->info->kind == HX_LLAMA_TREE) put(e, "uas", (double)y.n_arcs / n);
    put(e, e->info->kind == HX_LLAMA_TREE ? "las" : "accuracy", (double)y.n_right / n);
    return y.spans ? put_spans(e, &y) : HX_OK;
}

/* ------------------------------------------------------------------ together */
static hx_status evaluate(evaluation *e, const char *data, hx_str *json) {
    hx_buf b;
    HX_TRY(read_data(e, data));
    HX_TRY(name_labels(e));
    hx_buf_init(&b, JSON_MAX);
    hx_json_begin(&e->w, &b);
    hx_json_object(&e->w);
    hx_status st = e->info->of_words ? evaluate_words(e) : evaluate_texts(e, json);
    hx_json_end_object(&e->w);
    if (st == HX_OK) st = hx_buf_status(&b, "an evaluation", e->err);
    if (st == HX_OK && !json->ptr) {
        *json = hx_arena_str(e->arena, hx_buf_str(&b));
        if (!json->ptr) st = no_memory(e);
    }
    hx_buf_release(&b);
    return st;
}

hx_status hx_model_evaluate_head(hx_llama_context *c, size_t head, const char *data,
                                 const hx_head_evaluation *options, hx_arena *arena, hx_str *json,
                                 hx_error *err) {
    static const hx_head_evaluation defaults = {.n = 0};
    const hx_llama *m = hx_llama_model_of(c);
    evaluation e = {.c = c,
                    .m = m,
                    .head = head,
                    .info = hx_llama_head_of(m, head),
                    .o = options ? options : &defaults,
                    .arena = arena,
                    .scratch = hx_arena_new(0),
                    .err = err};
    *json = (hx_str){NULL, 0};
    hx_status st = !e.info      ? hx_fail(err, HX_EINVAL, "the model has no head %zu", head)
                   : !e.scratch ? no_memory(&e)
                                : evaluate(&e, data, json);
    hx_dataset_free(e.data);
    hx_arena_free(e.scratch);
    return st;
}
