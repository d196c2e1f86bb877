/* full_disk.c - preloaded into the program: after HX_FAULT_WRITES successful writes to regular files every write fails with ENOSPC, as on a full
 * disk. Counts write, pwrite, ftruncate and fallocate, which is what SQLite and we use. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long left = -2;

static int is_full(int fd) {
    struct stat st;
    if (left == -2) {
        const char *text = getenv("HX_FAULT_WRITES");
        left = text ? atol(text) : -1;
    }
    if (left == -1 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return 0;
    if (left > 0) {
        left--;
        return 0;
    }
    errno = ENOSPC;
    return 1;
}

ssize_t write(int fd, const void *bytes, size_t n) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "write");
    return is_full(fd) ? -1 : real(fd, bytes, n);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
    return is_full(fd) ? -1 : real(fd, bytes, n, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) {
    return pwrite64(fd, bytes, n, at);
}

int posix_fallocate64(int fd, off64_t at, off64_t n) {
    static int (*real)(int, off64_t, off64_t);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "posix_fallocate64");
    return is_full(fd) ? ENOSPC : real(fd, at, n);
}
