/* file.c - whole reads with a cap, memory maps, atomic writes.
 *
 * Reading: only regular files. Opened with O_NONBLOCK, so that a FIFO without a writer is refused instead of waited
 * for; the check is made on the open descriptor, not on the name.
 *
 * Writing: path.tmp is created, locked (a second writer gets HX_EBUSY), filled, fsync()ed, renamed onto path; then
 * the directory is fsync()ed, so that after a crash the old file or the new one is there. A path.tmp left by a crash
 * is unlocked and simply written over. */
#include "base/file.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

hx_status hx_fail_errno(hx_error *err, const char *path, int error) {
    switch (error) {
    case ENOENT:
        return hx_fail(err, HX_ENOTFOUND, "%s: no such file or directory", path);
    case ENOTDIR:
        return hx_fail(err, HX_ENOTFOUND, "%s: a part of this path is not a directory", path);
    case EACCES:
    case EPERM:
        return hx_fail(err, HX_EDENIED, "%s: permission denied", path);
    case EROFS:
        return hx_fail(err, HX_EDENIED, "%s: the file system is read-only", path);
    case EISDIR:
        return hx_fail(err, HX_EINVAL, "%s is a directory, not a file", path);
    case ENOSPC:
    case EDQUOT:
        return hx_fail(err, HX_EIO, "%s: the disk is full", path);
    case ENOMEM:
        return hx_fail(err, HX_ENOMEM, "%s: out of memory", path);
    case ENAMETOOLONG:
    case ELOOP:
        return hx_fail(err, HX_EINVAL, "%s: the path is too long or its links go in circles", path);
    default: {
        const char *reason = strerrordesc_np(error);
        return hx_fail(err, HX_EIO, "%s: input or output failed (%s)", path,
                       reason ? reason : "unknown error");
    }
    }
}

/* Opens a regular file for reading; the caller closes *fd. */
static hx_status file_open(const char *path, int *fd, size_t *size, hx_error *err) {
    int got = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (got < 0 && errno == ENOENT) return hx_fail(err, HX_ENOTFOUND, "%s: no such file", path);
    /* ENXIO: a socket, or a device without a driver */
    if (got < 0 && errno == ENXIO) return hx_fail(err, HX_EINVAL, "%s is not a regular file", path);
    if (got < 0) return hx_fail_errno(err, path, errno);
    struct stat st;
    hx_status status = HX_OK;
    if (fstat(got, &st) != 0)
        status = hx_fail_errno(err, path, errno);
    else if (S_ISDIR(st.st_mode))
        status = hx_fail_errno(err, path, EISDIR);
    else if (!S_ISREG(st.st_mode))
        status = hx_fail(err, HX_EINVAL, "%s is not a regular file", path);
    if (status != HX_OK) {
        close(got);
        return status;
    }
    *fd = got;
    *size = (size_t)st.st_size;
    return HX_OK;
}

hx_status hx_mapping_open(hx_mapping *m, const char *path, hx_error *err) {
    m->bytes = (hx_str){NULL, 0};
    int fd = -1;
    size_t size = 0;
    HX_TRY(file_open(path, &fd, &size, err));
    if (size > 0) {
        void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        int error = errno;
        if (p == MAP_FAILED) {
            close(fd);
            return hx_fail_errno(err, path, error);
        }
        m->bytes = (hx_str){p, size};
    }
    close(fd);
    return HX_OK;
}

void hx_mapping_close(hx_mapping *m) {
    if (m->bytes.len) munmap((void *)(uintptr_t)m->bytes.ptr, m->bytes.len);
    m->bytes = (hx_str){NULL, 0};
}

/* Reads to the end of the file, whatever size it was said to have. */
static hx_status file_read_all(int fd, const char *path, hx_buf *out, hx_error *err) {
    for (;;) {
        if (out->len == out->alloc && out->alloc < out->cap && !hx_buf_reserve(out, 1))
            return hx_buf_status(out, path, err);
        char beyond;
        size_t room = out->alloc - out->len;
        /* At the cap one byte more is asked for, to tell "just fits" from "too large". */
        ssize_t n = room ? read(fd, out->ptr + out->len, room) : read(fd, &beyond, 1);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return hx_fail_errno(err, path, errno);
        if (n == 0) return HX_OK;
        if (room == 0) {
            hx_buf_reserve(out, 1);
            return hx_buf_status(out, path, err);
        }
        out->len += (size_t)n;
    }
}

hx_status hx_file_read(const char *path, hx_buf *out, hx_error *err) {
    int fd = -1;
    size_t size = 0;
    HX_TRY(file_open(path, &fd, &size, err));
    hx_status status = HX_OK;
    if (!hx_buf_reserve(out, size)) status = hx_buf_status(out, path, err);
    if (status == HX_OK) status = file_read_all(fd, path, out, err);
    close(fd);
    return status;
}

hx_status hx_file_read_input(const char *path, hx_buf *out, hx_error *err) {
    return strcmp(path, "-") == 0 ? file_read_all(STDIN_FILENO, path, out, err)
                                  : hx_file_read(path, out, err);
}

hx_status hx_file_put(int fd, const char *path, hx_str bytes, hx_error *err) {
    size_t done = 0;
    while (done < bytes.len) {
        ssize_t n = write(fd, bytes.ptr + done, bytes.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return hx_fail_errno(err, path, errno);
        done += (size_t)n;
    }
    return HX_OK;
}

/* Makes the rename itself durable. Some file systems refuse fsync() on a directory (EINVAL): they need none. */
static int sync_directory_of(const char *path) {
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    char *name = len ? strndup(path, len) : strdup(slash ? "/" : ".");
    if (!name) return ENOMEM;
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 ? errno : 0;
    free(name);
    if (fd < 0)
        return error == EACCES ? 0 : error; /* write and search permission suffice to rename */
    if (fsync(fd) != 0 && errno != EINVAL) error = errno;
    close(fd);
    return error;
}

hx_status hx_file_sync_folder(const char *path, hx_error *err) {
    int error = sync_directory_of(path);
    return error ? hx_fail_errno(err, path, error) : HX_OK;
}

/* Opens and locks `tmp`, emptied. The lock is worth something only if the name still leads to what was locked: another
 * writer may have renamed it away in between. Returns the descriptor or -1 with errno (EWOULDBLOCK: somebody's). */
static int open_temporary(const char *tmp, bool private_) {
    mode_t mode = private_ ? 0600 : 0666;
    int fd = open(tmp, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode);
    if (fd < 0) return -1;
    struct stat mine, there;
    int error = 0;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        error = errno;
    else if (fstat(fd, &mine) != 0)
        error = errno;
    else if (lstat(tmp, &there) != 0 || mine.st_ino != there.st_ino || mine.st_dev != there.st_dev)
        error = EWOULDBLOCK;
    else if (!S_ISREG(mine.st_mode))
        error = EISDIR;
    else if ((private_ && fchmod(fd, 0600) != 0) || ftruncate(fd, 0) != 0)
        error = errno;
    if (error == 0) return fd;
    close(fd);
    errno = error;
    return -1;
}

static hx_status write_through(const char *tmp, const char *path, bool private_, hx_file_fill *fill,
                               void *context, hx_error *err) {
    int fd = open_temporary(tmp, private_);
    if (fd < 0 && errno == EWOULDBLOCK)
        return hx_fail(err, HX_EBUSY, "%s is being written by another process; try again later",
                       path);
    if (fd < 0) return hx_fail_errno(err, tmp, errno);
    hx_status status = fill(context, fd, path, err);
    int error = 0;
    if (status == HX_OK && (fsync(fd) != 0 || rename(tmp, path) != 0)) error = errno;
    if (status != HX_OK || error != 0) unlink(tmp);
    close(fd); /* nothing is lost here: fsync() has reported */
    if (status != HX_OK) return status;
    return error ? hx_fail_errno(err, path, error) : hx_file_sync_folder(path, err);
}

hx_status hx_file_replaceable(const char *path, hx_error *err) {
    struct stat st;
    if (stat(path, &st) != 0 || S_ISREG(st.st_mode)) return HX_OK;
    if (S_ISDIR(st.st_mode)) return hx_fail_errno(err, path, EISDIR);
    return hx_fail(err, HX_EINVAL, "%s is not a regular file", path);
}

hx_status hx_file_write_by(const char *path, bool private_, hx_file_fill *fill, void *context,
                           hx_error *err) {
    HX_TRY(hx_file_replaceable(path, err));
    hx_buf tmp;
    hx_buf_init(&tmp, 65536);
    hx_buf_append_lit(&tmp, path);
    hx_buf_append(&tmp, ".tmp", sizeof ".tmp");
    hx_status status = hx_buf_status(&tmp, path, err);
    if (status == HX_OK) status = write_through(tmp.ptr, path, private_, fill, context, err);
    hx_buf_release(&tmp);
    return status;
}

static hx_status fill_bytes(void *context, int fd, const char *path, hx_error *err) {
    return hx_file_put(fd, path, *(const hx_str *)context, err);
}

hx_status hx_file_write(const char *path, hx_str bytes, bool private_, hx_error *err) {
    return hx_file_write_by(path, private_, fill_bytes, &bytes, err);
}

bool hx_file_exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

char *hx_file_beside(const char *path, const char *suffix) {
    size_t size = strlen(path) + strlen(suffix) + 1;
    char *name = malloc(size);
    if (name) snprintf(name, size, "%s%s", path, suffix);
    return name;
}
