/* main.c - the program: finds the command, reads its options, runs it.
 *
 *     argv -> language -> global options -> command -> its options and arguments -> run -> close the output
 *
 * The language is looked for first, so that a wrong option is already answered in it: --lang, then LC_ALL, LC_MESSAGES, LANG. --help
 * wins over every mistake on the same line. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/output.h"

#define NAMES_MAX 2048
#define HINT_MAX 96

/* ------------------------------------------------------------------ language */
static hx_ui_lang language_of_environment(void) {
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value) return strncmp(value, "zh", 2) == 0 ? HX_UI_ZH : HX_UI_EN;
    }
    return HX_UI_EN;
}

static hx_ui_lang find_language(int argc, char **argv) {
    for (int i = 1; i < argc && argv[i] && strcmp(argv[i], "--") != 0; i++) {
        const char *value = strncmp(argv[i], "--lang=", 7) == 0              ? argv[i] + 7
                            : strcmp(argv[i], "--lang") == 0 && i + 1 < argc ? argv[i + 1]
                                                                             : NULL;
        if (value) return strcmp(value, "zh") == 0 ? HX_UI_ZH : HX_UI_EN;
    }
    return language_of_environment();
}

static bool wants_help(int n, char **argv) {
    for (int i = 0; i < n && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

/* ------------------------------------------------------------------ wrong usage */
static int explain_value(const hx_cli *c, const hx_cli_args_problem *p) {
    char hint[HINT_MAX] = "";
    const hx_cli_option *o = p->option;
    switch (p->fault) {
    case HX_ARGS_NOT_NUMBER:
    case HX_ARGS_OUT_OF_RANGE:
        return hx_cli_usage(c, "--%s must be a whole number from %lld to %lld, not '%s'",
                            "--%s 须为 %lld 到 %lld 的整数，而不是“%s”", o->name, (long long)o->min,
                            (long long)o->max, p->value);
    case HX_ARGS_NOT_REAL:
        return hx_cli_usage(c, "--%s must be a number from %lld to %lld, not '%s'",
                            "--%s 须为 %lld 到 %lld 的数，而不是“%s”", o->name, (long long)o->min,
                            (long long)o->max, p->value);
    case HX_ARGS_NOT_CHOICE:
        hx_cli_suggest(c, p->value, o->value, hint, sizeof hint);
        return hx_cli_usage(c, "--%s must be one of %s, not '%s'%s",
                            "--%s 须为 %s 之一，而不是“%s”%s", o->name, o->value, p->value, hint);
    case HX_ARGS_TOO_MANY:
        return hx_cli_usage(c, "--%s: more than %d times", "--%s：超过 %d 次", o->name,
                            HX_OPT_LIST_MAX);
    default:
        return hx_cli_usage(c, "--%s must be one character or 'tab', not '%s'",
                            "--%s 须为一个字符或 tab，而不是“%s”", o->name, p->value);
    }
}

/* An option of another command is no slip of the pen. */
static bool is_elsewhere(const char *word) {
    const size_t n = strcspn(word, "=");
    if (strncmp(word, "--", 2) != 0) return false;
    for (size_t i = 0; i < HX_OPT_N; i++)
        if (hx_cli_options[i].name != NULL && strlen(hx_cli_options[i].name) == n - 2 &&
            memcmp(word + 2, hx_cli_options[i].name, n - 2) == 0)
            return true;
    return false;
}

static int explain(const hx_cli *c, const hx_cli_args_problem *p,
                   const hx_cli_option_set *allowed) {
    char names[NAMES_MAX], hint[HINT_MAX] = "";
    switch (p->fault) {
    case HX_ARGS_UNKNOWN:
        if (is_elsewhere(p->word))
            return hx_cli_usage(c, "%s: no option of this command, though of others",
                                "%s：其他命令有此选项，本命令没有", p->word);
        hx_cli_option_names(allowed, names, sizeof names);
        hx_cli_suggest(c, p->word, names, hint, sizeof hint);
        return hx_cli_usage(c, "%s: no such option%s", "没有选项 %s%s", p->word, hint);
    case HX_ARGS_NO_VALUE:
        return hx_cli_usage(c, "--%s needs a value: %s", "--%s 需要一个值：%s", p->option->name,
                            p->option->value);
    case HX_ARGS_SURPLUS_VALUE:
        return hx_cli_usage(c, "--%s takes no value", "--%s 不带值", p->option->name);
    default:
        return explain_value(c, p);
    }
}

/* The action of `segment list` and the like; it is taken off the arguments. */
static int take_action(hx_cli *c) {
    char hint[HINT_MAX];
    const char *known = c->command->actions;
    if (!known) return HX_EXIT_DONE;
    if (c->n_args == 0)
        return hx_cli_usage(c, "%s needs one of %s", "%s 后面须为 %s 之一", c->command->name,
                            known);
    if (hx_cli_choice(known, c->args[0]) < 0) {
        hx_cli_suggest(c, c->args[0], known, hint, sizeof hint);
        return hx_cli_usage(c, "%s needs one of %s, not '%s'%s",
                            "%s 后面须为 %s 之一，而不是“%s”%s", c->command->name, known,
                            c->args[0], hint);
    }
    c->action = c->args[0];
    c->args++;
    c->n_args--;
    return HX_EXIT_DONE;
}

static int check_args(const hx_cli *c) {
    const hx_cli_command *k = c->command;
    if (c->n_args < k->min_args)
        return hx_cli_usage(c, "%s needs more: huaxiang %s %s", "%s 缺少参数：huaxiang %s %s",
                            k->name, k->name, k->args);
    if (k->max_args >= 0 && c->n_args > k->max_args)
        return hx_cli_usage(c, "'%s' is one argument too many: huaxiang %s %s",
                            "多余的参数“%s”：huaxiang %s %s", c->args[k->max_args], k->name,
                            k->args);
    return HX_EXIT_DONE;
}

/* ------------------------------------------------------------------ run */
static int check_model(hx_cli *c) {
    hx_cli_small_by_default(c);
    const char *wanted = c->options.text[HX_OPT_MODEL], *name = c->command->name;
    bool rules = !wanted || strcmp(wanted, "rules") == 0;
    if (c->command->model == HX_MODEL_MUST && rules)
        return hx_cli_fail(
            c,
            "%s needs a model: --model FILE|NAME; 'huaxiang models get smollm2-135m' "
            "gets the smallest one that writes texts",
            "%s 需要模型：--model 文件|名称；“huaxiang models get "
            "smollm2-135m”可获取能生成文本的最小模型",
            name);
    if (c->command->model == HX_MODEL_RULES && !rules)
        return c->command->part == HX_PART_MODEL
                   ? hx_cli_usage(c, "--model: name the model as 'huaxiang %s %s' has it",
                                  "--model：请按“huaxiang %s %s”给出模型", name, c->command->args)
                   : hx_cli_usage(c, "--model %s: %s is done without a model",
                                  "--model %s：%s 不使用模型", wanted, name);
    return HX_EXIT_DONE;
}

/* Those of `table` and `learn` that failed for what their options ask say so in their exit status, whatever they answer themselves. */
static int run_it(hx_cli *c) {
    const char *name = c->command->name;
    int last = HX_EXIT_DONE;
    if (strncmp(name, "table", 5) == 0 || strncmp(name, "learn", 5) == 0) c->said = &last;
    const int status = c->command->run(c);
    c->said = NULL;
    return status == HX_EXIT_FAILED && last == HX_EXIT_USAGE ? HX_EXIT_USAGE : status;
}

static int run_command(hx_cli *c) {
    c->quiet = hx_cli_has(&c->options, HX_OPT_QUIET);
    c->talks = !c->quiet && isatty(STDERR_FILENO);
    int status = check_model(c);
    if (status == HX_EXIT_DONE && !c->action) status = take_action(c);
    if (status == HX_EXIT_DONE && !c->command->run)
        status = hx_cli_usage(c, "name the action right behind the command: huaxiang %s %s",
                              "请把动作写在命令之后：huaxiang %s %s", c->command->name, c->action);
    if (status == HX_EXIT_DONE) status = check_args(c);
    if (status == HX_EXIT_DONE) status = hx_output_open(c);
    if (status == HX_EXIT_DONE) status = run_it(c);
    return hx_output_close(c, status);
}

static int print_help(hx_cli *c) {
    hx_outbuf out = {0};
    int status = hx_output_open(c);
    if (c->command)
        hx_help_command(c, c->command, &out);
    else
        hx_help_program(c, &out);
    (void)hx_output_write(c, &out);
    hx_outbuf_release(&out);
    return hx_output_close(c, status);
}

static int run_named(hx_cli *c, const char *name) {
    c->command = hx_cli_command_find(name);
    return run_command(c);
}

/* `table describe`: an action that is a command of its own, named right behind its command. */
static void take_own_action(hx_cli *c, int *left, char ***argv) {
    if (c->command->run || *left < 2) return;
    const hx_cli_command *action = hx_cli_action_find(c->command->name, (*argv)[1]);
    if (!action) return;
    c->command = action;
    c->action = (*argv)[1];
    (*argv)++;
    (*left)--;
}

static int dispatch(hx_cli *c, int n, char **argv) {
    char names[NAMES_MAX], hint[HINT_MAX];
    hx_cli_args_problem problem;
    const hx_cli_option_set globals = hx_cli_option_globals();
    int left = 0;
    if (!hx_cli_args_parse(argv, n, &globals, true, &c->options, &left, &problem)) {
        if (wants_help(n, argv)) return print_help(c);
        return explain(c, &problem, &globals);
    }
    if (hx_cli_has(&c->options, HX_OPT_VERSION)) return run_named(c, "version");
    if (left == 0) {
        bool asked = hx_cli_has(&c->options, HX_OPT_HELP);
        return asked ? print_help(c)
                     : hx_cli_usage(c, "say what to do: huaxiang COMMAND [FILE...]",
                                    "请给出命令：huaxiang 命令 [文件…]");
    }
    c->command = hx_cli_command_find(argv[0]);
    if (!c->command) {
        hx_cli_command_names(names, sizeof names);
        hx_cli_suggest(c, argv[0], names, hint, sizeof hint);
        return hx_cli_usage(c, "%s: no such command%s", "没有命令 %s%s", argv[0], hint);
    }
    take_own_action(c, &left, &argv);
    if (hx_cli_has(&c->options, HX_OPT_HELP) || wants_help(left - 1, argv + 1))
        return print_help(c);
    const hx_cli_option_set allowed = hx_cli_command_options(c->command);
    c->args = argv + 1;
    if (!hx_cli_args_parse(c->args, left - 1, &allowed, false, &c->options, &c->n_args, &problem))
        return explain(c, &problem, &allowed);
    return hx_cli_has(&c->options, HX_OPT_VERSION) ? run_named(c, "version") : run_command(c);
}

int main(int argc, char **argv) {
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    hx_cli c = {.ui = find_language(argc, argv)};
    (void)signal(SIGXFSZ,
                 SIG_IGN); /* a file that may not grow is a failed write, with a sentence */
    c.color = !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
    c.arena = hx_arena_new((size_t)4 << 30);
    if (!c.arena) return hx_cli_fail(&c, "not enough memory to start", "内存不足，无法启动");
    int status = dispatch(&c, argc - 1, argv + 1);
    hx_embedder_close(c.embedder);
    hx_arena_free(c.arena);
    return status;
}
