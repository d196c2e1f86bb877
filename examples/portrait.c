/* portrait - files into a store, one customer's profile out: the main job in one page.
 *
 *     example_portrait SHARE_DIR STORE CUSTOMER FILE...
 *
 * Reading the same file again changes nothing: rows that are in the store are recognised. */
#include <huaxiang/huaxiang.h>
#include <stdio.h>
#include <time.h>

static void show_notice(void *context, const char *sentence) {
    (void)context;
    fprintf(stderr, "%s\n", sentence);
}

static hx_status read_files(hx_store *store, const hx_text_model *model, const char *const *paths,
                            size_t n, hx_error *err) {
    hx_import_options options = {0};
    hx_import_result result = {0};
    options.text_model = model;
    options.currency = "CNY";
    options.notice = show_notice;
    options.now = (int64_t)time(NULL) * 1000;
    hx_status status = hx_import_files(store, paths, n, &options, &result, err);
    if (status == HX_OK)
        fprintf(stderr, "%llu rows, %llu customers\n", (unsigned long long)result.rows,
                (unsigned long long)result.customers);
    return status;
}

int main(int argc, char **argv) {
    hx_text_model *model = NULL;
    hx_store *store = NULL;
    hx_arena *arena = hx_arena_new(0);
    hx_answer_options options = {.as_of = HX_AS_OF_LATEST};
    hx_error err = {0};
    hx_str profile;
    if (argc < 5 || !arena) {
        fprintf(stderr, "usage: example_portrait SHARE_DIR STORE CUSTOMER FILE...\n");
        return 2;
    }
    const char *const *files = (const char *const *)argv + 4;
    /* The quickest engine; without options the model that ships reads the texts. */
    const hx_text_model_options rules = {.engine = HX_ENGINE_RULES};
    hx_status status = hx_text_model_open(&model, argv[1], &rules, &err);
    if (status == HX_OK) status = hx_store_open(&store, argv[2], HX_STORE_CREATE, &err);
    if (status == HX_OK) status = read_files(store, model, files, (size_t)argc - 4, &err);
    if (status == HX_OK)
        status = hx_answer_show(store, hx_str_of(argv[3]), &options, arena, &profile, &err);
    if (status == HX_OK)
        printf("%.*s\n", (int)profile.len, profile.ptr);
    else
        fprintf(stderr, "%s\n", err.message);
    hx_store_close(store);
    hx_text_model_close(model);
    hx_arena_free(arena);
    return status == HX_OK ? 0 : 1;
}
