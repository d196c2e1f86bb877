/* surroundings.c - what the program takes from its surroundings: its data folder, the clock, files, Ctrl-C.
 *
 * Ctrl-C: SIGINT and SIGTERM are blocked in every thread, and one thread waits for them. The first sets c->cancel, which long jobs
 * look at; the second ends the program at once, which a store survives. No handler, no global. */
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------------ data folder */
const char *hx_cli_share(hx_cli *c) {
    const char *given = getenv("HX_SHARE");
    if (given && *given) return given;
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n > 0) {
        path[n] = '\0';
        char *slash = strrchr(path, '/');
        if (slash) *slash = '\0';
        hx_str folder = {NULL, 0};
        char joined[PATH_MAX + 32];
        int len = snprintf(joined, sizeof joined, "%s/../share/huaxiang", path);
        char resolved[PATH_MAX];
        if (len > 0 && realpath(joined, resolved))
            folder = hx_arena_str(c->arena, hx_str_of(resolved));
        if (folder.ptr) return folder.ptr;
    }
    hx_cli_fail(
        c,
        "the program's data is not at ../share/huaxiang of its own place; install it again, or set "
        "HX_SHARE to that folder",
        "程序的数据不在其所在位置的 ../share/huaxiang；请重新安装，或用 HX_SHARE 指出该目录");
    return NULL;
}

/* ------------------------------------------------------------------ clock */
int64_t hx_cli_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ------------------------------------------------------------------ files */
static bool read_all(hx_cli *c, FILE *f, const char *path, size_t max, hx_str *out) {
    size_t cap = 1 << 16, len = 0;
    char *p = hx_arena_alloc(c->arena, cap);
    while (p) {
        len += fread(p + len, 1, cap - len, f);
        if (len < cap) break;
        if (cap > max) {
            hx_cli_fail(c, "%s: is larger than %zu bytes", "%s：超过 %zu 字节", path, max);
            return false;
        }
        char *larger = hx_arena_alloc(c->arena, cap * 2);
        if (larger) memcpy(larger, p, len);
        p = larger;
        cap *= 2;
    }
    if (!p) {
        hx_cli_fail(c, "%s: not enough memory to read it", "%s：内存不足，无法读取", path);
        return false;
    }
    if (ferror(f)) {
        hx_cli_fail(c, "%s: %s", "%s：%s", path, strerror(errno));
        return false;
    }
    *out = (hx_str){p, len};
    return true;
}

bool hx_cli_read_file(hx_cli *c, const char *path, size_t max, hx_str *out) {
    bool standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdin : fopen(path, "rb");
    if (!f) {
        hx_cli_fail(c, "%s: can't be opened: %s", "%s：无法打开：%s", path, strerror(errno));
        return false;
    }
    bool ok = read_all(c, f, path, max, out);
    if (!standard) (void)fclose(f);
    return ok;
}

/* ------------------------------------------------------------------ Ctrl-C */
static void interrupt_set(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

static void *wait_for_interrupts(void *context) {
    hx_cli *c = context;
    sigset_t set;
    int signal_number = 0;
    interrupt_set(&set);
    if (sigwait(&set, &signal_number) != 0) return NULL;
    hx_flag_raise(&c->cancel);
    if (sigwait(&set, &signal_number) == 0) _exit(HX_EXIT_FAILED);
    return NULL;
}

void hx_cli_catch_interrupts(hx_cli *c) {
    sigset_t set;
    pthread_t waiter;
    interrupt_set(&set);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) return;
    if (pthread_create(&waiter, NULL, wait_for_interrupts, c) == 0)
        (void)pthread_detach(waiter);
    else
        (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
