/* cmd_segment.c - segment: groups of customers, those of every store and those that one defines by a rule.
 *
 *     segment list                    all of them, with sizes
 *     segment show|members NAME       one with its best members; the members alone, a record each
 *     segment show NAME --prose       it in sentences
 *     segment define NAME 'RULE'      a rule of one's own, kept up from now on (docs/segments.md); --force gives it another rule
 *     segment define --label SET      one for each label that a model gave, or each value of a trait
 *     segment define NAME --clusters FILE    one for each cluster of learn cluster
 *     segment test 'RULE'             who would be in, without keeping it
 *     segment overlap [NAME]          how they lie over each other
 *     segment lift NAME               what sets its members apart
 *     segment history NAME            who came and went, by month
 *     segment drop NAME
 *
 * Tables say to which time they are true. A mistake in a rule is shown with a caret under its place. */
#include <string.h>

#include "cli/commands.h"
#include "cli/look.h"
#include "cli/progress.h"
#include "cli/segment_groups.h"
#include "cli/segment_prose.h"

static hx_str argument(const hx_cli *c, int at) {
    return hx_str_of(at < c->n_args ? c->args[at] : NULL);
}

static size_t limit_of(const hx_cli *c) {
    return (size_t)c->options.number[HX_OPT_HEAD];
}

/* In tables: to which time all is true. */
static bool put_current(hx_cli *c, const json_t *record) {
    const char *time = json_string_value(json_object_get(record, "as_of"));
    hx_outbuf out = {0};
    if (c->shape != HX_SHAPE_TABLE || !time) return true;
    hx_outbuf_printf(&out,
                     hx_cli_tr(c, "\ncurrent to %.10s %.8s (UTC)\n", "\n截至 %.10s %.8s（UTC）\n"),
                     time, time + 11);
    const bool ok = hx_output_write(c, &out);
    hx_outbuf_release(&out);
    return ok;
}

/* ------------------------------------------------------------------ list */
static hx_status ask_list(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str *json,
                          hx_error *err) {
    return hx_answer_segments(s, o, c->arena, json, err);
}

static bool show_list(hx_cli *c, hx_str json) {
    static const hx_record_column columns[] = {{"id", "id", "编号", HX_CELL_LEFT},
                                               {"name", "name", "名称", HX_CELL_LEFT},
                                               {"size", "customers", "人数", HX_CELL_RIGHT},
                                               {"share", "share", "占比", HX_CELL_PERCENT},
                                               {"rule", "rule", "规则", HX_CELL_LEFT}};
    json_t *list = hx_output_parse(c, json);
    if (!list) return false;
    bool ok = hx_output_records(c, list, columns, sizeof columns / sizeof *columns) &&
              put_current(c, json_array_get(list, 0));
    json_decref(list);
    return ok;
}

/* ------------------------------------------------------------------ members */
static hx_status ask_members(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str *json,
                             hx_error *err) {
    return hx_answer_segment(s, argument(c, 0), limit_of(c), o, c->arena, json, err);
}

static hx_status ask_test(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str *json,
                          hx_error *err) {
    return hx_answer_segment_test(s, argument(c, 0), limit_of(c), o, c->arena, json, err);
}

static void put_head(hx_cli *c, const json_t *segment, hx_outbuf *out) {
    hx_output_cell(out, json_object_get(segment, "name"), true);
    hx_outbuf_text(out, "  ");
    hx_output_cell(out, json_object_get(segment, "size"), true);
    hx_outbuf_text(out, hx_cli_tr(c, " customers\n", " 人\n"));
    hx_output_cell(out, json_object_get(segment, "rule"), true);
    hx_outbuf_text(out, "\n\n");
}

static bool put_members(hx_cli *c, const json_t *segment) {
    static const hx_record_column columns[] = {
        {"id", "id", "编号", HX_CELL_LEFT},
        {"name", "name", "客户", HX_CELL_LEFT},
        {"rfm.name", "RFM", "RFM 分组", HX_CELL_LEFT},
        {"recency_days", "days ago", "距今天数", HX_CELL_RIGHT},
        {"orders", "orders", "订单", HX_CELL_RIGHT},
        {"spent", "spent", "消费", HX_CELL_RIGHT},
        {"texts", "texts", "文本", HX_CELL_RIGHT},
        {"sentiment", "sentiment", "情感", HX_CELL_RIGHT},
        {"ids", NULL, NULL, HX_CELL_LEFT},
        {"segments", NULL, NULL, HX_CELL_LEFT}};
    return hx_output_records(c, json_object_get(segment, "members"), columns,
                             sizeof columns / sizeof *columns) &&
           put_current(c, segment);
}

static bool show_segment(hx_cli *c, hx_str json) {
    if (c->shape == HX_SHAPE_JSON && strcmp(c->action, "members") != 0)
        return hx_cli_write_line(c, json);
    json_t *segment = hx_output_parse(c, json);
    if (!segment) return false;
    hx_outbuf out = {0};
    if (c->shape == HX_SHAPE_TABLE) put_head(c, segment, &out);
    bool ok = hx_output_write(c, &out);
    ok = put_members(c, segment) && ok;
    hx_outbuf_release(&out);
    json_decref(segment);
    return ok;
}

/* ------------------------------------------------------------------ overlap, lift, history */
static hx_status ask_overlap(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str *json,
                             hx_error *err) {
    return hx_answer_segment_overlap(s, argument(c, 0), o, c->arena, json, err);
}

static bool show_overlap(hx_cli *c, hx_str json) {
    static const hx_record_column columns[] = {{"a", "a", "甲", HX_CELL_LEFT},
                                               {"b", "b", "乙", HX_CELL_LEFT},
                                               {"size_a", "in a", "甲人数", HX_CELL_RIGHT},
                                               {"size_b", "in b", "乙人数", HX_CELL_RIGHT},
                                               {"shared", "in both", "共有", HX_CELL_RIGHT},
                                               {"jaccard", "Jaccard", "Jaccard", HX_CELL_PERCENT},
                                               {"lift", "lift", "提升度", HX_CELL_RIGHT}};
    json_t *list = hx_output_parse(c, json);
    if (!list) return false;
    bool ok = hx_output_records(c, list, columns, sizeof columns / sizeof *columns) &&
              put_current(c, json_array_get(list, 0));
    json_decref(list);
    return ok;
}

static hx_status ask_lift(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str *json,
                          hx_error *err) {
    return hx_answer_segment_lift(s, argument(c, 0), o, c->arena, json, err);
}

/* An answer with a list of records in it: one object as JSON, the list as a table. */
static bool show_part(hx_cli *c, hx_str json, const char *part, const hx_record_column *columns,
                      size_t n) {
    if (c->shape == HX_SHAPE_JSON) return hx_cli_write_line(c, json);
    json_t *answer = hx_output_parse(c, json);
    if (!answer) return false;
    bool ok =
        hx_output_records(c, json_object_get(answer, part), columns, n) && put_current(c, answer);
    json_decref(answer);
    return ok;
}

static bool show_lift(hx_cli *c, hx_str json) {
    static const hx_record_column columns[] = {{"measure", "measure", "指标", HX_CELL_CODE},
                                               {"of", "of", "口径", HX_CELL_CODE},
                                               {"members", "members", "成员", HX_CELL_RIGHT},
                                               {"all", "all", "全部客户", HX_CELL_RIGHT},
                                               {"lift", "lift", "提升度", HX_CELL_RIGHT}};
    return show_part(c, json, "lift", columns, sizeof columns / sizeof *columns);
}

static hx_status ask_history(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str *json,
                             hx_error *err) {
    return hx_answer_segment_history(s, argument(c, 0), o, c->arena, json, err);
}

static bool show_history(hx_cli *c, hx_str json) {
    static const hx_record_column columns[] = {{"month", "month", "月份", HX_CELL_LEFT},
                                               {"came", "came", "进入", HX_CELL_RIGHT},
                                               {"went", "went", "离开", HX_CELL_RIGHT},
                                               {"size", "size", "月末人数", HX_CELL_RIGHT}};
    return show_part(c, json, "months", columns, sizeof columns / sizeof *columns);
}

/* ------------------------------------------------------------------ define, drop */
/* The sentence and, of a rule, the place. */
static int tell_mistake(const hx_cli *c, hx_str rule, const hx_error *err) {
    char shown[HX_SEGMENT_CARET_MAX];
    const int status = hx_cli_error(c, err);
    if (err->code != HX_EINVAL || err->byte < 0) return status;
    size_t n = hx_segment_caret(rule, (size_t)err->byte, shown);
    (void)fwrite(shown, 1, n, stderr);
    if (n > 0 && shown[n - 1] != '\n') (void)fputc('\n', stderr);
    return status;
}

static bool tick(void *context, uint64_t done, uint64_t total) {
    hx_progress_tick(context, done, total);
    return true;
}

/* Shows what there is now of the new ones. */
static int show_defined(hx_cli *c, hx_store *s, const hx_segment_rule_text *list, size_t n) {
    hx_answer_options o;
    hx_error err = {.ui = c->ui};
    hx_str json;
    if (!hx_cli_answer_options(c, &o)) return HX_EXIT_USAGE;
    if (hx_answer_segments(s, &o, c->arena, &json, &err) != HX_OK) return hx_cli_error(c, &err);
    json_t *all = hx_output_parse(c, json);
    json_t *mine = json_array();
    for (size_t i = 0; all && i < json_array_size(all); i++) {
        json_t *g = json_array_get(all, i);
        for (size_t k = 0; k < n; k++)
            if (hx_str_equal(hx_str_of(json_string_value(json_object_get(g, "id"))), list[k].name))
                (void)json_array_append(mine, g);
    }
    char *text = json_dumps(mine, JSON_COMPACT);
    const bool ok = all && text && show_list(c, hx_str_of(text));
    free(text);
    json_decref(all);
    json_decref(mine);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int define_all(hx_cli *c, hx_store *s, const hx_segment_rule_text *list, size_t n) {
    hx_progress_clock clock;
    hx_error err = {.ui = c->ui};
    hx_progress_begin(&clock, c, hx_cli_tr(c, "customers", "客户"));
    const hx_segment_define_options o = {.replace = hx_cli_has(&c->options, HX_OPT_FORCE),
                                         .now = hx_cli_now(),
                                         .progress = tick,
                                         .context = &clock};
    const hx_status status = hx_segment_define(s, list, n, &o, &err);
    hx_progress_clear(c);
    if (status != HX_OK) return tell_mistake(c, list[0].rule, &err);
    return show_defined(c, s, list, n);
}

/* One a value of what is said of customers. */
static int define_groups(hx_cli *c, hx_store *s) {
    hx_segment_rule_text list[HX_SEGMENT_GROUPS_MAX];
    const char *clusters = c->options.text[HX_OPT_SEGMENT_CLUSTERS];
    const char *label = c->options.text[HX_OPT_SEGMENT_LABEL];
    const char *prefix = c->n_args > 0 ? c->args[0] : label;
    const int status = clusters ? hx_segment_groups_read(c, s, clusters, prefix) : HX_EXIT_DONE;
    if (status != HX_EXIT_DONE) return status;
    const size_t n = hx_segment_groups_find(c, s, prefix, clusters ? prefix : label, list);
    return n > 0 ? define_all(c, s, list, n) : HX_EXIT_FAILED;
}

static int define(hx_cli *c, hx_store *s) {
    if (hx_cli_has(&c->options, HX_OPT_SEGMENT_CLUSTERS) ||
        hx_cli_has(&c->options, HX_OPT_SEGMENT_LABEL))
        return define_groups(c, s);
    const hx_segment_rule_text one = {argument(c, 0), argument(c, 1)};
    return define_all(c, s, &one, 1);
}

static int drop(hx_cli *c, hx_store *s) {
    hx_error err = {.ui = c->ui};
    if (hx_segment_undefine(s, argument(c, 0), &err) != HX_OK) return hx_cli_error(c, &err);
    hx_cli_note(c, "segment %s dropped", "分群 %s 已删除", c->args[0]);
    return HX_EXIT_DONE;
}

static int with_store(hx_cli *c, int (*run)(hx_cli *c, hx_store *s)) {
    int status;
    hx_store *s = hx_cli_store(c, HX_STORE_WRITE, &status);
    if (!s) return status;
    status = run(c, s);
    hx_store_close(s);
    return status;
}

static int test(hx_cli *c) {
    hx_answer_options o;
    hx_error err = {.ui = c->ui};
    hx_str json;
    int status;
    if (!hx_cli_answer_options(c, &o)) return HX_EXIT_USAGE;
    hx_store *s = hx_cli_store(c, HX_STORE_READ, &status);
    if (!s) return status;
    if (ask_test(c, s, &o, &json, &err) != HX_OK)
        status = tell_mistake(c, argument(c, 0), &err);
    else
        status = show_segment(c, json) ? HX_EXIT_DONE : HX_EXIT_FAILED;
    hx_store_close(s);
    return status;
}

/* ------------------------------------------------------------------ the command */
static int run_list(hx_cli *c) {
    return hx_cli_look(c, ask_list, show_list);
}

static int run_show(hx_cli *c) {
    if (hx_cli_has(&c->options, HX_OPT_PROSE))
        return hx_cli_look(c, ask_lift, hx_segment_prose_show);
    return hx_cli_look(c, ask_members, show_segment);
}

static int run_overlap(hx_cli *c) {
    return hx_cli_look(c, ask_overlap, show_overlap);
}

static int run_lift(hx_cli *c) {
    return hx_cli_look(c, ask_lift, show_lift);
}

static int run_history(hx_cli *c) {
    return hx_cli_look(c, ask_history, show_history);
}

static int run_define(hx_cli *c) {
    const bool label = hx_cli_has(&c->options, HX_OPT_SEGMENT_LABEL);
    const bool clusters = hx_cli_has(&c->options, HX_OPT_SEGMENT_CLUSTERS);
    const int least = clusters ? 1 : label ? 0 : 2, most = clusters || label ? 1 : 2;
    if (c->n_args < least || c->n_args > most || (clusters && label))
        return hx_cli_usage(
            c,
            "segment define needs a name and a rule in quotation marks, or --label SET, or a name "
            "and --clusters FILE",
            "segment define 需要名称和引号中的规则，或 --label 标签，或名称和 --clusters 文件");
    return with_store(c, define);
}

static int run_drop(hx_cli *c) {
    return with_store(c, drop);
}

static const struct {
    const char *action;
    int (*run)(hx_cli *c);
    int min, max; /* arguments */
    const char *en, *zh; /* what it needs */
} segment_actions[] = {
    {"list", run_list, 0, 0, "segment list takes no argument", "segment list 不带参数"},
    {"show", run_show, 1, 1, "segment show needs a segment: its id or name",
     "segment show 需要分群的编号或名称"},
    {"members", run_show, 1, 1, "segment members needs a segment: its id or name",
     "segment members 需要分群的编号或名称"},
    {"define", run_define, 0, 2, "segment define takes a name and a rule",
     "segment define 带名称和规则"},
    {"drop", run_drop, 1, 1, "segment drop needs the name of a segment",
     "segment drop 需要分群的名称"},
    {"overlap", run_overlap, 0, 1, "segment overlap takes one segment at most",
     "segment overlap 最多带一个分群"},
    {"lift", run_lift, 1, 1, "segment lift needs a segment: its id or name",
     "segment lift 需要分群的编号或名称"},
    {"history", run_history, 1, 1, "segment history needs the name of a segment",
     "segment history 需要分群的名称"},
    {"test", test, 1, 1, "segment test needs a rule in quotation marks",
     "segment test 需要引号中的规则"},
};

int hx_cmd_segment(hx_cli *c) {
    if (hx_cli_has(&c->options, HX_OPT_PROSE) && strcmp(c->action, "show") != 0)
        return hx_cli_usage(c, "--prose is for segment show alone", "--prose 只用于 segment show");
    for (size_t i = 0; i < sizeof segment_actions / sizeof *segment_actions; i++) {
        if (strcmp(c->action, segment_actions[i].action) != 0) continue;
        if (c->n_args < segment_actions[i].min || c->n_args > segment_actions[i].max)
            return hx_cli_usage(c, "%s", "%s",
                                hx_cli_tr(c, segment_actions[i].en, segment_actions[i].zh));
        return segment_actions[i].run(c);
    }
    return HX_EXIT_USAGE;
}
