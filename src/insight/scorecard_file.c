/* scorecard_file.c - a scorecard as JSON text, and back.
 *
 *   {"scorecard":1,"target":"class","bad":"2","base":600,"odds":20,"pdo":20,"places":0,"intercept":0.85,"good":420,"bad_rows":180,"rejects":0,
 *    "variables":[{"name":"age","kind":"number","trend":"descending","iv":0.1,"used":true,"coefficient":0.9,"error":0.2,"p":0.001,
 *      "bins":[{"below":26,"good":90,"bad":60,"woe":-0.44,"points":40},{"good":...}],"missing":{...}},
 *     {"name":"purpose","kind":"text",...,"bins":[{"values":["car","tv"],...}],"missing":{...},"other":{...}}],
 *    "hash":"16 hexadecimal digits"}
 *
 * The hash is XXH3 of the canonical form (compact, keys sorted) without it: it tells that a card was changed otherwise than by a new fit. It is
 * no signature. What is read is hostile: every number and border is checked before the card is used. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "insight/scorecard.h"

#define NUMBER_MAX 1e15

hx_status hx_scorecard_new(hx_scorecard **out, hx_error *err) {
    hx_scorecard *card = calloc(1, sizeof *card);
    *out = NULL;
    if (card) card->arena = hx_arena_new(0);
    if (!card || !card->arena) {
        free(card);
        return hx_fail(err, HX_ENOMEM, "not enough memory for a scorecard");
    }
    *out = card;
    return HX_OK;
}

void hx_scorecard_free(hx_scorecard *card) {
    if (!card) return;
    hx_arena_free(card->arena);
    free(card);
}

int hx_scorecard_places(const hx_scorecard *card) {
    return card->places;
}

hx_str hx_scorecard_target(const hx_scorecard *card) {
    return card->target;
}

int64_t hx_scorecard_units(const hx_scorecard *card, double score) {
    return (int64_t)round(fmax(-1e15, fmin(1e15, score * pow(10, card->places))));
}

size_t hx_card_all_bins(const hx_card_variable *v) {
    return v->n_bins + (v->text ? 2 : 1);
}

hx_status hx_scorecard_kinds(const hx_scorecard *card, hx_arena *arena, hx_column_kind **out,
                             size_t *n, hx_error *err) {
    *n = card->n_variables;
    *out = hx_arena_alloc(arena, (card->n_variables + 1) * sizeof **out);
    if (!*out) return hx_fail(err, HX_ENOMEM, "not enough memory for a scorecard");
    for (size_t i = 0; i < card->n_variables; i++)
        (*out)[i] = (hx_column_kind){card->variables[i].name,
                                     card->variables[i].text ? HX_KIND_TEXT : HX_KIND_NUMBER};
    return HX_OK;
}

/* --- writing ------------------------------------------------------------- */
static void put_number(hx_json_writer *w, const char *key, double v) {
    hx_json_key(w, key);
    hx_json_double(w, v);
}

static void put_text(hx_json_writer *w, const char *key, hx_str v) {
    hx_json_key(w, key);
    hx_json_str(w, v);
}

static void put_bin(hx_json_writer *w, const hx_card_bin *b, bool text) {
    hx_json_object(w);
    if (text && b->n_values > 0) {
        hx_json_key(w, "values");
        hx_json_array(w);
        for (size_t i = 0; i < b->n_values; i++)
            hx_json_str(w, b->values[i]);
        hx_json_end_array(w);
    }
    if (!text && isfinite(b->below)) put_number(w, "below", b->below);
    put_number(w, "good", b->count.good);
    put_number(w, "bad", b->count.bad);
    put_number(w, "woe", b->woe);
    hx_json_key(w, "points");
    hx_json_int(w, b->points);
    hx_json_end_object(w);
}

static void put_variable(hx_json_writer *w, const hx_card_variable *v) {
    hx_json_object(w);
    put_text(w, "name", v->name);
    put_text(w, "kind", hx_str_of(v->text ? "text" : "number"));
    put_text(w, "trend", hx_str_of(hx_trend_id(v->trend)));
    put_number(w, "iv", v->iv);
    hx_json_key(w, "used");
    hx_json_bool(w, v->used);
    put_number(w, "coefficient", v->coefficient);
    put_number(w, "error", v->error);
    put_number(w, "p", v->p);
    hx_json_key(w, "bins");
    hx_json_array(w);
    for (size_t k = 0; k < v->n_bins; k++)
        put_bin(w, &v->bins[k], v->text);
    hx_json_end_array(w);
    hx_json_key(w, "missing");
    put_bin(w, &v->bins[v->n_bins], true);
    if (v->text) {
        hx_json_key(w, "other");
        put_bin(w, &v->bins[v->n_bins + 1], true);
    }
    hx_json_end_object(w);
}

static void put_card(hx_json_writer *w, const hx_scorecard *card) {
    hx_json_object(w);
    hx_json_key(w, "scorecard");
    hx_json_int(w, 1);
    put_text(w, "target", card->target);
    put_text(w, "bad", card->bad);
    put_number(w, "base", card->base);
    put_number(w, "odds", card->odds);
    put_number(w, "pdo", card->pdo);
    hx_json_key(w, "places");
    hx_json_int(w, card->places);
    put_number(w, "intercept", card->intercept);
    put_number(w, "good", card->all.good);
    put_number(w, "bad_rows", card->all.bad);
    put_number(w, "rejects", card->rejects);
    hx_json_key(w, "variables");
    hx_json_array(w);
    for (size_t i = 0; i < card->n_variables; i++)
        put_variable(w, &card->variables[i]);
    hx_json_end_array(w);
}

static bool hash_of(const json_t *card, uint64_t *hash) {
    json_t *copy = json_copy((json_t *)(uintptr_t)card); /* shallow: only the hash leaves it */
    if (!copy) return false;
    (void)json_object_del(copy, "hash");
    char *text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(copy);
    if (text) *hash = hx_hash(hx_str_of(text));
    free(text);
    return text != NULL;
}

hx_status hx_scorecard_json(const hx_scorecard *card, hx_arena *arena, hx_str *json,
                            hx_error *err) {
    hx_json_writer w;
    hx_buf out;
    json_t *parsed = NULL;
    uint64_t hash = 0;
    hx_buf_init(&out, HX_CARD_BYTES_MAX);
    hx_json_begin(&w, &out);
    put_card(&w, card);
    const size_t body = out.len;
    (void)hx_buf_append_byte(&out, '}');
    hx_status status = hx_buf_status(&out, "a scorecard", err);
    if (status == HX_OK)
        status = hx_json_parse(hx_buf_str(&out), HX_CARD_BYTES_MAX, "the scorecard", &parsed, err);
    if (status == HX_OK && !hash_of(parsed, &hash))
        status = hx_fail(err, HX_ENOMEM, "not enough memory for a scorecard");
    json_decref(parsed);
    out.len = status == HX_OK ? body : out.len;
    if (status == HX_OK) {
        (void)hx_buf_printf(&out, ",\"hash\":\"%016llx\"}\n", (unsigned long long)hash);
        status = hx_buf_status(&out, "a scorecard", err);
    }
    if (status == HX_OK) {
        *json = hx_arena_str(arena, hx_buf_str(&out));
        if (!json->ptr) status = hx_fail(err, HX_ENOMEM, "not enough memory for a scorecard");
    }
    hx_buf_release(&out);
    return status;
}

/* --- reading ------------------------------------------------------------- */
static hx_status damaged(const char *en, const char *zh, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "this is no scorecard that can be used: %s",
                   err && err->ui == HX_UI_ZH ? zh : en);
}

static bool number_of(const json_t *o, const char *key, double low, double high, double *v) {
    const json_t *n = json_object_get(o, key);
    *v = json_number_value(n);
    return json_is_number(n) && *v >= low && *v <= high;
}

static bool text_of(hx_scorecard *card, const json_t *o, const char *key, hx_str *v) {
    const json_t *s = json_object_get(o, key);
    if (!json_is_string(s)) return false;
    *v = hx_arena_str(card->arena, (hx_str){json_string_value(s), json_string_length(s)});
    return v->ptr != NULL && strlen(v->ptr) == v->len;
}

static hx_status read_bin(const json_t *o, hx_card_bin *b, hx_error *err) {
    const json_t *points = json_object_get(o, "points");
    if (!number_of(o, "good", 0, NUMBER_MAX, &b->count.good) ||
        !number_of(o, "bad", 0, NUMBER_MAX, &b->count.bad) ||
        !number_of(o, "woe", -100, 100, &b->woe))
        return damaged("a bin without its counts or its weight of evidence",
                       "分箱缺少行数或证据权重", err);
    b->points = json_integer_value(points);
    if (!json_is_integer(points) || b->points > HX_CARD_POINTS_MAX ||
        b->points < -HX_CARD_POINTS_MAX)
        return damaged("a bin whose points are no whole number below a billion",
                       "分箱的分值不是小于十亿的整数", err);
    return HX_OK;
}

/* The bins' borders or texts as the list that is written by hand, and so with its checks. */
static json_t *borders_of(const json_t *bins, bool text) {
    json_t *list = json_array();
    const size_t n = json_array_size(bins);
    for (size_t k = 0; k < (text || n == 0 ? n : n - 1); k++) {
        json_t *v = json_object_get(json_array_get(bins, k), text ? "values" : "below");
        (void)json_array_append_new(list, v ? json_incref(v) : json_null());
    }
    return list;
}

static hx_status read_bins(hx_scorecard *card, const json_t *o, hx_card_variable *v,
                           hx_error *err) {
    const json_t *bins = json_object_get(o, "bins");
    const size_t n = json_array_size(bins);
    if (n == 0 || n > HX_CARD_BINS_MAX)
        return damaged("a column without bins", "某列没有分箱", err);
    const bool text = v->text;
    json_t *list = borders_of(bins, text);
    hx_status status = hx_card_set_bins(v, list, card->arena, err);
    json_decref(list);
    HX_TRY(status);
    if (v->text != text || v->n_bins != n)
        return damaged("bins of the wrong kind", "分箱的类型不符", err);
    for (size_t k = 0; k < n; k++)
        HX_TRY(read_bin(json_array_get(bins, k), &v->bins[k], err));
    HX_TRY(read_bin(json_object_get(o, "missing"), &v->bins[n], err));
    return v->text ? read_bin(json_object_get(o, "other"), &v->bins[n + 1], err) : HX_OK;
}

static hx_status read_variable(hx_scorecard *card, const json_t *o, hx_card_variable *v,
                               hx_error *err) {
    hx_str kind, trend;
    if (!text_of(card, o, "name", &v->name) || v->name.len == 0 || v->name.len > 1000 ||
        !text_of(card, o, "kind", &kind) || !text_of(card, o, "trend", &trend))
        return damaged("a column without name, kind or trend", "某列缺少名称、类型或趋势", err);
    v->text = hx_str_equal(kind, HX_STR_LIT("text"));
    v->used = json_is_true(json_object_get(o, "used"));
    if (!number_of(o, "iv", -NUMBER_MAX, NUMBER_MAX, &v->iv) ||
        !number_of(o, "coefficient", -1e6, 1e6, &v->coefficient) ||
        !number_of(o, "error", 0, NUMBER_MAX, &v->error) || !number_of(o, "p", 0, 1, &v->p))
        return damaged("a column without its coefficient", "某列缺少系数", err);
    HX_TRY(read_bins(card, o, v, err));
    for (int t = 0; t < HX_TRENDS; t++)
        if (hx_str_equal(trend, hx_str_of(hx_trend_id((hx_trend)t)))) v->trend = (hx_trend)t;
    return HX_OK;
}

static hx_status read_scale(hx_scorecard *card, const json_t *o, hx_error *err) {
    double places;
    if (json_integer_value(json_object_get(o, "scorecard")) != 1)
        return damaged("it does not begin with \"scorecard\":1", "开头不是 \"scorecard\":1", err);
    if (!text_of(card, o, "target", &card->target) || !text_of(card, o, "bad", &card->bad))
        return damaged("no target, or no value of it that is bad", "没有目标列或其坏值", err);
    if (!number_of(o, "base", -1e6, 1e6, &card->base) ||
        !number_of(o, "odds", 1e-6, 1e6, &card->odds) ||
        !number_of(o, "pdo", 1e-3, 1e5, &card->pdo) || !number_of(o, "places", 0, 4, &places) ||
        !number_of(o, "intercept", -1e6, 1e6, &card->intercept) ||
        !number_of(o, "good", 0, NUMBER_MAX, &card->all.good) ||
        !number_of(o, "bad_rows", 0, NUMBER_MAX, &card->all.bad) ||
        !number_of(o, "rejects", 0, NUMBER_MAX, &card->rejects))
        return damaged("its scale or its counts are missing or out of range",
                       "刻度或行数缺失或超出范围", err);
    card->places = (int)places;
    return HX_OK;
}

static hx_status read_card(hx_scorecard *card, const json_t *o, hx_error *err) {
    char hash[20];
    const json_t *list = json_object_get(o, "variables"), *said = json_object_get(o, "hash");
    HX_TRY(read_scale(card, o, err));
    if (!hash_of(o, &card->hash))
        return hx_fail(err, HX_ENOMEM, "not enough memory for a scorecard");
    (void)snprintf(hash, sizeof hash, "%016llx", (unsigned long long)card->hash);
    if (!json_is_string(said) || strcmp(json_string_value(said), hash) != 0)
        return hx_fail(err, HX_EFORMAT,
                       "the scorecard was changed since it was saved (its hash is %016llx now); "
                       "change bins by score credit edit",
                       (unsigned long long)card->hash);
    card->n_variables = json_array_size(list);
    if (card->n_variables == 0 || card->n_variables > HX_COLUMNS_MAX)
        return damaged("no columns", "没有列", err);
    card->variables = hx_arena_alloc(card->arena, card->n_variables * sizeof *card->variables);
    if (!card->variables) return hx_fail(err, HX_ENOMEM, "not enough memory for a scorecard");
    for (size_t i = 0; i < card->n_variables; i++) {
        HX_TRY(read_variable(card, json_array_get(list, i), &card->variables[i], err));
        for (size_t k = 0; k < i; k++)
            if (hx_str_equal(card->variables[k].name, card->variables[i].name))
                return damaged("a column that is there twice", "某列出现两次", err);
    }
    return HX_OK;
}

hx_status hx_scorecard_read(hx_scorecard **out, hx_str json, hx_error *err) {
    json_t *parsed = NULL;
    *out = NULL;
    HX_TRY(hx_json_parse(json, HX_CARD_BYTES_MAX, "the scorecard", &parsed, err));
    hx_status status = json_is_object(parsed)
                           ? hx_scorecard_new(out, err)
                           : damaged("it is no JSON object", "不是 JSON 对象", err);
    if (status == HX_OK) status = read_card(*out, parsed, err);
    json_decref(parsed);
    if (status == HX_OK) return HX_OK;
    hx_scorecard_free(*out);
    *out = NULL;
    return status;
}
