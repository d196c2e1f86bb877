/* test_encode.c - encoding: the reference's bits where it encodes, no larger error than llama.cpp's searches, bounds, refusals. */
#include "unit/tensor/files_test.h"

#include <math.h>

#include "base/rng.h"

static void encode(uint32_t type, const float *x, size_t n, const float *importance, void *out) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (hx_dtype_encode((hx_dtype)type, x, n, importance, out, &err) != HX_OK)
        fail_msg("%s", err.message);
}

static void encodes_as_reference(const block_record *r) {
    if (r->type == HX_DTYPE_F16 || r->type == HX_DTYPE_BF16) {
        for (uint32_t i = 0; i < r->n; i++) {
            uint16_t want, got;
            memcpy(&want, r->bytes + 2 * i, sizeof want);
            got = r->type == HX_DTYPE_F16 ? hx_f32_to_f16(r->numbers[i])
                                          : hx_f32_to_bf16(r->numbers[i]);
            assert_int_equal(got, want);
        }
        return;
    }
    unsigned char *got = malloc(r->n_bytes);
    assert_non_null(got);
    encode(r->type, r->numbers, r->n, NULL, got);
    for (uint32_t i = 0; i < r->n_bytes; i++)
        if (got[i] != r->bytes[i])
            fail_msg("%s byte %u: %02x, expected %02x", hx_dtype_describe(r->type)->name, i, got[i],
                     r->bytes[i]);
    free(got);
}

static void encodes_bit_equal(void **state) {
    (void)state;
    assert_int_equal(each_block_record(1u << RECORD_ENCODE, encodes_as_reference), 7);
}

static double error_of(hx_dtype type, const void *blocks, const float *x, const float *w,
                       size_t n) {
    float *y = malloc(n * sizeof *y);
    assert_non_null(y);
    hx_dtype_decode(type, blocks, n, y);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double e = (double)y[i] - (double)x[i];
        sum += e * e * (w ? (double)w[i] : 1);
    }
    free(y);
    return sqrt(sum / (double)n);
}

static void is_as_good_as_peer(const block_record *r) {
    unsigned char *got = malloc(r->n_bytes);
    assert_non_null(got);
    encode(r->type, r->numbers, r->n, r->importance, got);
    double ours = error_of((hx_dtype)r->type, got, r->numbers, r->importance, r->n);
    double theirs = error_of((hx_dtype)r->type, r->bytes, r->numbers, r->importance, r->n);
    /* 1,024 numbers are few: with importance single blocks go either way */
    if (!(ours <= theirs * (r->importance ? 1.03 : 1.005)))
        fail_msg("%s: error %g, llama.cpp has %g", hx_dtype_describe(r->type)->name, ours, theirs);
    free(got);
}

static void searches_as_well_as_peer(void **state) {
    (void)state;
    unsigned kinds = 1u << RECORD_PEER | 1u << RECORD_PEER_IMPORTANCE;
    assert_int_equal(each_block_record(kinds, is_as_good_as_peer), 8);
}

/* Half a step of the widest group is the most a code may be off; the scales' own rounding (6 bits, F16) is allowed for. */
static const struct {
    hx_dtype type;
    size_t group;
    double steps, slack;
    bool spans; /* steps divide max - min instead of the extreme */
} bounds[] = {
    {HX_DTYPE_Q8_0, 32, 127, 1.15, false}, {HX_DTYPE_Q4_0, 32, 8, 2.05, false},
    {HX_DTYPE_Q5_0, 32, 16, 2.05, false},  {HX_DTYPE_Q4_1, 32, 15, 1.05, true},
    {HX_DTYPE_Q5_1, 32, 31, 1.1, true},    {HX_DTYPE_Q4_K, 256, 15, 2.5, true},
    {HX_DTYPE_Q6_K, 256, 32, 2.5, false},
};

static float random_normal(hx_rng *rng) {
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += hx_rng_uniform(rng);
    return (float)sum;
}

static double step_of(const float *x, size_t n, double steps, bool spans) {
    double min = 0, max = 0;
    for (size_t i = 0; i < n; i++) {
        min = fmin(min, (double)x[i]);
        max = fmax(max, (double)x[i]);
    }
    return (spans ? max - min : fmax(-min, max)) / steps;
}

static void keeps_error_bounds(void **state) {
    (void)state;
    hx_rng rng;
    hx_rng_seed(&rng, TEST_SEED);
    for (int round = 0; round < 400; round++) {
        float x[256], y[256], scale = ldexpf(1, (int)hx_rng_below(&rng, 14) - 5);
        for (size_t i = 0; i < 256; i++)
            x[i] = random_normal(&rng) * scale;
        for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++) {
            uint16_t blocks[256];
            encode(bounds[b].type, x, 256, NULL, blocks);
            hx_dtype_decode(bounds[b].type, blocks, 256, y);
            for (size_t i = 0; i < 256; i++) {
                const float *group = x + i / bounds[b].group * bounds[b].group;
                double step = step_of(group, bounds[b].group, bounds[b].steps, bounds[b].spans);
                double off = fabs((double)y[i] - (double)x[i]);
                if (off > step / 2 * bounds[b].slack)
                    fail_msg("%s: %g became %g, more than %g off",
                             hx_dtype_describe(bounds[b].type)->name, (double)x[i], (double)y[i],
                             step / 2 * bounds[b].slack);
            }
        }
    }
}

static void keeps_what_fits_exactly(void **state) {
    (void)state;
    /* numbers on the grid of a format come back as they were */
    float x[256], y[256];
    uint16_t blocks[256];
    for (int i = 0; i < 256; i++)
        x[i] = (float)(i % 32 == 0 ? -8 : (i * 7) % 16 - 8) * 0.25f;
    const hx_dtype types[] = {HX_DTYPE_F32, HX_DTYPE_F16, HX_DTYPE_BF16, HX_DTYPE_Q4_0};
    for (size_t t = 0; t < 4; t++) {
        void *out = types[t] == HX_DTYPE_F32 ? (void *)y : (void *)blocks;
        encode(types[t], x, 256, NULL, out);
        float back[256];
        hx_dtype_decode(types[t], out, 256, back);
        assert_memory_equal(back, x, sizeof x);
    }
}

static void encodes_zeros_and_constants(void **state) {
    (void)state;
    const float values[] = {0, -0.0f, 1e-38f, 1e-7f, 0.5f, -0.5f, 65504, -65504};
    const hx_dtype types[] = {HX_DTYPE_Q8_0, HX_DTYPE_Q4_0, HX_DTYPE_Q4_1, HX_DTYPE_Q5_0,
                              HX_DTYPE_Q5_1, HX_DTYPE_Q4_K, HX_DTYPE_Q6_K};
    for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
        for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
            for (int with = 0; with < 2; with++) {
                float x[256], y[256], ones[256];
                uint16_t blocks[256];
                for (size_t i = 0; i < 256; i++) {
                    x[i] = values[v];
                    ones[i] = 1;
                }
                encode(types[t], x, 256, with ? ones : NULL, blocks);
                hx_dtype_decode(types[t], blocks, 256, y);
                /* 2^-24 is the least F16 scale; a code of Q4_K reaches 63 * 15 of them */
                double allowed = fabs((double)values[v]) * 0.02 + 0x1p-24 * 32;
                for (size_t i = 0; i < 256; i++)
                    assert_true(fabs((double)y[i] - (double)values[v]) <= allowed);
            }
        }
    }
}

static void ignores_what_does_not_matter(void **state) {
    (void)state;
    /* importance 0 on half of the elements: the error of the other half must fall */
    hx_rng rng;
    hx_rng_seed(&rng, TEST_SEED);
    float x[1024], w[1024];
    for (size_t i = 0; i < 1024; i++) {
        x[i] = random_normal(&rng);
        w[i] = (float)(i & 1);
    }
    const hx_dtype types[] = {HX_DTYPE_Q4_0, HX_DTYPE_Q4_1, HX_DTYPE_Q5_0,
                              HX_DTYPE_Q5_1, HX_DTYPE_Q4_K, HX_DTYPE_Q6_K};
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
        uint16_t plain[1024], weighed[1024];
        encode(types[t], x, 1024, NULL, plain);
        encode(types[t], x, 1024, w, weighed);
        assert_true(error_of(types[t], weighed, x, w, 1024) <
                    error_of(types[t], plain, x, w, 1024));
    }
}

static void assert_refused(hx_dtype type, const float *x, size_t n, hx_status want,
                           const char *sentence) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    float out[512];
    assert_int_equal(hx_dtype_encode(type, x, n, NULL, out, &err), want);
    assert_string_equal(err.message, sentence);
}

static void refuses_what_cannot_be_held(void **state) {
    (void)state;
    float x[256] = {0};
    x[7] = NAN;
    assert_refused(HX_DTYPE_Q4_0, x, 256, HX_EFORMAT,
                   "element 7 of a row is nan, which Q4_0 cannot hold");
    assert_refused(HX_DTYPE_BF16, x, 256, HX_EFORMAT,
                   "element 7 of a row is nan, which BF16 cannot hold");
    x[7] = 65520;
    assert_refused(HX_DTYPE_F16, x, 256, HX_EFORMAT,
                   "element 7 of a row is 65520, which F16 cannot hold");
    x[7] = -INFINITY;
    assert_refused(HX_DTYPE_Q6_K, x, 256, HX_EFORMAT,
                   "element 7 of a row is -inf, which Q6_K cannot hold");
    x[7] = 0;
    assert_refused(HX_DTYPE_Q4_K, x, 128, HX_EINVAL,
                   "a row of 128 elements is no multiple of 256 as Q4_K needs");
    assert_refused(HX_DTYPE_Q2_K, x, 256, HX_EUNSUPPORTED, "weights cannot be stored as Q2_K");
    assert_refused(HX_DTYPE_I32, x, 256, HX_EUNSUPPORTED, "weights cannot be stored as I32");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_bit_equal),
        cmocka_unit_test(searches_as_well_as_peer),
        cmocka_unit_test(keeps_error_bounds),
        cmocka_unit_test(keeps_what_fits_exactly),
        cmocka_unit_test(encodes_zeros_and_constants),
        cmocka_unit_test(ignores_what_does_not_matter),
        cmocka_unit_test(refuses_what_cannot_be_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
