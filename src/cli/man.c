/* man.c - the manual page in roff, out of the tables: `huaxiang man | man -l -`.
 *
 * man(7) macros; a leading dot or apostrophe and every backslash and dash of the texts is escaped. */
#include <string.h>

#include "cli/help.h"
#include "cli/output.h"

static void put_roff(hx_outbuf *out, const char *s) {
    if (*s == '.' || *s == '\'') hx_outbuf_text(out, "\\&");
    for (; *s; s++) {
        if (*s == '\\')
            hx_outbuf_text(out, "\\e");
        else if (*s == '-')
            hx_outbuf_text(out, "\\-");
        else
            hx_outbuf_byte(out, *s);
    }
}

static void put_line(hx_outbuf *out, const char *macro, const char *s) {
    hx_outbuf_text(out, macro);
    put_roff(out, s);
    hx_outbuf_byte(out, '\n');
}

static void put_command(const hx_cli *c, const hx_cli_command *command, hx_outbuf *out) {
    hx_outbuf_text(out, ".TP\n");
    hx_outbuf_printf(out, ".B %s ", command->name);
    put_line(out, "", command->args);
    put_line(out, "", hx_cli_tr(c, command->en, command->zh));
    if (command->more_en) put_line(out, ".br\n", hx_cli_tr(c, command->more_en, command->more_zh));
    hx_outbuf_text(out, ".br\n");
    for (const unsigned short *id = command->options; id && *id < HX_OPT_N; id++) {
        hx_outbuf_printf(out, "\\-\\-");
        put_line(out, "", hx_cli_options[*id].name);
    }
}

/* Of a command whose actions have options of their own. */
static void put_actions(const hx_cli *c, const hx_cli_command *command, hx_outbuf *out) {
    const size_t n = strlen(command->name);
    for (size_t i = 0; !command->run && i < hx_cli_actions_n; i++)
        if (strncmp(hx_cli_actions[i].name, command->name, n) == 0 &&
            hx_cli_actions[i].name[n] == ' ')
            put_command(c, &hx_cli_actions[i], out);
}

static void put_examples_of(const hx_cli *c, const hx_cli_command *commands, size_t n,
                            hx_outbuf *out) {
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < HX_EXAMPLES_MAX && commands[i].examples[k].command; k++) {
            const hx_cli_example *e = &commands[i].examples[k];
            put_line(out, ".PP\n", hx_cli_tr(c, e->en, e->zh));
            put_line(out, ".RS\n.nf\n", e->command);
            hx_outbuf_text(out, ".fi\n.RE\n");
        }
}

static void put_examples(const hx_cli *c, hx_outbuf *out) {
    put_examples_of(c, hx_cli_commands, hx_cli_commands_n, out);
    put_examples_of(c, hx_cli_actions, hx_cli_actions_n, out);
}

static void put_options(const hx_cli *c, hx_outbuf *out) {
    hx_outbuf head = {0};
    for (int id = 0; id < HX_OPT_N; id++) {
        head.len = 0;
        hx_help_option(&hx_cli_options[id], &head);
        hx_outbuf_byte(&head, '\0');
        if (head.failed) break;
        put_line(out, ".TP\n.B ", head.ptr + strspn(head.ptr, " "));
        put_line(out, "", hx_cli_tr(c, hx_cli_options[id].en, hx_cli_options[id].zh));
    }
    hx_outbuf_release(&head);
}

static void put_ends(const hx_cli *c, hx_outbuf *out) {
    static const struct {
        const char *title, *en, *zh;
    } parts[] = {
        {"EXIT STATUS",
         "0 done, 1 failed, 2 wrong usage. Rejected rows do not fail a job: they are counted, and "
         "profile writes them to a file.",
         "0 完成，1 失败，2 用法错误。被拒绝的行不会使任务失败：它们会被计数，profile "
         "还会把它们写入文件。"},
        {"ENVIRONMENT",
         "LC_ALL, LC_MESSAGES, LANG: the language of messages. NO_COLOR: no colours. HX_SHARE: the "
         "folder of the program's data. HUAXIANG_MODELS: the folder of models (else "
         "XDG_CACHE_HOME/huaxiang/models or HOME/.cache/huaxiang/models). HUAXIANG_HUB: another "
         "hub, https://..., to get models from. HUAXIANG_KERNELS: scalar, avx2, avx512, vnni or "
         "neon.",
         "LC_ALL、LC_MESSAGES、LANG：消息的语言。NO_COLOR：不用颜色。HX_SHARE：程序数据所在目录。"
         "HUAXIANG_MODELS：模型目录（默认 XDG_CACHE_HOME/huaxiang/models 或 "
         "HOME/.cache/huaxiang/models）。HUAXIANG_HUB：获取模型所用的其他模型库，https://…。"
         "HUAXIANG_KERNELS：scalar、avx2、avx512、vnni 或 neon。"},
        {"FILES",
         "../share/huaxiang beside the program: dictionaries, lexicons and the report's chart "
         "library.",
         "程序旁的 ../share/huaxiang：词典、情感词表和报告所用的图表库。"}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        hx_outbuf_printf(out, ".SH %s\n", parts[i].title);
        put_line(out, "", hx_cli_tr(c, parts[i].en, parts[i].zh));
    }
}

int hx_cmd_man(hx_cli *c) {
    hx_outbuf out = {0};
    hx_outbuf_printf(&out, ".TH HUAXIANG 1 \"\" \"huaxiang %s\" \"\"\n.SH NAME\n", hx_version());
    put_line(&out, "huaxiang \\- ",
             hx_cli_tr(c, "customer profiles from what customers say and do",
                       "从客户的言与行得到客户画像"));
    hx_outbuf_text(&out, ".SH SYNOPSIS\n.B huaxiang\n.I COMMAND\n[OPTIONS] [FILE...]\n");
    for (int part = 0; part < HX_PART_N; part++) {
        put_line(&out, part == 0 ? ".SH COMMANDS\n.SS " : ".SS ",
                 hx_cli_part_title(c, (hx_cli_part)part));
        for (size_t i = 0; i < hx_cli_commands_n; i++)
            if ((int)hx_cli_commands[i].part == part) {
                put_command(c, &hx_cli_commands[i], &out);
                put_actions(c, &hx_cli_commands[i], &out);
            }
    }
    hx_outbuf_text(&out, ".SH OPTIONS\n");
    put_options(c, &out);
    hx_outbuf_text(&out, ".SH EXAMPLES\n");
    put_examples(c, &out);
    put_ends(c, &out);
    (void)hx_output_write(c, &out);
    hx_outbuf_release(&out);
    return HX_EXIT_DONE;
}
