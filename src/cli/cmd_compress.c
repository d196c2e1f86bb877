/* cmd_compress.c - compress: a classifier made smaller in each of the ways asked for, and what each gives on one task.
 *
 * One record a way: {"way","megabytes","parameters","texts_per_second","speed","accuracy","macro_f1","path"}, the model as it is first. The table
 * says beside it how each compares with the model as it is. */
#include <math.h>

#include "cli/commands.h"
#include "cli/llama.h"
#include "cli/output.h"
#include "cli/progress.h"

static void note_row(void *context, const hx_compressed *r) {
    hx_cli *c = context;
    hx_cli_note(c, "%s: %.1f MB, %.0f texts/s (%.2fx), accuracy %.4f",
                "%s：%.1f MB，%.0f 条/秒（%.2f 倍），准确率 %.4f", r->name, (double)r->bytes / 1e6,
                r->texts_per_second, r->speed, r->accuracy);
}

static void note_test(void *context, const char *sentence) {
    hx_cli_say(context, sentence);
}

static double rounded(double x, double unit) {
    return floor(x / unit + 0.5) * unit;
}

static json_t *record_of(const hx_compressed *r, const hx_compressed *first) {
    return json_pack(
        "{s:s,s:f,s:I,s:f,s:f,s:f,s:f,s:f,s:f,s:s}", "way", r->name, "megabytes",
        rounded((double)r->bytes / 1e6, 0.1), "parameters", (json_int_t)r->n_parameters,
        "texts_per_second", rounded(r->texts_per_second, 0.1), "speed", rounded(r->speed, 0.01),
        "accuracy", rounded(r->accuracy, 1e-4), "macro_f1", rounded(r->macro_f1, 1e-4),
        "size_share", rounded((double)r->bytes / (double)(first->bytes ? first->bytes : 1), 1e-3),
        "accuracy_change", rounded(r->accuracy - first->accuracy, 1e-4), "path", r->path);
}

static bool show_rows(hx_cli *c, const hx_compressed *rows, size_t n) {
    static const hx_record_column columns[] = {
        {"way", "way", "方式", HX_CELL_LEFT},
        {"megabytes", "MB", "MB", HX_CELL_RIGHT},
        {"size_share", "of the size", "大小比", HX_CELL_RIGHT},
        {"parameters", "parameters", "参数", HX_CELL_RIGHT},
        {"texts_per_second", "texts/s", "条/秒", HX_CELL_RIGHT},
        {"speed", "speed", "速度比", HX_CELL_RIGHT},
        {"accuracy", "accuracy", "准确率", HX_CELL_RIGHT},
        {"macro_f1", "macro F1", "宏 F1", HX_CELL_RIGHT},
        {"accuracy_change", "change", "变化", HX_CELL_RIGHT},
        {"path", "path", "路径", HX_CELL_LEFT}};
    json_t *records = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(records, record_of(&rows[i], &rows[0]));
    bool shown = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return shown;
}

int hx_cmd_compress(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    hx_compressed *rows = NULL;
    size_t n = 0;
    hx_error err = {.ui = c->ui};
    if (!v->text[HX_OPT_TARGET] || !v->text[HX_OPT_LABELLED])
        return hx_cli_usage(c, "compress needs --data FILE with labelled texts and --out FOLDER",
                            "compress 需要 --data 带标签的文件 和 --out 目录");
    hx_cli_catch_interrupts(c);
    const char *model = hx_cli_model_path(c, c->args[0]);
    if (!model) return HX_EXIT_FAILED;
    const hx_compress_options o = {
        .data = v->text[HX_OPT_LABELLED],
        .text = v->text[HX_OPT_TEXT],
        .label = v->text[HX_OPT_LABEL],
        .test = v->text[HX_OPT_TEST_FILE],
        .test_size = hx_cli_has(v, HX_OPT_TEST_SIZE) ? v->real[HX_OPT_TEST_SIZE] : 0,
        .rate = hx_cli_has(v, HX_OPT_RATE) ? v->real[HX_OPT_RATE] : 0,
        .seed = hx_cli_has(v, HX_OPT_SEED) ? (uint64_t)v->number[HX_OPT_SEED] : 0,
        .tries = v->text[HX_OPT_TRY],
        .n_threads = hx_cli_has(v, HX_OPT_THREADS) ? (size_t)v->number[HX_OPT_THREADS] : 0,
        .tried = note_row,
        .notice = note_test,
        .context = c,
        .cancel = &c->cancel};
    if (hx_model_compress(model, v->text[HX_OPT_TARGET], &o, c->arena, &rows, &n, &err) != HX_OK)
        return hx_cli_error(c, &err);
    return show_rows(c, rows, n) ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
