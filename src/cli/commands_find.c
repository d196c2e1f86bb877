/* commands_find.c - commands by their names, all their names, and which options one of them takes.
 *
 * A command without a function of its own is one of actions: it takes what any of its actions takes, so that an option of another action gets
 * a sentence that names the action, not one that calls it unknown. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

const hx_cli_command *hx_cli_command_find(const char *name) {
    for (size_t i = 0; i < hx_cli_commands_n; i++)
        if (strcmp(hx_cli_commands[i].name, name) == 0) return &hx_cli_commands[i];
    return NULL;
}

void hx_cli_command_names(char *out, size_t size) {
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < hx_cli_commands_n; i++) {
        int n = snprintf(out + at, size - at, "%s%s", i ? "," : "", hx_cli_commands[i].name);
        if (n < 0 || (size_t)n >= size - at) return;
        at += (size_t)n;
    }
}

hx_cli_option_set hx_cli_command_options(const hx_cli_command *command) {
    hx_cli_option_set set = hx_cli_option_globals();
    for (const unsigned short *id = command->options; id && *id < HX_OPT_N; id++)
        set.has[*id] = true;
    if (command->run) return set;
    const size_t n = strlen(command->name);
    for (size_t i = 0; i < hx_cli_actions_n; i++) {
        const hx_cli_command *action = &hx_cli_actions[i];
        if (strncmp(action->name, command->name, n) != 0 || action->name[n] != ' ') continue;
        for (const unsigned short *id = action->options; id && *id < HX_OPT_N; id++)
            set.has[*id] = true;
    }
    return set;
}

const char *hx_cli_part_title(const hx_cli *c, hx_cli_part part) {
    static const char *const titles[HX_PART_N][2] = {
        {"The main job", "主要工作"},    {"Look into a store", "查看库"},
        {"Keep a store", "维护库"},      {"Texts and tables", "文本与表格"},
        {"Language models", "语言模型"}, {"The program", "程序"}};
    return titles[part][c->ui == HX_UI_ZH];
}
