/* test_dtype.c - the table of types, sizes of rows, decoding against gguf/quants.py bit for bit, half-precision numbers. */
#include "unit/tensor/files_test.h"

#include <math.h>

#include "tensor/blocks.h"

static uint32_t bits_of(float f) {
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static void decodes_as_reference(const block_record *r) {
    float *got = malloc(r->n * sizeof *got);
    assert_non_null(got);
    uint64_t bytes;
    assert_true(hx_dtype_size((hx_dtype)r->type, r->n, &bytes));
    assert_int_equal(bytes, r->n_bytes);
    hx_dtype_decode((hx_dtype)r->type, r->bytes, r->n, got);
    for (uint32_t i = 0; i < r->n; i++) {
        if (bits_of(got[i]) == bits_of(r->numbers[i])) continue;
        fail_msg("%s element %u: %a, expected %a", hx_dtype_describe(r->type)->name, i,
                 (double)got[i], (double)r->numbers[i]);
    }
    free(got);
}

static void decodes_bit_equal(void **state) {
    (void)state;
    assert_int_equal(each_block_record(1u << RECORD_DECODE, decodes_as_reference), 12);
}

static void decodes_parts_alike(void **state) {
    (void)state;
    /* a block decoded alone gives the bits it has within a row; nothing is written behind it */
    const hx_dtype types[] = {HX_DTYPE_Q4_0, HX_DTYPE_Q5_1, HX_DTYPE_Q3_K, HX_DTYPE_Q6_K};
    for (size_t t = 0; t < 4; t++) {
        const hx_dtype_info *info = hx_dtype_describe(types[t]);
        uint16_t blocks[4 * 128];
        for (size_t i = 0; i < 512; i++)
            blocks[i] = (uint16_t)(0x2400 + i * 37 % 0x1000);
        float all[4 * 256], one[256 + 1];
        hx_dtype_decode(types[t], blocks, 4 * info->block, all);
        for (size_t k = 0; k < 4; k++) {
            one[info->block] = 12345;
            hx_dtype_decode(types[t], (const char *)blocks + k * info->bytes, info->block, one);
            assert_memory_equal(one, all + k * info->block, info->block * sizeof *one);
            assert_true(one[info->block] == 12345.0f);
        }
    }
}

static void reads_unaligned_floats(void **state) {
    (void)state;
    float out[2], in[2] = {1.5f, -2.25f};
    char bytes[16] = {0};
    memcpy(bytes + 1, in, sizeof in);
    hx_dtype_decode(HX_DTYPE_F32, bytes + 1, 2, out);
    assert_memory_equal(out, in, sizeof in);
    uint16_t halves[2] = {0x3e00, 0xc080}, brains[2] = {0x3fc0, 0xc010};
    memcpy(bytes + 1, halves, sizeof halves);
    hx_dtype_decode(HX_DTYPE_F16, bytes + 1, 2, out);
    assert_memory_equal(out, in, sizeof in);
    memcpy(bytes + 3, brains, sizeof brains);
    hx_dtype_decode(HX_DTYPE_BF16, bytes + 3, 2, out);
    assert_memory_equal(out, in, sizeof in);
}

/* The value of an F16 number by its definition. */
static double half_value(uint32_t h) {
    int exponent = (int)(h >> 10 & 31), mantissa = (int)(h & 1023);
    double size = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
    return h & 0x8000 ? -size : size;
}

static void converts_every_half(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        float f = hx_f16_to_f32((uint16_t)h);
        if ((h & 0x7c00) != 0x7c00) {
            assert_true((double)f == half_value(h));
            assert_int_equal(signbit(f) != 0, h >> 15);
            assert_int_equal(hx_f32_to_f16(f), h);
        } else if (h & 0x3ff) {
            assert_true(isnan(f));
            assert_true(isnan(hx_f16_to_f32(hx_f32_to_f16(f))));
        } else {
            assert_true(isinf(f) && (signbit(f) != 0) == (h >> 15));
            assert_int_equal(hx_f32_to_f16(f), h);
        }
    }
}

static void rounds_halves_to_even(void **state) {
    (void)state;
    /* between neighbours a < b: the middle goes to the even one, a hair beside it to the nearer one */
    for (uint32_t h = 0; h < 0x7bff; h++) {
        float a = hx_f16_to_f32((uint16_t)h), b = hx_f16_to_f32((uint16_t)(h + 1));
        float middle = (a + b) / 2;
        uint32_t even = h & 1 ? h + 1 : h;
        assert_int_equal(hx_f32_to_f16(middle), even);
        assert_int_equal(hx_f32_to_f16(-middle), even | 0x8000);
        assert_int_equal(hx_f32_to_f16(nextafterf(middle, 0)), h);
        assert_int_equal(hx_f32_to_f16(nextafterf(middle, INFINITY)), h + 1);
    }
    assert_int_equal(hx_f32_to_f16(65519.996f), 0x7bff);
    assert_int_equal(hx_f32_to_f16(65520.0f), 0x7c00);
    assert_int_equal(hx_f32_to_f16(-1e30f), 0xfc00);
}

static void rounds_brains_to_even(void **state) {
    (void)state;
    assert_int_equal(hx_f32_to_bf16(1.0f), 0x3f80);
    assert_int_equal(hx_f32_to_bf16(1.0f + 0x1p-8f), 0x3f80); /* the middle, even below */
    assert_int_equal(hx_f32_to_bf16(1.0f + 0x1.8p-7f), 0x3f82); /* the middle, even above */
    assert_int_equal(hx_f32_to_bf16(nextafterf(1.0f + 0x1p-8f, 2)), 0x3f81);
    assert_int_equal(hx_f32_to_bf16(-0.0f), 0x8000);
    assert_int_equal(hx_f32_to_bf16(INFINITY), 0x7f80);
    assert_int_equal(hx_f32_to_bf16(3.4028234e38f), 0x7f80);
    float nan_low; /* a NaN whose payload lies in the bits that are cut off */
    uint32_t bits = 0x7f800001u;
    memcpy(&nan_low, &bits, sizeof bits);
    assert_int_equal(hx_f32_to_bf16(nan_low), 0x7fc0);
    assert_true(isnan(hx_bf16_to_f32(hx_f32_to_bf16(-nan_low))));
}

static void describes_types(void **state) {
    (void)state;
    size_t known = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        const hx_dtype_info *t = hx_dtype_describe(i);
        assert_int_equal(t->name != NULL, t->block != 0);
        hx_dtype back;
        if (!t->name) continue;
        known++;
        assert_true(hx_dtype_of_name(hx_str_of(t->name), &back));
        assert_int_equal(back, i);
    }
    assert_int_equal(known, 18);
    assert_null(hx_dtype_describe(UINT32_MAX)->name);
    hx_dtype got;
    assert_true(hx_dtype_of_name(HX_STR_LIT("q4_k"), &got) && got == HX_DTYPE_Q4_K);
    assert_false(hx_dtype_of_name(HX_STR_LIT("q4_"), &got));
    assert_false(hx_dtype_of_name(HX_STR_LIT(""), &got));
    assert_false(hx_dtype_of_name(HX_STR_LIT("q4_k_m"), &got));
}

static void measures_rows(void **state) {
    (void)state;
    uint64_t bytes;
    assert_true(hx_dtype_size(HX_DTYPE_Q6_K, 512, &bytes) && bytes == 420);
    assert_true(hx_dtype_size(HX_DTYPE_F32, 0, &bytes) && bytes == 0);
    assert_false(hx_dtype_size(HX_DTYPE_Q6_K, 255, &bytes));
    assert_false(hx_dtype_size(HX_DTYPE_F32, UINT64_MAX / 4 + 1, &bytes));
    assert_true(hx_dtype_size(HX_DTYPE_F32, UINT64_MAX / 4, &bytes));
    assert_false(hx_dtype_size((hx_dtype)5, 32, &bytes));
}

static void unpacks_scales(void **state) {
    (void)state;
    /* every value of every one of the eight packed pairs, the others full or empty */
    for (size_t j = 0; j < 8; j++) {
        for (unsigned v = 0; v < 64; v++) {
            uint8_t s[HX_K_SCALES] = {0}, scale, min;
            if (j < 4) {
                s[j] = (uint8_t)(v | 0xc0);
                s[j + 4] = (uint8_t)((63 - v) | 0xc0);
            } else {
                s[j - 4] = (uint8_t)(v >> 4 << 6 | 0x3f);
                s[j] = (uint8_t)((63 - v) >> 4 << 6 | 0x3f);
                s[j + 4] = (uint8_t)((v & 15) | ((63 - v) & 15) << 4);
            }
            hx_k_scale_min(s, j, &scale, &min);
            assert_int_equal(scale, v);
            assert_int_equal(min, 63 - v);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_bit_equal),      cmocka_unit_test(decodes_parts_alike),
        cmocka_unit_test(reads_unaligned_floats), cmocka_unit_test(converts_every_half),
        cmocka_unit_test(rounds_halves_to_even),  cmocka_unit_test(rounds_brains_to_even),
        cmocka_unit_test(describes_types),        cmocka_unit_test(measures_rows),
        cmocka_unit_test(unpacks_scales),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
