/* cmd_identity.c - who belongs together: persons joined and parted by decision, rules, and the journal.
 *
 *     identity merge A B        one person of two
 *     identity unmerge WHO ..   ids of a person parted from the rest; without ids his last merge is undone (also: unmerge)
 *     identity undo N           a decision of the journal taken back, or made to hold again
 *     identity rules [FILE]     the rules, or new ones
 *     identity journal          what was decided
 *     identity match            customers that may be one person, with the evidence; --yes joins them
 *
 * What a change would do is shown first, a record an id that would come to another person; --yes does it. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"

#define RULES_BYTES ((size_t)8 << 20)

static json_t *str_json(hx_str s) {
    return json_stringn(s.ptr ? s.ptr : "", s.len);
}

/* ------------------------------------------------------------------ changes */
static bool put_moves(hx_cli *c, const hx_identity_change *change) {
    static const hx_record_column columns[] = {{"id", "id", "标识", HX_CELL_LEFT},
                                               {"from", "from", "原客户", HX_CELL_LEFT},
                                               {"to", "to", "新客户", HX_CELL_LEFT}};
    json_t *records = json_array();
    for (size_t i = 0; i < change->n_moves; i++) {
        const hx_identity_move *m = &change->moves[i];
        json_t *record = json_object();
        (void)json_object_set_new(record, "id", str_json(m->id));
        (void)json_object_set_new(record, "from", str_json(m->from));
        (void)json_object_set_new(record, "to", str_json(m->to));
        (void)json_array_append_new(records, record);
    }
    bool ok = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok;
}

static int put_change(hx_cli *c, const hx_identity_change *change, bool applied) {
    if (!put_moves(c, change)) return HX_EXIT_FAILED;
    hx_cli_note(c, "ids that come to another customer: %llu; customers gone: %llu, new: %llu",
                "换客户的标识：%llu 个；消失的客户：%llu 位，新客户：%llu 位",
                (unsigned long long)change->n_moved, (unsigned long long)change->persons_lost,
                (unsigned long long)change->persons_gained);
    if (change->n_moved > change->n_moves)
        hx_cli_note(c, "the first %zu are listed", "只列出前 %zu 个", change->n_moves);
    if (change->limited > 0)
        hx_cli_note(c, "joins that a limit keeps apart: %llu", "因数量上限未合并：%llu 处",
                    (unsigned long long)change->limited);
    if (!applied)
        hx_cli_note(c, "nothing has been changed; --yes does it", "尚未改动；加 --yes 执行");
    else if (change->decision > 0)
        hx_cli_note(c, "done; 'huaxiang identity undo %lld' takes it back",
                    "已完成；可用 'huaxiang identity undo %lld' 撤销", (long long)change->decision);
    return HX_EXIT_DONE;
}

static hx_identity_options options_of(const hx_cli *c) {
    const char *reason = c->options.text[HX_OPT_REASON];
    return (hx_identity_options){.apply = hx_cli_has(&c->options, HX_OPT_YES),
                                 .reason = hx_str_of(reason),
                                 .now = hx_cli_now()};
}

static int merge(hx_cli *c, hx_store *s) {
    const hx_identity_options o = options_of(c);
    hx_identity_change change;
    hx_error err = {.ui = c->ui};
    if (hx_identity_join(s, hx_str_of(c->args[0]), hx_str_of(c->args[1]), &o, c->arena, &change,
                         &err) != HX_OK)
        return hx_cli_error(c, &err);
    return put_change(c, &change, o.apply);
}

static int unmerge(hx_cli *c, hx_store *s) {
    const hx_identity_options o = options_of(c);
    hx_identity_change change;
    hx_error err = {.ui = c->ui};
    size_t n = (size_t)c->n_args - 1;
    hx_str *ids = hx_arena_alloc(c->arena, (n + 1) * sizeof *ids);
    if (!ids) return hx_cli_fail(c, "not enough memory", "内存不足");
    for (size_t i = 0; i < n; i++)
        ids[i] = hx_str_of(c->args[i + 1]);
    if (hx_identity_part(s, hx_str_of(c->args[0]), ids, n, &o, c->arena, &change, &err) != HX_OK)
        return hx_cli_error(c, &err);
    return put_change(c, &change, o.apply);
}

static bool parse_number(const char *s, int64_t *out) {
    *out = 0;
    for (const char *p = s; *p; p++) {
        if (*p < '0' || *p > '9' || *out > INT64_MAX / 10 - 1) return false;
        *out = *out * 10 + (*p - '0');
    }
    return *s != '\0';
}

static int undo(hx_cli *c, hx_store *s) {
    const hx_identity_options o = options_of(c);
    hx_identity_change change;
    hx_error err = {.ui = c->ui};
    int64_t id;
    if (!parse_number(c->args[0], &id))
        return hx_cli_usage(c, "'%s' is no decision; 'identity journal' has their numbers",
                            "“%s”不是决定的编号；编号见 identity journal", c->args[0]);
    if (hx_identity_undo(s, id, &o, c->arena, &change, &err) != HX_OK) return hx_cli_error(c, &err);
    return put_change(c, &change, o.apply);
}

/* ------------------------------------------------------------------ rules */
static int show_rules(hx_cli *c, hx_store *s) {
    hx_str text;
    hx_error err = {.ui = c->ui};
    if (hx_identity_rules_text(s, c->arena, &text, &err) != HX_OK) return hx_cli_error(c, &err);
    if (text.len == 0) text = HX_STR_LIT("{\"shared\":5}");
    bool ok = fwrite(text.ptr, 1, text.len, c->out) == text.len;
    if (ok && text.ptr[text.len - 1] != '\n') ok = fputc('\n', c->out) != EOF;
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int set_rules(hx_cli *c, hx_store *s) {
    const hx_identity_options o = options_of(c);
    hx_identity_change change;
    hx_error err = {.ui = c->ui};
    hx_str json;
    if (!hx_cli_read_file(c, c->args[0], RULES_BYTES, &json)) return HX_EXIT_FAILED;
    if (hx_identity_set_rules(s, json, &o, c->arena, &change, &err) != HX_OK)
        return hx_cli_error(c, &err);
    return put_change(c, &change, o.apply);
}

static int rules(hx_cli *c, hx_store *s) {
    return c->n_args == 0 ? show_rules(c, s) : set_rules(c, s);
}

/* ------------------------------------------------------------------ matches */
static json_t *pair_record(const hx_identity_pair *p, double prior_bits) {
    json_t *r = json_object(), *weights = json_object(), *levels = json_object();
    (void)json_object_set_new(r, "a", str_json(p->a));
    (void)json_object_set_new(r, "b", str_json(p->b));
    (void)json_object_set_new(r, "name_a", str_json(p->name_a));
    (void)json_object_set_new(r, "name_b", str_json(p->name_b));
    (void)json_object_set_new(r, "probability", json_real(p->probability));
    (void)json_object_set_new(weights, "prior", json_real(prior_bits));
    for (size_t i = 0; i < HX_IDENTITY_FIELDS; i++) {
        if (!p->levels[i][0]) continue;
        (void)json_object_set_new(levels, hx_identity_field(i), json_string(p->levels[i]));
        (void)json_object_set_new(weights, hx_identity_field(i), json_real(p->weights[i]));
    }
    (void)json_object_set_new(r, "levels", levels);
    (void)json_object_set_new(r, "bits", weights);
    return r;
}

static bool put_pairs(hx_cli *c, const hx_identity_match *m) {
    static const hx_record_column columns[] = {
        {"probability", "probability", "概率", HX_CELL_PERCENT},
        {"a", "customer", "客户号", HX_CELL_LEFT},
        {"b", "customer", "客户号", HX_CELL_LEFT},
        {"name_a", "name", "姓名", HX_CELL_LEFT},
        {"name_b", "name", "姓名", HX_CELL_LEFT},
        {"levels.name", "name", "姓名", HX_CELL_CODE},
        {"levels.phone", "phone", "手机", HX_CELL_CODE},
        {"levels.email", "email", "邮箱", HX_CELL_CODE},
        {"levels.address", "address", "地址", HX_CELL_CODE},
        {"levels.birthday", "birthday", "生日", HX_CELL_CODE},
        {"levels.device", "device", "设备", HX_CELL_CODE},
        {"bits.prior", NULL, NULL, HX_CELL_RIGHT},
        {"bits.name", NULL, NULL, HX_CELL_RIGHT},
        {"bits.phone", NULL, NULL, HX_CELL_RIGHT},
        {"bits.email", NULL, NULL, HX_CELL_RIGHT},
        {"bits.address", NULL, NULL, HX_CELL_RIGHT},
        {"bits.birthday", NULL, NULL, HX_CELL_RIGHT},
        {"bits.device", NULL, NULL, HX_CELL_RIGHT}};
    json_t *records = json_array();
    for (size_t i = 0; i < m->n_pairs; i++)
        (void)json_array_append_new(records, pair_record(&m->pairs[i], m->prior_bits));
    bool ok = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok;
}

static int join_found(hx_cli *c, hx_store *s, const hx_identity_match *m) {
    const hx_identity_options o = options_of(c);
    hx_identity_change change;
    hx_error err = {.ui = c->ui};
    if (hx_identity_join_found(s, m, &o, c->arena, &change, &err) != HX_OK)
        return hx_cli_error(c, &err);
    hx_cli_note(c, "joined: %zu pairs; customers gone: %llu", "已合并：%zu 对；消失的客户：%llu 位",
                m->n_pairs, (unsigned long long)change.persons_lost);
    return HX_EXIT_DONE;
}

static int find_matches(hx_cli *c, hx_store *s) {
    const bool given = hx_cli_has(&c->options, HX_OPT_THRESHOLD);
    hx_identity_match m;
    hx_error err = {.ui = c->ui};
    if (hx_identity_find(s, given ? c->options.real[HX_OPT_THRESHOLD] : 0, &c->cancel, c->arena, &m,
                         &err) != HX_OK)
        return hx_cli_error(c, &err);
    if (!put_pairs(c, &m)) return HX_EXIT_FAILED;
    hx_cli_note(c, "customers: %llu; pairs compared: %llu; likely one person: %zu",
                "客户 %llu 位，比较 %llu 对，可能是同一人的 %zu 对",
                (unsigned long long)m.n_persons, (unsigned long long)m.n_compared, m.n_pairs);
    if (m.n_crowded > 0)
        hx_cli_note(c, "values that more than 50 customers share and that were not compared: %llu",
                    "超过 50 位客户共有、未据以比较的值：%llu 个", (unsigned long long)m.n_crowded);
    if (m.n_pairs > 0 && hx_cli_has(&c->options, HX_OPT_YES)) return join_found(c, s, &m);
    if (m.n_pairs > 0)
        hx_cli_note(c, "nothing has been changed; --yes joins them", "尚未改动；加 --yes 合并");
    return HX_EXIT_DONE;
}

/* ------------------------------------------------------------------ journal */
static json_t *decision_record(const hx_identity_decision *d) {
    json_t *r = json_object();
    (void)json_object_set_new(r, "id", json_integer(d->id));
    (void)json_object_set_new(r, "decision", json_string(d->parts ? "part" : "join"));
    (void)json_object_set_new(r, "state", json_string(d->undone ? "undone" : "holds"));
    (void)json_object_set_new(r, "time", str_json(d->at));
    (void)json_object_set_new(r, "source", str_json(d->source));
    (void)json_object_set_new(r, "weight", json_real(d->weight));
    (void)json_object_set_new(r, "reason", str_json(d->reason));
    (void)json_object_set_new(r, "a", str_json(d->a));
    (void)json_object_set_new(r, "b", str_json(d->b));
    (void)json_object_set_new(r, "pairs", json_integer((json_int_t)d->n_pairs));
    return r;
}

static int journal(hx_cli *c, hx_store *s) {
    static const hx_record_column columns[] = {
        {"id", "id", "编号", HX_CELL_RIGHT},         {"decision", "decision", "决定", HX_CELL_CODE},
        {"state", "state", "状态", HX_CELL_CODE},    {"time", "time", "时间", HX_CELL_TIME},
        {"a", "id", "标识", HX_CELL_LEFT},           {"b", "id", "标识", HX_CELL_LEFT},
        {"pairs", "pairs", "对数", HX_CELL_RIGHT},   {"source", "source", "来源", HX_CELL_CODE},
        {"weight", "weight", "把握", HX_CELL_RIGHT}, {"reason", "reason", "原因", HX_CELL_LEFT}};
    hx_identity_decision *list = NULL;
    size_t n = 0;
    hx_error err = {.ui = c->ui};
    if (hx_identity_journal(s, c->arena, &list, &n, &err) != HX_OK) return hx_cli_error(c, &err);
    json_t *records = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(records, decision_record(&list[i]));
    bool ok = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    hx_cli_note(c, "decisions: %zu", "决定：%zu 个", n);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* ------------------------------------------------------------------ the command */
typedef struct {
    const char *name;
    int min, max; /* arguments; max -1 = any number */
    bool writes;
    int (*run)(hx_cli *c, hx_store *s);
    const char *needs, *needs_zh;
} action;

static const action actions[] = {
    {"merge", 2, 2, true, merge, "two customers, by any of their ids", "两位客户（任一标识）"},
    {"unmerge", 1, -1, true, unmerge, "a customer, and the ids that leave",
     "一位客户及要分出的标识"},
    {"undo", 1, 1, true, undo, "the number of a decision", "决定的编号"},
    {"rules", 0, 1, true, rules, "at most one file of rules", "至多一个规则文件"},
    {"match", 0, 0, true, find_matches, "no argument", "无参数"},
    {"journal", 0, 0, false, journal, "no argument", "无参数"},
};

static int run_action(hx_cli *c, const action *a) {
    int status;
    if (c->n_args < a->min || (a->max >= 0 && c->n_args > a->max))
        return hx_cli_usage(c, "%s takes %s", "%s 的参数：%s", a->name,
                            hx_cli_tr(c, a->needs, a->needs_zh));
    bool writes = a->writes && !(a->run == rules && c->n_args == 0);
    hx_store *s = hx_cli_store(c, writes ? HX_STORE_WRITE : HX_STORE_READ, &status);
    if (!s) return status;
    status = a->run(c, s);
    hx_store_close(s);
    return status;
}

int hx_cmd_identity(hx_cli *c) {
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(c->action, actions[i].name) == 0) return run_action(c, &actions[i]);
    return hx_cli_usage(c, "identity has no action %s", "identity 没有动作 %s", c->action);
}

int hx_cmd_unmerge(hx_cli *c) {
    return run_action(c, &actions[1]);
}
