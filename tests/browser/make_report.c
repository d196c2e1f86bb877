/* make_report.c - reads the sample shop into a store and writes its report: what the browser test opens.
 *
 *     make_report SHARE SAMPLES FOLDER      writes FOLDER/shop.db, FOLDER/report.html and, of an empty store, FOLDER/empty.html */
#include <huaxiang/huaxiang.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define IMPORTED 1795305600000 /* 2026-11-22, so that the page is the same every day */
#define PATH_MAX_BYTES 1024

static const char *const files[] = {"customers.csv", "orders.csv",   "reviews.csv", "pageviews.csv",
                                    "tickets.csv",   "searches.csv", "members.xlsx"};
enum { FILES = sizeof files / sizeof files[0] };

static hx_status read_shop(hx_store *s, const char *share, const char *samples, hx_error *err) {
    char paths[FILES][PATH_MAX_BYTES];
    const char *list[FILES];
    hx_text_model *model = NULL;
    for (int i = 0; i < FILES; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/shop/%s", samples, files[i]);
        list[i] = paths[i];
    }
    hx_text_model_options rules = {.engine = HX_ENGINE_RULES};
    hx_status status = hx_text_model_open(&model, share, &rules, err);
    if (status != HX_OK) return status;
    hx_import_options options = {
        .timezone = "Asia/Shanghai", .currency = "CNY", .text_model = model, .now = IMPORTED};
    hx_import_result result;
    status = hx_import_files(s, list, FILES, &options, &result, err);
    hx_text_model_close(model);
    return status;
}

static hx_status write_page(const char *share, const char *samples, const char *folder,
                            const char *name, hx_error *err) {
    char store[PATH_MAX_BYTES], page[PATH_MAX_BYTES];
    hx_store *s = NULL;
    hx_answer_options options = {.as_of = HX_AS_OF_LATEST, .ui = HX_UI_ZH};
    snprintf(store, sizeof store, "%s/%s.db", folder, samples ? "shop" : "empty");
    snprintf(page, sizeof page, "%s/%s.html", folder, name);
    unlink(store);
    hx_status status = hx_store_open(&s, store, HX_STORE_CREATE, err);
    if (status != HX_OK) return status;
    if (samples) status = read_shop(s, share, samples, err);
    if (status == HX_OK) status = hx_answer_report(s, share, page, &options, err);
    hx_store_close(s);
    return status;
}

int main(int argc, char **argv) {
    hx_error err = {.ui = HX_UI_EN};
    if (argc != 4) {
        fputs("usage: make_report SHARE SAMPLES FOLDER\n", stderr);
        return 2;
    }
    if (write_page(argv[1], argv[2], argv[3], "report", &err) != HX_OK ||
        write_page(argv[1], NULL, argv[3], "empty", &err) != HX_OK) {
        fprintf(stderr, "make_report: %s\n", err.message);
        return 1;
    }
    return 0;
}
