/* test_linear.c - products of rows with stored weights: the exact form against double precision, the int8 form against its definition
 * written down once more, the stored form within its error; the same bits for every split, thread count and kernel set. */
#include "unit/tensor/linear_test.h"

#include "base/error.h"
#include "tensor/memory.h"

/* Every set of kernels, and numbers from a seed. */
typedef struct {
    const hx_kernels *sets[HX_KERNELS_N];
    size_t n_sets;
    hx_rng rng;
} setting;

static setting setting_new(uint64_t seed) {
    setting t;
    t.n_sets = test_sets(t.sets);
    hx_rng_seed(&t.rng, seed);
    return t;
}

static double silu(double x) {
    return x / (1.0 + exp(-x));
}

/* What r (m, n) makes of y, in double. */
static double finish(const test_product *p, const double *r, size_t m, size_t j) {
    const double *row = r + m * p->n;
    switch (p->kind) {
    case HX_LINEAR_ADD:
        return (double)p->y[m * p->ldy + j] + row[j];
    case HX_LINEAR_SWIGLU:
        return silu(row[j]) * row[p->n / 2 + j];
    default:
        return row[j];
    }
}

static void norm_in_double(const test_product *p, size_t m, double *out) {
    const float *x = p->x + m * p->ldx;
    double sum = 0.0;
    for (size_t i = 0; i < p->k; i++)
        sum += (double)x[i] * (double)x[i];
    double r = 1.0 / sqrt(sum / (double)p->k + (double)TEST_EPS);
    for (size_t i = 0; i < p->k; i++)
        out[i] = p->norm ? (double)x[i] * r * (double)p->norm[i] : (double)x[i];
}

/* (m, n) in double; free() it. */
static double *product_in_double(const test_product *p) {
    float *bias, *w = test_decoded(p, &bias);
    double *x = malloc(p->k * sizeof *x), *r = malloc(p->m * p->n * sizeof *r);
    for (size_t m = 0; m < p->m; m++) {
        norm_in_double(p, m, x);
        for (size_t j = 0; j < p->n; j++) {
            double sum = (double)bias[j];
            for (size_t i = 0; i < p->k; i++)
                sum += x[i] * (double)w[j * p->k + i];
            r[m * p->n + j] = sum;
        }
    }
    free(w);
    free(bias);
    free(x);
    return r;
}

/* Greatest difference of a row over the row's greatest value, of all rows. */
static double error_of(const test_product *p, const float *y, const double *r) {
    double worst = 0.0;
    for (size_t m = 0; m < p->m; m++) {
        double most = 0.0, off = 0.0;
        for (size_t j = 0; j < test_outputs(p); j++) {
            double want = finish(p, r, m, j);
            most = fmax(most, fabs(want));
            off = fmax(off, fabs(want - (double)y[m * p->ldy + j]));
        }
        worst = fmax(worst, off / most);
    }
    return worst;
}

/* Behind each row of y nothing was written. */
static void assert_untouched(const test_product *p, const float *y) {
    for (size_t m = 0; m < p->m; m++)
        assert_memory_equal(y + m * p->ldy + test_outputs(p), p->y + m * p->ldy + test_outputs(p),
                            (p->ldy - test_outputs(p)) * sizeof *y);
}

typedef struct {
    hx_linear_kind kind;
    size_t n_parts, rows[3], k, m;
    bool normed;
} shape;

/* Tiny models have odd widths; panels have 32 rows, tiles 12, blocks of the transform are powers of two. */
static const shape shapes[] = {
    {HX_LINEAR_STORE, 3, {64, 32, 32}, 256, 13, true},
    {HX_LINEAR_STORE, 1, {33}, 576, 12, false},
    {HX_LINEAR_ADD, 1, {70}, 512, 25, false},
    {HX_LINEAR_SWIGLU, 2, {48, 48}, 256, 7, true},
    {HX_LINEAR_SWIGLU, 2, {5, 5}, 96, 3, true},
    {HX_LINEAR_STORE, 2, {1, 2}, 7, 2, true},
    {HX_LINEAR_ADD, 2, {17, 19}, 36, 1, true},
    {HX_LINEAR_STORE, 3, {24, 8, 8}, 24, 40, true},
    {HX_LINEAR_ADD, 1, {100}, 1536, 5, false},
    {HX_LINEAR_SWIGLU, 2, {40, 40}, 768, 26, true},
};
#define N_SHAPES (sizeof shapes / sizeof shapes[0])

static test_product product_of(const shape *s, size_t type, hx_rng *r) {
    return test_product_new(s->kind, s->n_parts, s->rows, s->k, s->m, type, s->normed, r);
}

static void exact_is_within_1e_5_of_double(void **state) {
    (void)state;
    setting t = setting_new(TEST_SEED);
    for (size_t i = 0; i < N_SHAPES * 2; i++) {
        test_product p = product_of(&shapes[i % N_SHAPES], i * 2 + i / N_SHAPES, &t.rng);
        double *r = product_in_double(&p);
        float *first = NULL;
        for (size_t s = 0; s < t.n_sets; s++) {
            hx_linear *l = test_linear_new(&p, t.sets[s], NULL, false);
            float *y = test_result(&p, l, HX_FORM_EXACT, NULL);
            assert_true(error_of(&p, y, r) <= 1e-5);
            assert_untouched(&p, y);
            if (first) assert_memory_equal(y, first, p.m * p.ldy * sizeof *y);
            if (s == 0) first = y;
            if (s > 0) free(y);
            hx_linear_free(l);
        }
        free(first);
        free(r);
        test_product_free(&p);
    }
}

/* The int8 form, as linear.h and gemm_kernels.h describe it. */
static void norm_in_order(const test_product *p, const float *x, float *out) {
    float chain[64] = {0};
    for (size_t i = 0; i < p->k; i++)
        chain[i & 63] = fmaf(x[i], x[i], chain[i & 63]);
    for (int half = 32; half; half >>= 1)
        for (int j = 0; j < half; j++)
            chain[j] = chain[j] + chain[j + half];
    float r = 1.0f / sqrtf(chain[0] / (float)p->k + TEST_EPS);
    for (size_t i = 0; i < p->k; i++)
        out[i] = (x[i] * r) * p->norm[i];
}

static size_t block_of(size_t k) {
    size_t b = k & (~k + 1);
    return b > 512 ? 512 : b;
}

/* By recursion on halves: the sums of the halves' transforms. Distances come in ascending order, as in the definition. */
static void transform(float *x, size_t n) {
    for (size_t bit = 1; bit < n; bit <<= 1) {
        float out[512];
        for (size_t i = 0; i < n; i++)
            out[i] = i & bit ? x[i ^ bit] - x[i] : x[i] + x[i ^ bit];
        memcpy(x, out, n * sizeof *x);
    }
}

static float quantise(float *x, size_t k, int *q) {
    float most = 0.0f;
    for (size_t i = 0; i < k; i += block_of(k))
        transform(x + i, block_of(k));
    for (size_t i = 0; i < k; i++)
        most = fmaxf(most, fabsf(x[i]));
    for (size_t i = 0; i < k; i++)
        q[i] = (int)nearbyintf(x[i] * (127.0f / most));
    return most / 127.0f;
}

static void quantise_all(const test_product *p, const float *x, size_t rows, size_t ld, bool of_x,
                         int *q, float *scale) {
    float *row = malloc(p->k * sizeof *row);
    for (size_t m = 0; m < rows; m++) {
        memcpy(row, x + m * ld, p->k * sizeof *row);
        if (of_x && p->norm) norm_in_order(p, x + m * ld, row);
        scale[m] = quantise(row, p->k, q + m * p->k);
        if (!of_x) scale[m] /= (float)block_of(p->k);
    }
    free(row);
}

/* r (m, n) F32 before the kind; free() it. */
static float *int8_by_definition(const test_product *p) {
    float *bias, *w = test_decoded(p, &bias), *r = malloc(p->m * p->n * sizeof *r);
    int *qx = malloc(p->m * p->k * sizeof *qx), *qw = malloc(p->n * p->k * sizeof *qw);
    float *sx = malloc(p->m * sizeof *sx), *sw = malloc(p->n * sizeof *sw);
    quantise_all(p, p->x, p->m, p->ldx, true, qx, sx);
    quantise_all(p, w, p->n, p->k, false, qw, sw);
    for (size_t m = 0; m < p->m; m++)
        for (size_t j = 0; j < p->n; j++) {
            int64_t sum = 0;
            for (size_t i = 0; i < p->k; i++)
                sum += (int64_t)qx[m * p->k + i] * qw[j * p->k + i];
            r[m * p->n + j] = fmaf((float)sum * sx[m], sw[j], bias[j]);
        }
    free(w);
    free(bias);
    free(qx);
    free(qw);
    free(sx);
    free(sw);
    return r;
}

static void assert_is_defined(const test_product *p, const float *y, const float *r) {
    for (size_t m = 0; m < p->m; m++)
        for (size_t j = 0; j < test_outputs(p); j++) {
            const float *row = r + m * p->n;
            float got = y[m * p->ldy + j];
            if (p->kind == HX_LINEAR_SWIGLU) {
                double want = silu((double)row[j]) * (double)row[p->n / 2 + j];
                assert_true(fabs((double)got - want) <= 1e-6 * fabs(want) + 1e-30);
            } else {
                float want = p->kind == HX_LINEAR_ADD ? p->y[m * p->ldy + j] + row[j] : row[j];
                assert_memory_equal(&got, &want, sizeof got);
            }
        }
}

static void int8_is_its_definition_in_every_set(void **state) {
    (void)state;
    setting t = setting_new(TEST_SEED + 1);
    for (size_t i = 0; i < N_SHAPES * 2; i++) {
        test_product p = product_of(&shapes[i % N_SHAPES], i * 3 + i / N_SHAPES, &t.rng);
        float *r = int8_by_definition(&p), *first = NULL;
        for (size_t s = 0; s < t.n_sets; s++) {
            hx_linear *l = test_linear_new(&p, t.sets[s], NULL, true);
            float *y = test_result(&p, l, HX_FORM_INT8, NULL);
            assert_is_defined(&p, y, r);
            assert_untouched(&p, y);
            if (first) assert_memory_equal(y, first, p.m * p.ldy * sizeof *y);
            if (s == 0) first = y;
            if (s > 0) free(y);
            hx_linear_free(l);
        }
        free(first);
        free(r);
        test_product_free(&p);
    }
}

static void int8_is_near_the_truth(void **state) {
    (void)state;
    hx_rng rng;
    hx_rng_seed(&rng, TEST_SEED + 2);
    const hx_kernels *best;
    assert_int_equal(hx_kernels_choose(NULL, &best, NULL), HX_OK);
    for (size_t i = 0; i < 3; i++) {
        test_product p = product_of(&shapes[i], i, &rng);
        double *r = product_in_double(&p);
        hx_linear *l = test_linear_new(&p, best, NULL, true);
        float *y = test_result(&p, l, HX_FORM_INT8, NULL);
        assert_true(error_of(&p, y, r) <= (p.kind == HX_LINEAR_SWIGLU ? 0.08 : 0.03));
        free(y);
        free(r);
        hx_linear_free(l);
        test_product_free(&p);
    }
}

/* Of every form: all at once with 2 and 3 threads, then row by row. */
static void check_splits(const test_product *p, const hx_kernels *set, hx_form form,
                         hx_team **teams) {
    hx_linear *l = test_linear_new(p, set, teams[0], form == HX_FORM_INT8);
    float *y = test_result(p, l, form, NULL);
    for (size_t t = 0; t < 2; t++) {
        float *other = test_result(p, l, form, teams[t]);
        assert_memory_equal(other, y, p->m * p->ldy * sizeof *y);
        free(other);
    }
    float *rows = malloc(p->m * p->ldy * sizeof *rows);
    memcpy(rows, p->y, p->m * p->ldy * sizeof *rows);
    for (size_t m = 0, n; m < p->m; m += n) {
        n = m % 3 + 1 < p->m - m ? m % 3 + 1 : p->m - m;
        test_run(p, l, form, teams[m % 2], m, n, 0, 0, rows + m * p->ldy);
    }
    assert_memory_equal(rows, y, p->m * p->ldy * sizeof *y);
    free(rows);
    free(y);
    hx_linear_free(l);
}

static void neither_rows_nor_threads_change_a_bit(void **state) {
    (void)state;
    setting t = setting_new(TEST_SEED + 3);
    hx_team *teams[2];
    assert_int_equal(hx_team_new(&teams[0], 2, NULL), HX_OK);
    assert_int_equal(hx_team_new(&teams[1], 3, NULL), HX_OK);
    for (size_t i = 0; i < N_SHAPES; i++) {
        test_product p = product_of(&shapes[i], i, &t.rng);
        for (size_t s = 0; s < t.n_sets; s++) {
            check_splits(&p, t.sets[s], HX_FORM_EXACT, teams);
            check_splits(&p, t.sets[s], HX_FORM_INT8, teams);
            check_splits(&p, t.sets[s], HX_FORM_STORED, teams);
        }
        test_product_free(&p);
    }
    hx_team_free(teams[0]);
    hx_team_free(teams[1]);
}

static void many_rows_go_in_blocks(void **state) {
    (void)state;
    const hx_kernels *best, *scalar;
    assert_int_equal(hx_kernels_choose(NULL, &best, NULL), HX_OK);
    assert_int_equal(hx_kernels_choose("scalar", &scalar, NULL), HX_OK);
    hx_team *team;
    assert_int_equal(hx_team_new(&team, 2, NULL), HX_OK);
    hx_rng rng;
    hx_rng_seed(&rng, TEST_SEED + 4);
    size_t rows[] = {90};
    test_product p = test_product_new(HX_LINEAR_STORE, 1, rows, 64, 700, 4, false, &rng);
    for (hx_form form = HX_FORM_EXACT; form <= HX_FORM_INT8; form++) {
        hx_linear *a = test_linear_new(&p, best, team, true),
                  *b = test_linear_new(&p, scalar, NULL, true);
        float *ya = test_result(&p, a, form, team), *yb = test_result(&p, b, form, NULL);
        assert_memory_equal(ya, yb, p.m * p.ldy * sizeof *ya);
        free(ya);
        free(yb);
        hx_linear_free(a);
        hx_linear_free(b);
    }
    test_product_free(&p);
    hx_team_free(team);
}

/* Any range of rows of W gives the columns of the whole, and writes no others. */
static void check_range(const test_product *p, const hx_linear *l, hx_form form, const float *y,
                        size_t first, size_t n) {
    float *part = malloc(p->m * p->ldy * sizeof *part);
    memcpy(part, p->y, p->m * p->ldy * sizeof *part);
    test_run(p, l, form, NULL, 0, p->m, first, n, part);
    for (size_t m = 0; m < p->m; m++) {
        assert_memory_equal(part + m * p->ldy, y + m * p->ldy + first, n * sizeof *y);
        assert_memory_equal(part + m * p->ldy + n, p->y + m * p->ldy + n, (p->ldy - n) * sizeof *y);
    }
    free(part);
}

static void ranges_of_rows_are_parts_of_the_whole(void **state) {
    (void)state;
    setting t = setting_new(TEST_SEED + 5);
    size_t rows[] = {50, 41, 6};
    static const size_t ranges[][2] = {{0, 1},  {31, 2}, {32, 32}, {49, 3},
                                       {96, 1}, {5, 90}, {64, 33}};
    test_product p = test_product_new(HX_LINEAR_STORE, 3, rows, 256, 5, 3, true, &t.rng);
    for (size_t s = 0; s < t.n_sets; s++)
        for (hx_form form = HX_FORM_EXACT; form <= HX_FORM_STORED; form++) {
            hx_linear *l = test_linear_new(&p, t.sets[s], NULL, form == HX_FORM_INT8);
            float *y = test_result(&p, l, form, NULL);
            for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
                check_range(&p, l, form, y, ranges[i][0], ranges[i][1]);
            free(y);
            hx_linear_free(l);
        }
    test_product_free(&p);
}

static void stored_is_near_the_truth(void **state) {
    (void)state;
    setting t = setting_new(TEST_SEED + 6);
    for (size_t i = 0; i < N_SHAPES; i++) {
        test_product p = product_of(&shapes[i], i, &t.rng);
        double *r = product_in_double(&p);
        for (size_t s = 0; s < t.n_sets; s++) {
            hx_linear *l = test_linear_new(&p, t.sets[s], NULL, false);
            float *y = test_result(&p, l, HX_FORM_STORED, NULL);
            assert_true(error_of(&p, y, r) <= (p.kind == HX_LINEAR_SWIGLU ? 0.08 : 0.03));
            assert_untouched(&p, y);
            free(y);
            hx_linear_free(l);
        }
        free(r);
        test_product_free(&p);
    }
}

typedef struct {
    size_t n, order[8];
} drops;

static void note_drop(void *context, size_t part) {
    drops *d = context;
    d->order[d->n++] = part;
}

static void packing_lets_parts_go_in_order(void **state) {
    (void)state;
    const hx_kernels *best;
    assert_int_equal(hx_kernels_choose(NULL, &best, NULL), HX_OK);
    hx_rng rng;
    hx_rng_seed(&rng, TEST_SEED + 7);
    for (size_t i = 0; i < 4; i++) {
        test_product p = product_of(&shapes[i], i, &rng);
        hx_linear *l = test_linear_new(&p, best, NULL, false),
                  *own = test_linear_new(&p, best, NULL, true);
        drops d = {0};
        void *memory = hx_memory_new(hx_linear_packed_bytes(l));
        assert_int_equal(hx_linear_pack_into(l, memory, NULL, note_drop, &d, NULL), HX_OK);
        assert_int_equal(d.n, p.n_parts);
        for (size_t j = 0; j < d.n; j++)
            assert_int_equal(d.order[j], j);
        assert_int_equal(hx_linear_pack(l, NULL, note_drop, &d, NULL), HX_OK);
        assert_int_equal(d.n, p.n_parts); /* once packed it stays so */
        float *a = test_result(&p, l, HX_FORM_INT8, NULL),
              *b = test_result(&p, own, HX_FORM_INT8, NULL);
        assert_memory_equal(a, b, p.m * p.ldy * sizeof *a);
        free(a);
        free(b);
        hx_linear_free(l);
        hx_linear_free(own);
        hx_memory_free(memory, hx_linear_packed_bytes(l = test_linear_new(&p, best, NULL, false)));
        hx_linear_free(l);
        test_product_free(&p);
    }
}

static void zeros_and_numbers_that_are_none(void **state) {
    (void)state;
    setting t = setting_new(TEST_SEED + 8);
    size_t rows[] = {3};
    test_product p = test_product_new(HX_LINEAR_STORE, 1, rows, 72, 4, 0, false, &t.rng);
    ((float *)p.data[0])[72 + 70] = NAN; /* the second row of W */
    memset(p.x, 0, p.k * sizeof *p.x);
    p.x[p.ldx + 5] = NAN;
    p.x[2 * p.ldx + 9] = INFINITY;
    for (size_t s = 0; s < t.n_sets; s++) {
        hx_linear *l = test_linear_new(&p, t.sets[s], NULL, true);
        float *y = test_result(&p, l, HX_FORM_INT8, NULL);
        for (size_t j = 0; j < p.n; j++) {
            assert_true(j == 1 ? !isfinite(y[j]) : y[j] == p.bias[0][j]);
            assert_true(!isfinite(y[p.ldy + j]));
            assert_true(!isfinite(y[2 * p.ldy + j]));
            assert_true((j == 1) == !isfinite(y[3 * p.ldy + j]));
        }
        free(y);
        hx_linear_free(l);
    }
    test_product_free(&p);
}

static void gates_far_from_zero_stay_right(void **state) {
    (void)state;
    const hx_kernels *sets[HX_KERNELS_N];
    size_t n_sets = test_sets(sets);
    /* One column: y_j = silu(w_j x) * 1. */
    float gate[90], up[90], x = 1.0f, y[90];
    for (int i = 0; i < 90; i++) {
        gate[i] = (float)(i - 45) * (i % 3 == 0 ? 10.0f : 0.37f);
        up[i] = 1.0f;
    }
    hx_linear_part parts[] = {{HX_DTYPE_F32, 90, gate, NULL}, {HX_DTYPE_F32, 90, up, NULL}};
    for (size_t s = 0; s < n_sets; s++) {
        hx_linear *l;
        assert_int_equal(hx_linear_new(&l, sets[s], parts, 2, 1, HX_LINEAR_SWIGLU, NULL), HX_OK);
        void *scratch =
            aligned_alloc(64, (hx_linear_scratch(l, HX_FORM_EXACT, 1, 1) + 63) / 64 * 64);
        hx_linear_call call = {.x = &x, .m = 1, .ldx = 1, .y = y, .ldy = 90};
        hx_linear_run(l, HX_FORM_EXACT, &call, scratch, NULL);
        for (int i = 0; i < 90; i++) {
            double want = silu((double)gate[i]);
            assert_true(fabs((double)y[i] - want) <= 3e-7 * fabs(want) + 1e-35);
        }
        free(scratch);
        hx_linear_free(l);
    }
}

static void assert_refused(const hx_linear_part *parts, size_t n, size_t k, hx_linear_kind kind,
                           hx_status code, const char *message) {
    const hx_kernels *best;
    assert_int_equal(hx_kernels_choose(NULL, &best, NULL), HX_OK);
    hx_error err = {0};
    hx_linear *l = NULL;
    assert_int_equal(hx_linear_new(&l, best, parts, n, k, kind, &err), code);
    assert_string_equal(err.message, message);
    assert_null(l);
}

static void wrong_parts_are_refused(void **state) {
    (void)state;
    float w[64] = {0};
    hx_linear_part parts[9] = {{HX_DTYPE_F32, 2, w, NULL}, {HX_DTYPE_F32, 3, w, NULL}};
    hx_linear_part ints = {HX_DTYPE_I32, 2, w, NULL}, unknown = {(hx_dtype)77, 2, w, NULL};
    hx_linear_part q8 = {HX_DTYPE_Q8_0, 1, w, NULL}, none = {HX_DTYPE_F32, 0, w, NULL};
    assert_refused(parts, 0, 4, HX_LINEAR_STORE, HX_EINVAL,
                   "a product takes 1 to 8 matrices, not 0");
    assert_refused(parts, 9, 4, HX_LINEAR_STORE, HX_EINVAL,
                   "a product takes 1 to 8 matrices, not 9");
    assert_refused(parts, 1, 0, HX_LINEAR_STORE, HX_ELIMIT,
                   "a matrix has 1 to 131072 columns, not 0");
    assert_refused(parts, 1, 131073, HX_LINEAR_STORE, HX_ELIMIT,
                   "a matrix has 1 to 131072 columns, not 131073");
    assert_refused(&ints, 1, 4, HX_LINEAR_STORE, HX_EUNSUPPORTED,
                   "nothing can be multiplied with elements of type 26");
    assert_refused(&unknown, 1, 4, HX_LINEAR_STORE, HX_EUNSUPPORTED,
                   "nothing can be multiplied with elements of type 77");
    assert_refused(&q8, 1, 48, HX_LINEAR_STORE, HX_EFORMAT,
                   "48 columns are no whole number of blocks of Q8_0");
    assert_refused(&none, 1, 4, HX_LINEAR_STORE, HX_EINVAL,
                   "a matrix of 0 rows cannot be multiplied with");
    assert_refused(parts, 2, 4, HX_LINEAR_SWIGLU, HX_EINVAL,
                   "gate and up must be two matrices of equally many rows");
    hx_linear_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_is_within_1e_5_of_double),
        cmocka_unit_test(int8_is_its_definition_in_every_set),
        cmocka_unit_test(int8_is_near_the_truth),
        cmocka_unit_test(neither_rows_nor_threads_change_a_bit),
        cmocka_unit_test(many_rows_go_in_blocks),
        cmocka_unit_test(ranges_of_rows_are_parts_of_the_whole),
        cmocka_unit_test(stored_is_near_the_truth),
        cmocka_unit_test(packing_lets_parts_go_in_order),
        cmocka_unit_test(zeros_and_numbers_that_are_none),
        cmocka_unit_test(gates_far_from_zero_stay_right),
        cmocka_unit_test(wrong_parts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
