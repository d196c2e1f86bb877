/* scorecard_apply.c - scores of rows, and why one row has its score.
 *
 * A score is a sum of whole numbers: the order of columns does not matter, and what is said of a row adds up to it exactly.
 *
 * Reasons are the columns that lost most points against their best bin or their mean. What would make a row pass: every single column whose best bin
 * is enough (the bin of the fewest points that is), else the fewest columns together, those of the most room first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/number.h"
#include "insight/scorecard.h"

#define ROWS_AT_ONCE 4096

static size_t bin_of_number(const hx_card_variable *v, double x) {
    size_t low = 0, high = v->n_bins - 1;
    if (isnan(x)) return v->n_bins;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (x < v->bins[middle].below)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static size_t bin_of_text(const hx_card_variable *v, hx_str x) {
    for (size_t k = 0; k < v->n_bins; k++)
        for (size_t i = 0; i < v->bins[k].n_values; i++)
            if (hx_str_equal(v->bins[k].values[i], x)) return k;
    return v->n_bins + 1;
}

static hx_status text_codes(const hx_card_variable *v, const hx_table *t, size_t column,
                            uint16_t *codes, hx_error *err) {
    const size_t rows = hx_table_rows(t), n = hx_table_column_at(t, column)->n_values;
    uint32_t chunk[ROWS_AT_ONCE];
    uint16_t *of = calloc(n + 1, sizeof *of);
    hx_map known;
    bool good = of != NULL;
    hx_map_init(&known);
    for (size_t k = 0; k < v->n_bins && good; k++)
        for (size_t i = 0; i < v->bins[k].n_values && good; i++) {
            uint64_t *at = hx_map_put(&known, hx_hash(v->bins[k].values[i]));
            good = at != NULL;
        }
    for (size_t i = 0; i < n && good; i++) {
        const hx_str value = hx_table_value(t, column, (uint32_t)i);
        of[i] =
            (uint16_t)(hx_map_get(&known, hx_hash(value)) ? bin_of_text(v, value) : v->n_bins + 1);
    }
    for (size_t at = 0; at < rows && good; at += ROWS_AT_ONCE) {
        const size_t m = rows - at < ROWS_AT_ONCE ? rows - at : ROWS_AT_ONCE;
        hx_table_codes(t, column, at, m, chunk);
        for (size_t i = 0; i < m; i++)
            codes[at + i] = chunk[i] == HX_CODE_MISSING ? (uint16_t)v->n_bins : of[chunk[i]];
    }
    hx_map_release(&known);
    free(of);
    return good ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for scores");
}

hx_status hx_card_codes(const hx_card_variable *v, const hx_table *t, size_t column,
                        uint16_t *codes, hx_error *err) {
    const size_t rows = hx_table_rows(t);
    double chunk[ROWS_AT_ONCE];
    const bool text = hx_table_column_at(t, column)->kind == HX_KIND_TEXT;
    if (text != v->text)
        return hx_fail(err, HX_EINVAL,
                       v->text ? "column '%.*s' must be texts for the scorecard"
                               : "column '%.*s' must be numbers for the scorecard",
                       HX_STR_ARG(v->name));
    if (text) return text_codes(v, t, column, codes, err);
    for (size_t at = 0; at < rows; at += ROWS_AT_ONCE) {
        const size_t m = rows - at < ROWS_AT_ONCE ? rows - at : ROWS_AT_ONCE;
        hx_table_numbers(t, column, at, m, chunk);
        for (size_t i = 0; i < m; i++)
            codes[at + i] = (uint16_t)bin_of_number(v, chunk[i]);
    }
    return HX_OK;
}

static hx_status column_of(const hx_card_variable *v, const hx_table *t, size_t *column,
                           hx_error *err) {
    *column = hx_table_find(t, v->name);
    if (*column != HX_COLUMN_NONE) return HX_OK;
    return hx_fail(err, HX_ENOTFOUND, "there is no column '%.*s', which the scorecard needs",
                   HX_STR_ARG(v->name));
}

hx_status hx_scorecard_apply(const hx_scorecard *card, const hx_table *t, int64_t *scores,
                             hx_error *err) {
    const size_t rows = hx_table_rows(t);
    size_t column;
    uint16_t *codes = calloc(rows + 1, sizeof *codes);
    hx_status status = codes ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for scores");
    memset(scores, 0, rows * sizeof *scores);
    for (size_t j = 0; j < card->n_variables && status == HX_OK; j++) {
        const hx_card_variable *v = &card->variables[j];
        if (!v->used) continue;
        status = column_of(v, t, &column, err);
        if (status == HX_OK) status = hx_card_codes(v, t, column, codes, err);
        for (size_t i = 0; i < rows && status == HX_OK; i++)
            scores[i] += v->bins[codes[i]].points;
    }
    free(codes);
    return status;
}

double hx_scorecard_bad(const hx_scorecard *card, int64_t score) {
    const double points = (double)score / pow(10, card->places);
    return 1 / (1 + card->odds * exp2((points - card->base) / card->pdo));
}

/* --- names --------------------------------------------------------------- */
static void put_double(double v, hx_buf *out) {
    char text[HX_DOUBLE_TEXT_MAX];
    (void)hx_buf_append(out, text, hx_double_put(v, text));
}

static const char *tr(hx_ui_lang ui, const char *en, const char *zh) {
    return ui == HX_UI_ZH ? zh : en;
}

static void number_bin_name(const hx_card_variable *v, size_t bin, hx_ui_lang ui, hx_buf *out) {
    const bool first = bin == 0, last = bin + 1 == v->n_bins;
    if (first && last) (void)hx_buf_append_lit(out, tr(ui, "any", "任意"));
    if (first && !last) (void)hx_buf_append_lit(out, tr(ui, "below ", "小于 "));
    if (!first) put_double(v->bins[bin - 1].below, out);
    if (!first && last) (void)hx_buf_append_lit(out, tr(ui, " or more", " 及以上"));
    if (!first && !last) (void)hx_buf_append_lit(out, tr(ui, " to below ", " 至小于 "));
    if (!last) put_double(v->bins[bin].below, out);
}

void hx_card_bin_name(const hx_card_variable *v, size_t bin, hx_ui_lang ui, hx_buf *out) {
    const hx_card_bin *b = &v->bins[bin];
    if (bin == v->n_bins) {
        (void)hx_buf_append_lit(out, tr(ui, "missing", "缺失"));
    } else if (bin > v->n_bins) {
        (void)hx_buf_append_lit(out, tr(ui, "other", "其他"));
    } else if (!v->text) {
        number_bin_name(v, bin, ui, out);
    } else {
        for (size_t i = 0; i < b->n_values && i < 12; i++) {
            if (i) (void)hx_buf_append_lit(out, tr(ui, ", ", "、"));
            (void)hx_buf_append_str(out, b->values[i]);
        }
        if (b->n_values > 12) (void)hx_buf_append_lit(out, "…");
    }
}

void hx_card_put_units(int64_t units, int places, hx_buf *out) {
    int64_t tens = 1;
    for (int i = 0; i < places; i++)
        tens *= 10;
    const uint64_t all = units < 0 ? 0 - (uint64_t)units : (uint64_t)units;
    if (units < 0) (void)hx_buf_append_byte(out, '-');
    (void)hx_buf_printf(out, "%llu", (unsigned long long)(all / (uint64_t)tens));
    if (places > 0)
        (void)hx_buf_printf(out, ".%0*llu", places, (unsigned long long)(all % (uint64_t)tens));
}

/* --- one row ------------------------------------------------------------- */
typedef struct {
    const hx_card_variable *v;
    size_t bin, best; /* the bin of the most points */
    int64_t points, lost, room; /* below the measure; below the best */
} part;

typedef struct {
    const hx_scorecard *card;
    hx_json_writer w;
    hx_buf name;
    part *parts;
    size_t n;
    int64_t score;
} explanation;

static int64_t mean_points(const hx_card_variable *v) {
    double sum = 0, rows = 0;
    for (size_t k = 0; k < hx_card_all_bins(v); k++) {
        sum += (v->bins[k].count.good + v->bins[k].count.bad) * (double)v->bins[k].points;
        rows += v->bins[k].count.good + v->bins[k].count.bad;
    }
    return rows > 0 ? (int64_t)round(sum / rows) : 0;
}

static hx_status collect(explanation *e, const hx_table *t, size_t row, bool against_mean,
                         hx_error *err) {
    size_t column;
    for (size_t j = 0; j < e->card->n_variables; j++) {
        const hx_card_variable *v = &e->card->variables[j];
        part *p = &e->parts[e->n];
        double x = NAN;
        uint32_t code = HX_CODE_MISSING;
        if (!v->used) continue;
        HX_TRY(column_of(v, t, &column, err));
        const bool text = hx_table_column_at(t, column)->kind == HX_KIND_TEXT;
        if (text) hx_table_codes(t, column, row, 1, &code);
        if (!text) hx_table_numbers(t, column, row, 1, &x);
        if (text != v->text)
            return hx_fail(err, HX_EINVAL,
                           v->text ? "column '%.*s' must be texts for the scorecard"
                                   : "column '%.*s' must be numbers for the scorecard",
                           HX_STR_ARG(v->name));
        *p = (part){.v = v};
        p->bin = !text                     ? bin_of_number(v, x)
                 : code == HX_CODE_MISSING ? v->n_bins
                                           : bin_of_text(v, hx_table_value(t, column, code));
        for (size_t k = 1; k < v->n_bins; k++)
            if (v->bins[k].points > v->bins[p->best].points) p->best = k;
        p->points = v->bins[p->bin].points;
        p->room = v->bins[p->best].points - p->points;
        p->lost = against_mean ? mean_points(v) - p->points : p->room;
        e->score += p->points;
        e->n++;
    }
    return HX_OK;
}

static void put_name(explanation *e, const char *key, const hx_card_variable *v, size_t bin,
                     hx_ui_lang ui) {
    hx_buf_reset(&e->name);
    hx_card_bin_name(v, bin, ui, &e->name);
    hx_json_key(&e->w, key);
    hx_json_str(&e->w, hx_buf_str(&e->name));
}

static void put_units(explanation *e, const char *key, int64_t units) {
    hx_buf_reset(&e->name);
    hx_card_put_units(units, e->card->places, &e->name);
    hx_json_key(&e->w, key);
    hx_json_raw(&e->w, hx_buf_str(&e->name));
}

static void put_contributions(explanation *e, const hx_table *t, size_t row) {
    char room[64];
    hx_json_key(&e->w, "contributions");
    hx_json_array(&e->w);
    for (size_t i = 0; i < e->n; i++) {
        const part *p = &e->parts[i];
        hx_json_object(&e->w);
        hx_json_key(&e->w, "column");
        hx_json_str(&e->w, p->v->name);
        hx_json_key(&e->w, "value");
        hx_json_str(&e->w, hx_table_cell(t, row, hx_table_find(t, p->v->name), room));
        put_name(e, "bin", p->v, p->bin, HX_UI_EN);
        put_units(e, "points", p->points);
        hx_json_end_object(&e->w);
    }
    hx_json_end_array(&e->w);
}

static int most_lost(const void *l, const void *r) {
    const part *a = l, *b = r;
    if (a->lost != b->lost) return a->lost > b->lost ? -1 : 1;
    return (a->v > b->v) - (a->v < b->v);
}

static int most_room(const void *l, const void *r) {
    const part *a = l, *b = r;
    if (a->room != b->room) return a->room > b->room ? -1 : 1;
    return (a->v > b->v) - (a->v < b->v);
}

static void put_reason(explanation *e, const part *p, bool against_mean, hx_ui_lang ui) {
    hx_buf_reset(&e->name);
    hx_buf_printf(&e->name, "%.*s", (int)p->v->name.len, p->v->name.ptr);
    hx_buf_append_lit(&e->name, tr(ui, " is ", "："));
    hx_card_bin_name(p->v, p->bin, ui, &e->name);
    hx_buf_append_lit(&e->name, tr(ui, ": ", "，比"));
    if (ui == HX_UI_ZH) hx_buf_append_lit(&e->name, against_mean ? "平均少 " : "最好的少 ");
    hx_card_put_units(p->lost, e->card->places, &e->name);
    hx_buf_append_lit(
        &e->name,
        tr(ui, against_mean ? " points below the mean" : " points below the best", " 分"));
    hx_json_key(&e->w, ui == HX_UI_ZH ? "zh" : "en");
    hx_json_str(&e->w, hx_buf_str(&e->name));
}

static void put_reasons(explanation *e, size_t most, bool against_mean) {
    hx_json_key(&e->w, "reasons");
    hx_json_array(&e->w);
    qsort(e->parts, e->n, sizeof *e->parts, most_lost);
    for (size_t i = 0; i < e->n && i < most && e->parts[i].lost > 0; i++) {
        hx_json_object(&e->w);
        hx_json_key(&e->w, "column");
        hx_json_str(&e->w, e->parts[i].v->name);
        put_units(e, "lost", e->parts[i].lost);
        put_reason(e, &e->parts[i], against_mean, HX_UI_EN);
        put_reason(e, &e->parts[i], against_mean, HX_UI_ZH);
        hx_json_end_object(&e->w);
    }
    hx_json_end_array(&e->w);
}

/* The bin of the fewest points that is enough: asks no more of the person than it must. */
static size_t enough(const part *p, int64_t needed) {
    size_t found = p->best;
    for (size_t k = 0; k < p->v->n_bins; k++) {
        const int64_t gain = p->v->bins[k].points - p->points;
        if (gain >= needed && p->v->bins[k].points < p->v->bins[found].points) found = k;
    }
    return found;
}

static void put_change(explanation *e, const part *p, size_t bin) {
    hx_json_object(&e->w);
    hx_json_key(&e->w, "column");
    hx_json_str(&e->w, p->v->name);
    put_name(e, "en", p->v, bin, HX_UI_EN);
    put_name(e, "zh", p->v, bin, HX_UI_ZH);
    put_units(e, "points", p->v->bins[bin].points - p->points);
    hx_json_end_object(&e->w);
}

/* Lists of changes: each by itself makes the row pass. */
static void put_counterfactual(explanation *e, int64_t needed) {
    int64_t got = 0;
    size_t n = 0;
    hx_json_key(&e->w, "would_pass_if");
    hx_json_array(&e->w);
    qsort(e->parts, e->n, sizeof *e->parts, most_room);
    for (size_t i = 0; i < e->n && needed > 0 && e->parts[i].room >= needed; i++) {
        hx_json_array(&e->w);
        put_change(e, &e->parts[i], enough(&e->parts[i], needed));
        hx_json_end_array(&e->w);
    }
    while (needed > 0 && n < e->n && got < needed)
        got += e->parts[n++].room;
    if (n > 1 && got >= needed) {
        hx_json_array(&e->w);
        for (size_t i = 0; i < n; i++) {
            got -= e->parts[i].room;
            put_change(e, &e->parts[i],
                       i + 1 < n ? e->parts[i].best : enough(&e->parts[i], needed));
            needed -= e->parts[i].room;
        }
        hx_json_end_array(&e->w);
    }
    hx_json_end_array(&e->w);
}

static void put_all(explanation *e, const hx_table *t, size_t row, const hx_receipt_of_score *o) {
    const size_t most = o->reasons && o->reasons < HX_REASONS_MAX ? o->reasons : HX_REASONS_MAX;
    char hash[20];
    hx_json_object(&e->w);
    put_units(e, "score", e->score);
    hx_json_key(&e->w, "bad");
    hx_json_double(&e->w, round(hx_scorecard_bad(e->card, e->score) * 1e6) / 1e6);
    put_units(e, "cut_off", o->cut_off);
    hx_json_key(&e->w, "passes");
    hx_json_bool(&e->w, e->score >= o->cut_off);
    hx_json_key(&e->w, "card");
    for (int i = 0; i < 16; i++)
        hash[i] = "0123456789abcdef"[e->card->hash >> (60 - 4 * i) & 15];
    hx_json_str(&e->w, (hx_str){hash, 16});
    put_contributions(e, t, row);
    put_reasons(e, most, o->against_mean);
    put_counterfactual(e, o->cut_off - e->score);
    hx_json_end_object(&e->w);
}

hx_status hx_scorecard_explain(const hx_scorecard *card, const hx_table *t, size_t row,
                               const hx_receipt_of_score *options, hx_arena *arena, hx_str *json,
                               hx_error *err) {
    explanation e = {.card = card};
    hx_buf out;
    hx_buf_init(&out, HX_CARD_BYTES_MAX);
    hx_buf_init(&e.name, 1u << 20);
    hx_json_begin(&e.w, &out);
    e.parts = hx_arena_alloc(arena, (card->n_variables + 1) * sizeof *e.parts);
    hx_status status = e.parts ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for scores");
    if (status == HX_OK) status = collect(&e, t, row, options->against_mean, err);
    if (status == HX_OK) {
        put_all(&e, t, row, options);
        status = hx_buf_status(&out, "an explanation", err);
    }
    if (status == HX_OK) {
        *json = hx_arena_str(arena, hx_buf_str(&out));
        if (!json->ptr) status = hx_fail(err, HX_ENOMEM, "not enough memory for scores");
    }
    hx_buf_release(&e.name);
    hx_buf_release(&out);
    return status;
}
