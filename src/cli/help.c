/* help.c - help that teaches: what it does, how it is called, examples that run beside samples/, then the options by group.
 *
 * All of it comes from the tables of commands and options. Columns are padded by display width, so that both languages line up. A command whose
 * actions have options of their own lists these; each action has a page like a command.
 *
 * `help COMMAND`, `COMMAND --help` and the man page read the same rows, so that they can't disagree. */
#include "cli/help.h"

#include <string.h>

#include "cli/learn.h"
#include "cli/output.h"

#define NAME_COLUMN 12
#define OPTION_COLUMN 30

static void put_padded(hx_outbuf *out, hx_str s, size_t column) {
    size_t width = hx_visible_width(s);
    hx_outbuf_bytes(out, s.ptr, s.len);
    hx_outbuf_fill(out, ' ', width + 2 <= column ? column - width : 2);
}

const char *hx_help_group_title(const hx_cli *c, hx_cli_option_group group) {
    static const char *const titles[HX_GROUP_N][2] = {
        {"Options", "选项"}, {"Reading files", "读取文件"}, {"Text", "文本"},
        {"Model", "模型"},   {"Training", "训练"},          {"Output", "输出"},
        {"General", "通用"}};
    return titles[group][c->ui == HX_UI_ZH];
}

void hx_help_option(const hx_cli_option *o, hx_outbuf *out) {
    if (o->letter)
        hx_outbuf_printf(out, "-%c, --%s", o->letter, o->name);
    else
        hx_outbuf_printf(out, "    --%s", o->name);
    if (o->kind == HX_OPT_FLAG) return;
    hx_outbuf_byte(out, ' ');
    for (const char *p = o->value; *p; p++)
        hx_outbuf_byte(out, o->kind == HX_OPT_CHOICE && *p == ',' ? '|' : *p);
}

static void put_examples(const hx_cli *c, const hx_cli_command *command, hx_outbuf *out) {
    if (!command->examples[0].command) return;
    hx_outbuf_printf(out, "\n%s\n", hx_cli_tr(c, "Examples", "示例"));
    for (size_t i = 0; i < HX_EXAMPLES_MAX && command->examples[i].command; i++) {
        const hx_cli_example *e = &command->examples[i];
        hx_outbuf_printf(out, "  # %s\n  %s\n", hx_cli_tr(c, e->en, e->zh), e->command);
    }
}

const char *hx_help_said(const hx_cli *c, const hx_cli_command *command, int id) {
    if (id == HX_OPT_MODEL && command && command->model == HX_MODEL_RULES) return NULL;
    if (id == HX_OPT_MODEL && command && command->model == HX_MODEL_MUST)
        return hx_cli_tr(c, "needed: a name of 'models list', a .gguf file or a model's folder",
                         "必填：“models list”中的名称、.gguf 文件或模型目录");
    if (id == HX_OPT_MODEL && command && strcmp(command->name, "train") == 0)
        return hx_cli_tr(c,
                         "what to start from: a run, a name of 'models list', a .gguf file or a "
                         "model's folder (default: a new model)",
                         "从哪个模型开始：训练目录、“models list”中的名称、.gguf 文件或模型目录"
                         "（默认新建模型）");
    if (command && strncmp(command->name, "learn ", 6) == 0) {
        if (id == HX_OPT_MODEL)
            return hx_cli_tr(
                c, "models by their names: 'learn fit --help'; or MODEL.json of learn fit",
                "模型名称（见 learn fit --help），或 learn fit 保存的 模型.json");
        if (id == HX_OPT_RECIPE)
            return hx_cli_tr(c, "steps that are fitted on the training rows and kept in the model",
                             "在训练行上拟合、并随模型保存的步骤");
    }
    return hx_cli_tr(c, hx_cli_options[id].en, hx_cli_options[id].zh);
}

/* `command` NULL: those of the program. */
static void put_options(const hx_cli *c, const hx_cli_command *command,
                        const hx_cli_option_set *options, hx_outbuf *out) {
    hx_outbuf head = {0};
    for (int group = 0; group < HX_GROUP_N; group++) {
        bool titled = false;
        for (int id = 0; id < HX_OPT_N; id++) {
            const hx_cli_option *o = &hx_cli_options[id];
            const char *said = hx_help_said(c, command, id);
            if (!options->has[id] || (int)o->group != group || !said) continue;
            if (!titled) hx_outbuf_printf(out, "\n%s\n", hx_help_group_title(c, o->group));
            titled = true;
            head.len = 0;
            hx_outbuf_text(&head, "  ");
            hx_help_option(o, &head);
            put_padded(out, hx_outbuf_str(&head), OPTION_COLUMN);
            hx_outbuf_printf(out, "%s\n", said);
        }
    }
    hx_outbuf_release(&head);
}

/* Of a command whose actions have options of their own. */
static void put_actions(const hx_cli *c, const hx_cli_command *command, hx_outbuf *out) {
    const size_t n = strlen(command->name);
    if (command->run) return;
    hx_outbuf_printf(out, "\n%s\n", hx_cli_tr(c, "Actions", "动作"));
    for (size_t i = 0; i < hx_cli_actions_n; i++) {
        const hx_cli_command *action = &hx_cli_actions[i];
        if (strncmp(action->name, command->name, n) != 0 || action->name[n] != ' ') continue;
        hx_outbuf_text(out, "  ");
        put_padded(out, hx_str_of(action->name + n + 1), NAME_COLUMN);
        hx_outbuf_printf(out, "%s\n", hx_cli_tr(c, action->en, action->zh));
    }
}

void hx_help_command(const hx_cli *c, const hx_cli_command *command, hx_outbuf *out) {
    hx_outbuf_printf(out, "huaxiang %s - %s\n\n%s\n  huaxiang %s%s%s%s\n", command->name,
                     hx_cli_tr(c, command->en, command->zh), hx_cli_tr(c, "Usage", "用法"),
                     command->name, command->args[0] ? " " : "", command->args,
                     command->options ? hx_cli_tr(c, " [OPTIONS]", " [选项]") : "");
    if (command->more_en)
        hx_outbuf_printf(out, "\n%s\n", hx_cli_tr(c, command->more_en, command->more_zh));
    put_actions(c, command, out);
    put_examples(c, command, out);
    const hx_cli_option_set options =
        command->run ? hx_cli_command_options(command) : hx_cli_option_globals();
    put_options(c, command, &options, out);
    if (command->run == hx_cmd_learn_fit) hx_learn_help(c, out);
}

void hx_help_program(const hx_cli *c, hx_outbuf *out) {
    hx_outbuf_printf(out,
                     "huaxiang %s - %s\n\n%s\n  huaxiang COMMAND [OPTIONS] [FILE...]\n\n%s\n  "
                     "huaxiang profile samples/shop/orders.csv samples/shop/reviews.csv "
                     "--store shop.db --report shop.html\n  huaxiang sentiment "
                     "samples/comments.csv --format table\n",
                     hx_version(),
                     hx_cli_tr(c, "customer profiles from what customers say and do",
                               "从客户的言与行得到客户画像"),
                     hx_cli_tr(c, "Usage", "用法"), hx_cli_tr(c, "Start here", "从这里开始"));
    for (int part = 0; part < HX_PART_N; part++) {
        hx_outbuf_printf(out, "\n%s\n", hx_cli_part_title(c, (hx_cli_part)part));
        for (size_t i = 0; i < hx_cli_commands_n; i++) {
            const hx_cli_command *command = &hx_cli_commands[i];
            if ((int)command->part != part) continue;
            hx_outbuf_text(out, "  ");
            put_padded(out, hx_str_of(command->name), NAME_COLUMN);
            hx_outbuf_printf(out, "%s\n", hx_cli_tr(c, command->en, command->zh));
        }
    }
    const hx_cli_option_set globals = hx_cli_option_globals();
    put_options(c, NULL, &globals, out);
    hx_outbuf_printf(
        out, "\n%s\n",
        hx_cli_tr(c,
                  "'huaxiang COMMAND --help' has the options of a command and examples. Everything "
                  "runs on this machine; nothing is sent anywhere, and only 'models get' reads "
                  "from the network.",
                  "'huaxiang 命令 --help' "
                  "给出该命令的选项和示例。一切都在本机运行，不向外发送任何数据；只有“models get”"
                  "会访问网络。"));
}

int hx_cmd_help(hx_cli *c) {
    hx_outbuf out = {0};
    int status = HX_EXIT_DONE;
    if (c->n_args == 0) {
        hx_help_program(c, &out);
    } else {
        const hx_cli_command *command = hx_cli_command_find(c->args[0]);
        char names[512], hint[80];
        hx_cli_command_names(names, sizeof names);
        hx_cli_suggest(c, c->args[0], names, hint, sizeof hint);
        if (command)
            hx_help_command(c, command, &out);
        else
            status = hx_cli_usage(c, "%s: no such command%s", "没有命令 %s%s", c->args[0], hint);
    }
    (void)hx_output_write(c, &out);
    hx_outbuf_release(&out);
    return status;
}

int hx_cmd_version(hx_cli *c) {
    hx_outbuf out = {0};
    hx_outbuf_printf(&out, "huaxiang %s\n", hx_version());
    (void)hx_output_write(c, &out);
    hx_outbuf_release(&out);
    return HX_EXIT_DONE;
}
