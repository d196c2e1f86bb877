/* cmd_learn_report.c - --report of the actions of `learn`: what they show, and more of it, as one HTML page.
 *
 * The page is the library's (hx_learn_report()); this file gives it a title and a line that says which file and how many rows it is about. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/learn.h"
#include "cli/table_io.h"

#define TITLE_BYTES 400

/* The name of a file without its folders. */
static const char *name_of(const char *path) {
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    return slash != NULL ? slash + 1 : path != NULL ? path : "-";
}

bool hx_learn_wants_page(const hx_cli *c) {
    return hx_cli_has(&c->options, HX_OPT_REPORT);
}

bool hx_learn_write_page(hx_cli *c, const hx_learn_pages *of) {
    char title[TITLE_BYTES], note[TITLE_BYTES];
    hx_error err = {.ui = c->ui};
    hx_str html;
    if (!hx_learn_wants_page(c)) return true;
    (void)snprintf(title, sizeof title, hx_cli_tr(c, "%s: %s", "%s：%s"), of->target,
                   hx_cli_tr(c, of->en, of->zh));
    (void)snprintf(note, sizeof note, hx_cli_tr(c, "%s, %zu rows", "%s，%zu 行"),
                   name_of(hx_table_io_input(c)), of->rows);
    const hx_learn_page page = {.ui = c->ui,
                                .title = hx_str_of(title),
                                .note = hx_str_of(note),
                                .fit = of->fit,
                                .evaluation = of->evaluation,
                                .cross = of->cross,
                                .tuning = of->tuning,
                                .survival = of->survival};
    if (hx_learn_report(&page, c->arena, &html, &err) != HX_OK)
        return hx_cli_error(c, &err) == HX_EXIT_DONE;
    return hx_table_io_write_text(c, html, c->options.text[HX_OPT_REPORT]);
}
