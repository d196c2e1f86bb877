/* step_interact.c - the step "interact": products, ratios, differences and sums of pairs of number columns.
 *
 *     product      a_x_b       a * b          each pair of "columns" in their order; "squares": true adds a_x_a
 *     ratio        a_per_b     a / b          missing where b is 0
 *     difference   a_minus_b   a - b
 *     sum          a_plus_b    a + b
 *
 * Missing where either is. Nothing is learnt. */
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "frame/features.h"

#define COLUMNS_MAX 64

enum { PRODUCT = 0, RATIO, DIFFERENCE, SUM, N_KINDS };
static const char *const kinds[] = {"product", "ratio", "difference", "sum", NULL};
static const char *const signs[] = {"_x_", "_per_", "_minus_", "_plus_"};

typedef struct {
    hx_names columns;
    bool kinds[N_KINDS], squares;
} settings;

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    settings *s = state;
    hx_names names;
    HX_TRY(hx_step_names(spec, "columns", arena, &s->columns, err));
    HX_TRY(hx_step_names(spec, "kinds", arena, &names, err));
    HX_TRY(hx_step_flag(spec, "squares", false, &s->squares, err));
    if (s->columns.n < 2 && !(s->squares && s->columns.n == 1))
        return hx_fail(err, HX_EINVAL, "'columns' has to name two columns at least");
    if (s->columns.n > COLUMNS_MAX)
        return hx_fail(err, HX_ELIMIT, "'columns' takes at most %d columns", COLUMNS_MAX);
    s->kinds[PRODUCT] = names.n == 0;
    for (size_t i = 0; i < names.n; i++) {
        int k = 0;
        while (k < N_KINDS && !hx_str_equal(names.names[i], hx_str_of(kinds[k])))
            k++;
        if (k == N_KINDS)
            return hx_fail(err, HX_EINVAL,
                           "there is no interaction '%.*s'; there are: product, ratio, difference, "
                           "sum",
                           HX_STR_ARG(names.names[i]));
        s->kinds[k] = true;
    }
    return HX_OK;
}

static double combine(int kind, double a, double b) {
    switch (kind) {
    case PRODUCT:
        return a * b;
    case RATIO:
        return b == 0 ? NAN : a / b;
    case DIFFERENCE:
        return a - b;
    default:
        return a + b;
    }
}

typedef struct {
    hx_table *t;
    const hx_str *names;
    double *const *values; /* [columns][n] */
    double *out; /* [n] */
    size_t n;
} job;

static hx_status put_pair(const job *j, int kind, size_t a, size_t b, hx_error *err) {
    char name[HX_FEATURE_NAME_MAX];
    for (size_t i = 0; i < j->n; i++)
        j->out[i] = combine(kind, j->values[a][i], j->values[b][i]);
    (void)snprintf(name, sizeof name, "%.*s%s%.*s", HX_STR_ARG(j->names[a]), signs[kind],
                   HX_STR_ARG(j->names[b]));
    return hx_table_put_numbers(j->t, hx_str_of(name), HX_KIND_NUMBER, j->out, -1, err);
}

static hx_status put_kind(const settings *s, const job *j, int kind, hx_error *err) {
    for (size_t a = 0; a < s->columns.n; a++) {
        if (s->squares && kind == PRODUCT) HX_TRY(put_pair(j, kind, a, a, err));
        for (size_t b = a + 1; b < s->columns.n; b++)
            HX_TRY(put_pair(j, kind, a, b, err));
    }
    return HX_OK;
}

static hx_status apply_in(const settings *s, hx_table *t, hx_arena *room, hx_error *err) {
    job j = {.t = t, .names = s->columns.names, .n = hx_table_rows(t)};
    size_t *columns = NULL, n = 0;
    double **values = NULL;
    HX_TRY(hx_step_columns_of(t, s->columns, HX_KINDS_NUMBER | 1u << HX_KIND_BOOLEAN, room,
                              &columns, &n, err));
    HX_TRY(hx_step_array(room, n, sizeof *values, &values, err));
    for (size_t i = 0; i < n; i++)
        HX_TRY(hx_step_values(t, columns[i], room, &values[i], err));
    HX_TRY(hx_step_array(room, j.n, sizeof *j.out, &j.out, err));
    j.values = values;
    for (int k = 0; k < N_KINDS; k++)
        if (s->kinds[k]) HX_TRY(put_kind(s, &j, k, err));
    return HX_OK;
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    hx_arena *room = hx_step_room();
    (void)run;
    const hx_status status = apply_in(state, t, room, err);
    hx_arena_free(room);
    return status;
}

static const char *const keys[] = {"columns", "kinds", "squares", NULL};

const hx_step_kind hx_step_interact = {
    .name = "interact", .keys = keys, .size = sizeof(settings), .parse = parse, .apply = apply};
