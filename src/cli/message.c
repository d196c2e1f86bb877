/* message.c - sentences on standard error: "huaxiang: SENTENCE".
 *
 * Both forms of a sentence stand side by side at the call, with the same arguments in the same order. Whatever came from outside is
 * escaped as in tables, so that a file's name or a cell cannot command the terminal. */
#include "cli/cli.h"

#include <stdarg.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/outbuf.h"

#define WORD_MAX 48 /* longer words are no misspelt names */

static void put_sentence(const char *prefix, const char *sentence) {
    hx_outbuf b = {0};
    hx_outbuf_text(&b, prefix);
    hx_outbuf_visible(&b, hx_str_of(sentence), 0);
    hx_outbuf_byte(&b, '\n');
    (void)fwrite(b.ptr, 1, b.len, stderr);
    hx_outbuf_release(&b);
}

static void put_format(const char *prefix, const char *format, va_list args) {
    char sentence[2048];
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    put_sentence(prefix, sentence);
}

static int said(const hx_cli *c, int status) {
    if (c->said) *c->said = status;
    return status;
}

int hx_cli_fail(const hx_cli *c, const char *en, const char *zh, ...) {
    va_list args;
    va_start(args, zh);
    put_format("huaxiang: ", hx_cli_tr(c, en, zh), args);
    va_end(args);
    return said(c, HX_EXIT_FAILED);
}

int hx_cli_error(const hx_cli *c, const hx_error *err) {
    put_sentence("huaxiang: ", err->message);
    return said(c, err->code == HX_EINVAL ? HX_EXIT_USAGE : HX_EXIT_FAILED);
}

int hx_cli_usage(const hx_cli *c, const char *en, const char *zh, ...) {
    va_list args;
    va_start(args, zh);
    put_format("huaxiang: ", hx_cli_tr(c, en, zh), args);
    va_end(args);
    fprintf(stderr, hx_cli_tr(c, "see 'huaxiang %s%s'\n", "用法见 'huaxiang %s%s'\n"),
            c->command ? c->command->name : "help", c->command ? " --help" : "");
    return said(c, HX_EXIT_USAGE);
}

void hx_cli_note(const hx_cli *c, const char *en, const char *zh, ...) {
    if (c->quiet) return;
    va_list args;
    va_start(args, zh);
    put_format("", hx_cli_tr(c, en, zh), args);
    va_end(args);
}

void hx_cli_say(const hx_cli *c, const char *sentence) {
    if (!c->quiet) put_sentence("huaxiang: ", sentence);
}

/* ------------------------------------------------------------------ did you mean */
static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Edits between two words: insert, delete, replace, or swap of neighbours (optimal string alignment). */
static size_t distance(const char *a, size_t n, const char *b, size_t m) {
    size_t d[WORD_MAX + 1][WORD_MAX + 1];
    if (n > WORD_MAX || m > WORD_MAX) return WORD_MAX;
    for (size_t i = 0; i <= n; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= m; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n; i++)
        for (size_t j = 1; j <= m; j++) {
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
                            d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[n][m];
}

void hx_cli_suggest(const hx_cli *c, const char *word, const char *known, char *out, size_t size) {
    size_t n = strcspn(word, "="), best = n < 5 ? 2 : 3, best_len = 0;
    const char *found = NULL;
    out[0] = '\0';
    for (const char *p = known; *p;) {
        size_t m = strcspn(p, ","), d = distance(word, n, p, m);
        bool starts = n >= 2 && m > n && memcmp(word, p, n) == 0;
        if (starts) d = 1;
        if (d < best && d < n) {
            best = d;
            found = p;
            best_len = m;
        }
        p += m + (p[m] == ',');
    }
    if (found)
        (void)snprintf(out, size, hx_cli_tr(c, ", did you mean %.*s?", "，是不是 %.*s？"),
                       (int)best_len, found);
}
