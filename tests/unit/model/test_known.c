/* test_known.c - the table of known models, and names to paths: aliases, mistakes, what is in the cache folder and what is not. */
#include "unit/model/model_test.h"

#include <sys/stat.h>

#include "base/file.h"
#include "huaxiang/model.h"

static void every_entry_is_whole(void **state) {
    (void)state;
    const hx_known_model *all;
    size_t n = hx_known_models(&all);
    assert_true(n >= 3);
    for (size_t i = 0; i < n; i++) {
        const hx_known_model *m = &all[i];
        assert_true(m->name && m->aliases && m->en && m->zh && m->architecture && m->type);
        assert_string_equal(m->licence, "Apache-2.0"); /* what is listed may be used by all */
        assert_non_null(strchr(m->repository, '/'));
        assert_null(strstr(m->repository, "://"));
        assert_null(strchr(m->file, '/'));
        if (m->sha256) assert_int_equal(strspn(m->sha256, "0123456789abcdef"), 64);
        if (m->sha256) assert_true(m->bytes > 0); /* a sum without a size could not be resumed */
        if (m->packaged_sha256)
            assert_int_equal(strspn(m->packaged_sha256, "0123456789abcdef"), 64);
        assert_ptr_equal(hx_known_model_find(m->name), m);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(all[k].name, m->name);
    }
}

static void names_and_aliases(void **state) {
    (void)state;
    const hx_known_model *m = hx_known_model_find("smollm2-135m");
    assert_non_null(m);
    assert_ptr_equal(hx_known_model_find("SmolLM2"), m);
    assert_ptr_equal(hx_known_model_find("smollm2-135m-instruct"), m);
    assert_null(hx_known_model_find("smollm2-135"));
    assert_null(hx_known_model_find(","));
    assert_null(hx_known_model_find(""));
    assert_null(hx_known_model_find(NULL));
}

typedef struct {
    const char *name;
    hx_status status;
    const char *says; /* end of the path, or part of the sentence */
} resolve_case;

static const resolve_case cases[] = {
    {"smollm2-135m", HX_OK, "/smollm2-135m.gguf"},
    {"SMOLLM2", HX_OK, "/smollm2-135m.gguf"},
    {"own", HX_OK, "/own.gguf"},
    {"run", HX_OK, "/run"},
    {"qwen2.5-coder-0.5b", HX_ENOTFOUND, "get it with 'huaxiang models get qwen2.5-coder-0.5b'"},
    {"qwen2.5-coder-0.5", HX_ENOTFOUND, "did you mean qwen2.5-coder-0.5b?"},
    {"smolm2-135m", HX_ENOTFOUND, "did you mean smollm2-135m?"},
    {"xyzzy", HX_ENOTFOUND, "neither a file or folder nor a name"},
    {"no/such/file", HX_ENOTFOUND, "no/such/file: no such file"},
    {"none.gguf", HX_ENOTFOUND, "none.gguf: no such file"},
    {"..", HX_OK, ".."}, /* a folder that is there */
    {"", HX_EINVAL, "may not be empty"},
};

static void names_become_paths(void **state) {
    (void)state;
    char folder[64], path[128];
    hx_arena *arena = hx_arena_new(0);
    test_directory(folder);
    for (size_t i = 0; i < 2; i++) {
        hx_error err = {0};
        (void)snprintf(path, sizeof path, "%s/%s", folder, i ? "own.gguf" : "smollm2-135m.gguf");
        assert_int_equal(hx_file_write(path, HX_STR_LIT("x"), false, &err), HX_OK);
    }
    (void)snprintf(path, sizeof path, "%s/run", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_error err = {0};
        hx_str got = {NULL, 0};
        hx_status st = hx_model_resolve(cases[i].name, folder, arena, &got, &err);
        const char *text = st == HX_OK ? got.ptr : err.message;
        if (st != cases[i].status || !strstr(text, cases[i].says))
            fail_msg("'%s': %d '%s', not %d '%s'", cases[i].name, (int)st, text,
                     (int)cases[i].status, cases[i].says);
    }
    hx_error err = {0};
    hx_str got;
    assert_int_equal(hx_model_resolve("own", NULL, arena, &got, &err), HX_ENOTFOUND);
    test_remove_tree(folder);
    hx_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_is_whole),
        cmocka_unit_test(names_and_aliases),
        cmocka_unit_test(names_become_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
