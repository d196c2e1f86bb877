/* cmd_table_split.c - table split: one file to three, for training, validation and test.
 *
 * The files are PREFIX-train.csv, PREFIX-validation.csv and PREFIX-test.csv (none for a part without a share); PREFIX is --prefix, else the
 * file's name without its endings. A summary of the parts goes to standard output. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/table_io.h"

#define PARTS 3
#define PATH_BYTES 4096

static const char *const part_names[PARTS] = {"train", "validation", "test"};

bool hx_table_io_shares(const char *text, double shares[PARTS]) {
    double v[PARTS] = {0};
    size_t n = 0;
    for (const char *p = text; n < PARTS; p++) {
        double x = 0, unit = 1;
        size_t digits = 0;
        for (; *p >= '0' && *p <= '9' && digits < 9; p++, digits++)
            x = x * 10 + (*p - '0');
        if (*p == '.')
            for (p++; *p >= '0' && *p <= '9' && digits < 9; p++, digits++)
                x += (*p - '0') * (unit /= 10);
        if (digits == 0) return false;
        v[n++] = x;
        if (*p == '\0') break;
        if (*p != ',') return false;
        if (n == PARTS) return false;
    }
    if (n < 2) return false;
    shares[0] = v[0];
    shares[1] = n == PARTS ? v[1] : 0;
    shares[2] = v[n - 1];
    return true;
}

/* The file's name without folder's endings: data/orders.csv.gz -> data/orders. */
static void prefix_of(const hx_cli *c, char out[PATH_BYTES]) {
    const char *given = c->options.text[HX_OPT_PREFIX], *path = hx_table_io_input(c);
    if (given == NULL && strcmp(path, "-") == 0) given = "table";
    (void)snprintf(out, PATH_BYTES, "%s", given != NULL ? given : path);
    if (given != NULL) return;
    char *name = strrchr(out, '/');
    char *dot = strchr(name != NULL ? name + 1 : out, '.');
    if (dot != NULL && dot != out && dot[-1] != '/') *dot = '\0';
}

static bool write_part(hx_cli *c, const hx_table *t, const unsigned char *part, unsigned char which,
                       const char *path, size_t *n) {
    const size_t rows = hx_table_rows(t);
    hx_table *picked = NULL;
    hx_error err = {.ui = c->ui};
    size_t *list = hx_arena_alloc(c->arena, (rows + 1) * sizeof *list);
    if (list == NULL) {
        hx_cli_fail(c, "out of memory", "内存不足");
        return false;
    }
    *n = 0;
    for (size_t i = 0; i < rows; i++)
        if (part[i] == which) list[(*n)++] = i;
    if (hx_table_pick(&picked, t, list, *n, &err) != HX_OK) {
        hx_cli_error(c, &err);
        return false;
    }
    const bool ok = hx_table_io_write_file(c, picked, path);
    hx_table_free(picked);
    return ok;
}

static bool write_parts(hx_cli *c, const hx_table *t, const unsigned char *part,
                        const double shares[PARTS]) {
    static const hx_record_column columns[] = {{"part", "part", "部分", HX_CELL_LEFT},
                                               {"rows", "rows", "行数", HX_CELL_RIGHT},
                                               {"share", "share", "比例", HX_CELL_PERCENT},
                                               {"file", "file", "文件", HX_CELL_LEFT}};
    char prefix[PATH_BYTES], path[PATH_BYTES + 32];
    json_t *records = json_array();
    bool ok = true;
    prefix_of(c, prefix);
    for (unsigned char p = 0; p < PARTS && ok; p++) {
        size_t n = 0;
        if (shares[p] <= 0) continue;
        (void)snprintf(path, sizeof path, "%s-%s.csv", prefix, part_names[p]);
        ok = write_part(c, t, part, p, path, &n);
        if (ok && n == 0)
            hx_cli_note(c, "%s: a header alone, no row fell to it: rows of the file: %zu",
                        "%s：只有表头，没有行分到它：文件共 %zu 行", path, hx_table_rows(t));
        const double share = hx_table_rows(t) > 0 ? (double)n / (double)hx_table_rows(t) : 0;
        json_array_append_new(records, json_pack("{s:s,s:I,s:f,s:s}", "part", part_names[p], "rows",
                                                 (json_int_t)n, "share", share, "file", path));
    }
    ok = ok && hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok;
}

int hx_cmd_table_split(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    hx_split_options o = {.shares = {70, 15, 15},
                          .stratify = v->text[HX_OPT_STRATIFY],
                          .group = v->text[HX_OPT_GROUP],
                          .time = v->text[HX_OPT_TIME],
                          .seed = (uint64_t)v->number[HX_OPT_SEED]};
    if (v->text[HX_OPT_SPLIT] != NULL && !hx_table_io_shares(v->text[HX_OPT_SPLIT], o.shares))
        return hx_cli_usage(c, "--split takes two or three shares: 80,20 or 70,15,15",
                            "--split 须为两个或三个比例：80,20 或 70,15,15");
    hx_table *t = NULL;
    unsigned char *part = NULL;
    hx_error err = {.ui = c->ui};
    hx_cli_catch_interrupts(c);
    if (!hx_table_io_read(c, hx_table_io_input(c), NULL, &t)) return HX_EXIT_FAILED;
    int status = HX_EXIT_DONE;
    if (hx_table_split(t, &o, c->arena, &part, &err) != HX_OK)
        status = hx_cli_error(c, &err);
    else if (!write_parts(c, t, part, o.shares))
        status = HX_EXIT_FAILED;
    hx_table_free(t);
    return status;
}
