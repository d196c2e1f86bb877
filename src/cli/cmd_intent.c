/* cmd_intent.c - intent: the intents of the engines, or with --set those of another set.
 *
 *     --set banking77|clinc150|smp2019|cais|snips    heads of huaxiang-small, joined with their grams; clinc150 knows `oos`
 *     --set FILE                                     a model that `train classify` made: a run, a learner's file
 *
 * A set is read as `classify` reads it, since that is what it is: labels, score, scores. */
#include <string.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/cli.h"

static const char known_sets[] = "banking77,clinc150,smp2019,cais,snips";

static int check_options(hx_cli *c) {
    static const hx_cli_option_id others[] = {HX_OPT_ENGINE,      HX_OPT_LABELS, HX_OPT_EXPLAIN,
                                              HX_OPT_INSTRUCTION, HX_OPT_MODEL,  HX_OPT_USER_WORDS};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (hx_cli_has(&c->options, others[i]))
            return hx_cli_usage(c, "--set says which intents and by which model: leave out --%s",
                                "--set 已指明意图及其模型：请去掉 --%s",
                                hx_cli_options[others[i]].name);
    return HX_EXIT_DONE;
}

static bool is_table(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot && hx_cli_choice(".csv,.tsv,.jsonl,.xlsx,.txt", dot) >= 0;
}

int hx_cmd_intent(hx_cli *c) {
    struct stat st;
    const char *set = c->options.text[HX_OPT_SET];
    if (!set) return hx_cmd_filter(c);
    int status = check_options(c);
    if (status != HX_EXIT_DONE) return status;
    const bool known = hx_cli_choice(known_sets, set) >= 0;
    if (!known && stat(set, &st) != 0)
        return hx_cli_usage(c, "there is no set '%s': %s, or a model of 'train classify'",
                            "没有意图集“%s”：可用 %s，或 train classify 训练的模型", set,
                            known_sets);
    if (!known && is_table(set))
        return hx_cli_usage(
            c,
            "%s holds texts, a set is a model: huaxiang train classify %s --model learn --out "
            "mine, then --set mine",
            "%s 是文本表，意图集须是模型：先运行 huaxiang train classify %s --model learn --out "
            "mine，再用 --set mine",
            set, set);
    if (known && !hx_cli_small_is_there(c))
        return hx_cli_fail(c, "--set %s needs the model huaxiang-small, which is not installed",
                           "--set %s 需要 huaxiang-small 模型，尚未安装", set);
    c->options.text[HX_OPT_MODEL] = known ? hx_cli_small_name : set;
    if (known) c->options.text[HX_OPT_TASK] = set;
    c->command = hx_cli_command_find("classify");
    return hx_cmd_filter(c);
}
