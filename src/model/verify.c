/* verify.c - is a model file what it should be: its sum against the table, its own tables by reading them.
 *
 * A file of a known model whose sum is recorded must have that sum (or that of the packaged file). One whose sum is not recorded, and
 * any other file, must at least open as a tensor file: magic, counts, names, offsets and sizes are then all inside it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "huaxiang/model.h"
#include "base/checksum.h"
#include "tensor/tensor_file.h"

static hx_status open_regular(const char *path, int *fd, hx_error *err) {
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0) return hx_fail_errno(err, path, errno);
    hx_status status = HX_OK;
    if (fstat(*fd, &st) != 0)
        status = hx_fail_errno(err, path, errno);
    else if (S_ISDIR(st.st_mode))
        status = hx_fail_errno(err, path, EISDIR);
    else if (!S_ISREG(st.st_mode))
        status = hx_fail(err, HX_EINVAL, "%s is not a regular file", path);
    if (status != HX_OK) close(*fd);
    return status;
}

static bool is_sum(const char *recorded, const char *sum) {
    return recorded && strcmp(recorded, sum) == 0;
}

static hx_status compare(const hx_known_model *m, const char *path, hx_model_check *c,
                         hx_error *err) {
    c->recorded = is_sum(m->sha256, c->sha256) || is_sum(m->packaged_sha256, c->sha256);
    if (c->recorded || !m->sha256) return HX_OK;
    if (c->bytes != m->bytes)
        return hx_fail(err, HX_EFORMAT, "%s: has %llu bytes, but model %s has %llu", path,
                       (unsigned long long)c->bytes, m->name, (unsigned long long)m->bytes);
    return hx_fail(err, HX_EFORMAT, "%s: its SHA-256 is %s, but that of model %s is %s", path,
                   c->sha256, m->name, m->sha256);
}

static hx_status verify(const hx_known_model *m, const char *path, const volatile int *cancel,
                        hx_model_check *out, hx_error *err) {
    hx_tensor_file *f = NULL;
    int fd = -1;
    *out = (hx_model_check){0};
    HX_TRY(open_regular(path, &fd, err));
    hx_status st = hx_checksum_file(fd, path, cancel, out->sha256, &out->bytes, err);
    close(fd);
    if (st == HX_OK && m) st = compare(m, path, out, err);
    if (st == HX_OK) st = hx_tensor_file_open(&f, path, err);
    if (st != HX_OK) return st;
    out->n_tensors = hx_tensor_file_count(f);
    hx_tensor_file_close(f);
    return HX_OK;
}

/* Of a folder its weights. */
hx_status hx_model_verify(const hx_known_model *m, const char *path, const volatile int *cancel,
                          hx_model_check *out, hx_error *err) {
    char *weights = hx_file_beside(path, "/model.safetensors");
    if (!weights) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = verify(m, hx_file_exists(weights) ? weights : path, cancel, out, err);
    free(weights);
    return st;
}

hx_status hx_model_sum(const char *path, const volatile int *cancel, char sum[65], hx_error *err) {
    static const char *const names[] = {"", "/model.safetensors", "/model.safetensors.index.json"};
    char file[PATH_MAX];
    struct stat st;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int n = snprintf(file, sizeof file, "%s%s", path, names[i]);
        if (n < 0 || (size_t)n >= sizeof file || stat(file, &st) != 0 || S_ISDIR(st.st_mode))
            continue;
        int fd = -1;
        uint64_t bytes;
        HX_TRY(open_regular(file, &fd, err));
        hx_status status = hx_checksum_file(fd, file, cancel, sum, &bytes, err);
        close(fd);
        return status;
    }
    return hx_fail(err, HX_ENOTFOUND, "%s: no weights are there", path);
}
