/* cmd_store.c - keeping a store: imports, export, backup, restore, erase.
 *
 *     imports list, undo      what was read, and one of them taken back
 *     imports conflicts       where files disagree about a customer
 *     export                  the library replaces a file as a whole; for standard output it is made in a folder of ours and copied
 *     backup, restore         copies of a live store
 *     erase                   asks first; where nobody can answer it needs --yes */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/output.h"

/* ------------------------------------------------------------------ imports */
static json_t *import_record(const hx_import_info *i) {
    const char *state = i->undone ? "undone" : i->finished > 0 ? "done" : "unfinished";
    return json_pack("{s:I,s:s,s:s%,s:s%,s:s%,s:s%,s:s%,s:I,s:I,s:I,s:I,s:I}", "id",
                     (json_int_t)i->id, "state", state, "path", i->path.ptr, i->path.len, "kind",
                     i->kind.ptr, i->kind.len, "format", i->format.ptr, i->format.len, "encoding",
                     i->encoding.ptr, i->encoding.len, "mapping", i->mapping.ptr, i->mapping.len,
                     "rows", (json_int_t)i->rows, "accepted", (json_int_t)i->accepted, "rejected",
                     (json_int_t)i->rejected, "repaired", (json_int_t)i->repaired, "duplicates",
                     (json_int_t)i->duplicates);
}

static int list_imports(hx_cli *c, hx_store *s) {
    static const hx_record_column columns[] = {{"id", "id", "编号", HX_CELL_RIGHT},
                                               {"state", "state", "状态", HX_CELL_CODE},
                                               {"path", "file", "文件", HX_CELL_LEFT},
                                               {"kind", "kind", "内容", HX_CELL_CODE},
                                               {"format", "format", "格式", HX_CELL_CODE},
                                               {"encoding", "encoding", "编码", HX_CELL_LEFT},
                                               {"rows", "rows", "行数", HX_CELL_RIGHT},
                                               {"accepted", "accepted", "接受", HX_CELL_RIGHT},
                                               {"rejected", "rejected", "拒绝", HX_CELL_RIGHT},
                                               {"repaired", "repaired", "修复", HX_CELL_RIGHT},
                                               {"duplicates", "duplicates", "重复", HX_CELL_RIGHT},
                                               {"mapping", NULL, NULL, HX_CELL_LEFT}};
    hx_import_info *list = NULL;
    size_t n = 0;
    hx_error err = {.ui = c->ui};
    if (hx_store_imports(s, c->arena, &list, &n, &err) != HX_OK) return hx_cli_error(c, &err);
    json_t *records = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(records, import_record(&list[i]));
    bool ok = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int list_conflicts(hx_cli *c, hx_store *s) {
    static const hx_record_column columns[] = {{"id", NULL, NULL, HX_CELL_LEFT},
                                               {"customer", "customer", "客户号", HX_CELL_LEFT},
                                               {"name", "name", "客户", HX_CELL_LEFT},
                                               {"trait", "trait", "资料", HX_CELL_CODE},
                                               {"value", "value", "现值", HX_CELL_LEFT},
                                               {"from", "from", "来自", HX_CELL_LEFT},
                                               {"other", "other", "另一值", HX_CELL_LEFT},
                                               {"other_from", "from", "来自", HX_CELL_LEFT}};
    hx_error err = {.ui = c->ui};
    hx_str json;
    if (hx_answer_conflicts(s, c->arena, &json, &err) != HX_OK) return hx_cli_error(c, &err);
    json_t *records = hx_output_parse(c, json);
    if (!records) return HX_EXIT_FAILED;
    bool ok = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    hx_cli_note(c, "contradictions: %zu", "不一致：%zu 处", json_array_size(records));
    json_decref(records);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static bool parse_id(const char *s, int64_t *id) {
    *id = 0;
    for (const char *p = s; *p; p++) {
        if (*p < '0' || *p > '9' || *id > INT64_MAX / 10 - 1) return false;
        *id = *id * 10 + (*p - '0');
    }
    return *s != '\0';
}

static int undo_import(hx_cli *c, hx_store *s, int64_t id) {
    hx_error err = {.ui = c->ui};
    if (hx_import_undo(s, id, &err) != HX_OK) return hx_cli_error(c, &err);
    hx_cli_note(c, "import %lld is undone", "导入 %lld 已撤销", (long long)id);
    return HX_EXIT_DONE;
}

int hx_cmd_imports(hx_cli *c) {
    bool undo = strcmp(c->action, "undo") == 0, list = strcmp(c->action, "list") == 0;
    int64_t id = 0;
    int status;
    if (!undo && c->n_args > 0)
        return hx_cli_usage(c, "imports %s takes no argument", "imports %s 不带参数", c->action);
    if (undo && c->n_args == 0)
        return hx_cli_usage(c, "imports undo needs the number of an import",
                            "imports undo 需要导入编号");
    if (undo && !parse_id(c->args[0], &id))
        return hx_cli_usage(c, "'%s' is no import; 'imports list' has their numbers",
                            "“%s”不是导入编号；编号见 imports list", c->args[0]);
    hx_store *s = hx_cli_store(c, undo ? HX_STORE_WRITE : HX_STORE_READ, &status);
    if (!s) return status;
    status = undo ? undo_import(c, s, id) : list ? list_imports(c, s) : list_conflicts(c, s);
    hx_store_close(s);
    return status;
}

/* ------------------------------------------------------------------ export */
static bool copy_out(hx_cli *c, const char *path) {
    char bytes[1 << 16];
    FILE *f = fopen(path, "rb");
    size_t n = 0;
    bool ok = f != NULL;
    while (ok && (n = fread(bytes, 1, sizeof bytes, f)) > 0)
        ok = fwrite(bytes, 1, n, c->out) == n;
    if (f) (void)fclose(f);
    if (!f) hx_cli_fail(c, "%s: can't be read again", "%s：无法再次读取", path);
    return ok;
}

/* --format, else by the name of --out. */
static hx_export_format export_format(const hx_cli *c) {
    const char *path = c->options.text[HX_OPT_OUT];
    size_t n = path ? strlen(path) : 0;
    if (hx_cli_has(&c->options, HX_OPT_EXPORT_FORMAT))
        return (hx_export_format)c->options.number[HX_OPT_EXPORT_FORMAT];
    return n >= 5 && strcasecmp(path + n - 5, ".xlsx") == 0 ? HX_EXPORT_XLSX : HX_EXPORT_CSV;
}

static int export_to(hx_cli *c, hx_store *s, const char *path) {
    hx_export_what what =
        strcmp(c->action, "segments") == 0 ? HX_EXPORT_SEGMENTS : HX_EXPORT_PROFILES;
    hx_export_format format = export_format(c);
    hx_answer_options o;
    hx_error err = {.ui = c->ui};
    uint64_t rows = 0;
    if (!hx_cli_answer_options(c, &o)) return HX_EXIT_USAGE;
    if (hx_answer_export(s, what, format, path, &o, &rows, &err) != HX_OK)
        return hx_cli_error(c, &err);
    hx_cli_note(c, "exported rows: %llu", "已导出行数：%llu", (unsigned long long)rows);
    return HX_EXIT_DONE;
}

/* The library replaces a file as a whole. For standard output that is one in a folder of ours, which is then copied. */
static int export_to_stdout(hx_cli *c, hx_store *s) {
    char folder[] = "/tmp/huaxiang-XXXXXX", path[64];
    if (!mkdtemp(folder)) return hx_cli_fail(c, "/tmp: can't be written", "/tmp：无法写入");
    (void)snprintf(path, sizeof path, "%s/export.csv", folder);
    int status = export_to(c, s, path);
    if (status == HX_EXIT_DONE && !copy_out(c, path)) status = HX_EXIT_FAILED;
    (void)unlink(path);
    (void)rmdir(folder);
    return status;
}

int hx_cmd_export(hx_cli *c) {
    const char *path = c->options.text[HX_OPT_OUT];
    bool to_stdout = !path || strcmp(path, "-") == 0;
    int status;
    if (to_stdout && export_format(c) == HX_EXPORT_XLSX)
        return hx_cli_usage(c, "a workbook needs --out FILE", "导出工作簿需要 --out 文件");
    if (!to_stdout && !hx_output_may_replace(c, path)) return HX_EXIT_FAILED;
    hx_store *s = hx_cli_store(c, HX_STORE_READ, &status);
    if (!s) return status;
    status = to_stdout ? export_to_stdout(c, s) : export_to(c, s, path);
    hx_store_close(s);
    return status;
}

/* ------------------------------------------------------------------ backup, restore */
int hx_cmd_backup(hx_cli *c) {
    int status;
    hx_error err = {.ui = c->ui};
    hx_store *s = hx_cli_store(c, HX_STORE_READ, &status);
    if (!s) return status;
    if (hx_store_backup(s, c->args[0], &err) != HX_OK)
        status = hx_cli_error(c, &err);
    else
        hx_cli_note(c, "backup: %s", "备份：%s", c->args[0]);
    hx_store_close(s);
    return status;
}

int hx_cmd_restore(hx_cli *c) {
    const char *path = c->options.text[HX_OPT_STORE];
    hx_error err = {.ui = c->ui};
    if (!path) return hx_cli_usage(c, "restore needs --store FILE", "restore 需要 --store 文件");
    if (hx_store_restore(c->args[0], path, hx_cli_has(&c->options, HX_OPT_FORCE), &err) != HX_OK)
        return hx_cli_error(c, &err);
    hx_cli_note(c, "restored: %s", "已恢复：%s", path);
    return HX_EXIT_DONE;
}

/* ------------------------------------------------------------------ erase */
static bool confirmed(hx_cli *c) {
    if (hx_cli_has(&c->options, HX_OPT_YES)) return true;
    char answer[16] = "";
    fprintf(
        stderr,
        hx_cli_tr(c, "erase all data of %s for good? [y/N] ", "要永久删除 %s 的全部数据吗？[y/N] "),
        c->args[0]);
    (void)fflush(stderr);
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

int hx_cmd_erase(hx_cli *c) {
    int status;
    uint64_t events = 0;
    hx_error err = {.ui = c->ui};
    bool sure = hx_cli_has(&c->options, HX_OPT_YES);
    if (!sure && (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)))
        return hx_cli_usage(c, "erase can't ask here; --yes erases without asking",
                            "erase 在此无法询问；确认删除请加 --yes");
    hx_store *s = hx_cli_store(c, HX_STORE_WRITE, &status);
    if (!s) return status;
    if (!confirmed(c))
        status = hx_cli_fail(c, "nothing was erased", "没有删除任何数据");
    else if (hx_erase_customer(s, hx_str_of(c->args[0]), hx_cli_now(), &events, &err) != HX_OK)
        status = hx_cli_error(c, &err);
    else
        hx_cli_note(c, "erased: %s, events: %llu", "已删除：%s，事件数：%llu", c->args[0],
                    (unsigned long long)events);
    hx_store_close(s);
    return status;
}
