/* cmd_learn_help.c - the models there are, with their parameters: the end of `learn fit --help`, from the library's own table. */
#include <stdio.h>
#include <string.h>

#include "cli/learn.h"

#define NAME_COLUMN 26
#define TEXT_BYTES 256

static void put_padded(hx_outbuf *out, const char *text) {
    const size_t width = hx_visible_width(hx_str_of(text));
    hx_outbuf_text(out, text);
    hx_outbuf_fill(out, ' ', width < NAME_COLUMN ? NAME_COLUMN - width : 2);
}

static void put_tasks(const hx_cli *c, unsigned tasks, hx_outbuf *out) {
    static const char *const names[][2] = {{"", ""},
                                           {"numbers", "数值"},
                                           {"classes", "类别"},
                                           {"survival", "生存时间"},
                                           {"outliers", "异常"}};
    bool first = true;
    hx_outbuf_text(out, " (");
    for (int i = HX_TASK_REGRESSION; i <= HX_TASK_OUTLIERS; i++) {
        if ((tasks & 1u << i) == 0) continue;
        if (!first) hx_outbuf_text(out, hx_cli_tr(c, ", ", "、"));
        hx_outbuf_text(out, names[i][c->ui == HX_UI_ZH]);
        first = false;
    }
    hx_outbuf_text(out, ")\n");
}

static void put_choices(const hx_model_param *p, hx_outbuf *out) {
    for (size_t k = 0; p->choices[k] != NULL; k++)
        hx_outbuf_printf(out, "%s%s", k > 0 ? "," : "", p->choices[k]);
    hx_outbuf_printf(out, " [%s]", p->choices[(size_t)p->fallback]);
}

static void put_param(const hx_cli *c, const hx_model_param *p, hx_outbuf *out) {
    char head[TEXT_BYTES];
    (void)snprintf(head, sizeof head, "    %s", p->name);
    put_padded(out, head);
    hx_outbuf_printf(out, "%s  ", p->help[c->ui == HX_UI_ZH]);
    if (p->kind == HX_PARAM_CHOICE)
        put_choices(p, out);
    else if (p->kind == HX_PARAM_SWITCH)
        hx_outbuf_printf(out, "true,false [%s]", p->fallback != 0 ? "true" : "false");
    else
        hx_outbuf_printf(out, "%g..%g [%g]", p->low, p->high, p->fallback);
    hx_outbuf_byte(out, '\n');
}

void hx_learn_help(const hx_cli *c, hx_outbuf *out) {
    hx_outbuf_printf(out, "\n%s\n",
                     hx_cli_tr(c, "Models (--model) and their parameters (--param NAME=VALUE)",
                               "模型（--model）及其参数（--param 名称=值）"));
    for (size_t i = 0; i < hx_model_kinds(); i++) {
        const hx_model_kind *kind = hx_model_kind_at(i);
        char head[TEXT_BYTES];
        (void)snprintf(head, sizeof head, "  %s", kind->name);
        put_padded(out, head);
        hx_outbuf_text(out, kind->help[c->ui == HX_UI_ZH]);
        put_tasks(c, kind->tasks, out);
        for (size_t k = 0; k < kind->n_params; k++)
            put_param(c, &kind->params[k], out);
    }
}
