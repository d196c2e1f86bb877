/* monitor_store.c - one file a run: FOLDER/NAME.000042.json.
 *
 *     {"format":"huaxiang/profile/1","run":42,"at":"2026-01-31T00:00:00Z","rows":1000,"alarms":0,"profile":{...},
 *      "hash":"<xxh3-64 of the rest, keys sorted, without blanks>"}
 *
 * A run is written beside its place and linked into it, so a file is whole or not there and no run overwrites another. Files that are not of
 * this form, were cut or changed are refused: a wrong baseline would be worse than none. */
#include "frame/monitor_store.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "frame/step.h"

#define FORMAT "huaxiang/profile/1"
#define FILE_BYTES_MAX ((size_t)1 << 30)
#define PATH_BYTES 4096
#define HASH_HEX 17
#define DIGITS 6

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status path_of(const char *folder, const char *name, int64_t run, char out[PATH_BYTES],
                         hx_error *err) {
    const int n =
        snprintf(out, PATH_BYTES, "%s/%s.%0*lld.json", folder, name, DIGITS, (long long)run);
    if (n > 0 && n < PATH_BYTES) return HX_OK;
    return hx_fail(err, HX_EINVAL, "the name '%.*s' is too long", HX_STR_ARG(hx_str_of(folder)));
}

/* ------------------------------------------------------------------ listing */
/* NAME.000042.json; 0 = another file. */
static int64_t run_of(const char *file, const char *name) {
    const size_t n = strlen(name);
    int64_t run = 0;
    if (strncmp(file, name, n) != 0 || file[n] != '.') return 0;
    for (size_t i = n + 1; i <= n + DIGITS; i++) {
        if (file[i] < '0' || file[i] > '9') return 0;
        run = run * 10 + (file[i] - '0');
    }
    return strcmp(file + n + 1 + DIGITS, ".json") == 0 ? run : 0;
}

static int compare_runs(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

hx_status hx_runs_list(const char *folder, const char *name, hx_arena *arena, int64_t **runs,
                       size_t *n, hx_error *err) {
    hx_buf list;
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    *n = 0;
    *runs = NULL;
    if (dir == NULL) return errno == ENOENT ? HX_OK : hx_fail_errno(err, folder, errno);
    hx_buf_init(&list, HX_RUNS_MAX * sizeof(int64_t));
    while ((entry = readdir(dir)) != NULL) {
        const int64_t run = run_of(entry->d_name, name);
        if (run > 0) (void)hx_buf_append(&list, &run, sizeof run);
    }
    (void)closedir(dir);
    hx_status status = hx_buf_status(&list, folder, err);
    *n = list.len / sizeof **runs;
    *runs = hx_arena_alloc(arena, list.len + sizeof **runs);
    if (status == HX_OK && *runs == NULL) status = no_memory(err);
    if (status == HX_OK && *n > 0) {
        memcpy(*runs, list.ptr, list.len);
        qsort(*runs, *n, sizeof **runs, compare_runs);
    }
    hx_buf_release(&list);
    return status;
}

/* ------------------------------------------------------------------ reading */
static bool hash_of(const json_t *root, char out[HASH_HEX]) {
    char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL) return false;
    (void)snprintf(out, HASH_HEX, "%016llx", (unsigned long long)hx_hash(hx_str_of(text)));
    free(text);
    return true;
}

static hx_status check_file(json_t *root, const char *path, hx_error *err) {
    const char *format = json_string_value(json_object_get(root, "format"));
    const char *hash = json_string_value(json_object_get(root, "hash"));
    char said[HASH_HEX + 1] = "", is[HASH_HEX];
    if (format == NULL || strcmp(format, FORMAT) != 0)
        return hx_fail(err, HX_EFORMAT, "%s: is not a kept profile: there is no \"format\": \"%s\"",
                       path, FORMAT);
    if (hash != NULL) (void)snprintf(said, sizeof said, "%s", hash);
    (void)json_object_del(root, "hash");
    if (!hash_of(root, is)) return no_memory(err);
    if (strcmp(said, is) != 0)
        return hx_fail(err, HX_EFORMAT,
                       "%s: is damaged or was changed by hand: its hash does not match", path);
    return HX_OK;
}

static hx_status get_run(const json_t *root, bool with_profile, hx_arena *arena, hx_kept_run *out,
                         hx_error *err) {
    int64_t rows = 0, alarms = 0;
    hx_str at;
    HX_TRY(hx_step_count(root, "rows", 0, 0, HX_TABLE_ROWS_MAX, &rows, err));
    HX_TRY(hx_step_count(root, "alarms", 0, 0, HX_COLUMNS_MAX + 1, &alarms, err));
    HX_TRY(hx_step_text(root, "at", NULL, &at, err));
    HX_TRY(hx_parse_time(at, HX_DATE_ORDER_YMD, false, NULL, &out->at_ms, err));
    out->rows = (size_t)rows;
    out->alarms = (size_t)alarms;
    if (!with_profile) return HX_OK;
    return hx_profile_get(json_object_get(root, "profile"), arena, &out->profile, err);
}

hx_status hx_runs_read(const char *folder, const char *name, int64_t run, bool with_profile,
                       hx_arena *arena, hx_kept_run *out, hx_error *err) {
    char path[PATH_BYTES];
    hx_buf bytes;
    json_t *root = NULL;
    *out = (hx_kept_run){.run = run};
    HX_TRY(path_of(folder, name, run, path, err));
    hx_buf_init(&bytes, FILE_BYTES_MAX);
    hx_status status = hx_file_read(path, &bytes, err);
    if (status == HX_OK)
        status = hx_json_parse(hx_buf_str(&bytes), FILE_BYTES_MAX, path, &root, err);
    if (status == HX_OK) status = check_file(root, path, err);
    if (status == HX_OK) status = get_run(root, with_profile, arena, out, err);
    json_decref(root);
    hx_buf_release(&bytes);
    return status;
}

/* ------------------------------------------------------------------ writing */
static void put_run(const hx_kept_run *run, hx_json_writer *w) {
    char at[HX_ISO_MAX];
    hx_json_object(w);
    hx_json_key(w, "format");
    hx_json_cstr(w, FORMAT);
    hx_json_key(w, "run");
    hx_json_int(w, run->run);
    hx_json_key(w, "at");
    hx_json_cstr(w, hx_iso_from_ms(run->at_ms, at));
    hx_json_key(w, "rows");
    hx_json_int(w, (int64_t)run->rows);
    hx_json_key(w, "alarms");
    hx_json_int(w, (int64_t)run->alarms);
    hx_json_key(w, "profile");
    hx_profile_put(&run->profile, w);
    hx_json_end_object(w);
}

/* The file's text, for the caller to free(). */
static hx_status text_of(const hx_kept_run *run, char **out, hx_error *err) {
    char hash[HASH_HEX];
    hx_buf b;
    hx_json_writer w;
    json_t *root = NULL;
    hx_buf_init(&b, FILE_BYTES_MAX);
    hx_json_begin(&w, &b);
    put_run(run, &w);
    hx_status status = hx_buf_status(&b, "profile", err);
    if (status == HX_OK)
        status = hx_json_parse(hx_buf_str(&b), FILE_BYTES_MAX, "profile", &root, err);
    *out = NULL;
    if (status == HX_OK && hash_of(root, hash) &&
        json_object_set_new(root, "hash", json_string(hash)) == 0)
        *out = json_dumps(root, JSON_COMPACT);
    if (status == HX_OK && *out == NULL) status = no_memory(err);
    json_decref(root);
    hx_buf_release(&b);
    return status;
}

static hx_status link_into(const char *from, const char *path, hx_error *err) {
    const int failed = link(from, path) != 0 ? errno : 0;
    (void)unlink(from);
    if (failed == EEXIST)
        return hx_fail(err, HX_EBUSY, "%s: another run was kept meanwhile; run it again", path);
    return failed != 0 ? hx_fail_errno(err, path, failed) : HX_OK;
}

hx_status hx_runs_write(const char *folder, const char *name, const hx_kept_run *run,
                        hx_error *err) {
    char path[PATH_BYTES], *text = NULL;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) return hx_fail_errno(err, folder, errno);
    HX_TRY(path_of(folder, name, run->run, path, err));
    HX_TRY(text_of(run, &text, err));
    char *beside = hx_file_beside(path, ".new");
    hx_status status =
        beside != NULL ? hx_file_write(beside, hx_str_of(text), false, err) : no_memory(err);
    if (status == HX_OK) status = link_into(beside, path, err);
    free(beside);
    free(text);
    return status;
}
