/* test_gguf.c - reading what the gguf package wrote, typed metadata, writing and reading back, the same bytes of a real model. */
#include "unit/tensor/files_test.h"

#include <math.h>
#include <sys/stat.h>

#include "base/rng.h"

static const char *small_path(void) {
    return HX_SOURCE_DIR "/tests/golden/tensor/small.gguf";
}

static void assert_strings(const hx_tensor_file *f, const char *key, const char *const *want,
                           size_t n) {
    const hx_gguf_value *v = hx_tensor_file_value(f, key);
    size_t at = 0, i = 0;
    hx_str s;
    assert_non_null(v);
    assert_true(v->is_array && v->type == HX_GGUF_STRING && v->n == n);
    for (; hx_gguf_next_str(v, &at, &s); i++) {
        assert_true(i < n);
        assert_true(hx_str_equal(s, hx_str_of(want[i])));
    }
    assert_int_equal(i, n);
}

static void reads_the_package_s_metadata(void **state) {
    (void)state;
    hx_tensor_file *f = open_good(small_path());
    bool found, b = false;
    uint64_t u = 0;
    float x = 0;
    hx_str s;
    assert_true(hx_tensor_file_is_gguf(f));
    assert_string_equal(hx_tensor_file_path(f), small_path());
    assert_int_equal(hx_gguf_read_str(f, "general.architecture", &s, &found, NULL), HX_OK);
    assert_true(found && hx_str_equal(s, HX_STR_LIT("llama")));
    assert_int_equal(hx_gguf_read_u64(f, "test.u32", UINT32_MAX, &u, &found, NULL), HX_OK);
    assert_int_equal(u, 4000000000);
    assert_int_equal(hx_gguf_read_u64(f, "test.u64", UINT64_MAX, &u, &found, NULL), HX_OK);
    assert_int_equal(u, (uint64_t)1 << 40);
    assert_int_equal(hx_gguf_read_f32(f, "test.f32", &x, &found, NULL), HX_OK);
    assert_true(x == 0.5f);
    assert_int_equal(hx_gguf_read_f32(f, "test.f64", &x, &found, NULL), HX_OK);
    assert_true(x == 0.25f);
    assert_int_equal(hx_gguf_read_bool(f, "test.bool", &b, &found, NULL), HX_OK);
    assert_true(found && b);
    char long_text[301];
    memset(long_text, 'x', 300);
    long_text[300] = '\0';
    const char *const strings[] = {"a", "", "中文", long_text};
    assert_strings(f, "test.strings", strings, 4);
    const hx_gguf_value *v = hx_tensor_file_value(f, "test.numbers");
    const int32_t numbers[] = {1, -2, 3};
    assert_true(v->is_array && v->type == HX_GGUF_I32 && v->n == 3);
    assert_memory_equal(v->raw.ptr, numbers, sizeof numbers);
    hx_tensor_file_close(f);
}

static void refuses_wrong_ranges(void **state) {
    (void)state;
    hx_tensor_file *f = open_good(small_path());
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    bool found = true;
    uint64_t u = 7;
    char want[HX_MESSAGE_MAX];
    assert_int_equal(hx_gguf_read_u64(f, "absent", 1, &u, &found, &err), HX_OK);
    assert_true(!found && u == 7);
    assert_int_equal(hx_gguf_read_u64(f, "test.i32", 100, &u, &found, &err), HX_EFORMAT);
    snprintf(want, sizeof want, "%s: 'test.i32' is negative (-5)", small_path());
    assert_string_equal(err.message, want);
    assert_int_equal(hx_gguf_read_u64(f, "test.u64", 1 << 20, &u, &found, &err), HX_EFORMAT);
    snprintf(want, sizeof want, "%s: 'test.u64' is 1099511627776; at most 1048576 makes sense",
             small_path());
    assert_string_equal(err.message, want);
    assert_int_equal(u, 7);
    err.ui = HX_UI_ZH;
    assert_int_equal(hx_gguf_read_u64(f, "test.i32", 100, &u, &found, &err), HX_EFORMAT);
    snprintf(want, sizeof want, "%s：“test.i32”是负数（-5）", small_path());
    assert_string_equal(err.message, want);
    hx_tensor_file_close(f);
}

static void reads_the_package_s_tensors(void **state) {
    (void)state;
    hx_tensor_file *f = open_good(small_path());
    assert_int_equal(hx_tensor_file_count(f), 4);
    const hx_tensor_entry *t = hx_tensor_file_find(f, "grid.weight");
    assert_non_null(t);
    assert_ptr_equal(t, hx_tensor_file_at(f, 0));
    assert_true(t->type == HX_DTYPE_F32 && t->n_dims == 2 && t->dims[0] == 2 && t->dims[1] == 32);
    assert_int_equal(t->dims[2] * t->dims[3], 1);
    assert_int_equal(t->bytes, 256);
    assert_int_equal((uintptr_t)t->data % 32, 0);
    assert_int_equal(t->name.ptr[t->name.len], '\0');
    const char *const names[] = {"grid.weight", "half", "blocks"};
    const hx_dtype types[] = {HX_DTYPE_F32, HX_DTYPE_F16, HX_DTYPE_Q8_0};
    for (size_t k = 0; k < 3; k++) {
        float numbers[64];
        t = hx_tensor_file_find(f, names[k]);
        assert_int_equal(t->type, types[k]);
        hx_dtype_decode(t->type, t->data, 64, numbers);
        for (int i = 0; i < 64; i++)
            assert_true(fabsf(numbers[i] - (float)(i - 32)) <= (k == 2 ? 0.126f : 0));
        hx_tensor_file_drop(f, t);
    }
    t = hx_tensor_file_find(f, "vector");
    assert_true(t->n_dims == 1 && t->dims[0] == 5 && t->dims[1] == 1);
    assert_null(hx_tensor_file_find(f, "grid.weigh"));
    assert_null(hx_tensor_file_find(f, "grid.weight2"));
    hx_tensor_file_close(f);
}

/* ------------------------------------------------------------------ writing */

/* Writes an entry of another file in pieces of odd sizes. */
static hx_status fill_copy(void *context, hx_tensor_sink *out, hx_error *err) {
    const hx_tensor_entry *t = context;
    const char *at = t->data;
    size_t left = (size_t)t->bytes;
    for (size_t piece = 1; left; piece = piece * 3 + 1) {
        size_t n = piece < left ? piece : left;
        HX_TRY(hx_tensor_sink_write(out, at, n, err));
        at += n;
        left -= n;
    }
    return HX_OK;
}

static hx_gguf_writer *new_writer(void) {
    hx_gguf_writer *w = NULL;
    assert_int_equal(hx_gguf_writer_new(&w, NULL), HX_OK);
    return w;
}

static void copy_file(const char *from, const char *to) {
    hx_tensor_file *f = open_good(from);
    hx_gguf_writer *w = new_writer();
    for (size_t i = 0; i < hx_tensor_file_n_values(f); i++)
        hx_gguf_put_value(w, hx_tensor_file_value_at(f, i));
    for (size_t i = 0; i < hx_tensor_file_count(f); i++) {
        const hx_tensor_entry *t = hx_tensor_file_at(f, i);
        hx_gguf_put_tensor(w, t->name.ptr, t->type, t->n_dims, t->dims, fill_copy,
                           (void *)(uintptr_t)t);
    }
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (hx_gguf_write(w, to, &err) != HX_OK) fail_msg("%s", err.message);
    hx_gguf_writer_free(w);
    hx_tensor_file_close(f);
}

static void assert_same_bytes(const char *a, const char *b) {
    hx_mapping x, y;
    assert_int_equal(hx_mapping_open(&x, a, NULL), HX_OK);
    assert_int_equal(hx_mapping_open(&y, b, NULL), HX_OK);
    assert_int_equal(x.bytes.len, y.bytes.len);
    assert_true(hx_str_equal(x.bytes, y.bytes));
    hx_mapping_close(&x);
    hx_mapping_close(&y);
}

static void copies_byte_for_byte(void **state) {
    (void)state;
    test_place place = place_of("copy.gguf");
    copy_file(small_path(), place.path);
    assert_same_bytes(small_path(), place.path);
    place_remove(&place);
}

static void copies_a_real_model(void **state) {
    (void)state;
    char model[512];
    const char *folder = getenv("HX_MODEL_DIR"), *home = getenv("HOME");
    snprintf(model, sizeof model, "%s%s/smollm2-135m.gguf",
             folder ? folder
             : home ? home
                    : "",
             folder ? "" : "/.cache/huaxiang/models");
    if (!hx_file_exists(model)) {
        print_message("%s is not there: skipped\n", model);
        skip();
    }
    test_place place = place_of("copy.gguf");
    copy_file(model, place.path);
    assert_same_bytes(model, place.path);
    place_remove(&place);
}

static void writes_every_kind(void **state) {
    (void)state;
    test_place place = place_of("all.gguf");
    hx_gguf_writer *w = new_writer();
    const hx_str strings[] = {HX_STR_LIT("一"), HX_STR_LIT(""), HX_STR_LIT("<s>")};
    const float floats[] = {0.5f, -3};
    const int32_t numbers[] = {INT32_MIN, 7};
    hx_gguf_put_u32(w, "u32", 42);
    hx_gguf_put_u64(w, "u64", UINT64_MAX);
    hx_gguf_put_f32(w, "f32", 1e-5f);
    hx_gguf_put_bool(w, "bool", true);
    hx_gguf_put_str(w, "str", HX_STR_LIT("text\nof two lines"));
    hx_gguf_put_strs(w, "strs", strings, 3);
    hx_gguf_put_f32s(w, "f32s", floats, 2);
    hx_gguf_put_i32s(w, "i32s", numbers, 2);
    hx_gguf_put_strs(w, "none", NULL, 0);
    assert_int_equal(hx_gguf_write(w, place.path, NULL), HX_OK);
    hx_gguf_writer_free(w);
    hx_tensor_file *f = open_good(place.path);
    bool found, b = false;
    uint64_t u = 0;
    float x = 0;
    hx_str s;
    assert_int_equal(hx_tensor_file_n_values(f), 9);
    assert_int_equal(hx_gguf_read_u64(f, "u32", 42, &u, &found, NULL), HX_OK);
    assert_int_equal(u, 42);
    assert_int_equal(hx_gguf_read_u64(f, "u64", UINT64_MAX, &u, &found, NULL), HX_OK);
    assert_true(u == UINT64_MAX);
    assert_int_equal(hx_gguf_read_f32(f, "f32", &x, &found, NULL), HX_OK);
    assert_true(x == 1e-5f);
    assert_int_equal(hx_gguf_read_bool(f, "bool", &b, &found, NULL), HX_OK);
    assert_true(b);
    assert_int_equal(hx_gguf_read_str(f, "str", &s, &found, NULL), HX_OK);
    assert_true(hx_str_equal(s, HX_STR_LIT("text\nof two lines")));
    const char *const want[] = {"一", "", "<s>"};
    assert_strings(f, "strs", want, 3);
    assert_strings(f, "none", NULL, 0);
    assert_memory_equal(hx_tensor_file_value(f, "f32s")->raw.ptr, floats, sizeof floats);
    assert_memory_equal(hx_tensor_file_value(f, "i32s")->raw.ptr, numbers, sizeof numbers);
    hx_tensor_file_close(f);
    place_remove(&place);
}

typedef struct {
    unsigned char seed;
    size_t n;
} pattern;

static hx_status fill_pattern(void *context, hx_tensor_sink *out, hx_error *err) {
    const pattern *p = context;
    for (size_t i = 0; i < p->n; i++) {
        unsigned char byte = (unsigned char)(p->seed + i * 31);
        HX_TRY(hx_tensor_sink_write(out, &byte, 1, err));
    }
    return HX_OK;
}

static void writes_random_shapes(void **state) {
    (void)state;
    hx_rng rng;
    hx_rng_seed(&rng, TEST_SEED);
    const hx_dtype types[] = {HX_DTYPE_F32, HX_DTYPE_F16, HX_DTYPE_Q4_1, HX_DTYPE_Q6_K,
                              HX_DTYPE_I8};
    test_place place = place_of("random.gguf");
    for (int round = 0; round < 30; round++) {
        pattern patterns[12];
        uint64_t dims[12][4];
        hx_dtype kinds[12];
        hx_gguf_writer *w = new_writer();
        uint64_t alignment = (uint64_t)8 << hx_rng_below(&rng, 6);
        hx_gguf_put_u32(w, "general.alignment", (uint32_t)alignment);
        size_t n = hx_rng_below(&rng, 13);
        for (size_t i = 0; i < n; i++) {
            char name[32];
            snprintf(name, sizeof name, "t%zu", i);
            kinds[i] = types[hx_rng_below(&rng, 5)];
            uint32_t n_dims = 1 + (uint32_t)hx_rng_below(&rng, 4);
            uint64_t elements = 1;
            for (uint32_t d = 0; d < 4; d++) {
                dims[i][d] = d < n_dims ? 1 + hx_rng_below(&rng, 3) : 1;
                if (d + 1 == n_dims) dims[i][d] *= hx_dtype_describe(kinds[i])->block;
                elements *= dims[i][d];
            }
            uint64_t size;
            assert_true(hx_dtype_size(kinds[i], elements, &size));
            patterns[i] = (pattern){(unsigned char)hx_rng_next(&rng), (size_t)size};
            hx_gguf_put_tensor(w, name, kinds[i], n_dims, dims[i], fill_pattern, &patterns[i]);
        }
        hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
        if (hx_gguf_write(w, place.path, &err) != HX_OK) fail_msg("%s", err.message);
        hx_gguf_writer_free(w);
        hx_tensor_file *f = open_good(place.path);
        assert_int_equal(hx_tensor_file_count(f), n);
        for (size_t i = 0; i < n; i++) {
            const hx_tensor_entry *t = hx_tensor_file_at(f, i);
            assert_int_equal(t->type, kinds[i]);
            assert_memory_equal(t->dims, dims[i], sizeof dims[i]);
            assert_int_equal(t->bytes, patterns[i].n);
            assert_int_equal((uintptr_t)t->data % alignment, 0);
            for (size_t k = 0; k < patterns[i].n; k++)
                assert_int_equal(((const unsigned char *)t->data)[k],
                                 (unsigned char)(patterns[i].seed + k * 31));
        }
        hx_tensor_file_close(f);
    }
    place_remove(&place);
}

static const uint64_t eight[1] = {8};

static void assert_not_written(hx_gguf_writer *w, const test_place *place, hx_status want,
                               const char *sentence) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    char expected[HX_MESSAGE_MAX];
    assert_int_equal(hx_gguf_write(w, place->path, &err), want);
    snprintf(expected, sizeof expected, "%s%s", place->path, sentence);
    assert_string_equal(err.message, expected);
    hx_gguf_writer_free(w);
    /* what was there before still is, and nothing else */
    hx_buf b;
    hx_buf_init(&b, 100);
    assert_int_equal(hx_file_read(place->path, &b, NULL), HX_OK);
    assert_true(hx_str_equal(hx_buf_str(&b), HX_STR_LIT("old")));
    hx_buf_release(&b);
}

static void keeps_the_old_file(void **state) {
    (void)state;
    test_place place = place_of("m.gguf");
    write_file(place.path, HX_STR_LIT("old"));
    const uint64_t five[5] = {8, 1, 1, 1, 1};
    pattern less = {1, 31}, more = {1, 33}, right = {1, 32};
    hx_gguf_writer *w = new_writer();
    hx_gguf_put_tensor(w, "t", HX_DTYPE_F32, 1, eight, fill_pattern, &less);
    assert_not_written(w, &place, HX_EINTERNAL,
                       ": the source of tensor 't' gives fewer bytes than its shape has");
    w = new_writer();
    hx_gguf_put_tensor(w, "t", HX_DTYPE_F32, 1, eight, fill_pattern, &more);
    assert_not_written(w, &place, HX_EINTERNAL,
                       ": the source of tensor 't' gives more bytes than its shape has");
    w = new_writer();
    hx_gguf_put_tensor(w, "t", HX_DTYPE_F32, 1, eight, fill_pattern, &right);
    hx_gguf_put_tensor(w, "t", HX_DTYPE_F32, 1, eight, fill_pattern, &right);
    assert_not_written(w, &place, HX_EINVAL, ": two tensors are called 't'");
    w = new_writer();
    hx_gguf_put_u32(w, "k", 1);
    hx_gguf_put_bool(w, "k", true);
    assert_not_written(w, &place, HX_EINVAL, ": the key 'k' appears twice");
    w = new_writer();
    hx_gguf_put_u32(w, "general.alignment", 24);
    assert_not_written(w, &place, HX_EINVAL,
                       ": general.alignment is no power of two between 8 and 65536");
    w = new_writer();
    hx_gguf_put_tensor(w, "t", HX_DTYPE_Q4_0, 1, eight, fill_pattern, &right);
    assert_not_written(
        w, &place, HX_EFORMAT,
        ": rows of tensor 't' have 8 elements, which is no multiple of 32 as Q4_0 needs");
    w = new_writer();
    hx_gguf_put_tensor(w, "t", HX_DTYPE_F32, 5, five, fill_pattern, &right);
    assert_not_written(w, &place, HX_EINVAL, ": tensor 't' has 5 dimensions; 1 to 4 are known");
    place_remove(&place);
}

static void refuses_long_names(void **state) {
    (void)state;
    /* llama.cpp reads at most 63 bytes */
    test_place place = place_of("m.gguf");
    pattern right = {1, 32};
    char name[65], sentence[160];
    memset(name, 'n', 64);
    name[64] = '\0';
    write_file(place.path, HX_STR_LIT("old"));
    hx_gguf_writer *w = new_writer();
    hx_gguf_put_tensor(w, name, HX_DTYPE_F32, 1, eight, fill_pattern, &right);
    snprintf(sentence, sizeof sentence, ": a tensor's name must be text of 1 to 63 bytes, not '%s'",
             name);
    assert_not_written(w, &place, HX_EINVAL, sentence);
    name[63] = '\0';
    w = new_writer();
    hx_gguf_put_tensor(w, name, HX_DTYPE_F32, 1, eight, fill_pattern, &right);
    assert_int_equal(hx_gguf_write(w, place.path, NULL), HX_OK);
    hx_gguf_writer_free(w);
    hx_tensor_file *f = open_good(place.path);
    assert_non_null(hx_tensor_file_find(f, name));
    hx_tensor_file_close(f);
    place_remove(&place);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_package_s_metadata), cmocka_unit_test(refuses_wrong_ranges),
        cmocka_unit_test(reads_the_package_s_tensors),  cmocka_unit_test(copies_byte_for_byte),
        cmocka_unit_test(copies_a_real_model),          cmocka_unit_test(writes_every_kind),
        cmocka_unit_test(writes_random_shapes),         cmocka_unit_test(keeps_the_old_file),
        cmocka_unit_test(refuses_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
