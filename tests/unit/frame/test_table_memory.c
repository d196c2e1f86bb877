/* test_table_memory.c - the n-th allocation fails, for every n: reading, conditions, describing, grouping, splitting, writing and recipes
 * say so and leave nothing behind. Linked with malloc and its kin wrapped. */
#include <stdatomic.h>

#include "frame_test.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static atomic_long left = -1; /* allocations that succeed; -1 = all */

static bool fails(void) {
    if (atomic_load(&left) < 0) return false;
    return atomic_fetch_sub(&left, 1) == 0 || atomic_load(&left) < 0;
}

void *__wrap_malloc(size_t size) {
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size) {
    return fails() ? NULL : __real_realloc(p, size);
}

static hx_status nowhere(void *context, const char *bytes, size_t n, hx_error *err) {
    (void)bytes;
    (void)err;
    *(size_t *)context += n;
    return HX_OK;
}

static hx_status use_table(hx_table *t, hx_arena *arena, hx_error *err) {
    hx_description *d = NULL;
    hx_str text;
    unsigned char *part = NULL;
    hx_table *g = NULL;
    hx_recipe *r = NULL;
    size_t written = 0;
    const hx_split_options split = {.shares = {1, 1, 1}, .stratify = "s"};
    const hx_str steps = HX_STR_LIT(
        "[{\"step\":\"where\",\"condition\":\"n > 1\"},{\"step\":\"drop\",\"columns\":\"x\"}]");
    hx_status status = hx_table_where(t, "n >= 1 and s in (a, b, c)", err);
    if (status == HX_OK)
        status = hx_table_describe_html(t, HX_STR_LIT("t"), HX_UI_EN, arena, &text, err);
    if (status == HX_OK) status = hx_table_describe(t, 1, arena, &d, err);
    if (status == HX_OK) status = hx_table_split(t, &split, arena, &part, err);
    if (status == HX_OK)
        status = hx_table_group(&g, t, "s", "count,sum(n),distinct(x),max(s)", 1, err);
    hx_table_free(g);
    if (status == HX_OK)
        status = hx_table_write(t, HX_FORMAT_JSONL, 0, 9, 1, nowhere, &written, err);
    if (status == HX_OK) status = hx_recipe_open(&r, steps, NULL, 0, err);
    if (status == HX_OK) status = hx_recipe_fit(r, t, NULL, err);
    if (status == HX_OK) status = hx_recipe_json(r, arena, &text, err);
    hx_recipe_free(r);
    return status;
}

static hx_status read_and_use(const char *path, size_t threads, hx_error *err) {
    const hx_table_options options = {.n_threads = threads, .reader.chunk_bytes = 64};
    hx_table *t = NULL;
    hx_arena *arena = hx_arena_new(0);
    hx_status status = arena == NULL ? HX_ENOMEM : hx_table_read(&t, path, &options, err);
    if (status == HX_OK) status = use_table(t, arena, err);
    hx_table_free(t);
    hx_arena_free(arena);
    return status;
}

static void run(size_t threads) {
    hx_buf b;
    hx_buf_init(&b, 1u << 20);
    hx_buf_append_lit(&b, "n,x,s,late\n");
    for (int i = 0; i < 60; i++)
        (void)hx_buf_printf(&b, "%d,%.3f,%c,%s\n", i, i / 7.0, "abcd"[i % 4],
                            i < 50 ? "1" : "text");
    test_file f = test_file_new("t.csv", hx_buf_str(&b));
    hx_status status = HX_ENOMEM;
    bool reached = true;
    long n = 0, failed = 0;
    for (; reached && n < 20000; n++) {
        hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
        atomic_store(&left, n);
        status = read_and_use(f.path, threads, &err);
        reached = atomic_exchange(&left, -1) < 0;
        failed += status != HX_OK;
        if (status != HX_OK && status != HX_ENOMEM)
            fail_msg("allocation %ld: status %d, %s", n, (int)status, err.message);
    }
    assert_int_equal(status, HX_OK);
    assert_true(n > 50 && failed > n / 2);
    test_file_remove(&f);
    hx_buf_release(&b);
}

static void test_one_thread(void **state) {
    (void)state;
    run(1);
}

static void test_threads(void **state) {
    (void)state;
    run(3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_thread),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
