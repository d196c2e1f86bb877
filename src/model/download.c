/* download.c - gets a known model from its hub; see model.h.
 *
 *     NAME.gguf.part  --(GET, Range: bytes=have-)-->  all bytes  --(size, SHA-256 or tables)-->  fsync  -->  rename to NAME.gguf, fsync
 *
 * What always holds: NAME.gguf is only ever a file that was checked whole. The .part is locked while it grows, so two processes never
 * write into one; it is opened without following links. Only https is spoken, also behind redirections, the certificate is checked by
 * libcurl's defaults, and no more than the recorded size (or the cap) is taken. Where no sum is recorded a .part is begun anew, since
 * nothing would tell two versions of the file apart. A server without ranges begins anew as well. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/error.h"
#include "base/file.h"
#include "base/checksum.h"
#include "model/known.h"
#include "tensor/tensor_file.h"

#define OFFICIAL_HUB "https://huggingface.co"
#define MAX_BYTES ((uint64_t)64 << 30)
#define MAX_REDIRECTS 8L
#define CONNECT_SECONDS 30L
#define STALL_SECONDS 60L /* without a byte */
#define URL_MAX 1024

typedef struct {
    const hx_known_model *model;
    const hx_download_options *options;
    char *path, *part; /* owned */
    char url[URL_MAX];
    int fd; /* of the .part, locked; -1 = not open */
    uint64_t have; /* bytes of it */
    uint64_t limit; /* it may never hold more */
    int write_error; /* errno of a failed write */
    bool too_large;
    long answer; /* HTTP status */
} transfer;

/* ------------------------------------------------------------------ address */
static bool is_loopback(const char *hub) {
    return strncmp(hub, "http://127.0.0.1:", 17) == 0 && strchr(hub + 17, '@') == NULL;
}

static hx_status make_url(transfer *t, hx_error *err) {
    const char *hub = t->options->hub && *t->options->hub ? t->options->hub : OFFICIAL_HUB;
    bool allowed = strncmp(hub, "https://", 8) == 0 || (t->options->loopback && is_loopback(hub));
    if (!allowed) return hx_fail(err, HX_EINVAL, "the hub '%s' is no https:// address", hub);
    size_t n = strlen(hub);
    while (n > 8 && hub[n - 1] == '/')
        n--;
    int len = snprintf(t->url, sizeof t->url, "%.*s/%s/resolve/main/%s", (int)n, hub,
                       t->model->repository, t->model->file);
    if (len < 0 || (size_t)len >= sizeof t->url)
        return hx_fail(err, HX_EINVAL, "the hub's address is longer than %d bytes", URL_MAX);
    return HX_OK;
}

/* ------------------------------------------------------------------ files */
/* Makes `folder` with all above it. */
static hx_status make_folder(const char *folder, hx_error *err) {
    char *path = hx_file_beside(folder, "/");
    if (!path) return hx_fail(err, HX_ENOMEM, "out of memory");
    int error = 0;
    for (char *p = path + 1; *p && error == 0; p++) {
        if (*p != '/') continue;
        *p = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST) error = errno;
        *p = '/';
    }
    free(path);
    return error ? hx_fail_errno(err, folder, error) : HX_OK;
}

static hx_status name_files(transfer *t, const char *cache, hx_error *err) {
    char name[160];
    (void)snprintf(name, sizeof name, "/%s.gguf", t->model->name);
    t->path = hx_file_beside(cache, name);
    t->part = t->path ? hx_file_beside(t->path, ".part") : NULL;
    return t->part ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status open_part(transfer *t, hx_error *err) {
    struct stat st, there;
    t->fd = open(t->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
    if (t->fd < 0) return hx_fail_errno(err, t->part, errno);
    if (flock(t->fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK
                   ? hx_fail(err, HX_EBUSY, "%s is being downloaded by another process", t->path)
                   : hx_fail_errno(err, t->part, errno);
    if (fstat(t->fd, &st) != 0) return hx_fail_errno(err, t->part, errno);
    if (!S_ISREG(st.st_mode)) return hx_fail(err, HX_EINVAL, "%s is not a regular file", t->part);
    if (lstat(t->part, &there) != 0 || there.st_ino != st.st_ino || there.st_dev != st.st_dev)
        return hx_fail(err, HX_EBUSY, "%s is being downloaded by another process", t->path);
    t->have = (uint64_t)st.st_size;
    return HX_OK;
}

static hx_status begin_anew(transfer *t, hx_error *err) {
    t->have = 0;
    return ftruncate(t->fd, 0) == 0 ? HX_OK : hx_fail_errno(err, t->part, errno);
}

/* ------------------------------------------------------------------ transfer */
static size_t take_bytes(char *bytes, size_t size, size_t n, void *context) {
    transfer *t = context;
    size_t left = size * n, at = 0;
    if (left > t->limit - t->have) {
        t->too_large = true;
        return 0;
    }
    while (left > 0) {
        ssize_t wrote = pwrite(t->fd, bytes + at, left, (off_t)t->have);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) {
            t->write_error = errno;
            return 0;
        }
        at += (size_t)wrote;
        left -= (size_t)wrote;
        t->have += (uint64_t)wrote;
    }
    return size * n;
}

static int show_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                         curl_off_t up) {
    transfer *t = context;
    (void)now;
    (void)up_total;
    (void)up;
    uint64_t whole = t->model->bytes;
    if (whole == 0 && total > 0) whole = (uint64_t)total;
    if (t->options->progress) t->options->progress(t->options->context, t->have, whole);
    return hx_flag_is_raised(t->options->cancel);
}

/* libcurl knows where the distribution that it was built for keeps its certificates. A packed copy of it that runs on another one is
 * shown where that has them; NULL = libcurl's own place is right. */
static const char *certificates_elsewhere(void) {
    static const char *const places[] = {"/etc/ssl/certs/ca-certificates.crt",
                                         "/etc/pki/tls/certs/ca-bundle.crt",
                                         "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (hx_file_exists(places[i])) return i == 0 ? NULL : places[i];
    return NULL;
}

static void set_up(transfer *t, CURL *curl) {
    bool local = t->options->loopback && is_loopback(t->url);
    (void)curl_easy_setopt(curl, CURLOPT_URL, t->url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, local ? "http" : "https");
    (void)curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, local ? "http" : "https");
    if (local) (void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    const char *certificates = certificates_elsewhere();
    if (certificates) (void)curl_easy_setopt(curl, CURLOPT_CAINFO, certificates);
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
    (void)curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "huaxiang/" HX_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->limit);
    (void)curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)t->have);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, show_progress);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
}

static hx_status explain(const transfer *t, CURLcode code, hx_error *err) {
    if (code == CURLE_OK) return HX_OK;
    if (hx_flag_is_raised(t->options->cancel))
        return hx_fail(err, HX_ECANCELLED, "%s: stopped; the same command goes on with it",
                       t->part);
    if (t->write_error) return hx_fail_errno(err, t->part, t->write_error);
    if (t->too_large || code == CURLE_FILESIZE_EXCEEDED)
        return hx_fail(err, HX_ELIMIT, "%s: the hub sends more than the %llu bytes it should have",
                       t->url, (unsigned long long)t->limit);
    if (code == CURLE_HTTP_RETURNED_ERROR)
        return hx_fail(err, t->answer == 404 ? HX_ENOTFOUND : HX_EIO,
                       "%s: the hub answers with status %ld", t->url, t->answer);
    if (code == CURLE_UNSUPPORTED_PROTOCOL)
        return hx_fail(err, HX_EDENIED, "%s: leads to an address that is not https", t->url);
    return hx_fail(err, HX_EIO,
                   "%s: can't be read (%s); try again later, or put the file at %s yourself",
                   t->url, curl_easy_strerror(code), t->path);
}

static hx_status run_once(transfer *t, bool *no_ranges, hx_error *err) {
    CURL *curl = curl_easy_init();
    if (!curl) return hx_fail(err, HX_ENOMEM, "out of memory");
    set_up(t, curl);
    CURLcode code = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &t->answer);
    curl_easy_cleanup(curl);
    *no_ranges =
        code == CURLE_RANGE_ERROR || (code == CURLE_HTTP_RETURNED_ERROR && t->answer == 416);
    return *no_ranges ? HX_OK : explain(t, code, err);
}

static hx_status fetch(transfer *t, hx_error *err) {
    bool no_ranges = false;
    if (!t->model->sha256 || t->have > t->limit) HX_TRY(begin_anew(t, err));
    if (t->model->bytes && t->have == t->model->bytes) return HX_OK;
    HX_TRY(run_once(t, &no_ranges, err));
    if (!no_ranges) return HX_OK;
    HX_TRY(begin_anew(t, err));
    HX_TRY(run_once(t, &no_ranges, err));
    return no_ranges ? explain(t, CURLE_RANGE_ERROR, err) : HX_OK;
}

/* ------------------------------------------------------------------ the end of it */
/* A verdict on the bytes themselves, not on a disk or on memory that failed while they were read. */
static bool is_wrong_for_good(hx_status st) {
    return st == HX_EFORMAT || st == HX_EUNSUPPORTED || st == HX_ELIMIT;
}

/* What is wrong for good is thrown away, so that the next try begins anew. */
static hx_status check(transfer *t, hx_error *err) {
    hx_model_check found;
    if (t->model->bytes && t->have < t->model->bytes)
        return hx_fail(err, HX_EIO, "%s: ended after %llu of %llu bytes; the same command goes on",
                       t->url, (unsigned long long)t->have, (unsigned long long)t->model->bytes);
    hx_status st = hx_model_verify(t->model, t->part, t->options->cancel, &found, err);
    if (is_wrong_for_good(st)) (void)unlink(t->part);
    return st;
}

static hx_status keep(transfer *t, hx_error *err) {
    HX_TRY(hx_file_replaceable(t->path, err));
    if (fsync(t->fd) != 0) return hx_fail_errno(err, t->part, errno);
    if (rename(t->part, t->path) != 0) return hx_fail_errno(err, t->path, errno);
    return hx_file_sync_folder(t->path, err);
}

static hx_status download(transfer *t, const char *cache, hx_error *err) {
    HX_TRY(make_url(t, err));
    HX_TRY(make_folder(cache, err));
    HX_TRY(name_files(t, cache, err));
    hx_model_check there;
    if (hx_file_exists(t->path) &&
        hx_model_verify(t->model, t->path, t->options->cancel, &there, NULL) == HX_OK)
        return HX_OK;
    HX_TRY(open_part(t, err));
    HX_TRY(fetch(t, err));
    HX_TRY(check(t, err));
    return keep(t, err);
}

hx_status hx_model_download(const hx_known_model *m, const char *cache,
                            const hx_download_options *options, hx_error *err) {
    static const hx_download_options defaults = {0};
    transfer t = {.model = m, .options = options ? options : &defaults, .fd = -1};
    t.limit = m->bytes ? m->bytes : t.options->max_bytes ? t.options->max_bytes : MAX_BYTES;
    hx_status st = download(&t, cache, err);
    if (t.fd >= 0) close(t.fd);
    free(t.path);
    free(t.part);
    return st;
}
