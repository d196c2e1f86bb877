/* test_gguf_hostile.c - known defects of other readers of model files, one test each, and the sentence that answers.
 *
 * Files are put together by hand. Each is opened from disk; those whose harm would be a read past the end also from a heap block
 * of exactly their size, where AddressSanitizer sees it. */
#include "unit/tensor/files_test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "tensor/tensor_parts.h"

static hx_buf bytes; /* of the file at hand */
static test_place place;

static int setup(void **state) {
    (void)state;
    hx_buf_init(&bytes, (size_t)1 << 27);
    place = place_of("m.gguf");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    hx_buf_release(&bytes);
    place_remove(&place);
    return 0;
}

/* Opens a heap copy without a byte more; on success it is closed. */
static hx_status open_exact(hx_str data, hx_error *err) {
    hx_str copy = test_exact(data.ptr, data.len);
    hx_tensor_file *f = NULL;
    hx_status status = hx__tensor_file_open_bytes(&f, "m", copy, err);
    assert_int_equal(status == HX_OK, f != NULL);
    hx_tensor_file_close(f);
    free((void *)(uintptr_t)copy.ptr);
    return status;
}

static void assert_refused(hx_status want, const char *sentence) {
    write_file(place.path, hx_buf_str(&bytes));
    assert_refused_at(place.path, want, sentence);
    assert_int_equal(open_exact(hx_buf_str(&bytes), NULL), want);
}

static const uint64_t three[1] = {3}, rows[2] = {32, 2};

/* Metadata of several types, a vector of F32, two rows of Q8_0. */
static void begin_valid(void) {
    begin_gguf(&bytes, 2, 4);
    put_text(&bytes, "general.architecture");
    put_u32(&bytes, HX_GGUF_STRING);
    put_text(&bytes, "llama");
    put_text(&bytes, "general.alignment");
    put_u32(&bytes, HX_GGUF_U32);
    put_u32(&bytes, 32);
    put_text(&bytes, "tokens");
    put_u32(&bytes, HX_GGUF_ARRAY);
    put_u32(&bytes, HX_GGUF_STRING);
    put_u64(&bytes, 2);
    put_text(&bytes, "a");
    put_text(&bytes, "bc");
    put_text(&bytes, "scores");
    put_u32(&bytes, HX_GGUF_ARRAY);
    put_u32(&bytes, HX_GGUF_F32);
    put_u64(&bytes, 1);
    put_u32(&bytes, 0x3f800000u);
    put_tensor(&bytes, "a", 1, three, HX_DTYPE_F32, 0);
    put_tensor(&bytes, "b.weight", 2, rows, HX_DTYPE_Q8_0, 32);
}

static void opens_the_valid_file(void **state) {
    (void)state;
    begin_valid();
    put_data(&bytes, 32 + 68);
    write_file(place.path, hx_buf_str(&bytes));
    hx_tensor_file *f = open_good(place.path);
    assert_int_equal(hx_tensor_file_count(f), 2);
    assert_int_equal(hx_tensor_file_n_values(f), 4);
    assert_int_equal(hx_tensor_file_find(f, "b.weight")->dims[0], 2);
    hx_tensor_file_close(f);
}

static void gguf_string_length(void **state) {
    (void)state;
    const uint64_t lengths[] = {UINT64_MAX, UINT64_MAX - 7, (uint64_t)1 << 63,
                                UINT32_MAX, 4096,           48};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        begin_gguf(&bytes, 0, 1);
        put_u64(&bytes, lengths[i]);
        put_data(&bytes, 15);
        assert_refused(HX_EFORMAT, ": the file ends within the key of value 1");
        begin_gguf(&bytes, 0, 1);
        put_text(&bytes, "k");
        put_u32(&bytes, HX_GGUF_STRING);
        put_u64(&bytes, lengths[i]);
        put_data(&bytes, 15);
        assert_refused(HX_EFORMAT, ": the file ends within the value of 'k'");
        begin_gguf(&bytes, 0, 1);
        put_text(&bytes, "k");
        put_u32(&bytes, HX_GGUF_ARRAY);
        put_u32(&bytes, HX_GGUF_STRING);
        put_u64(&bytes, 2);
        put_text(&bytes, "first");
        put_u64(&bytes, lengths[i]);
        put_data(&bytes, 0);
        assert_refused(HX_EFORMAT, ": the file ends within the value of 'k'");
        begin_gguf(&bytes, 1, 0);
        put_u64(&bytes, lengths[i]);
        put_data(&bytes, 32);
        if (lengths[i] > 48) {
            assert_refused(HX_EFORMAT, ": the file ends within the name of tensor 1");
        }
    }
    begin_gguf(&bytes, 1, 0);
    put_u64(&bytes, 2000);
    put_data(&bytes, 4000);
    assert_refused(HX_ELIMIT, ": the name of tensor 1 has 2000 bytes; at most 1024 are allowed");
    begin_gguf(&bytes, 0, 1);
    put_u64(&bytes, 65536);
    put_data(&bytes, 70000);
    assert_refused(HX_ELIMIT, ": value 1 has a text of 65536 bytes; at most 65535 are allowed");
}

static void gguf_n_dims(void **state) {
    (void)state;
    const uint32_t counts[] = {0, 5, 255, UINT32_MAX};
    const uint64_t ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        begin_gguf(&bytes, 1, 0);
        put_tensor(&bytes, "a", counts[i], ones, HX_DTYPE_F32, 0);
        put_data(&bytes, 32);
        char sentence[96];
        snprintf(sentence, sizeof sentence, ": tensor 'a' has %u dimensions; 1 to 4 are known",
                 counts[i]);
        assert_refused(HX_EFORMAT, sentence);
    }
}

static void assert_counts_refused(uint64_t n) {
    char sentence[128];
    begin_gguf(&bytes, n, 0);
    put_data(&bytes, 32);
    snprintf(sentence, sizeof sentence, ": %llu tensors do not fit into a file of 64 bytes",
             (unsigned long long)n);
    assert_refused(HX_EFORMAT, sentence);
    begin_gguf(&bytes, 0, n);
    put_data(&bytes, 32);
    snprintf(sentence, sizeof sentence, ": %llu metadata values do not fit into a file of 64 bytes",
             (unsigned long long)n);
    assert_refused(HX_EFORMAT, sentence);
    for (uint32_t type = HX_GGUF_U8; type <= HX_GGUF_F64; type++) {
        begin_gguf(&bytes, 0, 1);
        put_text(&bytes, "k");
        put_u32(&bytes, HX_GGUF_ARRAY);
        put_u32(&bytes, type);
        put_u64(&bytes, n);
        put_data(&bytes, 32);
        assert_refused(HX_EFORMAT, type == HX_GGUF_ARRAY
                                       ? ": 'k' is a list of lists"
                                       : ": the file ends within the value of 'k'");
    }
}

static void gguf_counts(void **state) {
    (void)state;
    const size_t sizes[] = {1, 2, 4, 8, 14, 33, sizeof(hx_gguf_value), sizeof(hx_tensor_entry)};
    assert_counts_refused((uint64_t)1 << 61);
    assert_counts_refused(((uint64_t)1 << 62) + 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_counts_refused(SIZE_MAX / sizes[i] - 1);
        assert_counts_refused(SIZE_MAX / sizes[i]);
        if (sizes[i] > 1) assert_counts_refused(SIZE_MAX / sizes[i] + 1);
    }
}

static void gguf_truncate(void **state) {
    (void)state;
    begin_valid();
    put_data(&bytes, 32 + 68);
    hx_str whole = hx_buf_str(&bytes);
    assert_int_equal(open_exact(whole, NULL), HX_OK);
    for (size_t n = 0; n < whole.len; n++) {
        hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
        write_file(place.path, (hx_str){whole.ptr, n});
        hx_tensor_file *f = NULL;
        assert_int_not_equal(hx_tensor_file_open(&f, place.path, &err), HX_OK);
        assert_null(f);
        assert_memory_equal(err.message, place.path, strlen(place.path));
        assert_true(strlen(err.message) > strlen(place.path) + 10);
        assert_int_not_equal(open_exact((hx_str){whole.ptr, n}, NULL), HX_OK);
    }
}

static void gguf_empty_names(void **state) {
    (void)state;
    begin_gguf(&bytes, 0, 0);
    write_file(place.path, hx_buf_str(&bytes));
    hx_tensor_file *f = open_good(place.path);
    assert_int_equal(hx_tensor_file_count(f), 0);
    assert_null(hx_tensor_file_at(f, 0));
    assert_null(hx_tensor_file_find(f, ""));
    assert_null(hx_tensor_file_find(f, "output.weight"));
    assert_null(hx_tensor_file_value(f, "general.architecture"));
    hx_tensor_file_close(f);

    begin_gguf(&bytes, 1, 0);
    put_tensor(&bytes, "", 1, three, HX_DTYPE_F32, 0);
    put_data(&bytes, 32);
    assert_refused(HX_EFORMAT, ": tensor 1 has no name");
    begin_gguf(&bytes, 2, 0);
    put_tensor(&bytes, "same", 1, three, HX_DTYPE_F32, 0);
    put_tensor(&bytes, "same", 1, three, HX_DTYPE_F32, 32);
    put_data(&bytes, 64);
    assert_refused(HX_EFORMAT, ": two tensors are called 'same'");
    begin_gguf(&bytes, 1, 0);
    put_tensor(&bytes, "\xff\xfe", 1, three, HX_DTYPE_F32, 0);
    put_data(&bytes, 32);
    assert_refused(HX_EFORMAT, ": the name of tensor 1 is not text");
    begin_gguf(&bytes, 0, 2);
    for (int i = 0; i < 2; i++) {
        put_text(&bytes, "twice");
        put_u32(&bytes, HX_GGUF_BOOL);
        hx_buf_append_byte(&bytes, 1);
    }
    assert_refused(HX_EFORMAT, ": the key 'twice' appears twice");
    begin_gguf(&bytes, 0, 1);
    put_text(&bytes, "");
    put_u32(&bytes, HX_GGUF_U32);
    put_u64(&bytes, 1);
    assert_refused(HX_EFORMAT, ": the key of value 1 is empty or not text");
}

static void gguf_names_with_nul(void **state) {
    (void)state;
    begin_gguf(&bytes, 1, 0);
    put_u64(&bytes, 3);
    hx_buf_append(&bytes, "a\0b", 3);
    put_u32(&bytes, 1);
    put_u64(&bytes, 3);
    put_u32(&bytes, HX_DTYPE_F32);
    put_u64(&bytes, 0);
    put_data(&bytes, 32);
    assert_refused(HX_EFORMAT, ": the name of tensor 1 is not text");
}

static void gguf_type_byte(void **state) {
    (void)state;
    const uint64_t block[1] = {256};
    char sentence[96];
    for (uint32_t type = 0; type < 256; type++) {
        begin_gguf(&bytes, 1, 0);
        put_tensor(&bytes, "a", 1, block, type, 0);
        put_data(&bytes, 256 * 8);
        if (hx_dtype_describe(type)->name) {
            assert_int_equal(open_exact(hx_buf_str(&bytes), NULL), HX_OK);
        } else {
            snprintf(sentence, sizeof sentence,
                     ": tensor 'a' has the element type %u, which is not supported", type);
            assert_refused(HX_EUNSUPPORTED, sentence);
        }
        begin_gguf(&bytes, 0, 1);
        put_text(&bytes, "k");
        put_u32(&bytes, type);
        put_data(&bytes, 64);
        if (type > HX_GGUF_F64) {
            snprintf(sentence, sizeof sentence, ": 'k' has the unknown value type %u", type);
            assert_refused(HX_EFORMAT, sentence);
        } else {
            assert_int_equal(open_exact(hx_buf_str(&bytes), NULL), HX_OK);
        }
    }
}

static void token_piece_length(void **state) {
    (void)state;
    /* a token of 2^31 + 16 bytes, all of it in the (sparse) file */
    begin_gguf(&bytes, 0, 1);
    put_text(&bytes, "tokenizer.ggml.tokens");
    put_u32(&bytes, HX_GGUF_ARRAY);
    put_u32(&bytes, HX_GGUF_STRING);
    put_u64(&bytes, 1);
    put_u64(&bytes, ((uint64_t)1 << 31) + 16);
    write_file(place.path, hx_buf_str(&bytes));
    assert_int_equal(truncate(place.path, ((off_t)1 << 31) + 4096), 0);
    assert_refused_at(place.path, HX_ELIMIT,
                      ": value 1 has a text of 2147483664 bytes; at most 16777216 are allowed");
}

static void gguf_tensor_sum(void **state) {
    (void)state;
    const struct {
        uint64_t dims[4];
        const char *sentence;
    } cases[] = {
        {{((uint64_t)1 << 42) + 1, (uint64_t)1 << 22, 1, 1},
         ": the dimensions of tensor 'a' are too large"},
        {{(uint64_t)1 << 42, (uint64_t)1 << 20, 1, 1},
         ": the dimensions of tensor 'a' are too large"}, /* elements fit, bytes do not */
        {{(uint64_t)1 << 32, (uint64_t)1 << 32, 1, 1},
         ": the dimensions of tensor 'a' are too large"},
        {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
         ": the dimensions of tensor 'a' are too large"},
        {{((uint64_t)1 << 42) + 1, 1, 1, 1},
         ": tensor 'a' of 17592186044420 bytes reaches beyond the end of the file"},
        {{3, 0, 1, 1}, ": tensor 'a' has a dimension of 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin_gguf(&bytes, 1, 0);
        put_tensor(&bytes, "a", 4, cases[i].dims, HX_DTYPE_F32, 0);
        put_data(&bytes, 64);
        assert_refused(HX_EFORMAT, cases[i].sentence);
    }
    /* sums across tensors: the second lies where the sum of both wraps to a small number */
    const uint64_t offsets[] = {UINT64_MAX - 31, (uint64_t)1 << 63};
    for (size_t i = 0; i < 2; i++) {
        begin_gguf(&bytes, 2, 0);
        put_tensor(&bytes, "a", 1, three, HX_DTYPE_F32, 0);
        put_tensor(&bytes, "b", 2, rows, HX_DTYPE_F32, offsets[i]);
        put_data(&bytes, 512);
        assert_refused(HX_EFORMAT, ": tensor 'b' of 256 bytes reaches beyond the end of the file");
    }
    begin_gguf(&bytes, 2, 0);
    put_tensor(&bytes, "a", 2, rows, HX_DTYPE_F32, 0);
    put_tensor(&bytes, "b", 1, three, HX_DTYPE_F32, 224);
    put_data(&bytes, 512);
    assert_refused(HX_EFORMAT, ": tensor 'b' overlaps the one before it");
}

static void gguf_tensor_vs_file(void **state) {
    (void)state;
    static const char beyond[] = ": tensor 'a' of 256 bytes reaches beyond the end of the file";
    const uint64_t offsets[] = {32, 256, 288, 4096};
    for (size_t i = 0; i < 4; i++) {
        begin_gguf(&bytes, 1, 0);
        put_tensor(&bytes, "a", 2, rows, HX_DTYPE_F32, offsets[i]);
        put_data(&bytes, 256);
        assert_refused(HX_EFORMAT, beyond);
    }
    for (size_t size = 1; size < 256; size += 51) {
        begin_gguf(&bytes, 1, 0);
        put_tensor(&bytes, "a", 2, rows, HX_DTYPE_F32, 0);
        put_data(&bytes, size);
        assert_refused(HX_EFORMAT, beyond);
    }
    begin_gguf(&bytes, 1, 0);
    put_tensor(&bytes, "a", 2, rows, HX_DTYPE_F32, 0);
    assert_refused(HX_EFORMAT, ": the file ends before its tensors");
    begin_gguf(&bytes, 1, 0);
    put_tensor(&bytes, "a", 2, rows, HX_DTYPE_F32, 8);
    put_data(&bytes, 512);
    assert_refused(HX_EFORMAT, ": tensor 'a' begins at no multiple of 32");
    const uint64_t odd[1] = {33};
    begin_gguf(&bytes, 1, 0);
    put_tensor(&bytes, "a", 1, odd, HX_DTYPE_Q4_0, 0);
    put_data(&bytes, 512);
    assert_refused(
        HX_EFORMAT,
        ": rows of tensor 'a' have 33 elements, which is no multiple of 32 as Q4_0 needs");
}

static void gguf_load_budget(void **state) {
    (void)state;
    /* large (sparse) files whose counts fit: refused by count or by their first entry, not after gigabytes of tables */
    const off_t size = (off_t)1 << 30;
    const struct {
        uint64_t n_tensors, n_values;
        hx_status status;
        const char *sentence;
    } cases[] = {
        {(uint64_t)30 << 20, 0, HX_ELIMIT, ": more than 262144 tensors"},
        {262144, 0, HX_EFORMAT, ": tensor 1 has no name"},
        {0, (uint64_t)64 << 20, HX_ELIMIT, ": more than 65536 metadata values"},
        {0, 65536, HX_EFORMAT, ": the key of value 1 is empty or not text"},
        {(uint64_t)33 << 20, 0, HX_EFORMAT,
         ": 34603008 tensors do not fit into a file of 1073741824 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin_gguf(&bytes, cases[i].n_tensors, cases[i].n_values);
        write_file(place.path, hx_buf_str(&bytes));
        assert_int_equal(truncate(place.path, size), 0);
        assert_refused_at(place.path, cases[i].status, cases[i].sentence);
    }
}

/* One value of each type called "k", as a scalar or a list of two. */
static void put_typed(uint32_t type, bool is_array) {
    begin_gguf(&bytes, 0, 1);
    put_text(&bytes, "k");
    if (is_array) put_u32(&bytes, HX_GGUF_ARRAY);
    put_u32(&bytes, type);
    if (is_array) put_u64(&bytes, 2);
    for (int i = 0; i < (is_array ? 2 : 1); i++) {
        uint64_t one = type == HX_GGUF_F32   ? 0x3f800000u
                       : type == HX_GGUF_F64 ? (uint64_t)0x3ff << 52
                                             : 1;
        if (type == HX_GGUF_STRING)
            put_text(&bytes, "x");
        else
            hx_buf_append(&bytes, &one,
                          type == HX_GGUF_U64 || type == HX_GGUF_I64 || type == HX_GGUF_F64  ? 8
                          : type == HX_GGUF_U8 || type == HX_GGUF_I8 || type == HX_GGUF_BOOL ? 1
                          : type == HX_GGUF_U16 || type == HX_GGUF_I16                       ? 2
                                                                                             : 4);
    }
}

static void assert_read_as(hx_status got, bool is_good, const hx_error *err, const char *kind,
                           const char *name) {
    char expected[HX_MESSAGE_MAX];
    assert_int_equal(got, is_good ? HX_OK : HX_EFORMAT);
    if (is_good) return;
    snprintf(expected, sizeof expected, "%s: 'k' must be %s, but is of type %s", place.path, kind,
             name);
    assert_string_equal(err->message, expected);
}

static void gguf_array_type(void **state) {
    (void)state;
    static const char *const names[] = {"u8",   "i8",     "u16", "i16", "u32", "i32", "f32",
                                        "bool", "string", NULL,  "u64", "i64", "f64"};
    for (uint32_t type = HX_GGUF_U8; type <= HX_GGUF_F64; type++) {
        for (int is_array = 0; is_array < 2 && type != HX_GGUF_ARRAY; is_array++) {
            put_typed(type, is_array);
            write_file(place.path, hx_buf_str(&bytes));
            hx_tensor_file *f = open_good(place.path);
            hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
            const char *name = is_array ? "list" : names[type];
            bool found, b = false, is_float = type == HX_GGUF_F32 || type == HX_GGUF_F64;
            bool is_whole = !is_float && type != HX_GGUF_BOOL && type != HX_GGUF_STRING;
            uint64_t u = 0;
            float x = 0;
            hx_str s = {NULL, 0};
            hx_status status = hx_gguf_read_u64(f, "k", 100, &u, &found, &err);
            assert_read_as(status, is_whole && !is_array, &err, "a whole number", name);
            assert_int_equal(u, is_whole && !is_array);
            status = hx_gguf_read_f32(f, "k", &x, &found, &err);
            assert_read_as(status, is_float && !is_array, &err, "a number (f32)", name);
            assert_true(x == (is_float && !is_array ? 1.0f : 0.0f));
            status = hx_gguf_read_bool(f, "k", &b, &found, &err);
            assert_read_as(status, type == HX_GGUF_BOOL && !is_array, &err, "true or false", name);
            assert_int_equal(b, type == HX_GGUF_BOOL && !is_array);
            status = hx_gguf_read_str(f, "k", &s, &found, &err);
            assert_read_as(status, type == HX_GGUF_STRING && !is_array, &err, "text", name);
            assert_true(found);
            size_t at = 0, n = 0;
            while (hx_gguf_next_str(hx_tensor_file_value(f, "k"), &at, &s))
                n++;
            assert_int_equal(n, type != HX_GGUF_STRING ? 0 : is_array ? 2 : 1);
            hx_tensor_file_close(f);
        }
    }
}

static void gguf_alignment(void **state) {
    (void)state;
    const struct {
        uint32_t type;
        uint64_t value;
        const char *sentence; /* NULL = good */
    } cases[] = {
        {HX_GGUF_U32, 0, ": the alignment 0 is no power of two between 8 and 65536"},
        {HX_GGUF_U32, 3, ": the alignment 3 is no power of two between 8 and 65536"},
        {HX_GGUF_U32, 4, ": the alignment 4 is no power of two between 8 and 65536"},
        {HX_GGUF_U32, 48, ": the alignment 48 is no power of two between 8 and 65536"},
        {HX_GGUF_U32, (uint64_t)1 << 31,
         ": 'general.alignment' is 2147483648; at most 65536 makes sense"},
        {HX_GGUF_U64, UINT64_MAX,
         ": 'general.alignment' is 18446744073709551615; at most 65536 makes sense"},
        {HX_GGUF_I32, (uint32_t)-32, ": 'general.alignment' is negative (-32)"},
        {HX_GGUF_F32, 0x42000000u,
         ": 'general.alignment' must be a whole number, but is of type f32"},
        {HX_GGUF_STRING, 0, ": 'general.alignment' must be a whole number, but is of type string"},
        {HX_GGUF_U32, 8, NULL},
        {HX_GGUF_U64, 128, NULL},
        {HX_GGUF_U32, 65536, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin_gguf(&bytes, 1, 1);
        put_text(&bytes, "general.alignment");
        put_u32(&bytes, cases[i].type);
        bool is_wide = cases[i].type == HX_GGUF_U64 || cases[i].type == HX_GGUF_STRING;
        hx_buf_append(&bytes, &cases[i].value, is_wide ? 8 : 4);
        put_tensor(&bytes, "a", 1, three, HX_DTYPE_F32, 0);
        while (bytes.len % 65536)
            hx_buf_append_byte(&bytes, 0);
        put_data(&bytes, 32);
        if (cases[i].sentence) {
            assert_refused(HX_EFORMAT, cases[i].sentence);
            continue;
        }
        write_file(place.path, hx_buf_str(&bytes));
        hx_tensor_file *f = open_good(place.path);
        uintptr_t data = (uintptr_t)hx_tensor_file_at(f, 0)->data;
        assert_int_equal(data % (cases[i].value < 4096 ? cases[i].value : 4096), 0);
        hx_tensor_file_close(f);
    }
}

static void gguf_versions(void **state) {
    (void)state;
    const struct {
        uint32_t version;
        const char *sentence;
    } cases[] = {
        {0, ": GGUF version 0 is not supported; versions 2 and 3 are"},
        {1, ": GGUF version 1 is not supported; versions 2 and 3 are"},
        {4, ": GGUF version 4 is not supported; versions 2 and 3 are"},
        {0x03000000u, ": GGUF version 50331648 is not supported; versions 2 and 3 are"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin_gguf(&bytes, 0, 0);
        memcpy(bytes.ptr + 4, &cases[i].version, 4);
        assert_refused(HX_EUNSUPPORTED, cases[i].sentence);
    }
}

static void tiny_and_special_files(void **state) {
    (void)state;
    char sentence[96], other[96];
    begin_gguf(&bytes, 1, 0);
    put_data(&bytes, 64);
    static const char zeros[64];
    for (size_t n = 0; n <= 64; n++) {
        write_file(place.path, (hx_str){zeros, n});
        assert_refused_at(place.path, HX_EFORMAT, " is neither a GGUF nor a safetensors file");
        write_file(place.path, (hx_str){bytes.ptr, n});
        snprintf(sentence, sizeof sentence, ": 1 tensors do not fit into a file of %zu bytes", n);
        assert_refused_at(place.path, HX_EFORMAT,
                          n < 4    ? " is neither a GGUF nor a safetensors file"
                          : n < 24 ? ": too short for a GGUF file"
                          : n < 57 ? sentence
                                   : ": tensor 1 has no name");
    }
    unlink(place.path);
    assert_refused_at(place.path, HX_ENOTFOUND, ": no such file");
    assert_refused_at(place.directory, HX_EINVAL, " is a directory, not a file");
    assert_refused_at("/dev/random", HX_EINVAL, " is not a regular file");
    assert_refused_at("/dev/null", HX_EINVAL, " is not a regular file");
    assert_int_equal(mkfifo(place_name(&place, "pipe", other), 0600), 0);
    assert_refused_at(other, HX_EINVAL, " is not a regular file");
    unlink(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_the_valid_file), cmocka_unit_test(gguf_string_length),
        cmocka_unit_test(gguf_n_dims),          cmocka_unit_test(gguf_counts),
        cmocka_unit_test(gguf_truncate),        cmocka_unit_test(gguf_empty_names),
        cmocka_unit_test(gguf_names_with_nul),  cmocka_unit_test(gguf_type_byte),
        cmocka_unit_test(token_piece_length),   cmocka_unit_test(gguf_tensor_sum),
        cmocka_unit_test(gguf_tensor_vs_file),  cmocka_unit_test(gguf_load_budget),
        cmocka_unit_test(gguf_array_type),      cmocka_unit_test(gguf_alignment),
        cmocka_unit_test(gguf_versions),        cmocka_unit_test(tiny_and_special_files),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
