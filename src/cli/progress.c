/* progress.c - the progress line; see progress.h.
 *
 *     读取 orders.csv  ██████████░░░░░░░░░░  51%  412,000 行  380,000/s  剩余 0:12
 *
 * The line is written over itself and cleared before anything else is said, so that a log without a terminal holds none of it. The
 * remaining time is that of the bytes (or parts) left at the mean speed so far. */
#include "cli/progress.h"

#include <string.h>

#include "cli/outbuf.h"

#define BAR_CELLS 20
#define NAME_WIDTH 28

static void put_grouped(hx_outbuf *b, uint64_t v) {
    char digits[20];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    while (n > 0) {
        hx_outbuf_byte(b, digits[--n]);
        if (n > 0 && n % 3 == 0) hx_outbuf_byte(b, ',');
    }
}

static void put_bar(hx_outbuf *b, double share) {
    size_t full = (size_t)(share * BAR_CELLS + 0.5);
    for (size_t i = 0; i < BAR_CELLS; i++)
        hx_outbuf_text(b, i < full ? "█" : "░");
    hx_outbuf_printf(b, " %3d%%", (int)(share * 100));
}

static void put_left(hx_outbuf *b, const hx_cli *c, double seconds) {
    unsigned s = seconds > 359999 ? 359999 : (unsigned)seconds;
    hx_outbuf_printf(b, hx_cli_tr(c, "  %u:%02u left", "  剩余 %u:%02u"), s / 60, s % 60);
}

static const char *base_name(const char *path) {
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path ? path : "";
}

void hx_progress_show(void *context, const hx_progress *p) {
    const hx_cli *c = context;
    if (!c->talks) return;
    hx_outbuf b = {0};
    bool folds = p->stage && strcmp(p->stage, "fold") == 0;
    hx_outbuf_text(&b, folds ? hx_cli_tr(c, "profiles", "生成画像")
                             : hx_cli_tr(c, "reading ", "读取 "));
    if (!folds) hx_outbuf_visible(&b, hx_str_of(base_name(p->path)), NAME_WIDTH);
    hx_outbuf_text(&b, "  ");
    double share = p->total > 0 ? (double)p->done / (double)p->total : 0;
    if (share > 1) share = 1;
    if (p->total > 0) put_bar(&b, share);
    hx_outbuf_text(&b, "  ");
    put_grouped(&b, p->rows);
    hx_outbuf_text(&b, hx_cli_tr(c, " rows  ", " 行  "));
    put_grouped(&b, p->seconds > 0 ? (uint64_t)((double)p->rows / p->seconds) : 0);
    hx_outbuf_text(&b, "/s");
    if (share > 0.01 && share < 1) put_left(&b, c, p->seconds * (1 - share) / share);
    fprintf(stderr, "\r\x1b[K%.*s", (int)b.len, b.ptr ? b.ptr : "");
    (void)fflush(stderr);
    hx_outbuf_release(&b);
}

void hx_progress_bytes(const hx_cli *c, const char *what, uint64_t done, uint64_t total,
                       uint64_t fresh, double seconds) {
    if (!c->talks) return;
    hx_outbuf b = {0};
    double rate = seconds > 0 ? (double)fresh / seconds : 0;
    hx_outbuf_visible(&b, hx_str_of(what), NAME_WIDTH);
    hx_outbuf_text(&b, "  ");
    if (total > 0) put_bar(&b, (double)done / (double)total);
    hx_outbuf_printf(&b, "  %.1f MB  %.1f MB/s", (double)done / 1e6, rate / 1e6);
    if (rate > 0 && total > done) put_left(&b, c, (double)(total - done) / rate);
    fprintf(stderr, "\r\x1b[K%.*s", (int)b.len, b.ptr ? b.ptr : "");
    (void)fflush(stderr);
    hx_outbuf_release(&b);
}

void hx_progress_share(const hx_cli *c, const char *what, double share, double seconds) {
    if (!c->talks) return;
    hx_outbuf b = {0};
    hx_outbuf_visible(&b, hx_str_of(what), NAME_WIDTH);
    hx_outbuf_text(&b, "  ");
    put_bar(&b, share);
    if (share > 0.01 && share < 1) put_left(&b, c, seconds * (1 - share) / share);
    fprintf(stderr, "\r\x1b[K%.*s", (int)b.len, b.ptr ? b.ptr : "");
    (void)fflush(stderr);
    hx_outbuf_release(&b);
}

void hx_progress_begin(hx_progress_clock *p, const hx_cli *c, const char *what) {
    *p = (hx_progress_clock){.c = c, .what = what};
    clock_gettime(CLOCK_MONOTONIC, &p->began);
}

void hx_progress_tick(void *context, uint64_t done, uint64_t total) {
    hx_progress_clock *p = context;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds =
        (double)(now.tv_sec - p->began.tv_sec) + (double)(now.tv_nsec - p->began.tv_nsec) / 1e9;
    if (seconds < p->shown + 0.1) return;
    p->shown = seconds;
    hx_progress_share(p->c, p->what, total ? (double)done / (double)total : 0, seconds);
}

void hx_progress_clear(const hx_cli *c) {
    if (c->talks) fputs("\r\x1b[K", stderr);
}

void hx_progress_notice(void *context, const char *sentence) {
    const hx_cli *c = context;
    hx_progress_clear(c);
    hx_cli_say(c, sentence);
}
