/* condition.c - which rows of a table: the language of hx_table_where().
 *
 *     condition = test | not condition | condition and condition | condition or condition | ( condition )
 *     test      = COLUMN (= | != | < | <= | > | >=) VALUE | COLUMN [not] in (VALUE, ...) | COLUMN is [not] missing
 *               | COLUMN [not] contains VALUE | COLUMN between VALUE and VALUE | COLUMN          (true, of a boolean column)
 *
 * Names and values stand bare or in quotes ('...', "..."); `not` binds closest, then `and`, then `or`. A missing value passes no test but
 * `is missing` and those with `not` or != in them that it fails otherwise. Texts are compared byte by byte; times are written as in files.
 *
 * A condition becomes a postfix program (Dijkstra's shunting yard, no recursion) that is run on blocks of rows with one byte a row; a
 * test of a TEXT column is decided once for each of its values. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "frame/step.h"
#include "frame/table.h"
#include "frame/table_strip.h"
#include "frame/time_parse.h"

#define BYTES_MAX (1u << 20)
#define STEPS_MAX 4096 /* of the program */
#define DEPTH_MAX 256
#define VALUES_MAX 65536
#define BLOCK 4096

typedef enum {
    EQUAL,
    DIFFERENT,
    LESS,
    AT_MOST,
    MORE,
    AT_LEAST,
    IN,
    MISSING,
    CONTAINS,
    BETWEEN,
    TRUE
} test_op;
typedef enum {
    STEP_TEST,
    STEP_NOT,
    STEP_AND,
    STEP_OR,
    STEP_OPEN
} step_op; /* in order of binding */

typedef struct {
    test_op op;
    size_t column;
    hx_kind kind;
    bool negated;
    hx_str *values;
    double *numbers;
    size_t n_values;
    unsigned char *verdicts; /* TEXT: one a code */
} test;

typedef struct {
    step_op op;
    size_t test;
} program_step;

typedef enum { END, WORD, QUOTED, SIGN } lexeme_kind;
typedef struct {
    lexeme_kind kind;
    hx_str text;
} lexeme;

typedef struct {
    const hx_table *t;
    hx_str rest;
    lexeme now;
    hx_arena *arena;
    hx_error *err;
    test *tests; /* [STEPS_MAX] */
    size_t n_tests;
    program_step *program; /* [STEPS_MAX] */
    size_t n_program;
    step_op stack[DEPTH_MAX];
    size_t depth;
} parser;

/* ------------------------------------------------------------------ words and signs */
static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_sign(char c) {
    return c != '\0' && strchr("()=<>!,", c) != NULL;
}

static hx_status next(parser *p) {
    while (p->rest.len > 0 && is_blank(p->rest.ptr[0]))
        p->rest.ptr++, p->rest.len--;
    const char *s = p->rest.ptr;
    size_t n = 0;
    if (p->rest.len == 0) {
        p->now = (lexeme){END, {"", 0}};
        return HX_OK;
    }
    if (s[0] == '\'' || s[0] == '"') {
        const char *end = memchr(s + 1, s[0], p->rest.len - 1);
        if (end == NULL)
            return hx_fail(p->err, HX_EINVAL, "condition: the quote before '%.*s' is never closed",
                           HX_STR_ARG(((hx_str){s + 1, p->rest.len - 1})));
        p->now = (lexeme){QUOTED, {s + 1, (size_t)(end - s) - 1}};
        n = (size_t)(end - s) + 1;
    } else if (is_sign(s[0])) {
        const bool two = p->rest.len > 1 && ((s[1] == '=' && strchr("=<>!", s[0]) != NULL) ||
                                             (s[0] == '<' && s[1] == '>'));
        n = two ? 2 : 1;
        p->now = (lexeme){SIGN, {s, n}};
    } else {
        while (n < p->rest.len && !is_blank(s[n]) && !is_sign(s[n]))
            n++;
        p->now = (lexeme){WORD, {s, n}};
    }
    p->rest = (hx_str){s + n, p->rest.len - n};
    return HX_OK;
}

static bool is_word(const parser *p, const char *word) {
    return p->now.kind == WORD && p->now.text.len == strlen(word) &&
           strncasecmp(p->now.text.ptr, word, p->now.text.len) == 0;
}

static bool is_mark(const parser *p, const char *sign) {
    return p->now.kind == SIGN && hx_str_equal(p->now.text, hx_str_of(sign));
}

static hx_status expected(const parser *p, const char *en, const char *zh) {
    const char *what = p->err != NULL && p->err->ui == HX_UI_ZH ? zh : en;
    if (p->now.kind == END)
        return hx_fail(p->err, HX_EINVAL, "condition: %s is missing at its end", what);
    return hx_fail(p->err, HX_EINVAL, "condition: %s is missing before '%.*s'", what,
                   HX_STR_ARG(p->now.text));
}

/* ------------------------------------------------------------------ tests */
static hx_status number_of(parser *p, const test *x, hx_str value, double *out) {
    const hx_str name = hx_table_column_at(p->t, x->column)->name;
    if (x->kind == HX_KIND_TIME) {
        int64_t ms = 0;
        if (hx_time_try(value, HX_DATE_ORDER_AUTO, false, NULL, &ms) != HX_TIME_OK)
            return hx_fail(p->err, HX_EINVAL,
                           "condition: '%.*s' is no time, but the column '%.*s' holds times",
                           HX_STR_ARG(value), HX_STR_ARG(name));
        *out = (double)ms;
        return HX_OK;
    }
    const hx_text_number n = hx_number_of_text(value);
    *out = n.exact ? (double)n.mantissa / (double)hx_power_of_ten(n.scale) : n.value;
    if (n.is_number) return HX_OK;
    if (x->kind == HX_KIND_BOOLEAN && (value.len == 4 || value.len == 5)) {
        *out = value.len == 4;
        if (strncasecmp(value.ptr, value.len == 4 ? "true" : "false", value.len) == 0) return HX_OK;
    }
    return hx_fail(p->err, HX_EINVAL,
                   "condition: '%.*s' is no number, but the column '%.*s' holds numbers",
                   HX_STR_ARG(value), HX_STR_ARG(name));
}

static hx_status take_value(parser *p, test *x) {
    if (p->now.kind != WORD && p->now.kind != QUOTED) return expected(p, "a value", "值");
    if (x->n_values >= VALUES_MAX)
        return hx_fail(p->err, HX_ELIMIT, "condition: more than %d values", VALUES_MAX);
    if ((x->n_values & (x->n_values - 1)) == 0) { /* grows at powers of two */
        const size_t room = x->n_values == 0 ? 1 : 2 * x->n_values;
        hx_str *values = hx_arena_alloc(p->arena, room * sizeof *values);
        double *numbers = hx_arena_alloc(p->arena, room * sizeof *numbers);
        if (values == NULL || numbers == NULL) return hx_fail(p->err, HX_ENOMEM, "out of memory");
        if (x->n_values > 0) {
            memcpy(values, x->values, x->n_values * sizeof *values);
            memcpy(numbers, x->numbers, x->n_values * sizeof *numbers);
        }
        x->values = values;
        x->numbers = numbers;
    }
    const hx_str value = p->now.text;
    if (x->kind != HX_KIND_TEXT) HX_TRY(number_of(p, x, value, &x->numbers[x->n_values]));
    x->values[x->n_values++] = value;
    return next(p);
}

static hx_status take_list(parser *p, test *x) {
    HX_TRY(next(p));
    if (!is_mark(p, "(")) return expected(p, "'('", "“(”");
    do {
        HX_TRY(next(p));
        HX_TRY(take_value(p, x));
    } while (is_mark(p, ","));
    if (!is_mark(p, ")")) return expected(p, "')'", "“)”");
    return next(p);
}

static hx_status take_between(parser *p, test *x) {
    HX_TRY(next(p));
    HX_TRY(take_value(p, x));
    if (!is_word(p, "and")) return expected(p, "'and'", "“and”");
    HX_TRY(next(p));
    return take_value(p, x);
}

static hx_status take_missing(parser *p, test *x) {
    HX_TRY(next(p));
    if (is_word(p, "not")) {
        x->negated = !x->negated;
        HX_TRY(next(p));
    }
    if (!is_word(p, "missing")) return expected(p, "'missing'", "“missing”");
    return next(p);
}

static hx_status take_word_test(parser *p, test *x) {
    if (is_word(p, "not")) {
        x->negated = true;
        HX_TRY(next(p));
    }
    if (is_word(p, "in")) {
        x->op = IN;
        return take_list(p, x);
    }
    if (is_word(p, "between")) {
        x->op = BETWEEN;
        return take_between(p, x);
    }
    if (is_word(p, "contains")) {
        x->op = CONTAINS;
        if (x->kind != HX_KIND_TEXT)
            return hx_fail(p->err, HX_EINVAL, "condition: 'contains' is for columns of texts");
        HX_TRY(next(p));
        return take_value(p, x);
    }
    if (is_word(p, "is") && !x->negated) {
        x->op = MISSING;
        return take_missing(p, x);
    }
    if (!x->negated && x->kind == HX_KIND_BOOLEAN &&
        (p->now.kind == END || is_mark(p, ")") || is_word(p, "and") || is_word(p, "or"))) {
        x->op = TRUE;
        return HX_OK;
    }
    return expected(p, "=, !=, <, <=, >, >=, in, between, contains or is",
                    "=、!=、<、<=、>、>=、in、between、contains 或 is");
}

static hx_status take_test(parser *p) {
    static const struct {
        const char *sign;
        test_op op;
    } signs[] = {{"=", EQUAL}, {"==", EQUAL},   {"!=", DIFFERENT}, {"<>", DIFFERENT},
                 {"<", LESS},  {"<=", AT_MOST}, {">", MORE},       {">=", AT_LEAST}};
    if (p->now.kind != WORD && p->now.kind != QUOTED) return expected(p, "a column", "列名");
    if (p->n_tests >= STEPS_MAX)
        return hx_fail(p->err, HX_ELIMIT, "condition: more than %d tests", STEPS_MAX);
    test *x = &p->tests[p->n_tests++];
    const hx_str name = p->now.text;
    HX_TRY(hx_step_column(p->t, name, &x->column, p->err));
    x->kind = hx_table_column_at(p->t, x->column)->kind;
    HX_TRY(next(p));
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (is_mark(p, signs[i].sign)) {
            x->op = signs[i].op;
            HX_TRY(next(p));
            return take_value(p, x);
        }
    return take_word_test(p, x);
}

/* ------------------------------------------------------------------ the program */
static hx_status emit(parser *p, step_op op) {
    if (p->n_program >= STEPS_MAX)
        return hx_fail(p->err, HX_ELIMIT, "condition: more than %d tests", STEPS_MAX);
    p->program[p->n_program++] = (program_step){op, p->n_tests - 1};
    return HX_OK;
}

static hx_status push(parser *p, step_op op) {
    if (p->depth >= DEPTH_MAX)
        return hx_fail(p->err, HX_ELIMIT, "condition: nested deeper than %d", DEPTH_MAX);
    p->stack[p->depth++] = op;
    return HX_OK;
}

/* Emits what binds at least as close as `op`; the enumeration is in order of binding. */
static hx_status unwind(parser *p, step_op op) {
    while (p->depth > 0 && p->stack[p->depth - 1] <= op)
        HX_TRY(emit(p, p->stack[--p->depth]));
    return HX_OK;
}

static hx_status take_operand(parser *p) {
    while (is_word(p, "not") || is_mark(p, "(")) {
        HX_TRY(push(p, is_mark(p, "(") ? STEP_OPEN : STEP_NOT));
        HX_TRY(next(p));
    }
    HX_TRY(take_test(p));
    return emit(p, STEP_TEST);
}

static hx_status close_brackets(parser *p) {
    while (is_mark(p, ")")) {
        HX_TRY(unwind(p, STEP_OR));
        if (p->depth == 0) return expected(p, "'('", "“(”");
        p->depth--;
        HX_TRY(next(p));
    }
    return HX_OK;
}

static hx_status parse(parser *p) {
    HX_TRY(next(p));
    for (;;) {
        HX_TRY(take_operand(p));
        HX_TRY(close_brackets(p));
        if (p->now.kind == END) break;
        const bool both = is_word(p, "and");
        if (!both && !is_word(p, "or")) return expected(p, "'and' or 'or'", "“and”或“or”");
        HX_TRY(unwind(p, both ? STEP_AND : STEP_OR));
        HX_TRY(push(p, both ? STEP_AND : STEP_OR));
        HX_TRY(next(p));
    }
    HX_TRY(unwind(p, STEP_OR));
    return p->depth == 0 ? HX_OK : expected(p, "')'", "“)”");
}

/* ------------------------------------------------------------------ running it */
static bool contains(hx_str s, hx_str part) {
    return part.len == 0 || (s.len >= part.len && memmem(s.ptr, s.len, part.ptr, part.len) != NULL);
}

static bool text_passes(const test *x, hx_str s) {
    const int order = x->n_values > 0 ? hx_str_compare(s, x->values[0]) : 0;
    switch (x->op) {
    case EQUAL:
        return order == 0;
    case DIFFERENT:
        return order != 0;
    case LESS:
        return order < 0;
    case AT_MOST:
        return order <= 0;
    case MORE:
        return order > 0;
    case AT_LEAST:
        return order >= 0;
    case BETWEEN:
        return order >= 0 && hx_str_compare(s, x->values[1]) <= 0;
    case CONTAINS:
        return contains(s, x->values[0]);
    default:
        for (size_t i = 0; i < x->n_values; i++)
            if (hx_str_equal(s, x->values[i])) return true;
        return false;
    }
}

static bool number_passes(const test *x, double v) {
    switch (x->op) {
    case EQUAL:
        return v == x->numbers[0];
    case DIFFERENT:
        return v == v && v != x->numbers[0];
    case LESS:
        return v < x->numbers[0];
    case AT_MOST:
        return v <= x->numbers[0];
    case MORE:
        return v > x->numbers[0];
    case AT_LEAST:
        return v >= x->numbers[0];
    case BETWEEN:
        return v >= x->numbers[0] && v <= x->numbers[1];
    case TRUE:
        return v == 1;
    default:
        for (size_t i = 0; i < x->n_values; i++)
            if (v == x->numbers[i]) return true;
        return false;
    }
}

static hx_status prepare(parser *p) {
    for (size_t i = 0; i < p->n_tests; i++) {
        test *x = &p->tests[i];
        if (x->kind != HX_KIND_TEXT || x->op == MISSING) continue;
        const size_t n = hx_table_column_at(p->t, x->column)->n_values;
        x->verdicts = hx_arena_alloc(p->arena, n + 1);
        if (x->verdicts == NULL) return hx_fail(p->err, HX_ENOMEM, "out of memory");
        for (size_t code = 0; code < n; code++)
            x->verdicts[code] = text_passes(x, hx_table_value(p->t, x->column, (uint32_t)code));
    }
    return HX_OK;
}

static void run_test(const parser *p, const test *x, size_t first, size_t n, unsigned char *out) {
    union {
        double numbers[BLOCK];
        uint32_t codes[BLOCK];
    } room;
    if (x->kind == HX_KIND_TEXT) {
        hx_table_codes(p->t, x->column, first, n, room.codes);
        for (size_t i = 0; i < n; i++) {
            const bool there = room.codes[i] != HX_CODE_MISSING;
            out[i] = x->op == MISSING ? !there : there && x->verdicts[room.codes[i]];
        }
    } else {
        hx_table_numbers(p->t, x->column, first, n, room.numbers);
        for (size_t i = 0; i < n; i++)
            out[i] = x->op == MISSING ? room.numbers[i] != room.numbers[i]
                                      : number_passes(x, room.numbers[i]);
    }
    for (size_t i = 0; x->negated && i < n; i++)
        out[i] = !out[i];
}

/* One byte a row of [first, first + n) into room[0]; room: [depth][BLOCK]. */
static void run(const parser *p, size_t first, size_t n, unsigned char *room) {
    unsigned char *top = room - BLOCK;
    for (size_t k = 0; k < p->n_program; k++) {
        const program_step *s = &p->program[k];
        if (s->op == STEP_TEST) {
            top += BLOCK;
            run_test(p, &p->tests[s->test], first, n, top);
            continue;
        }
        if (s->op == STEP_NOT) {
            for (size_t i = 0; i < n; i++)
                top[i] = !top[i];
            continue;
        }
        top -= BLOCK;
        for (size_t i = 0; i < n; i++)
            top[i] = s->op == STEP_AND ? top[i] & top[i + BLOCK] : top[i] | top[i + BLOCK];
    }
}

static size_t depth_of(const parser *p) {
    size_t depth = 0, most = 0;
    for (size_t k = 0; k < p->n_program; k++) {
        if (p->program[k].op == STEP_TEST) depth++;
        if (p->program[k].op == STEP_AND || p->program[k].op == STEP_OR) depth--;
        if (depth > most) most = depth;
    }
    return most;
}

static hx_status find_rows(parser *p, hx_buf *rows) {
    const size_t n_rows = hx_table_rows(p->t);
    unsigned char *room = hx_arena_alloc(p->arena, depth_of(p) * BLOCK + 1);
    if (room == NULL) return hx_fail(p->err, HX_ENOMEM, "out of memory");
    for (size_t first = 0; first < n_rows; first += BLOCK) {
        const size_t n = n_rows - first < BLOCK ? n_rows - first : BLOCK;
        run(p, first, n, room);
        for (size_t i = 0; i < n; i++) {
            const size_t row = first + i;
            if (room[i] && !hx_buf_append(rows, &row, sizeof row))
                return hx_fail(p->err, HX_ENOMEM, "out of memory");
        }
    }
    return HX_OK;
}

static hx_status keep_rows(parser *p, hx_table *t, hx_str condition) {
    hx_buf rows;
    p->rest = condition;
    p->tests = hx_arena_alloc(p->arena, STEPS_MAX * sizeof *p->tests);
    p->program = hx_arena_alloc(p->arena, STEPS_MAX * sizeof *p->program);
    if (p->tests == NULL || p->program == NULL) return hx_fail(p->err, HX_ENOMEM, "out of memory");
    HX_TRY(parse(p));
    HX_TRY(prepare(p));
    hx_buf_init(&rows, SIZE_MAX);
    hx_status status = find_rows(p, &rows);
    const size_t n = rows.len / sizeof(size_t);
    if (status == HX_OK && n < hx_table_rows(t))
        status = hx_table_keep(t, (const size_t *)(const void *)rows.ptr, n, p->err);
    hx_buf_release(&rows);
    return status;
}

hx_status hx_table_where(hx_table *t, const char *condition, hx_error *err) {
    const hx_str text = hx_str_of(condition);
    if (text.len > BYTES_MAX)
        return hx_fail(err, HX_ELIMIT, "condition: longer than %u bytes", BYTES_MAX);
    parser p = {.t = t, .arena = hx_arena_new(0), .err = err};
    const hx_status status =
        p.arena == NULL ? hx_fail(err, HX_ENOMEM, "out of memory") : keep_rows(&p, t, text);
    hx_arena_free(p.arena);
    return status;
}
