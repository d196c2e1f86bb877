/* cmd_learn_export.c - learn export, import: models in the words of other programs.
 *
 *     export: MODEL.json -> SQL, C or XGBoost's JSON on standard output or in --out
 *     import: XGBOOST.json -> a model of ours in --out, as learn fit keeps it
 *
 * What is exported is text as it stands, whatever the shape that is asked for. */
#include <string.h>

#include "cli/commands.h"
#include "cli/learn.h"
#include "cli/output.h"
#include "cli/table_io.h"

static bool put_text(hx_cli *c, hx_str text) {
    const char *path = c->options.text[HX_OPT_TARGET];
    if (path != NULL) return hx_table_io_write_text(c, text, path);
    return fwrite(text.ptr, 1, text.len, c->out) == text.len;
}

int hx_cmd_learn_export(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    hx_error err = {.ui = c->ui};
    hx_learner *l = NULL;
    hx_str text = {0};
    hx_export_options o = {.kind = (hx_export_kind)v->number[HX_OPT_EXPORT_AS],
                           .table = v->text[HX_OPT_EXPORT_TABLE],
                           .name = v->text[HX_OPT_EXPORT_NAME]};
    if (!hx_cli_has(v, HX_OPT_EXPORT_AS))
        return hx_cli_usage(c, "say in which words by --as sql, c or xgboost",
                            "请用 --as sql、c 或 xgboost 指定导出形式");
    hx_status status = hx_learner_load(&l, c->args[0], &err);
    if (status == HX_OK) status = hx_learner_export(l, &o, c->arena, &text, &err);
    hx_learner_free(l);
    if (status != HX_OK) return hx_cli_error(c, &err);
    return put_text(c, text) ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

int hx_cmd_learn_import(hx_cli *c) {
    const char *path = c->options.text[HX_OPT_TARGET];
    hx_error err = {.ui = c->ui};
    hx_learner *l = NULL;
    if (path == NULL)
        return hx_cli_usage(c, "say where the model goes by --out MODEL.json",
                            "请用 --out 模型.json 指定写入位置");
    hx_status status =
        hx_learner_import(&l, c->args[0], c->options.text[HX_OPT_LEARN_TARGET], &err);
    if (status == HX_OK && !hx_output_may_replace(c, path)) {
        hx_learner_free(l);
        return HX_EXIT_FAILED;
    }
    if (status == HX_OK) status = hx_learner_save(l, path, &err);
    const bool shown = status == HX_OK && hx_learn_show_fit(c, hx_learner_summary(l), (hx_str){0});
    hx_learner_free(l);
    if (status != HX_OK) return hx_cli_error(c, &err);
    return shown ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
