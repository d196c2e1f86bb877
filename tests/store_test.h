/* store_test.h - a throw-away folder, files in it, imports into a store, and a digest of all that a store holds. */
#ifndef HX_TESTS_STORE_TEST_H
#define HX_TESTS_STORE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/hash.h"
#include "huaxiang/huaxiang.h"
#include "store/store.h"

typedef struct {
    char folder[64];
    char *paths[256]; /* owned; given out by in_folder() */
    int n;
} folder;

static inline int folder_make(void **state) {
    folder *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/hx-test-XXXXXX");
    if (!mkdtemp(f->folder)) return -1;
    *state = f;
    return 0;
}

static inline int folder_remove(void **state) {
    folder *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    int result = system(command);
    for (int i = 0; i < f->n; i++)
        free(f->paths[i]);
    free(f);
    return result;
}

/* FOLDER/name, alive until the folder is removed. */
static inline const char *in_folder(folder *f, const char *name) {
    size_t size = strlen(f->folder) + strlen(name) + 2;
    char *p = calloc(1, size);
    if (!p || f->n == 256) abort();
    snprintf(p, size, "%s/%s", f->folder, name);
    f->paths[f->n++] = p;
    return p;
}

static inline void write_file(const char *path, const char *text) {
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
}

static inline hx_store *open_store(const char *path) {
    hx_store *s = NULL;
    hx_error err = {.code = HX_OK};
    if (hx_store_open(&s, path, HX_STORE_CREATE, &err) != HX_OK) fail_msg("%s", err.message);
    return s;
}

static inline hx_status import_one(hx_store *s, const char *path, hx_import_result *result,
                                   hx_error *err) {
    hx_import_options o = {.n_threads = 2, .now = 1};
    hx_import_result unused;
    return hx_import_files(s, &path, 1, &o, result ? result : &unused, err);
}

static inline void must_import(hx_store *s, const char *path) {
    hx_error err = {.code = HX_OK};
    if (import_one(s, path, NULL, &err) != HX_OK) fail_msg("%s", err.message);
}

typedef struct {
    uint64_t profiles, n;
    hx_buf bytes;
} digest;

static inline hx_status digest_profile(void *context, const hx_profile *p, hx_error *err) {
    digest *d = context;
    (void)err;
    hx_buf_reset(&d->bytes);
    hx_profile_write(p, &d->bytes);
    d->profiles = hx_hash_mix(d->profiles, hx_hash(hx_buf_str(&d->bytes)));
    d->n++;
    return HX_OK;
}

/* A hash over the bytes of all profiles; *n = how many. */
static inline uint64_t digest_of(hx_store *s, uint64_t *n) {
    digest d = {0};
    hx_error err = {.code = HX_OK};
    hx_buf_init(&d.bytes, 1u << 26);
    if (hx_store_each_profile(s, digest_profile, &d, &err) != HX_OK) fail_msg("%s", err.message);
    hx_buf_release(&d.bytes);
    if (n) *n = d.n;
    return d.profiles;
}

static inline void must_hold_together(hx_store *s) {
    hx_error err = {.code = HX_OK};
    if (hx_store_check(s, 0, &err) != HX_OK) fail_msg("%s", err.message);
}

#endif
