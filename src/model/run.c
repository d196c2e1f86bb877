/* run.c - a run folder; see run.h.
 *
 *     open:        lock -> config.json written, or compared -> last/state.json read and checked -> log.jsonl cut at the checkpoint
 *     checkpoint:  last.tmp/ written, fsynced -> it changes places with last/ in one step -> the old one is removed
 *
 * state.json is
 *
 *     {"step":N,"epoch":N,"batch":N,"best_step":N,"best":X,"bad_evaluations":N,"loss_sum":X,"loss_count":X,
 *      "log_bytes":N,"log_hash":"16 digits","files":{"weights.safetensors":{"bytes":N,"hash":"16 digits"},...}}
 *
 * Reals are written so that they read back equal; "best" is null before the first evaluation. A run whose files are not those that
 * state.json names is refused: going on with them would give another model without a word. The folder is locked as long as it is open
 * (flock of config.json), so that two programs never train into one. */
#include "model/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "model/model_file.h"

#define CONFIG_MAX ((size_t)1 << 20)
#define STATE_MAX ((size_t)1 << 20)
#define LOG_MAX ((size_t)1 << 30)
#define FILES_MAX 64
#define HASH_DIGITS 17
#define SUMS "data_sums" /* hashes of files, by path */
#define WHOLE "whole.json" /* of several trainings */

struct hx_run_folder {
    char *folder; /* owned, so are all below */
    char *config, *log, *timing, *last, *best;
    int lock; /* config.json; -1 = not open */
    uint64_t log_bytes;
    uint64_t log_hash; /* of hashes of its lines, in order */
};

/* ------------------------------------------------------------------ small helpers */
static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory");
}

static bool is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

hx_status hx_run_remove_folder(const char *path, hx_error *err) {
    DIR *d = opendir(path);
    if (!d) return errno == ENOENT ? HX_OK : hx_fail_errno(err, path, errno);
    hx_status st = HX_OK;
    for (struct dirent *e; st == HX_OK && (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        if (unlinkat(dirfd(d), e->d_name, 0) != 0) st = hx_fail_errno(err, path, errno);
    }
    (void)closedir(d);
    if (st == HX_OK && rmdir(path) != 0) st = hx_fail_errno(err, path, errno);
    return st;
}

hx_status hx_run_make_folder(const char *path, hx_error *err) {
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && is_folder(path))) return HX_OK;
    return hx_fail_errno(err, path, errno);
}

/* `fresh` takes the place of `path`, which may be a folder: one of the two is there at any time, or `path`.old, see mend(). */
static hx_status put_in_place(const char *fresh, const char *path, hx_error *err) {
    if (!is_folder(path)) {
        if (rename(fresh, path) != 0) return hx_fail_errno(err, path, errno);
        return hx_file_sync_folder(path, err);
    }
    if (renameat2(AT_FDCWD, fresh, AT_FDCWD, path, RENAME_EXCHANGE) == 0) {
        HX_TRY(hx_file_sync_folder(path, err));
        return hx_run_remove_folder(fresh, err);
    }
    char *old = hx_file_beside(path, ".old");
    if (!old) return no_memory(err);
    hx_status st = hx_run_remove_folder(old, err);
    if (st == HX_OK && rename(path, old) != 0) st = hx_fail_errno(err, path, errno);
    if (st == HX_OK && rename(fresh, path) != 0) st = hx_fail_errno(err, path, errno);
    if (st == HX_OK) st = hx_file_sync_folder(path, err);
    if (st == HX_OK) st = hx_run_remove_folder(old, err);
    free(old);
    return st;
}

/* Takes back what was left by a program that ended between two renames; drops what was not finished. */
static hx_status mend(const char *path, hx_error *err) {
    char *old = hx_file_beside(path, ".old"), *fresh = hx_file_beside(path, ".tmp");
    hx_status st = old && fresh ? HX_OK : no_memory(err);
    if (st == HX_OK && !is_folder(path) && is_folder(old) && rename(old, path) != 0)
        st = hx_fail_errno(err, path, errno);
    if (st == HX_OK) st = hx_run_remove_folder(old, err);
    if (st == HX_OK) st = hx_run_remove_folder(fresh, err);
    free(old);
    free(fresh);
    return st;
}

/* ------------------------------------------------------------------ log */
static void digits_of(uint64_t hash, char out[HASH_DIGITS]) {
    (void)snprintf(out, HASH_DIGITS, "%016" PRIx64, hash);
}

static hx_status append(const char *path, hx_str line, hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, CONFIG_MAX);
    (void)hx_buf_append_str(&b, line);
    (void)hx_buf_append_byte(&b, '\n');
    hx_status st = hx_buf_status(&b, "a log record", err);
    int fd = -1;
    if (st == HX_OK) {
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        st = fd >= 0 ? hx_file_put(fd, path, hx_buf_str(&b), err) : hx_fail_errno(err, path, errno);
    }
    if (fd >= 0 && close(fd) != 0 && st == HX_OK) st = hx_fail_errno(err, path, errno);
    hx_buf_release(&b);
    return st;
}

static void count_line(hx_run_folder *r, hx_str line) {
    r->log_bytes += line.len + 1;
    r->log_hash = hx_hash_mix(r->log_hash, hx_hash(line));
}

hx_status hx_run_log(hx_run_folder *r, hx_str json_line, hx_error *err) {
    HX_TRY(append(r->log, json_line, err));
    count_line(r, json_line);
    return HX_OK;
}

hx_status hx_run_time(hx_run_folder *r, hx_str json_line, hx_error *err) {
    return append(r->timing, json_line, err);
}

static void hash_lines(hx_run_folder *r, hx_str text) {
    r->log_bytes = r->log_hash = 0;
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        size_t n = (end ? (size_t)(end - text.ptr) : text.len) - at;
        count_line(r, (hx_str){text.ptr + at, n});
        at += n + 1;
    }
}

/* Cuts the log where the checkpoint was made, and checks what stays. */
static hx_status cut_log(hx_run_folder *r, uint64_t bytes, const char *hash, hx_error *err) {
    hx_buf log;
    char digits[HASH_DIGITS];
    hx_buf_init(&log, LOG_MAX);
    hx_status st = hx_file_exists(r->log) ? hx_file_read(r->log, &log, err) : HX_OK;
    if (st == HX_OK && log.len < bytes)
        st = hx_fail(err, HX_EFORMAT, "%s is shorter than when the checkpoint was made", r->log);
    if (st == HX_OK) {
        hash_lines(r, (hx_str){log.ptr, (size_t)bytes});
        digits_of(r->log_hash, digits);
        if (r->log_bytes != bytes || strcmp(digits, hash) != 0)
            st = hx_fail(err, HX_EFORMAT, "%s is not what it was when the checkpoint was made",
                         r->log);
    }
    if (st == HX_OK && log.len > bytes && truncate(r->log, (off_t)bytes) != 0)
        st = hx_fail_errno(err, r->log, errno);
    hx_buf_release(&log);
    return st;
}

/* ------------------------------------------------------------------ state */
static hx_status hash_file(const char *path, uint64_t *bytes, char hash[HASH_DIGITS],
                           hx_error *err) {
    hx_mapping m;
    HX_TRY(hx_mapping_open(&m, path, err));
    *bytes = m.bytes.len;
    digits_of(hx_hash(m.bytes), hash);
    hx_mapping_close(&m);
    return HX_OK;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the files of a folder, sorted; each and the list for free_names(). */
static hx_status list_files(const char *folder, char *names[FILES_MAX], size_t *n, hx_error *err) {
    DIR *d = opendir(folder);
    *n = 0;
    if (!d) return hx_fail_errno(err, folder, errno);
    hx_status st = HX_OK;
    for (struct dirent *e; st == HX_OK && (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        if (*n == FILES_MAX)
            st = hx_fail(err, HX_ELIMIT, "%s holds more than %d files", folder, FILES_MAX);
        else if (!(names[*n] = hx_file_beside(e->d_name, "")))
            st = no_memory(err);
        else
            ++*n;
    }
    (void)closedir(d);
    qsort(names, *n, sizeof *names, by_name);
    return st;
}

static void free_names(char *names[FILES_MAX], size_t n) {
    while (n > 0)
        free(names[--n]);
}

static hx_status put_file(hx_json_writer *w, const char *folder, const char *name, hx_error *err) {
    char *path = hx_model_join(folder, name), hash[HASH_DIGITS];
    uint64_t bytes = 0;
    hx_status st = path ? hash_file(path, &bytes, hash, err) : no_memory(err);
    free(path);
    if (st != HX_OK) return st;
    hx_json_key(w, name);
    hx_json_object(w);
    hx_json_key(w, "bytes");
    hx_json_int(w, (int64_t)bytes);
    hx_json_key(w, "hash");
    hx_json_cstr(w, hash);
    hx_json_end_object(w);
    return HX_OK;
}

static hx_status put_files(hx_json_writer *w, const char *folder, hx_error *err) {
    char *names[FILES_MAX];
    size_t n = 0;
    hx_status st = list_files(folder, names, &n, err);
    hx_json_key(w, "files");
    hx_json_object(w);
    for (size_t i = 0; st == HX_OK && i < n; i++)
        st = put_file(w, folder, names[i], err);
    hx_json_end_object(w);
    free_names(names, n);
    return st;
}

typedef struct {
    const char *key;
    size_t offset;
} state_member;

static const state_member state_whole[] = {
    {"step", offsetof(hx_run_state, step)},
    {"epoch", offsetof(hx_run_state, epoch)},
    {"batch", offsetof(hx_run_state, batch)},
    {"best_step", offsetof(hx_run_state, best_step)},
    {"bad_evaluations", offsetof(hx_run_state, bad_evaluations)},
    {"arithmetic", offsetof(hx_run_state, arithmetic)},
    {"milliseconds", offsetof(hx_run_state, milliseconds)}};
static const state_member state_reals[] = {{"best", offsetof(hx_run_state, best)},
                                           {"loss_sum", offsetof(hx_run_state, loss_sum)},
                                           {"best_loss", offsetof(hx_run_state, best_loss)},
                                           {"loss_count", offsetof(hx_run_state, loss_count)},
                                           {"part_sum", offsetof(hx_run_state, part_sum)},
                                           {"part_count", offsetof(hx_run_state, part_count)}};
#define WHOLE_N (sizeof state_whole / sizeof *state_whole)
#define REALS_N (sizeof state_reals / sizeof *state_reals)

static hx_status write_state(const hx_run_folder *r, const hx_run_state *s, const char *folder,
                             hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    char hash[HASH_DIGITS];
    hx_buf_init(&b, STATE_MAX);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    for (size_t i = 0; i < WHOLE_N; i++) {
        uint64_t v;
        memcpy(&v, (const char *)s + state_whole[i].offset, sizeof v);
        hx_json_key(&w, state_whole[i].key);
        hx_json_int(&w, (int64_t)v);
    }
    for (size_t i = 0; i < REALS_N; i++) {
        double v;
        memcpy(&v, (const char *)s + state_reals[i].offset, sizeof v);
        hx_json_key(&w, state_reals[i].key);
        hx_json_double(&w, v);
    }
    hx_json_key(&w, "log_bytes");
    hx_json_int(&w, (int64_t)r->log_bytes);
    digits_of(r->log_hash, hash);
    hx_json_key(&w, "log_hash");
    hx_json_cstr(&w, hash);
    hx_status st = put_files(&w, folder, err);
    hx_json_end_object(&w);
    (void)hx_buf_append_byte(&b, '\n');
    char *path = hx_model_join(folder, "state.json");
    if (st == HX_OK) st = path ? hx_buf_status(&b, "state.json", err) : no_memory(err);
    if (st == HX_OK) st = hx_file_write(path, hx_buf_str(&b), false, err);
    free(path);
    hx_buf_release(&b);
    return st;
}

static hx_status damaged(const char *path, const char *what, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "%s is damaged (%s); train into a new folder", path, what);
}

static hx_status check_file(const char *folder, const char *name, const json_t *said,
                            hx_error *err) {
    char *path = hx_model_join(folder, name), hash[HASH_DIGITS];
    uint64_t bytes = 0;
    const char *wanted = json_string_value(json_object_get(said, "hash"));
    json_int_t size = json_integer_value(json_object_get(said, "bytes"));
    hx_status st = path ? HX_OK : no_memory(err);
    if (st == HX_OK && (!wanted || strchr(name, '/'))) st = damaged(path, "state.json", err);
    if (st == HX_OK) st = hash_file(path, &bytes, hash, err);
    if (st == HX_OK && bytes != (uint64_t)size)
        st = damaged(path, "its size is not that of the checkpoint", err);
    if (st == HX_OK && strcmp(hash, wanted) != 0)
        st = damaged(path, "its bytes are not those of the checkpoint", err);
    free(path);
    return st;
}

/* What an earlier version did not write is as in a new run, but for the step; what a later one wrote besides is passed over. */
static hx_status take_state(const json_t *j, const char *path, hx_run_state *s, hx_error *err) {
    for (size_t i = 0; i < WHOLE_N; i++) {
        const json_t *v = json_object_get(j, state_whole[i].key);
        if (!v && state_whole[i].offset != offsetof(hx_run_state, step)) continue;
        if (!json_is_integer(v) || json_integer_value(v) < 0)
            return damaged(path, state_whole[i].key, err);
        uint64_t n = (uint64_t)json_integer_value(v);
        memcpy((char *)s + state_whole[i].offset, &n, sizeof n);
    }
    for (size_t i = 0; i < REALS_N; i++) {
        const json_t *v = json_object_get(j, state_reals[i].key);
        double x = json_is_number(v) ? json_number_value(v) : -INFINITY;
        if (!v) continue;
        if (!json_is_number(v) && !json_is_null(v)) return damaged(path, state_reals[i].key, err);
        memcpy((char *)s + state_reals[i].offset, &x, sizeof x);
    }
    return HX_OK;
}

static hx_status check_state(hx_run_folder *r, const json_t *j, const char *path, hx_run_state *s,
                             hx_error *err) {
    const json_t *bytes = json_object_get(j, "log_bytes"), *files = json_object_get(j, "files");
    const char *hash = json_string_value(json_object_get(j, "log_hash")), *name;
    json_t *said;
    HX_TRY(take_state(j, path, s, err));
    if (!json_is_integer(bytes) || json_integer_value(bytes) < 0 || !hash || !json_is_object(files))
        return damaged(path, "log_bytes, log_hash or files", err);
    json_object_foreach((json_t *)(uintptr_t)files, name, said)
        HX_TRY(check_file(r->last, name, said, err));
    return cut_log(r, (uint64_t)json_integer_value(bytes), hash, err);
}

/* The state of the checkpoint; `found` false where there is none yet: then the run begins anew, with an empty log. */
static hx_status read_state(hx_run_folder *r, bool *found, hx_run_state *s, hx_error *err) {
    hx_buf text;
    json_t *j = NULL;
    char *path = hx_model_join(r->last, "state.json");
    *found = is_folder(r->last);
    hx_buf_init(&text, STATE_MAX);
    hx_status st = path ? HX_OK : no_memory(err);
    if (st == HX_OK && *found) st = hx_file_read(path, &text, err);
    if (st == HX_OK && *found) st = hx_json_parse(hx_buf_str(&text), STATE_MAX, path, &j, err);
    if (st == HX_OK && *found) st = check_state(r, j, path, s, err);
    if (st == HX_OK && !*found) {
        if (truncate(r->log, 0) != 0 && errno != ENOENT) st = hx_fail_errno(err, r->log, errno);
    }
    json_decref(j);
    hx_buf_release(&text);
    free(path);
    return st;
}

/* ------------------------------------------------------------------ config */
/* Hashes of files are compared by themselves; weights and optimiser are the same in any arithmetic, whose change the log tells. */
static bool is_compared(const char *key) {
    return strcmp(key, SUMS) != 0 && strcmp(key, "arithmetic") != 0;
}

/* The first key by which two configurations differ. */
static const char *difference(json_t *a, json_t *b) {
    const char *key;
    json_t *v;
    json_object_foreach(a, key, v) if (is_compared(key) &&
                                       !json_equal(v, json_object_get(b, key))) return key;
    json_object_foreach(b, key, v) if (is_compared(key) && !json_object_get(a, key)) return key;
    return NULL;
}

/* The first file that is not what it was. Earlier versions noted fewer of them: what they did not note is as it is. */
static const char *changed_file(json_t *a, json_t *b) {
    const char *path;
    json_t *v, *now = json_object_get(b, SUMS);
    json_object_foreach(json_object_get(a, SUMS), path,
                        v) if (!json_equal(v, json_object_get(now, path))) return path;
    return NULL;
}

static hx_status same_config(const hx_run_folder *r, hx_str config, hx_error *err) {
    hx_buf text;
    json_t *old = NULL, *fresh = NULL;
    hx_buf_init(&text, CONFIG_MAX);
    hx_status st = hx_file_read(r->config, &text, err);
    if (st == HX_OK) st = hx_json_parse(hx_buf_str(&text), CONFIG_MAX, r->config, &old, err);
    if (st == HX_OK) st = hx_json_parse(config, CONFIG_MAX, "the configuration", &fresh, err);
    const char *key = st == HX_OK ? difference(old, fresh) : NULL;
    if (key)
        st = hx_fail(err, HX_ECONFLICT,
                     "%s was begun with another '%s'; go on with the same options, or train into a "
                     "new folder",
                     r->folder, key);
    const char *file = st == HX_OK ? changed_file(old, fresh) : NULL;
    if (file)
        st = hx_fail(err, HX_ECONFLICT,
                     "%s is not what it was when %s was begun; put it back, or train into a new "
                     "folder",
                     file, r->folder);
    json_decref(old);
    json_decref(fresh);
    hx_buf_release(&text);
    return st;
}

static hx_status lock(hx_run_folder *r, hx_error *err) {
    r->lock = open(r->config, O_RDONLY | O_CLOEXEC);
    if (r->lock < 0) return hx_fail_errno(err, r->config, errno);
    if (flock(r->lock, LOCK_EX | LOCK_NB) == 0) return HX_OK;
    if (errno == EWOULDBLOCK)
        return hx_fail(err, HX_EBUSY, "another program is training into %s", r->folder);
    return hx_fail_errno(err, r->config, errno);
}

/* ------------------------------------------------------------------ open */
static hx_status name_files(hx_run_folder *r, const char *folder, hx_error *err) {
    r->folder = hx_file_beside(folder, "");
    r->config = hx_model_join(folder, "config.json");
    r->log = hx_model_join(folder, "log.jsonl");
    r->timing = hx_model_join(folder, "timing.jsonl");
    r->last = hx_model_join(folder, "last");
    r->best = hx_model_join(folder, "best");
    return r->folder && r->config && r->log && r->timing && r->last && r->best ? HX_OK
                                                                               : no_memory(err);
}

/* A run that ended before its first record holds nothing to lose. */
static bool is_empty(const char *path) {
    struct stat st;
    return stat(path, &st) != 0 || st.st_size == 0;
}

static hx_status begin(hx_run_folder *r, hx_str config, hx_error *err) {
    HX_TRY(hx_run_make_folder(r->folder, err));
    HX_TRY(hx_file_write(r->config, config, false, err));
    if (r->lock >= 0) (void)close(r->lock);
    HX_TRY(lock(r, err));
    return hx_file_write(r->log, (hx_str){"", 0}, false, err);
}

static bool holds(const char *folder, const char *name) {
    char *path = hx_model_join(folder, name);
    bool is = path && hx_file_exists(path);
    free(path);
    return is;
}

/* Several trainings, also of a version that did not write WHOLE yet. */
static bool holds_whole(const char *folder) {
    static const char *const names[] = {WHOLE, "compare.json", "tune.json", "folds.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (holds(folder, names[i])) return true;
    return false;
}

static hx_status is_there(const char *folder, hx_error *err) {
    return hx_fail(err, HX_ECONFLICT,
                   "%s is there already; go on with --resume, or name another folder", folder);
}

static hx_status open_files(hx_run_folder *r, hx_str config, bool resume, bool *resumed,
                            hx_run_state *state, hx_error *err) {
    bool there = hx_file_exists(r->config);
    *resumed = false;
    *state = (hx_run_state){.best = -INFINITY};
    if (there && !resume && (is_folder(r->last) || !is_empty(r->log)))
        return is_there(r->folder, err);
    if (holds_whole(r->folder)) return is_there(r->folder, err);
    if (there) HX_TRY(lock(r, err));
    if (!there || !resume) return begin(r, config, err);
    HX_TRY(same_config(r, config, err));
    HX_TRY(mend(r->last, err));
    HX_TRY(mend(r->best, err));
    return read_state(r, resumed, state, err);
}

hx_status hx_run_open(hx_run_folder **out, const char *folder, hx_str config_json, bool resume,
                      bool *resumed, hx_run_state *state, hx_error *err) {
    *out = NULL;
    hx_run_folder *r = calloc(1, sizeof *r);
    if (!r) return no_memory(err);
    r->lock = -1;
    hx_status st = name_files(r, folder, err);
    if (st == HX_OK) st = open_files(r, config_json, resume, resumed, state, err);
    if (st == HX_OK)
        *out = r;
    else
        hx_run_close(r);
    return st;
}

hx_status hx_run_claim(const char *folder, hx_str config_json, bool resume, bool *resumed,
                       hx_error *err) {
    hx_run_folder r = {
        .folder = hx_file_beside(folder, ""), .config = hx_model_join(folder, WHOLE), .lock = -1};
    hx_status st = r.folder && r.config ? HX_OK : no_memory(err);
    *resumed = st == HX_OK && resume && hx_file_exists(r.config);
    if (st == HX_OK &&
        ((!*resumed && holds(folder, "config.json")) || (!resume && holds_whole(folder))))
        st = is_there(folder, err);
    if (st == HX_OK) st = hx_run_make_folder(folder, err);
    if (st == HX_OK)
        st = *resumed ? same_config(&r, config_json, err)
                      : hx_file_write(r.config, config_json, false, err);
    free(r.folder);
    free(r.config);
    return st;
}

void hx_run_close(hx_run_folder *r) {
    if (!r) return;
    if (r->lock >= 0) (void)close(r->lock);
    free(r->folder);
    free(r->config);
    free(r->log);
    free(r->timing);
    free(r->last);
    free(r->best);
    free(r);
}

const char *hx_run_path(const hx_run_folder *r, const char *name, hx_arena *arena) {
    size_t n = strlen(r->folder) + strlen(name) + 2;
    char *p = hx_arena_alloc(arena, n);
    if (p) (void)snprintf(p, n, "%s/%s", r->folder, name);
    return p;
}

/* ------------------------------------------------------------------ checkpoints */
static hx_status write_folder(hx_run_folder *r, const char *path, const hx_run_state *state,
                              hx_run_write_fn *write, void *context, hx_error *err) {
    char *fresh = hx_file_beside(path, ".tmp");
    hx_status st = fresh ? hx_run_remove_folder(fresh, err) : no_memory(err);
    if (st == HX_OK) st = hx_run_make_folder(fresh, err);
    if (st == HX_OK) st = write(context, fresh, err);
    if (st == HX_OK && state) st = write_state(r, state, fresh, err);
    if (st == HX_OK) st = put_in_place(fresh, path, err);
    free(fresh);
    return st;
}

hx_status hx_run_checkpoint(hx_run_folder *r, const hx_run_state *state, hx_run_write_fn *write,
                            void *context, hx_error *err) {
    return write_folder(r, r->last, state, write, context, err);
}

hx_status hx_run_keep_best(hx_run_folder *r, hx_run_write_fn *write, void *context, hx_error *err) {
    return write_folder(r, r->best, NULL, write, context, err);
}

/* ------------------------------------------------------------------ for those who open models */
hx_status hx_run_model(const char *folder, hx_arena *arena, hx_str *path, hx_error *err) {
    static const char *const parts[] = {"best", "last"};
    if (!holds(folder, "config.json") || !holds(folder, "log.jsonl"))
        return hx_fail(err, HX_ENOTFOUND, "%s is no folder of a training run", folder);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char *p = hx_model_join(folder, parts[i]);
        bool is = p && holds(p, "config.json");
        if (is) *path = hx_arena_str(arena, hx_str_of(p));
        free(p);
        if (is) return path->ptr ? HX_OK : no_memory(err);
    }
    return hx_fail(err, HX_EINVAL, "the run %s has no model yet: train it to its first evaluation",
                   folder);
}
