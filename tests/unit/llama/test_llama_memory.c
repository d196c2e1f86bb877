/* test_llama_memory.c - the n-th allocation fails, for every n, while a model is opened, run, forked and asked for embeddings: each time
 * HX_ENOMEM with a sentence or a result that is right, never a crash, a leak or a half-made handle.
 *
 * The linker sends the allocations of the library here (--wrap, tests/CMakeLists.txt). */
#include "unit/llama/golden_test.h"

#include <stdatomic.h>

static atomic_long left; /* allocations until one fails; negative = none does */

static bool fails(void) {
    return atomic_load(&left) >= 0 && atomic_fetch_sub(&left, 1) == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size) {
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size) {
    return fails() ? NULL : __real_realloc(p, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

static hx_status use_context(hx_llama *m, hx_llama_context *c, float *out, hx_error *err) {
    static const int32_t ids[] = {5, 6, 7, 8, 9};
    hx_llama_piece whole = {
        .ids = ids, .n = 5, .sequence = -1, .want = HX_WANT_HIDDEN_MEAN | HX_WANT_LOGITS_ALL};
    hx_llama_piece kept = {.ids = ids, .n = 3, .sequence = 0, .want = HX_WANT_LOGITS_LAST};
    hx_str texts[] = {HX_STR_LIT("good"), HX_STR_LIT("the bad")};
    hx_status status = hx_llama_run(c, &whole, 1, err);
    if (status == HX_OK) status = hx_llama_run(c, &kept, 1, err);
    if (status != HX_OK && hx_llama_sequence_length(c, 0) != 0) fail_msg("half a run was kept");
    if (status == HX_OK) status = hx_llama_sequence_fork(c, 1, 0, err);
    kept.sequence = 1;
    if (status == HX_OK) status = hx_llama_run(c, &kept, 1, err);
    if (status == HX_OK) status = hx_llama_sequence_shift(c, 1, 4, 1, err);
    if (status == HX_OK) status = hx_llama_embed(c, texts, 2, NULL, out, err);
    (void)m;
    return status;
}

static hx_status use_all(const char *path, float *out, hx_error *err) {
    hx_llama *m = NULL;
    hx_llama_context *c = NULL;
    hx_llama_options options = {.n_threads = 2};
    hx_context_options slots = {.n_sequences = 2};
    hx_status status = hx_llama_open(&m, path, &options, err);
    if (status == HX_OK) status = hx_llama_context_open(&c, m, &slots, err);
    if (status == HX_OK) status = use_context(m, c, out, err);
    hx_llama_context_close(c);
    hx_llama_close(m);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    static float right[2 * 32], out[2 * 32];
    char path[512];
    golden_path("gguf_chat", ".gguf", path);
    atomic_store(&left, -1);
    assert_int_equal(use_all(path, right, NULL), HX_OK);
    size_t n_failed = 0;
    for (long n = 0;; n++) {
        hx_error err = {0};
        atomic_store(&left, n);
        hx_status status = use_all(path, out, &err);
        bool all_done = atomic_load(&left) >= 0;
        atomic_store(&left, -1);
        if (status == HX_OK) {
            assert_memory_equal(out, right, sizeof right);
        } else {
            n_failed++;
            if (status != HX_ENOMEM || err.message[0] == '\0')
                fail_msg("allocation %ld: status %d, '%s'", n, (int)status, err.message);
        }
        if (all_done) break;
    }
    assert_true(n_failed > 30);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
