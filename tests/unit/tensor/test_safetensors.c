/* test_safetensors.c - safetensors: the package's file, writing and reading back, shards, and headers that lie. */
#include "unit/tensor/files_test.h"

#include <sys/stat.h>

#include "tensor/tensor_parts.h"

static const char *small_path(void) {
    return HX_SOURCE_DIR "/tests/golden/tensor/small.safetensors";
}

static void reads_the_package_s_file(void **state) {
    (void)state;
    hx_tensor_file *f = open_good(small_path());
    assert_false(hx_tensor_file_is_gguf(f));
    assert_int_equal(hx_tensor_file_count(f), 5);
    assert_int_equal(hx_tensor_file_n_values(f), 0);
    assert_null(hx_tensor_file_value(f, "made"));
    struct stat st;
    assert_int_equal(stat(small_path(), &st), 0);
    assert_int_equal(hx_tensor_file_bytes(f), st.st_size);
    const hx_tensor_entry *grid = hx_tensor_file_find(f, "grid.weight");
    const hx_tensor_entry *half = hx_tensor_file_find(f, "half");
    assert_true(grid->type == HX_DTYPE_F32 && grid->n_dims == 2 && grid->dims[0] == 2 &&
                grid->dims[1] == 32);
    assert_int_equal(half->type, HX_DTYPE_F16);
    float a[64], b[64];
    hx_dtype_decode(HX_DTYPE_F32, grid->data, 64, a);
    hx_dtype_decode(HX_DTYPE_F16, half->data, 64, b);
    assert_memory_equal(a, b, sizeof a);
    assert_true(a[0] == -32 && a[63] == 31);
    const hx_tensor_entry *one = hx_tensor_file_find(f, "one");
    assert_true(one->n_dims == 1 && one->dims[0] == 1);
    hx_dtype_decode(HX_DTYPE_F32, one->data, 1, a);
    assert_true(a[0] == 2.5f);
    assert_int_equal(hx_tensor_file_find(f, "flags")->type, HX_DTYPE_I8);
    assert_int_equal(hx_tensor_file_find(f, "ids")->type, HX_DTYPE_I64);
    /* file order is the order of the bytes */
    for (size_t i = 1; i < 5; i++)
        assert_true((const char *)hx_tensor_file_at(f, i)->data >
                    (const char *)hx_tensor_file_at(f, i - 1)->data);
    hx_tensor_file_close(f);
}

/* ------------------------------------------------------------------ headers by hand */

static void make_file(hx_buf *b, const char *header, size_t n_data) {
    hx_buf_reset(b);
    put_text(b, header);
    for (size_t i = 0; i < n_data; i++)
        hx_buf_append_byte(b, (char)i);
}

static hx_status open_exact(hx_str data) {
    hx_str copy = test_exact(data.ptr, data.len);
    hx_tensor_file *f = NULL;
    hx_status status = hx__tensor_file_open_bytes(&f, "m", copy, NULL);
    hx_tensor_file_close(f);
    free((void *)(uintptr_t)copy.ptr);
    return status;
}

#define HEADER(dtype, shape, offsets)                                                              \
    "{\"a\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static const struct {
    const char *header;
    size_t n_data;
    hx_status status;
    const char *sentence;
} lies[] = {
    {HEADER("F32", "[2]", "[0,8]"), 7, HX_EFORMAT,
     ": tensor 'a' of 8 bytes reaches beyond the end of the file"},
    {HEADER("F32", "[2]", "[0,9]"), 9, HX_EFORMAT,
     ": tensor 'a' has 8 bytes by its shape, but 9 by its data_offsets"},
    {HEADER("F32", "[2]", "[8,0]"), 8, HX_EFORMAT,
     ": the data_offsets of tensor 'a' are no begin and end"},
    {HEADER("F32", "[2]", "[-8,0]"), 8, HX_EFORMAT,
     ": the data_offsets of tensor 'a' are no begin and end"},
    {HEADER("F32", "[2]", "[0]"), 8, HX_EFORMAT,
     ": the data_offsets of tensor 'a' are no begin and end"},
    {HEADER("F32", "[2]", "[0,8.0]"), 8, HX_EFORMAT,
     ": the data_offsets of tensor 'a' are no begin and end"},
    {HEADER("F32", "[2]", "[0,\"8\"]"), 8, HX_EFORMAT,
     ": the data_offsets of tensor 'a' are no begin and end"},
    {HEADER("F32", "[2]", "[9223372036854775800,9223372036854775807]"), 8, HX_EFORMAT,
     ": tensor 'a' of 7 bytes reaches beyond the end of the file"},
    {HEADER("F32", "[-2]", "[0,8]"), 8, HX_EFORMAT,
     ": the shape of tensor 'a' holds something that is no whole number"},
    {HEADER("F32", "[1e308]", "[0,8]"), 8, HX_EFORMAT,
     ": the shape of tensor 'a' holds something that is no whole number"},
    {HEADER("F32", "[4611686018427387904,4]", "[0,8]"), 8, HX_EFORMAT,
     ": the dimensions of tensor 'a' are too large"},
    {HEADER("F32", "[4611686018427387904]", "[0,8]"), 8, HX_EFORMAT,
     ": the dimensions of tensor 'a' are too large"},
    {HEADER("F32", "[0]", "[0,0]"), 0, HX_EFORMAT, ": tensor 'a' has a dimension of 0"},
    {HEADER("F32", "[1,1,1,1,2]", "[0,8]"), 8, HX_EFORMAT,
     ": tensor 'a' has no shape of 0 to 4 dimensions"},
    {HEADER("F32", "2", "[0,8]"), 8, HX_EFORMAT, ": tensor 'a' has no shape of 0 to 4 dimensions"},
    {HEADER("F8_E4M3", "[8]", "[0,8]"), 8, HX_EUNSUPPORTED,
     ": tensor 'a' has the dtype 'F8_E4M3', which is not supported"},
    {"{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, HX_EFORMAT, ": tensor 'a' has no dtype"},
    {"{\"a\":null}", 0, HX_EFORMAT, ": tensor 'a' has no dtype"},
    {HEADER("F32", "[2]", "[0,8]"), 9, HX_EFORMAT,
     ": 1 bytes at the end of the file belong to no tensor"},
    {HEADER("F32", "[2]", "[1,9]"), 9, HX_EFORMAT,
     ": bytes that belong to no tensor lie before tensor 'a'"},
    {"{\"__metadata__\":{\"format\":1}}", 0, HX_EFORMAT, ": __metadata__ is no object of texts"},
    {"{\"__metadata__\":[]}", 0, HX_EFORMAT, ": __metadata__ is no object of texts"},
    {"{\"\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, HX_EFORMAT,
     ": tensor 1 has no name"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[0,2]},"
     "\"b\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
     3, HX_EFORMAT, ": tensor 'b' overlaps the one before it"},
    {"{\"a\":{},\"a\":{}}", 0, HX_EFORMAT,
     ": the key that ends at line 1, column 11 appears twice"},
    {"{\"a\":", 0, HX_EFORMAT, ": the JSON breaks off at line 1, column 5"},
    {"{} {}", 0, HX_EFORMAT, ": not valid JSON at line 1, column 4"},
};

static void refuses_headers_that_lie(void **state) {
    (void)state;
    test_place place = place_of("m.safetensors");
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        make_file(&b, lies[i].header, lies[i].n_data);
        write_file(place.path, hx_buf_str(&b));
        assert_refused_at(place.path, lies[i].status, lies[i].sentence);
        assert_int_equal(open_exact(hx_buf_str(&b)), lies[i].status);
    }
    hx_buf_release(&b);
    place_remove(&place);
}

static void refuses_header_lengths(void **state) {
    (void)state;
    const uint64_t lengths[] = {UINT64_MAX, UINT64_MAX - 7, (uint64_t)1 << 63, UINT32_MAX, 3, 100};
    test_place place = place_of("m.safetensors");
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        hx_buf_reset(&b);
        put_u64(&b, lengths[i]);
        hx_buf_append_lit(&b, "{}");
        write_file(place.path, hx_buf_str(&b));
        char sentence[128];
        snprintf(sentence, sizeof sentence,
                 ": the header of %llu bytes reaches beyond the end of the file",
                 (unsigned long long)lengths[i]);
        assert_refused_at(place.path, HX_EFORMAT, sentence);
        assert_int_equal(open_exact(hx_buf_str(&b)), HX_EFORMAT);
    }
    /* a sparse file whose header would fit */
    hx_buf_reset(&b);
    put_u64(&b, (uint64_t)64 << 20);
    hx_buf_append_lit(&b, "{");
    write_file(place.path, hx_buf_str(&b));
    assert_int_equal(truncate(place.path, (off_t)128 << 20), 0);
    assert_refused_at(place.path, HX_ELIMIT, ": larger than the limit of 33554432 bytes");
    hx_buf_release(&b);
    place_remove(&place);
}

static void safetensors_truncate(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    assert_int_equal(hx_file_read(small_path(), &b, NULL), HX_OK);
    assert_int_equal(open_exact(hx_buf_str(&b)), HX_OK);
    for (size_t n = 0; n < b.len; n++)
        assert_int_equal(open_exact((hx_str){b.ptr, n}), HX_EFORMAT);
    hx_buf_release(&b);
}

static void json_depth(void **state) {
    (void)state;
    const size_t depths[] = {65, 3000, 1000000};
    test_place place = place_of("m.safetensors");
    hx_buf b;
    hx_buf_init(&b, (size_t)8 << 20);
    for (size_t i = 0; i < 3; i++) {
        hx_buf_reset(&b);
        put_u64(&b, 2 * depths[i] + 5);
        hx_buf_append_lit(&b, "{\"a\":");
        for (size_t k = 0; k < 2 * depths[i]; k++)
            hx_buf_append_byte(&b, k < depths[i] ? '[' : ']');
        write_file(place.path, hx_buf_str(&b));
        assert_refused_at(place.path, HX_ELIMIT, ": the JSON is nested deeper than 64 levels");
    }
    hx_buf_release(&b);
    place_remove(&place);
}

/* ------------------------------------------------------------------ writing */

static hx_status fill_bytes(void *context, hx_tensor_sink *out, hx_error *err) {
    const hx_str *s = context;
    return hx_tensor_sink_write(out, s->ptr, s->len, err);
}

static const float numbers[6] = {1, -2, 3.5f, 0, 1e-30f, 65504};
static const uint64_t two_by_three[2] = {2, 3}, three[1] = {3};
static const uint16_t halves[3] = {0x3c00, 0xbc00, 0};

static void writes_and_reads_back(void **state) {
    (void)state;
    test_place place = place_of("m.safetensors");
    hx_str a = {(const char *)numbers, sizeof numbers}, h = {(const char *)halves, sizeof halves};
    const hx_tensor_source sources[] = {
        {"half \"quoted\"", HX_DTYPE_F16, 1, three, fill_bytes, &h},
        {"模型.weight", HX_DTYPE_F32, 2, two_by_three, fill_bytes, &a},
        {"brain", HX_DTYPE_BF16, 1, three, fill_bytes, &h},
    };
    assert_int_equal(hx_safetensors_write(place.path, sources, 3, NULL), HX_OK);
    hx_tensor_file *f = open_good(place.path);
    assert_int_equal(hx_tensor_file_count(f), 3);
    for (size_t i = 0; i < 3; i++) {
        const hx_tensor_entry *t = hx_tensor_file_at(f, i);
        assert_string_equal(t->name.ptr, sources[i].name);
        assert_int_equal(t->type, sources[i].type);
        assert_memory_equal(t->dims, sources[i].dims, sources[i].n_dims * sizeof t->dims[0]);
        const hx_str *bytes = sources[i].context;
        assert_int_equal(t->bytes, bytes->len);
        assert_memory_equal(t->data, bytes->ptr, bytes->len);
    }
    assert_int_equal((uintptr_t)hx_tensor_file_at(f, 0)->data % 8, 0);
    hx_tensor_file_close(f);
    assert_int_equal(hx_safetensors_write(place.path, NULL, 0, NULL), HX_OK);
    f = open_good(place.path);
    assert_int_equal(hx_tensor_file_count(f), 0);
    hx_tensor_file_close(f);
    place_remove(&place);
}

static void assert_not_written(const hx_tensor_source *s, size_t n, hx_status want,
                               const char *sentence) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    test_place place = place_of("m.safetensors");
    char expected[HX_MESSAGE_MAX];
    assert_int_equal(hx_safetensors_write(place.path, s, n, &err), want);
    snprintf(expected, sizeof expected, "%s%s", place.path, sentence);
    assert_string_equal(err.message, expected);
    assert_false(hx_file_exists(place.path));
    place_remove(&place); /* fails where something was left */
}

static void refuses_bad_sources(void **state) {
    (void)state;
    hx_str h = {(const char *)halves, sizeof halves}, less = {h.ptr, 4};
    hx_tensor_source s[2] = {{"t", HX_DTYPE_F16, 1, three, fill_bytes, &h},
                             {"t", HX_DTYPE_F16, 1, three, fill_bytes, &h}};
    assert_not_written(s, 2, HX_EINVAL, ": two tensors are called 't'");
    s[1] = (hx_tensor_source){"u", HX_DTYPE_I8, 1, three, fill_bytes, &h};
    assert_not_written(s, 2, HX_EUNSUPPORTED,
                       ": safetensors files hold F32, F16 and BF16; tensor 'u' is I8");
    s[1] = (hx_tensor_source){"u", HX_DTYPE_F16, 1, three, fill_bytes, &less};
    assert_not_written(s, 2, HX_EINTERNAL,
                       ": the source of tensor 'u' gives fewer bytes than its shape has");
    s[1] = (hx_tensor_source){"__metadata__", HX_DTYPE_F16, 1, three, fill_bytes, &h};
    assert_not_written(s, 2, HX_EINVAL, ": a tensor cannot be called '__metadata__'");
    s[1] = (hx_tensor_source){"", HX_DTYPE_F16, 1, three, fill_bytes, &h};
    assert_not_written(s, 2, HX_EINVAL,
                       ": a tensor's name must be text of 1 to 1024 bytes, not ''");
}

/* ------------------------------------------------------------------ shards */

static void write_shard(const test_place *p, const char *file, const char *tensor) {
    char path[96];
    hx_str h = {(const char *)halves, sizeof halves};
    const hx_tensor_source s = {tensor, HX_DTYPE_F16, 1, three, fill_bytes, &h};
    assert_int_equal(hx_safetensors_write(place_name(p, file, path), &s, 1, NULL), HX_OK);
}

static test_place place_with_shards(void) {
    test_place p = place_of("model.safetensors.index.json");
    write_shard(&p, "s1.safetensors", "a");
    write_shard(&p, "s2.safetensors", "b");
    return p;
}

static void remove_shards(const test_place *p) {
    char path[96];
    unlink(place_name(p, "s1.safetensors", path));
    unlink(place_name(p, "s2.safetensors", path));
    place_remove(p);
}

static void write_index(const test_place *p, const char *map) {
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    hx_buf_printf(&b, "{\"metadata\":{\"total_size\":12},\"weight_map\":%s}", map);
    write_file(p->path, hx_buf_str(&b));
    hx_buf_release(&b);
}

static void reads_shards(void **state) {
    (void)state;
    test_place p = place_with_shards();
    write_index(&p, "{\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\"}");
    hx_tensor_file *f = open_good(p.path);
    assert_int_equal(hx_tensor_file_count(f), 2);
    assert_memory_equal(hx_tensor_file_find(f, "a")->data, halves, sizeof halves);
    assert_memory_equal(hx_tensor_file_find(f, "b")->data, halves, sizeof halves);
    struct stat st;
    char path[96];
    assert_int_equal(stat(place_name(&p, "s1.safetensors", path), &st), 0);
    assert_int_equal(hx_tensor_file_bytes(f), 2 * st.st_size);
    hx_tensor_file_close(f);
    /* a hub's cache has links in the place of files */
    char target[96];
    assert_int_equal(rename(path, place_name(&p, "blob", target)), 0);
    assert_int_equal(symlink("blob", path), 0);
    f = open_good(p.path);
    assert_int_equal(hx_tensor_file_count(f), 2);
    hx_tensor_file_close(f);
    unlink(target);
    remove_shards(&p);
}

static void refuses_indexes_that_lie(void **state) {
    (void)state;
    test_place p = place_with_shards();
    char path[96], expected[HX_MESSAGE_MAX];
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_tensor_file *f = NULL;
    write_index(&p, "{\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\",\"c\":\"s2.safetensors\"}");
    assert_refused_at(p.path, HX_EFORMAT, ": tensor 'c' is not in 's2.safetensors'");
    write_index(&p, "{\"a\":\"s1.safetensors\",\"c\":\"s2.safetensors\"}");
    assert_int_equal(hx_tensor_file_open(&f, p.path, &err), HX_EFORMAT);
    snprintf(expected, sizeof expected, "%s: the index does not place tensor 'b' in this file",
             place_name(&p, "s2.safetensors", path));
    assert_string_equal(err.message, expected);
    write_index(&p, "{\"a\":\"s1.safetensors\",\"b\":\"s3.safetensors\"}");
    assert_int_equal(hx_tensor_file_open(&f, p.path, &err), HX_ENOTFOUND);
    snprintf(expected, sizeof expected, "%s: no such file", place_name(&p, "s3.safetensors", path));
    assert_string_equal(err.message, expected);
    write_index(&p, "{}");
    assert_refused_at(p.path, HX_EFORMAT, ": the index has no weight_map of tensors to files");
    write_file(p.path, HX_STR_LIT("[1]"));
    assert_refused_at(p.path, HX_EFORMAT, ": the index has no weight_map of tensors to files");
    write_file(p.path, HX_STR_LIT(""));
    assert_refused_at(p.path, HX_EFORMAT, ": empty where JSON is expected");
    remove_shards(&p);
}

static void path_traversal(void **state) {
    (void)state;
    test_place p = place_with_shards();
    const char *const names[] = {
        "../s1.safetensors",
        "/etc/passwd",
        "/tmp/x.safetensors",
        "..",
        ".",
        "",
        "a/../s1.safetensors",
        "..\\\\s1.safetensors",
        "./s1.safetensors",
        ".safetensors",
        ".hidden.safetensors",
        "s1.safetensors/",
        "s1.safetensors/../x.safetensors",
        "passwd",
        "s1.gguf",
        "C:\\\\s1.safetensors",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char map[128], sentence[256], shown[64];
        size_t n = 0;
        for (const char *c = names[i]; *c; c++) {
            if (c[0] == '\\' && c[1] == '\\') c++;
            shown[n++] = *c;
        }
        shown[n] = '\0';
        snprintf(map, sizeof map, "{\"a\":\"%s\"}", names[i]);
        write_index(&p, map);
        snprintf(
            sentence, sizeof sentence,
            ": 'a' is placed in '%s', which is no name of a .safetensors file beside the index",
            shown);
        assert_refused_at(p.path, HX_EFORMAT, sentence);
    }
    write_index(&p, "{\"a\":7}");
    assert_refused_at(
        p.path, HX_EFORMAT,
        ": 'a' is placed in '', which is no name of a .safetensors file beside the index");
    remove_shards(&p);
}

static void path_traversal_by_links(void **state) {
    (void)state;
    test_place p = place_of("model.safetensors.index.json");
    static const struct {
        const char *target, *sentence;
        hx_status status;
    } links[] = {
        {"/dev/random", " is not a regular file", HX_EINVAL},
        {"/", " is a directory, not a file", HX_EINVAL},
        {"/etc/passwd", " is neither a GGUF nor a safetensors file", HX_EFORMAT},
        {"x.safetensors", ": the path is too long or its links go in circles", HX_EINVAL},
    };
    char path[96], expected[HX_MESSAGE_MAX];
    place_name(&p, "x.safetensors", path);
    write_index(&p, "{\"a\":\"x.safetensors\"}");
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
        hx_tensor_file *f = NULL;
        assert_int_equal(symlink(links[i].target, path), 0);
        assert_int_equal(hx_tensor_file_open(&f, p.path, &err), links[i].status);
        snprintf(expected, sizeof expected, "%s%s", path, links[i].sentence);
        assert_string_equal(err.message, expected);
        unlink(path);
    }
    place_remove(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_package_s_file),
        cmocka_unit_test(refuses_headers_that_lie),
        cmocka_unit_test(refuses_header_lengths),
        cmocka_unit_test(safetensors_truncate),
        cmocka_unit_test(json_depth),
        cmocka_unit_test(writes_and_reads_back),
        cmocka_unit_test(refuses_bad_sources),
        cmocka_unit_test(reads_shards),
        cmocka_unit_test(refuses_indexes_that_lie),
        cmocka_unit_test(path_traversal),
        cmocka_unit_test(path_traversal_by_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
