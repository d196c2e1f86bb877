/* completion.c - shell completion for bash, zsh and fish, out of the tables.
 *
 *     source <(huaxiang completion bash)
 *     huaxiang completion zsh > ~/.zfunc/_huaxiang
 *     huaxiang completion fish > ~/.config/fish/completions/huaxiang.fish
 *
 * Commands, their actions, their options, and the values of options that are choices; file names everywhere else. */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"

static void put_words(hx_outbuf *out, const char *list) {
    for (; *list; list++)
        hx_outbuf_byte(out, *list == ',' ? ' ' : *list);
}

static void put_option_words(hx_outbuf *out, const hx_cli_command *command) {
    const hx_cli_option_set options = hx_cli_command_options(command);
    const char *between = "";
    for (int id = 0; id < HX_OPT_N; id++) {
        if (!options.has[id]) continue;
        hx_outbuf_printf(out, "%s--%s", between, hx_cli_options[id].name);
        between = " ";
    }
}

static void put_command_words(hx_outbuf *out) {
    for (size_t i = 0; i < hx_cli_commands_n; i++)
        hx_outbuf_printf(out, "%s%s", i ? " " : "", hx_cli_commands[i].name);
}

/* In single quotes of all three shells. */
static void put_quoted(hx_outbuf *out, const char *s) {
    for (; *s; s++)
        if (*s == '\'')
            hx_outbuf_text(out, "'\\''");
        else
            hx_outbuf_byte(out, *s);
}

/* ------------------------------------------------------------------ bash */
static void put_bash(hx_outbuf *out) {
    hx_outbuf_text(out,
                   "# bash completion of huaxiang\n_huaxiang() {\n"
                   "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} "
                   "command=${COMP_WORDS[1]} known=\n"
                   "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W '");
    put_command_words(out);
    hx_outbuf_text(out, " --help --version --lang' -- \"$word\"))\n        return\n    fi\n    "
                        "case \"$command $before\" in\n"
                        "        'export --format') known='csv xlsx' ;;\n");
    for (int id = 0; id < HX_OPT_N; id++) {
        const hx_cli_option *o = &hx_cli_options[id];
        if (o->kind != HX_OPT_CHOICE || id == HX_OPT_EXPORT_FORMAT || id == HX_OPT_FORMAT) continue;
        hx_outbuf_printf(out, "        *' --%s') known='", o->name);
        put_words(out, o->value);
        hx_outbuf_text(out, "' ;;\n");
    }
    hx_outbuf_text(out, "    esac\n    if [ -n \"$known\" ]; then\n        COMPREPLY=($(compgen -W "
                        "\"$known\" -- \"$word\"))\n        return\n    fi\n"
                        "    case \"$command\" in\n");
    for (size_t i = 0; i < hx_cli_commands_n; i++) {
        const hx_cli_command *command = &hx_cli_commands[i];
        hx_outbuf_printf(out, "        %s) known='", command->name);
        put_option_words(out, command);
        hx_outbuf_byte(out, '\'');
        if (command->actions) {
            hx_outbuf_text(out, "\n            if [ \"$COMP_CWORD\" -eq 2 ] && [ \"${word#-}\" = "
                                "\"$word\" ]; then\n                COMPREPLY=($(compgen -W '");
            put_words(out, command->actions);
            hx_outbuf_text(out, "' -- \"$word\"))\n                return\n            fi");
        }
        hx_outbuf_text(out, " ;;\n");
    }
    hx_outbuf_text(out, "    esac\n    COMPREPLY=($(compgen -W \"$known\" -- \"$word\") $(compgen "
                        "-f -- \"$word\"))\n}\n"
                        "complete -o filenames -F _huaxiang huaxiang\n");
}

/* ------------------------------------------------------------------ zsh */
static void put_zsh_text(hx_outbuf *out, const char *s) {
    for (; *s; s++) {
        if (strchr("[]:", *s)) hx_outbuf_byte(out, '\\');
        if (*s == '\'')
            hx_outbuf_text(out, "'\\''");
        else
            hx_outbuf_byte(out, *s);
    }
}

static void put_zsh_option(const hx_cli *c, hx_outbuf *out, const hx_cli_option *o) {
    hx_outbuf_printf(out, " \\\n                '--%s[", o->name);
    put_zsh_text(out, hx_cli_tr(c, o->en, o->zh));
    hx_outbuf_byte(out, ']');
    if (o->kind == HX_OPT_CHOICE) {
        hx_outbuf_printf(out, ":%s:(", o->name);
        put_words(out, o->value);
        hx_outbuf_byte(out, ')');
    } else if (o->kind != HX_OPT_FLAG) {
        hx_outbuf_printf(out, ":%s:%s", o->name, o->kind == HX_OPT_FILE ? "_files" : " ");
    }
    hx_outbuf_byte(out, '\'');
}

static void put_zsh(const hx_cli *c, hx_outbuf *out) {
    hx_outbuf_text(out,
                   "#compdef huaxiang\n_huaxiang() {\n    local -a commands\n    commands=(\n");
    for (size_t i = 0; i < hx_cli_commands_n; i++) {
        hx_outbuf_printf(out, "        '%s:", hx_cli_commands[i].name);
        put_zsh_text(out, hx_cli_tr(c, hx_cli_commands[i].en, hx_cli_commands[i].zh));
        hx_outbuf_text(out, "'\n");
    }
    hx_outbuf_text(out, "    )\n    if (( CURRENT == 2 )); then\n        _describe command "
                        "commands\n        return\n    fi\n"
                        "    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n    "
                        "case $command in\n");
    for (size_t i = 0; i < hx_cli_commands_n; i++) {
        const hx_cli_command *command = &hx_cli_commands[i];
        const hx_cli_option_set options = hx_cli_command_options(command);
        hx_outbuf_printf(out, "        %s)\n            _arguments", command->name);
        for (int id = 0; id < HX_OPT_N; id++)
            if (options.has[id]) put_zsh_option(c, out, &hx_cli_options[id]);
        if (command->actions) {
            hx_outbuf_text(out, " \\\n                '1:action:(");
            put_words(out, command->actions);
            hx_outbuf_text(out, ")'");
        }
        hx_outbuf_text(out, " \\\n                '*:file:_files' ;;\n");
    }
    hx_outbuf_text(out, "    esac\n}\ncompdef _huaxiang huaxiang\n");
}

/* ------------------------------------------------------------------ fish */
static void put_fish_option(const hx_cli *c, hx_outbuf *out, const char *command,
                            const hx_cli_option *o) {
    hx_outbuf_printf(out, "complete -c huaxiang -n '__fish_seen_subcommand_from %s' -l %s", command,
                     o->name);
    if (o->letter) hx_outbuf_printf(out, " -s %c", o->letter);
    if (o->kind == HX_OPT_CHOICE) {
        hx_outbuf_text(out, " -x -a '");
        put_words(out, o->value);
        hx_outbuf_byte(out, '\'');
    } else if (o->kind != HX_OPT_FLAG) {
        hx_outbuf_text(out, o->kind == HX_OPT_FILE ? " -r" : " -x");
    }
    hx_outbuf_text(out, " -d '");
    put_quoted(out, hx_cli_tr(c, o->en, o->zh));
    hx_outbuf_text(out, "'\n");
}

static void put_fish(const hx_cli *c, hx_outbuf *out) {
    hx_outbuf_text(out, "# fish completion of huaxiang\n");
    for (size_t i = 0; i < hx_cli_commands_n; i++) {
        const hx_cli_command *command = &hx_cli_commands[i];
        hx_outbuf_printf(out, "complete -c huaxiang -n __fish_use_subcommand -f -a %s -d '",
                         command->name);
        put_quoted(out, hx_cli_tr(c, command->en, command->zh));
        hx_outbuf_text(out, "'\n");
        if (command->actions) {
            hx_outbuf_printf(out,
                             "complete -c huaxiang -n '__fish_seen_subcommand_from %s; and not "
                             "__fish_seen_subcommand_from ",
                             command->name);
            put_words(out, command->actions);
            hx_outbuf_text(out, "' -k -f -a '");
            put_words(out, command->actions);
            hx_outbuf_text(out, "'\n");
        }
        const hx_cli_option_set options = hx_cli_command_options(command);
        for (int id = 0; id < HX_OPT_N; id++)
            if (options.has[id]) put_fish_option(c, out, command->name, &hx_cli_options[id]);
    }
}

int hx_cmd_completion(hx_cli *c) {
    hx_outbuf out = {0};
    if (strcmp(c->action, "bash") == 0)
        put_bash(&out);
    else if (strcmp(c->action, "zsh") == 0)
        put_zsh(c, &out);
    else
        put_fish(c, &out);
    (void)hx_output_write(c, &out);
    hx_outbuf_release(&out);
    return HX_EXIT_DONE;
}
