/* scorecard_export.c - a scorecard as one SELECT and as a file in C. Both add whole numbers: their scores are ours, to the last digit.
 *
 * Borders stand as the shortest decimals that read back equal. SQL: units are divided only where points have places, which gives a decimal; the sum in
 * units stands beside it. C: texts are NUL-terminated, NULL = missing; numbers are doubles, NaN = missing. A text that holds a NUL can't be in
 * a card. Names of columns become members: letters and digits stay, all else is _, and the column's number follows where that is not unique. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "insight/scorecard.h"

#define NAME_MAX_BYTES 40

static void put_double(double v, hx_buf *out) {
    char text[HX_DOUBLE_TEXT_MAX];
    const size_t n = hx_double_put(v, text);
    (void)hx_buf_append(out, text, n);
    if (!memchr(text, '.', n) && !memchr(text, 'e', n)) (void)hx_buf_append_lit(out, ".0");
}

static hx_status finish(hx_buf *out, hx_arena *arena, hx_str *text, hx_error *err) {
    hx_status status = hx_buf_status(out, "an export", err);
    if (status == HX_OK) {
        *text = hx_arena_str(arena, hx_buf_str(out));
        if (!text->ptr) status = hx_fail(err, HX_ENOMEM, "not enough memory for the export");
    }
    hx_buf_release(out);
    return status;
}

/* --- sql ----------------------------------------------------------------- */
static void quoted(hx_str s, char quote, hx_buf *out) {
    (void)hx_buf_append_byte(out, quote);
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == quote) (void)hx_buf_append_byte(out, quote);
        (void)hx_buf_append_byte(out, s.ptr[i]);
    }
    (void)hx_buf_append_byte(out, quote);
}

static void sql_when(const hx_card_variable *v, size_t k, hx_buf *out) {
    const hx_card_bin *b = &v->bins[k];
    if (!v->text && !isfinite(b->below)) return;
    (void)hx_buf_append_lit(out, " WHEN ");
    quoted(v->name, '"', out);
    if (!v->text) {
        (void)hx_buf_append_lit(out, " < ");
        put_double(b->below, out);
    } else {
        (void)hx_buf_append_lit(out, " IN (");
        for (size_t i = 0; i < b->n_values; i++) {
            if (i) (void)hx_buf_append_lit(out, ", ");
            quoted(b->values[i], '\'', out);
        }
        (void)hx_buf_append_byte(out, ')');
    }
    (void)hx_buf_printf(out, " THEN %lld", (long long)b->points);
}

static void sql_variable(const hx_card_variable *v, hx_buf *out) {
    (void)hx_buf_append_lit(out, "CASE WHEN ");
    quoted(v->name, '"', out);
    (void)hx_buf_append_lit(out, " IS NULL");
    if (v->text) {
        (void)hx_buf_append_lit(out, " OR ");
        quoted(v->name, '"', out);
        (void)hx_buf_append_lit(out, " = ''");
    }
    (void)hx_buf_printf(out, " THEN %lld", (long long)v->bins[v->n_bins].points);
    for (size_t k = 0; k < v->n_bins; k++)
        sql_when(v, k, out);
    (void)hx_buf_printf(out, " ELSE %lld END",
                        (long long)v->bins[v->text ? v->n_bins + 1 : v->n_bins - 1].points);
}

hx_status hx_scorecard_sql(const hx_scorecard *card, const char *table, hx_arena *arena,
                           hx_str *text, hx_error *err) {
    hx_buf out;
    bool first = true;
    hx_buf_init(&out, HX_CARD_BYTES_MAX);
    (void)hx_buf_append_lit(&out, "SELECT *");
    if (card->places)
        (void)hx_buf_printf(&out, ", score_units / %lld.0 AS score",
                            (long long)hx_scorecard_units(card, 1));
    (void)hx_buf_append_lit(&out, " FROM (SELECT *,\n  ");
    for (size_t j = 0; j < card->n_variables; j++) {
        if (!card->variables[j].used) continue;
        if (!first) (void)hx_buf_append_lit(&out, "\n  + ");
        sql_variable(&card->variables[j], &out);
        first = false;
    }
    if (first) (void)hx_buf_append_byte(&out, '0');
    (void)hx_buf_printf(&out, "\n  AS %s FROM ", card->places ? "score_units" : "score");
    quoted(hx_str_of(table ? table : "data"), '"', &out);
    (void)hx_buf_append_lit(&out, ") AS scored;\n");
    return finish(&out, arena, text, err);
}

/* --- c ------------------------------------------------------------------- */
/* Letters, digits and _ of a name, then the column's number: never a word of the language, never twice. */
static void member(const hx_card_variable *v, size_t j, hx_buf *out) {
    for (size_t i = 0; i < v->name.len && i < NAME_MAX_BYTES; i++) {
        const unsigned char c = (unsigned char)v->name.ptr[i];
        const bool plain = c < 128 && isalnum(c) && !(i == 0 && isdigit(c));
        (void)hx_buf_append_byte(out, plain ? (char)c : '_');
    }
    (void)hx_buf_printf(out, "_%zu", j);
}

/* Foreign bytes and what could end a literal or a comment as \ooo. */
static void c_text(hx_str s, hx_buf *out) {
    (void)hx_buf_append_byte(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        const unsigned char c = (unsigned char)s.ptr[i];
        if (c < 128 && (isalnum(c) || c == ' ' || c == '-' || c == '.'))
            (void)hx_buf_append_byte(out, (char)c);
        else
            (void)hx_buf_printf(out, "\\%03o", c);
    }
    (void)hx_buf_append_byte(out, '"');
}

static void c_condition(const hx_card_variable *v, size_t j, size_t k, hx_buf *out) {
    const hx_card_bin *b = &v->bins[k];
    for (size_t i = 0; i < (v->text ? b->n_values : 1); i++) {
        (void)hx_buf_append_lit(out, i ? " || " : "");
        if (v->text) (void)hx_buf_append_lit(out, "!strcmp(");
        (void)hx_buf_append_lit(out, "r->");
        member(v, j, out);
        (void)hx_buf_append_lit(out, v->text ? ", " : " < ");
        if (v->text)
            c_text(b->values[i], out);
        else
            put_double(b->below, out);
        if (v->text) (void)hx_buf_append_byte(out, ')');
    }
}

static void c_variable(const hx_card_variable *v, size_t j, hx_buf *out) {
    (void)hx_buf_append_lit(out, "    if (");
    (void)hx_buf_append_lit(out, v->text ? "!r->" : "r->");
    member(v, j, out);
    (void)hx_buf_append_lit(out, v->text ? " || !*r->" : " != r->");
    member(v, j, out);
    (void)hx_buf_printf(out, ") s += %lld;\n", (long long)v->bins[v->n_bins].points);
    for (size_t k = 0; k < v->n_bins; k++) {
        if (!v->text && !isfinite(v->bins[k].below)) continue;
        (void)hx_buf_append_lit(out, "    else if (");
        c_condition(v, j, k, out);
        (void)hx_buf_printf(out, ") s += %lld;\n", (long long)v->bins[k].points);
    }
    (void)hx_buf_printf(out, "    else s += %lld;\n",
                        (long long)v->bins[v->text ? v->n_bins + 1 : v->n_bins - 1].points);
}

static bool is_c_name(const char *name) {
    if (!*name || isdigit((unsigned char)*name) || strlen(name) > NAME_MAX_BYTES) return false;
    for (; *name; name++)
        if (*name != '_' && ((unsigned char)*name > 127 || !isalnum((unsigned char)*name)))
            return false;
    return true;
}

hx_status hx_scorecard_c(const hx_scorecard *card, const char *name, hx_arena *arena, hx_str *text,
                         hx_error *err) {
    hx_buf out;
    if (!name) name = "scorecard";
    if (!is_c_name(name))
        return hx_fail(err, HX_EINVAL, "'%.*s' is no name in C", HX_STR_ARG(hx_str_of(name)));
    hx_buf_init(&out, HX_CARD_BYTES_MAX);
    (void)hx_buf_printf(&out,
                        "/* A scorecard: %s_score() gives units of 1/%lld point. Missing: NaN, "
                        "NULL or \"\". */\n#include <string.h>\n\ntypedef struct {\n",
                        name, (long long)hx_scorecard_units(card, 1));
    for (size_t j = 0; j < card->n_variables; j++) {
        if (!card->variables[j].used) continue;
        (void)hx_buf_append_lit(&out, card->variables[j].text ? "    const char *" : "    double ");
        member(&card->variables[j], j, &out);
        (void)hx_buf_append_lit(&out, ";\n");
    }
    (void)hx_buf_printf(&out,
                        "} %s_row;\n\nlong long %s_score(const %s_row *r);\nlong long "
                        "%s_score(const %s_row *r) {\n    long long s = 0;\n",
                        name, name, name, name, name);
    for (size_t j = 0; j < card->n_variables; j++)
        if (card->variables[j].used) c_variable(&card->variables[j], j, &out);
    (void)hx_buf_append_lit(&out, "    return s;\n}\n");
    return finish(&out, arena, text, err);
}
