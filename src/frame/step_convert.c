/* step_convert.c - the step "convert": numbers from one unit to another.
 *
 *     length       mm cm m km in ft yd mi            毫米 厘米 米 公里 千米 英寸 英尺 码 英里
 *     weight       mg g kg t oz lb jin liang         毫克 克 公斤 千克 吨 盎司 磅 斤 两
 *     temperature  C F K                             摄氏度 华氏度 ℃ ℉
 *     amount       1 thousand million billion wan yi   千 百万 十亿 万 亿
 *     currency     any other two units, by "rate": one unit of "from" is so many of "to"
 *
 * Inches, pounds and their kin are exact by definition (1 in = 2.54 cm,
 * 1 lb = 0.45359237 kg); 1 jin = 500 g. In a column of texts each value may bring its unit: "180cm", "1.8 m", "3.5万", "￥1,299"; "from" is that of
 * values without one. What is no number, or of another measure, becomes missing and is counted. Nothing is learnt. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "frame/step_fit.h"

typedef enum { LENGTH = 0, WEIGHT, TEMPERATURE, AMOUNT } measure;

typedef struct {
    const char *name, *zh, *other;
    measure measure;
    double factor, offset,
        divisor; /* of TEMPERATURE: C = (v + offset) * factor / divisor; else v * factor */
} unit;

static const unit units[] = {
    {"mm", "毫米", NULL, LENGTH, 0.001, 0, 1},
    {"cm", "厘米", "公分", LENGTH, 0.01, 0, 1},
    {"m", "米", NULL, LENGTH, 1, 0, 1},
    {"km", "公里", "千米", LENGTH, 1000, 0, 1},
    {"in", "英寸", "\"", LENGTH, 0.0254, 0, 1},
    {"ft", "英尺", "'", LENGTH, 0.3048, 0, 1},
    {"yd", "码", NULL, LENGTH, 0.9144, 0, 1},
    {"mi", "英里", NULL, LENGTH, 1609.344, 0, 1},
    {"mg", "毫克", NULL, WEIGHT, 1e-6, 0, 1},
    {"g", "克", NULL, WEIGHT, 0.001, 0, 1},
    {"kg", "公斤", "千克", WEIGHT, 1, 0, 1},
    {"t", "吨", NULL, WEIGHT, 1000, 0, 1},
    {"oz", "盎司", NULL, WEIGHT, 0.028349523125, 0, 1},
    {"lb", "磅", "lbs", WEIGHT, 0.45359237, 0, 1},
    {"jin", "斤", NULL, WEIGHT, 0.5, 0, 1},
    {"liang", "两", NULL, WEIGHT, 0.05, 0, 1},
    {"K", NULL, NULL, TEMPERATURE, 1, -273.15, 1},
    {"C", "摄氏度", "℃", TEMPERATURE, 1, 0, 1},
    {"F", "华氏度", "℉", TEMPERATURE, 5, -32, 9},
    {"1", "元", "个", AMOUNT, 1, 0, 1},
    {"thousand", "千", "k", AMOUNT, 1e3, 0, 1},
    {"wan", "万", "w", AMOUNT, 1e4, 0, 1},
    {"million", "百万", NULL, AMOUNT, 1e6, 0, 1},
    {"yi", "亿", NULL, AMOUNT, 1e8, 0, 1},
    {"billion", "十亿", NULL, AMOUNT, 1e9, 0, 1},
};
#define N_UNITS (sizeof units / sizeof *units)

typedef struct {
    hx_names names;
    hx_str from_name, to_name;
    const unit *from, *to; /* NULL: by rate */
    double rate;
} conversion;

static const unit *unit_of(hx_str name) {
    for (size_t i = 0; i < N_UNITS; i++)
        if (hx_str_equal(name, hx_str_of(units[i].name)) ||
            (units[i].zh != NULL && hx_str_equal(name, hx_str_of(units[i].zh))) ||
            (units[i].other != NULL && hx_str_equal(name, hx_str_of(units[i].other))))
            return &units[i];
    return NULL;
}

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    conversion *s = state;
    HX_TRY(hx_step_names(spec, "columns", arena, &s->names, err));
    HX_TRY(hx_step_text(spec, "from", NULL, &s->from_name, err));
    HX_TRY(hx_step_text(spec, "to", NULL, &s->to_name, err));
    HX_TRY(hx_step_number(spec, "rate", 0, &s->rate, err));
    if (s->names.n == 0)
        return hx_fail(err, HX_EINVAL, "'columns' has to name one column at least");
    if (s->from_name.len == 0 || s->to_name.len == 0)
        return hx_fail(err, HX_EINVAL, "a conversion needs 'from' and 'to'");
    if (s->rate != 0)
        return s->rate > 0 ? HX_OK : hx_fail(err, HX_EINVAL, "'rate' has to be above 0");
    s->from = unit_of(s->from_name);
    s->to = unit_of(s->to_name);
    const hx_str unknown = s->from == NULL ? s->from_name : s->to_name;
    if (s->from == NULL || s->to == NULL)
        return hx_fail(err, HX_EINVAL, "there is no unit '%.*s'; for currencies give a 'rate'",
                       HX_STR_ARG(unknown));
    if (s->from->measure != s->to->measure)
        return hx_fail(err, HX_EINVAL, "'%.*s' and '%.*s' do not measure the same",
                       HX_STR_ARG(s->from_name), HX_STR_ARG(s->to_name));
    return HX_OK;
}

static double converted(const conversion *s, const unit *from, double v) {
    if (s->rate > 0) return v * s->rate;
    if (from->measure == AMOUNT && from->factor < s->to->factor)
        return v / (s->to->factor / from->factor);
    if (from->measure != TEMPERATURE) return v * (from->factor / s->to->factor);
    if (from == s->to) return v;
    const double celsius = (v + from->offset) * from->factor / from->divisor;
    return celsius * s->to->divisor / s->to->factor - s->to->offset;
}

/* ------------------------------------------------------------------ texts */
static bool is_part_of_number(const char *p, size_t i) {
    const char c = p[i];
    if (c >= '0' && c <= '9') return true;
    if (c == '.') return true;
    if (c == '-' || c == '+') return i == 0 || p[i - 1] == 'e' || p[i - 1] == 'E';
    return false;
}

/* "1,299.5 cm": the number and what follows it. */
static double number_and_unit(hx_str s, hx_str *rest) {
    char digits[64];
    size_t len = 0, i = 0;
    for (; i < s.len && len < sizeof digits - 1 && (s.ptr[i] == ',' || is_part_of_number(s.ptr, i));
         i++)
        if (s.ptr[i] != ',') digits[len++] = s.ptr[i];
    *rest = (hx_str){s.ptr + i, s.len - i};
    while (rest->len > 0 && rest->ptr[0] == ' ')
        rest->ptr++, rest->len--;
    while (rest->len > 0 && rest->ptr[rest->len - 1] == ' ')
        rest->len--;
    return hx_double_of((hx_str){digits, len});
}

/* ￥1,299.00, １２９９元, $12, (45.5): in units of 1; NaN where it is none, or in another currency than `currency` (empty: any). */
static double amount_of(hx_str text, hx_str currency) {
    int64_t e4 = 0;
    char said[4] = "";
    if (hx_parse_amount(text, false, &e4, said, NULL) != HX_OK) return NAN;
    if (currency.len > 0 && said[0] != '\0' && !hx_str_equal(currency, hx_str_of(said))) return NAN;
    return (double)e4 / 1e4;
}

static double convert_text(const conversion *s, hx_str text) {
    hx_str rest;
    const double v = number_and_unit(text, &rest);
    if (s->rate > 0) {
        const bool own = rest.len == 0 || hx_str_equal(rest, s->from_name);
        return (isfinite(v) && own ? v : amount_of(text, s->from_name)) * s->rate;
    }
    const unit *own = rest.len > 0 ? unit_of(rest) : s->from;
    if (isfinite(v) && own != NULL && own->measure == s->to->measure) return converted(s, own, v);
    if (s->to->measure != AMOUNT) return NAN;
    return converted(s, unit_of(HX_STR_LIT("1")), amount_of(text, (hx_str){0}));
}

/* ------------------------------------------------------------------ applying */
static hx_status convert_codes(const conversion *s, const hx_table *t, size_t column, double *v,
                               hx_arena *room, hx_error *err) {
    const size_t n_values = hx_table_column_at(t, column)->n_values;
    uint32_t *codes = NULL;
    double *of_code = NULL;
    HX_TRY(hx_step_codes(t, column, room, &codes, err));
    HX_TRY(hx_step_array(room, n_values, sizeof *of_code, &of_code, err));
    for (size_t i = 0; i < n_values; i++)
        of_code[i] = convert_text(s, hx_table_value(t, column, (uint32_t)i));
    for (size_t i = 0; i < hx_table_rows(t); i++)
        v[i] = codes[i] == HX_CODE_MISSING ? (double)NAN : of_code[codes[i]];
    return HX_OK;
}

static hx_status convert_column(const conversion *s, hx_table *t, size_t column, hx_arena *room,
                                size_t *lost, hx_error *err) {
    const hx_table_column *about = hx_table_column_at(t, column);
    const size_t n = hx_table_rows(t), missing = about->missing;
    double *v = NULL;
    size_t now = 0;
    HX_TRY(hx_step_array(room, n, sizeof *v, &v, err));
    if (about->kind == HX_KIND_TEXT)
        HX_TRY(convert_codes(s, t, column, v, room, err));
    else
        hx_table_numbers(t, column, 0, n, v);
    for (size_t i = 0; i < n && about->kind == HX_KIND_NUMBER; i++)
        v[i] = converted(s, s->from, v[i]);
    for (size_t i = 0; i < n; i++)
        now += v[i] != v[i];
    *lost += now - missing;
    return hx_table_put_numbers(t, about->name, HX_KIND_NUMBER, v, -1, err);
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    const conversion *s = state;
    hx_arena *room = hx_step_room();
    size_t *columns = NULL, n = 0, lost = 0;
    const unsigned kinds = HX_KINDS_NUMBER | 1u << HX_KIND_TEXT;
    hx_status status = hx_step_columns_of(t, s->names, kinds, room, &columns, &n, err);
    for (size_t i = 0; i < n && status == HX_OK; i++)
        status = convert_column(s, t, columns[i], room, &lost, err);
    hx_arena_free(room);
    hx_step_say(
        run,
        "columns converted: %zu; values without a number or of another unit became missing: %zu",
        "换算 %zu 列；不是数值或单位不符的值变为缺失：%zu 个", n, lost);
    return status;
}

static const char *const keys[] = {"columns", "from", "to", "rate", NULL};

const hx_step_kind hx_step_convert = {
    .name = "convert", .keys = keys, .size = sizeof(conversion), .parse = parse, .apply = apply};
