/* learnt_from.c - the run that a model came from, and whether it learnt from a file; see learnt_from.h and model.h.
 *
 *     RUN/best, RUN/last   -> RUN/config.json
 *     WHOLE/NAME.learner   -> WHOLE/whole.json
 *
 * Both have "tasks" with the names of their files and "data_sums" with hashes of all bytes, so that a copy of a file is known, too. Files
 * that were given for validation or the test alone were not learnt from. */
#include "model/learnt_from.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"

#define CONFIG_MAX ((size_t)1 << 22)
#define PATH_BYTES 4096

/* False: the model is no run's. */
static bool place_of(const char *model, char out[PATH_BYTES]) {
    size_t n = strlen(model);
    while (n > 1 && model[n - 1] == '/')
        n--;
    size_t start = n;
    while (start > 0 && model[start - 1] != '/')
        start--;
    bool run = n - start == 4 &&
               (memcmp(model + start, "best", 4) == 0 || memcmp(model + start, "last", 4) == 0),
         learner = n - start > 8 && memcmp(model + n - 8, ".learner", 8) == 0;
    int wrote =
        snprintf(out, PATH_BYTES, "%.*s%s", (int)start, model, run ? "config.json" : "whole.json");
    return (run || learner) && wrote > 0 && wrote < PATH_BYTES && hx_file_exists(out);
}

hx_status hx_run_config_of(const char *model, json_t **out, hx_error *err) {
    char path[PATH_BYTES];
    hx_buf b;
    *out = NULL;
    if (!place_of(model, path)) return HX_OK;
    hx_buf_init(&b, CONFIG_MAX);
    hx_status st = hx_file_read(path, &b, err);
    if (st == HX_OK) st = hx_json_parse(hx_buf_str(&b), CONFIG_MAX, path, out, err);
    hx_buf_release(&b);
    return st;
}

bool hx_is_noted(const char *path, const json_t *sums, const char *name) {
    hx_mapping m;
    char sum[17];
    hx_error quiet = {0};
    const char *said = name ? json_string_value(json_object_get(sums, name)) : NULL;
    if (!said || hx_mapping_open(&m, path, &quiet) != HX_OK) return false;
    (void)snprintf(sum, sizeof sum, "%016llx", (unsigned long long)hx_hash(m.bytes));
    hx_mapping_close(&m);
    return strcmp(sum, said) == 0;
}

bool hx_model_learnt_from(const char *model, const char *data) {
    json_t *config = NULL, *task, *file;
    size_t i, k;
    bool found = false;
    hx_error quiet = {0};
    if (hx_run_config_of(model, &config, &quiet) != HX_OK || !config) return false;
    const json_t *sums = json_object_get(config, "data_sums");
    json_array_foreach(json_object_get(config, "tasks"), i, task) {
        json_t *files = json_object_get(task, "data");
        if (json_is_string(files))
            found = found || hx_is_noted(data, sums, json_string_value(files));
        json_array_foreach(files, k, file) found =
            found || hx_is_noted(data, sums, json_string_value(file));
    }
    json_decref(config);
    return found;
}
