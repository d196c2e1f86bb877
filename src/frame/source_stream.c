/* source_stream.c - see source_stream.h.
 *
 *     fd -> raw buffer (256 KiB) -> inflate / zstd -> head (what was peeked and not yet read) -> reader
 *
 * Invariants: `head` holds decompressed bytes [offset, offset + head.len - head_at); `offset` is the decompressed
 * offset of the next byte the reader gets; raw_at <= raw_len. `finished` is only set between members or frames, so an
 * end of file elsewhere is a truncated archive. */
#include "frame/source_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/error.h"

#define RAW_BYTES (256u << 10)
#define PATH_BYTES_MAX 65536u
#define PEEK_MAX (2u << 20)
#define BOMB_FREE (64u << 20) /* expansion is not judged below this */
#define BOMB_RATIO 1000u
#define ZSTD_WINDOW_LOG_MAX 27 /* 128 MiB of history at most */

typedef enum { PLAIN, GZIP, ZSTD } compression;

struct hx_source {
    hx_buf name_bytes;
    const char *name; /* in name_bytes */
    int fd;
    bool owns_fd;
    bool is_regular;
    uint64_t size; /* of the file, 0 = unknown */
    uint64_t raw_read; /* bytes taken from fd */
    compression kind;
    unsigned char *raw; /* owned, RAW_BYTES */
    size_t raw_at, raw_len;
    bool raw_end; /* fd is at its end */
    bool in_member; /* inside a gzip member or zstd frame */
    z_stream z;
    ZSTD_DStream *zstd;
    hx_buf head;
    size_t head_at;
    uint64_t offset; /* decompressed, of the next byte given */
    uint64_t unpacked; /* decompressed bytes made so far */
    hx_error failure; /* met while peeking: given when the reader comes to it */
    bool failed;
};

static hx_status read_raw(hx_source *s, hx_error *err) {
    s->raw_at = s->raw_len = 0;
    ssize_t got = -1;
    do
        got = read(s->fd, s->raw, RAW_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0) return hx_fail(err, HX_EIO, "%s: can't be read: %s", s->name, strerror(errno));
    s->raw_len = (size_t)got;
    s->raw_read += (uint64_t)got;
    s->raw_end = got == 0;
    return HX_OK;
}

static hx_status check_bomb(const hx_source *s, hx_error *err) {
    uint64_t packed = s->raw_read - (s->raw_len - s->raw_at);
    if (s->unpacked > BOMB_FREE && s->unpacked / BOMB_RATIO > packed)
        return hx_fail(
            err, HX_ELIMIT,
            "%s: unpacks to more than %u times its size; unpack it yourself if you trust it",
            s->name, BOMB_RATIO);
    return HX_OK;
}

static hx_status fail_damaged(const hx_source *s, hx_error *err) {
    return hx_fail(err, HX_EIO, "%s: the %s data are damaged at byte %llu", s->name,
                   hx_source_compression(s),
                   (unsigned long long)(s->raw_read - (s->raw_len - s->raw_at)));
}

/* A new gzip member starts here; what follows the last member and is no gzip is ignored if it is only zeros, as gzip
 * does with padded tapes. */
static hx_status gzip_begin(hx_source *s, hx_error *err) {
    bool first = s->unpacked == 0 && s->raw_read <= RAW_BYTES && s->raw_at == 0;
    if (!first && s->raw[s->raw_at] == 0) {
        s->raw_at++;
        return HX_OK;
    }
    if (inflateReset(&s->z) != Z_OK) return hx_fail(err, HX_ENOMEM, "out of memory");
    s->in_member = true;
    return HX_OK;
}

static hx_status gzip_step(hx_source *s, char *to, size_t room, size_t *n, hx_error *err) {
    if (!s->in_member) {
        HX_TRY(gzip_begin(s, err));
        if (!s->in_member) return HX_OK;
    }
    s->z.next_in = s->raw + s->raw_at;
    s->z.avail_in = (unsigned)(s->raw_len - s->raw_at);
    s->z.next_out = (unsigned char *)to;
    s->z.avail_out = (unsigned)room;
    int rc = inflate(&s->z, Z_NO_FLUSH);
    s->raw_at = s->raw_len - s->z.avail_in;
    *n = room - s->z.avail_out;
    if (rc == Z_STREAM_END)
        s->in_member = false;
    else if (rc == Z_MEM_ERROR)
        return hx_fail(err, HX_ENOMEM, "out of memory");
    else if (rc != Z_OK && rc != Z_BUF_ERROR)
        return fail_damaged(s, err);
    return HX_OK;
}

static hx_status zstd_step(hx_source *s, char *to, size_t room, size_t *n, hx_error *err) {
    ZSTD_inBuffer in = {s->raw, s->raw_len, s->raw_at};
    ZSTD_outBuffer out = {to, room, 0};
    size_t rc = ZSTD_decompressStream(s->zstd, &out, &in);
    s->raw_at = in.pos;
    if (ZSTD_isError(rc)) return fail_damaged(s, err);
    *n = out.pos;
    s->in_member = rc != 0;
    return HX_OK;
}

static hx_status plain_step(hx_source *s, char *to, size_t room, size_t *n) {
    size_t have = s->raw_len - s->raw_at;
    *n = have < room ? have : room;
    memcpy(to, s->raw + s->raw_at, *n);
    s->raw_at += *n;
    return HX_OK;
}

/* Large reads of plain input go straight to the caller. */
static hx_status plain_direct(hx_source *s, char *to, size_t room, size_t *n, hx_error *err) {
    ssize_t got = -1;
    do
        got = read(s->fd, to, room);
    while (got < 0 && errno == EINTR);
    if (got < 0) return hx_fail(err, HX_EIO, "%s: can't be read: %s", s->name, strerror(errno));
    *n = (size_t)got;
    s->raw_read += (uint64_t)got;
    s->raw_end = got == 0;
    return HX_OK;
}

/* Decompressed bytes past the head; *n = 0 only at the end. */
static hx_status unpack(hx_source *s, char *to, size_t room, size_t *n, hx_error *err) {
    *n = 0;
    if (room > (1u << 30)) room = 1u << 30;
    while (*n == 0) {
        if (s->kind == PLAIN && s->raw_at == s->raw_len && room >= RAW_BYTES && !s->raw_end)
            return plain_direct(s, to, room, n, err);
        /* The decompressor may hold output back when its input is used up. */
        bool drain = s->in_member && s->kind != PLAIN;
        if (s->raw_at == s->raw_len && !s->raw_end) HX_TRY(read_raw(s, err));
        if (s->raw_at == s->raw_len && !drain) return HX_OK;
        size_t before = s->raw_at;
        if (s->kind == GZIP)
            HX_TRY(gzip_step(s, to, room, n, err));
        else if (s->kind == ZSTD)
            HX_TRY(zstd_step(s, to, room, n, err));
        else
            HX_TRY(plain_step(s, to, room, n));
        s->unpacked += *n;
        if (s->kind != PLAIN) HX_TRY(check_bomb(s, err));
        if (s->raw_end && *n == 0 && s->raw_at == before && s->in_member)
            return hx_fail(err, HX_EIO, "%s: the %s data break off; the file is incomplete",
                           s->name, hx_source_compression(s));
    }
    return HX_OK;
}

static hx_status give_failure(const hx_source *s, hx_error *err) {
    if (err) *err = s->failure;
    return s->failure.code;
}

hx_status hx_source_peek(hx_source *s, size_t want, hx_str *out, hx_error *err) {
    if (want > PEEK_MAX) want = PEEK_MAX;
    while (s->head.len - s->head_at < want) {
        size_t n = 0;
        if (!hx_buf_reserve(&s->head, RAW_BYTES)) return hx_buf_status(&s->head, s->name, err);
        if (s->failed) break;
        s->failure.ui = err ? err->ui : HX_UI_EN;
        s->failed = unpack(s, s->head.ptr + s->head.len, RAW_BYTES, &n, &s->failure) != HX_OK;
        if (n == 0) break;
        s->head.len += n;
    }
    size_t have = s->head.len - s->head_at;
    if (have == 0 && s->failed) return give_failure(s, err);
    *out = (hx_str){s->head.ptr ? s->head.ptr + s->head_at : "", have < want ? have : want};
    return HX_OK;
}

hx_status hx_source_read(hx_source *s, char *to, size_t room, size_t *n, hx_error *err) {
    size_t have = s->head.len - s->head_at;
    *n = 0;
    if (have == 0) {
        if (s->failed) return give_failure(s, err);
        hx_buf_reset(&s->head);
        s->head_at = 0;
        HX_TRY(unpack(s, to, room, n, err));
    } else {
        *n = have < room ? have : room;
        memcpy(to, s->head.ptr + s->head_at, *n);
        s->head_at += *n;
    }
    s->offset += *n;
    return HX_OK;
}

static hx_status seek_file(hx_source *s, uint64_t offset, hx_error *err) {
    if (offset > s->size)
        return hx_fail(err, HX_EFORMAT, "%s: is shorter than when it was read before; start afresh",
                       s->name);
    if (lseek(s->fd, (off_t)offset, SEEK_SET) < 0)
        return hx_fail(err, HX_EIO, "%s: can't be read: %s", s->name, strerror(errno));
    hx_buf_reset(&s->head);
    s->head_at = s->raw_at = s->raw_len = 0;
    s->raw_end = false;
    s->raw_read = s->offset = offset;
    return HX_OK;
}

hx_status hx_source_skip_to(hx_source *s, uint64_t offset, hx_error *err) {
    if (offset < s->offset)
        return hx_fail(err, HX_EINVAL, "%s: can't go back to byte %llu", s->name,
                       (unsigned long long)offset);
    if (s->kind == PLAIN && s->is_regular) return seek_file(s, offset, err);
    hx_buf scratch;
    hx_buf_init(&scratch, RAW_BYTES);
    if (!hx_buf_reserve(&scratch, RAW_BYTES)) return hx_buf_status(&scratch, s->name, err);
    hx_status st = HX_OK;
    while (st == HX_OK && s->offset < offset) {
        uint64_t left = offset - s->offset;
        size_t n = 0;
        st = hx_source_read(s, scratch.ptr, left < RAW_BYTES ? (size_t)left : RAW_BYTES, &n, err);
        if (st == HX_OK && n == 0)
            st = hx_fail(err, HX_EFORMAT,
                         "%s: is shorter than when it was read before; start afresh", s->name);
    }
    hx_buf_release(&scratch);
    return st;
}

static hx_status open_fd(hx_source *s, const char *path, hx_error *err) {
    if (strcmp(path, "-") == 0) {
        s->fd = STDIN_FILENO;
    } else {
        s->fd = open(path, O_RDONLY | O_CLOEXEC);
        if (s->fd < 0 && errno == ENOENT)
            return hx_fail(err, HX_ENOTFOUND, "%s: there is no such file", path);
        if (s->fd < 0 && (errno == EACCES || errno == EPERM))
            return hx_fail(err, HX_EDENIED, "%s: may not be read", path);
        if (s->fd < 0)
            return hx_fail(err, HX_EIO, "%s: can't be opened: %s", path, strerror(errno));
        s->owns_fd = true;
    }
    struct stat st;
    if (fstat(s->fd, &st) != 0)
        return hx_fail(err, HX_EIO, "%s: can't be opened: %s", s->name, strerror(errno));
    if (S_ISDIR(st.st_mode)) return hx_fail(err, HX_EIO, "%s: is a directory, not a file", s->name);
    s->is_regular = S_ISREG(st.st_mode) && s->owns_fd;
    s->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
#ifdef POSIX_FADV_SEQUENTIAL
    if (s->is_regular) (void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
#endif
    return HX_OK;
}

static hx_status open_compression(hx_source *s, hx_error *err) {
    /* A pipe may give its first bytes one by one. */
    HX_TRY(read_raw(s, err));
    while (!s->raw_end && s->raw_len < 4) {
        ssize_t got = read(s->fd, s->raw + s->raw_len, 4 - s->raw_len);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        s->raw_len += (size_t)got;
        s->raw_read += (uint64_t)got;
    }
    const unsigned char *p = s->raw;
    if (s->raw_len >= 2 && p[0] == 0x1F && p[1] == 0x8B) {
        s->kind = GZIP;
        if (inflateInit2(&s->z, 15 + 16) != Z_OK) return hx_fail(err, HX_ENOMEM, "out of memory");
    } else if (s->raw_len >= 4 &&
               ((p[0] == 0x28 && p[1] == 0xB5 && p[2] == 0x2F && p[3] == 0xFD) ||
                ((p[0] & 0xF0) == 0x50 && p[1] == 0x2A && p[2] == 0x4D && p[3] == 0x18))) {
        s->kind = ZSTD;
        s->zstd = ZSTD_createDStream();
        if (!s->zstd) return hx_fail(err, HX_ENOMEM, "out of memory");
        (void)ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
    }
    return HX_OK;
}

hx_status hx_source_open(hx_source **out, const char *path, hx_error *err) {
    hx_source *s = calloc(1, sizeof *s);
    if (!s) return hx_fail(err, HX_ENOMEM, "out of memory");
    s->fd = -1;
    hx_buf_init(&s->head, PEEK_MAX * 2);
    hx_buf_init(&s->name_bytes, PATH_BYTES_MAX);
    (void)hx_buf_append_lit(&s->name_bytes, strcmp(path, "-") == 0 ? "standard input" : path);
    (void)hx_buf_append_byte(&s->name_bytes, '\0');
    s->name = s->name_bytes.failed ? path : s->name_bytes.ptr;
    s->raw = calloc(1, RAW_BYTES);
    hx_status st = hx_buf_status(&s->name_bytes, "path", err);
    if (st == HX_OK && !s->raw) st = hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK) st = open_fd(s, path, err);
    if (st == HX_OK) st = open_compression(s, err);
    if (st == HX_OK)
        *out = s;
    else
        hx_source_close(s);
    return st;
}

void hx_source_close(hx_source *s) {
    if (!s) return;
    if (s->owns_fd) (void)close(s->fd);
    if (s->kind == GZIP) (void)inflateEnd(&s->z);
    (void)ZSTD_freeDStream(s->zstd);
    hx_buf_release(&s->head);
    free(s->raw);
    hx_buf_release(&s->name_bytes);
    free(s);
}

const char *hx_source_name(const hx_source *s) {
    return s->name;
}

const char *hx_source_compression(const hx_source *s) {
    return s->kind == GZIP ? "gzip" : s->kind == ZSTD ? "zstd" : "";
}

bool hx_source_is_file(const hx_source *s) {
    return s->is_regular && s->kind == PLAIN;
}

bool hx_source_is_regular(const hx_source *s) {
    return s->is_regular;
}

void hx_source_progress(const hx_source *s, uint64_t *done, uint64_t *total) {
    *done = s->raw_read - (s->raw_len - s->raw_at);
    *total = s->size;
}
