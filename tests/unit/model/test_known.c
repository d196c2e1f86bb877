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

static void put_file(const char *folder, const char *name, hx_str text) {
    char path[192];
    hx_error err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *p = path + strlen(folder) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
        *p = '\0';
        (void)mkdir(path, 0755);
    }
    assert_int_equal(hx_file_write(path, text, false, &err), HX_OK);
}

/* The folder of a search stands for its best run, of a comparison for its chosen learner; what was copied of a run, for its best/. */
static void folders_become_their_best(void **state) {
    static const struct {
        const char *folder;
        hx_status status;
        const char *says;
    } of[] = {{"tuned", HX_OK, "/tuned/round2_trial3/best"},
              {"compared", HX_OK, "/compared/svm.learner"},
              {"copied", HX_OK, "/copied/best"},
              {"folds", HX_EINVAL, "holds the folds of a cross-validation"},
              {"wrong", HX_EFORMAT, "names no chosen learner"}};
    char folder[64], path[128];
    hx_arena *arena = hx_arena_new(0);
    (void)state;
    test_directory(folder);
    put_file(folder, "tuned/tune.json", HX_STR_LIT("{\"best\":{\"run\":\"round2_trial3\"}}"));
    put_file(folder, "tuned/round2_trial3/config.json", HX_STR_LIT("{}"));
    put_file(folder, "tuned/round2_trial3/log.jsonl", HX_STR_LIT(""));
    put_file(folder, "tuned/round2_trial3/best/config.json", HX_STR_LIT("{}"));
    put_file(folder, "compared/compare.json", HX_STR_LIT("{\"chosen\":\"svm\"}"));
    put_file(folder, "compared/config.json", HX_STR_LIT("{}"));
    put_file(folder, "compared/log.jsonl", HX_STR_LIT(""));
    put_file(folder, "compared/svm.learner", HX_STR_LIT("x"));
    put_file(folder, "copied/best/config.json", HX_STR_LIT("{}"));
    put_file(folder, "folds/folds.json", HX_STR_LIT("{}"));
    put_file(folder, "wrong/tune.json", HX_STR_LIT("{\"best\":{\"run\":\"../x\"}}"));
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        hx_error err = {0};
        hx_str got = {NULL, 0};
        (void)snprintf(path, sizeof path, "%s/%s", folder, of[i].folder);
        assert_int_equal(hx_model_resolve(path, NULL, arena, &got, &err), of[i].status);
        assert_non_null(strstr(of[i].status == HX_OK ? got.ptr : err.message, of[i].says));
    }
    test_remove_tree(folder);
    hx_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_is_whole),
        cmocka_unit_test(names_and_aliases),
        cmocka_unit_test(names_become_paths),
        cmocka_unit_test(folders_become_their_best),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
