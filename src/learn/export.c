/* export.c - a learner of tables in the words of others: SQL, C, XGBoost's JSON; see huaxiang/learn.h.
 *
 * Here is what the writers share: numbers that read back equal, comments that end where they should, and what the features of a text column are at
 * each of its values. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "learn/export.h"

#define EXPORT_BYTES_MAX ((size_t)1 << 30)
#define COMMENT_BYTES 100

void hx_export_number(hx_buf *out, double v) {
    char text[HX_DOUBLE_TEXT_MAX];
    const size_t n = hx_double_put(v, text);
    const bool bare = memchr(text, '.', n) == NULL && memchr(text, 'e', n) == NULL;
    if (signbit(v)) hx_buf_append_byte(out, '(');
    hx_buf_append(out, text, n);
    if (bare) hx_buf_append_lit(out, ".0");
    if (signbit(v)) hx_buf_append_byte(out, ')');
}

void hx_export_comment(hx_buf *out, const char *text) {
    size_t n = strlen(text), shown = n > COMMENT_BYTES ? COMMENT_BYTES : n;
    while (shown < n && shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80)
        shown--; /* no character is cut in two */
    for (size_t i = 0; i < shown; i++) {
        const unsigned char c = (unsigned char)text[i];
        hx_buf_append_byte(out, c < ' ' || c == 127 || strchr("*/\\?", c) != NULL ? '_' : text[i]);
    }
    if (shown < n) hx_buf_append_lit(out, "...");
}

/* ------------------------------------------------------------------ features of a column */
bool hx_export_tells_missing(const hx_design *d, const hx_design_column *c) {
    return c->had_missing && ((d->wants & HX_WANTS_FILLED) || c->kind == HX_KIND_TEXT);
}

static double scaled(const hx_design *d, size_t j, double x) {
    if (d->deviations == NULL) return x;
    return d->deviations[j] > 0 ? (x - d->means[j]) / d->deviations[j] : 0;
}

void hx_export_level_features(const hx_design *d, const hx_design_column *c, uint32_t level,
                              double *features) {
    const size_t skip = c->n_levels > 0 && (d->wants & HX_WANTS_CONTRASTS) ? 1 : 0;
    size_t one = c->n; /* none */
    if (level == HX_CODE_MISSING) {
        if (hx_export_tells_missing(d, c)) one = c->n - 1;
    } else if (level < c->n_levels) {
        if (level >= skip) one = level - skip;
    } else if (c->others) {
        one = c->n_levels - skip;
    }
    for (size_t k = 0; k < c->n; k++)
        features[k] = scaled(d, c->first + k, k == one);
}

/* ------------------------------------------------------------------ all of it */
static hx_status write_plan(const hx_learner *l, const hx_export_options *o, hx_arena *arena,
                            hx_buf *out, hx_error *err) {
    hx_export_plan p;
    HX_TRY(hx_export_plan_of(&p, l, arena, err));
    hx_status status = o->kind == HX_EXPORT_SQL
                           ? hx_export_sql(&p, o->table != NULL ? o->table : "data", out, err)
                           : hx_export_c(&p, o->name != NULL ? o->name : "model", out, err);
    hx_export_plan_release(&p);
    return status;
}

hx_status hx_learner_export(const hx_learner *l, const hx_export_options *options, hx_arena *arena,
                            hx_str *text, hx_error *err) {
    hx_buf out;
    if (l->calibration != NULL)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "the model's probabilities are calibrated, which can't be exported; fit it "
                       "without --calibrate");
    hx_buf_init(&out, EXPORT_BYTES_MAX);
    hx_status status = options->kind == HX_EXPORT_XGBOOST
                           ? hx_export_xgboost(l, &out, err)
                           : write_plan(l, options, arena, &out, err);
    if (status == HX_OK) status = hx_buf_status(&out, "export", err);
    if (status == HX_OK) *text = hx_arena_str(arena, hx_buf_str(&out));
    if (status == HX_OK && text->ptr == NULL)
        status = hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    hx_buf_release(&out);
    return status;
}
