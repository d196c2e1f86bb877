/* rejects.c - see rejects.h. */
#include "pipeline/rejects.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "frame/csv_scan.h"

#define RAW_MAX (16u << 20) /* bytes of a rejected row that are kept */

static const char header[] = "file,row,column,reason,record\r\n";
#define HEADER_LEN (sizeof header - 1)

/* Rows are only added to a file of rejected rows: a slip of the pen must not cost an order file or a device. */
hx_status hx_rejects_check(const char *path, uint64_t *bytes, hx_error *err) {
    struct stat st;
    char begin[HEADER_LEN];
    *bytes = 0;
    if (lstat(path, &st) != 0) return HX_OK;
    int fd = S_ISREG(st.st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t n = fd >= 0 ? read(fd, begin, HEADER_LEN) : -1;
    if (fd >= 0) close(fd);
    if (n == 0) return HX_OK;
    *bytes = (uint64_t)st.st_size;
    if (n == (ssize_t)HEADER_LEN && memcmp(begin, header, HEADER_LEN) == 0) return HX_OK;
    return hx_fail(err, HX_EINVAL,
                   "%s: is there and holds no rejected rows; choose another file with --rejects",
                   path);
}

hx_status hx_rejects_open(hx_rejects *r, const char *path, uint64_t keep_bytes, hx_error *err) {
    *r = (hx_rejects){.fd = -1, .path = hx_file_beside(path, ""), .bytes = keep_bytes};
    if (!r->path) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (keep_bytes == 0) {
        unlink(path);
        return HX_OK;
    }
    r->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (r->fd < 0 || ftruncate(r->fd, (off_t)keep_bytes) != 0 ||
        lseek(r->fd, (off_t)keep_bytes, SEEK_SET) < 0)
        return hx_fail_errno(err, path, errno);
    return HX_OK;
}

void hx_rejects_close(hx_rejects *r) {
    if (r->fd >= 0) close(r->fd);
    free(r->path);
    *r = (hx_rejects){.fd = -1};
}

static hx_status write_all(hx_rejects *r, hx_str bytes, hx_error *err) {
    while (bytes.len > 0) {
        ssize_t n = write(r->fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return hx_fail_errno(err, r->path, n < 0 ? errno : EIO);
        bytes.ptr += n;
        bytes.len -= (size_t)n;
        r->bytes += (uint64_t)n;
    }
    return HX_OK;
}

hx_status hx_rejects_write(hx_rejects *r, hx_str rows, hx_error *err) {
    if (rows.len == 0) return HX_OK;
    if (r->fd < 0) {
        r->fd = open(r->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (r->fd < 0) return hx_fail_errno(err, r->path, errno);
        HX_TRY(write_all(r, (hx_str){header, HEADER_LEN}, err));
    }
    HX_TRY(write_all(r, rows, err));
    return fdatasync(r->fd) == 0 ? HX_OK : hx_fail_errno(err, r->path, errno);
}

static void put_cell(hx_buf *out, hx_str s) {
    bool quote = false;
    for (size_t i = 0; i < s.len && !quote; i++)
        quote = strchr(",\"\r\n", s.ptr[i]) && s.ptr[i];
    if (!quote) {
        hx_buf_append_str(out, s);
        return;
    }
    hx_buf_append_byte(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"') hx_buf_append_byte(out, '"');
        hx_buf_append_byte(out, s.ptr[i]);
    }
    hx_buf_append_byte(out, '"');
}

void hx_rejects_format(hx_buf *out, const char *file, int64_t row, hx_str column,
                       const char *reason, hx_str raw) {
    if (raw.len > RAW_MAX) raw.len = RAW_MAX;
    put_cell(out, hx_str_of(file));
    hx_buf_printf(out, ",%" PRId64 ",", row);
    put_cell(out, column);
    hx_buf_append_byte(out, ',');
    put_cell(out, hx_str_of(reason));
    hx_buf_append_byte(out, ',');
    put_cell(out, raw);
    hx_buf_append_lit(out, "\r\n");
}

static bool holds(hx_str record, const hx_str *values, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (values[i].len >= 3 && record.len > 0 &&
            memmem(record.ptr, record.len, values[i].ptr, values[i].len))
            return true;
    return false;
}

hx_status hx_rejects_drop_rows(const char *path, const hx_str *values, size_t n, hx_error *err) {
    static const hx_csv_dialect dialect = {',', '"'};
    uint64_t bytes;
    hx_mapping file;
    hx_buf kept;
    if (!hx_file_exists(path)) return HX_OK;
    HX_TRY(hx_rejects_check(path, &bytes, err));
    HX_TRY(hx_mapping_open(&file, path, err));
    hx_buf_init(&kept, file.bytes.len + 1);
    for (size_t at = 0; at < file.bytes.len;) {
        hx_csv_cell cells[8];
        size_t n_cells;
        bool open;
        hx_str rest = {file.bytes.ptr + at, file.bytes.len - at};
        rest.len = hx_csv_record(dialect, rest.ptr, rest.len, cells, 8, &n_cells, &open);
        if (!holds(rest, values, n)) hx_buf_append_str(&kept, rest);
        at += rest.len;
    }
    hx_status status = hx_buf_status(&kept, path, err);
    if (status == HX_OK && kept.len < file.bytes.len)
        status = hx_file_write(path, hx_buf_str(&kept), true, err);
    hx_buf_release(&kept);
    hx_mapping_close(&file);
    return status;
}
