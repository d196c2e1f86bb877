/* receipt_table.c - the receipt of a claim on a terminal: what is claimed, the facts, the contributions, the events it came from.
 *
 * Comparisons of one value with several thresholds (the four of an RFM score) are one row: the thresholds in order, and how many of them
 * hold. Amounts are counted in 1/10,000 and shares in 1/1,000: here they are decimals. A receipt names its events by id alone; what they were is looked up in
 * the person's timeline, and the first INPUTS_SHOWN are listed. */
#include "cli/shown.h"

#include <string.h>

#define LABEL_COLUMN 16
#define INPUTS_SHOWN 12

static const char *text_at(const json_t *object, const char *key) {
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

static void put_counterfactuals(const json_t *r, hx_outbuf *out) {
    const json_t *list = json_object_get(r, "counterfactual");
    for (size_t i = 0; i < json_array_size(list); i++) {
        hx_outbuf_text(out, "  ");
        hx_outbuf_visible(out, hx_str_of(text_at(json_array_get(list, i), "text")), 0);
        hx_outbuf_byte(out, '\n');
    }
}

/* ------------------------------------------------------------------ facts */
static json_t *scaled(const json_t *object, const char *key, const char *unit) {
    const json_t *v = json_object_get(object, key);
    double scale = strcmp(unit, "1/10000") == 0 ? 10000 : strcmp(unit, "1/1000") == 0 ? 1000 : 1;
    return scale > 1 ? json_real(json_number_value(v) / scale) : json_incref((json_t *)v);
}

static json_t *fact_number(const json_t *fact, const char *key) {
    return scaled(fact, key, text_at(fact, "unit"));
}

static bool is_same_score(const json_t *a, const json_t *b) {
    return strcmp(text_at(a, "fact"), text_at(b, "fact")) == 0 &&
           strcmp(text_at(a, "relation"), text_at(b, "relation")) == 0 &&
           json_equal(json_object_get(a, "value"), json_object_get(b, "value"));
}

static json_t *fact_row(const hx_cli *c, const json_t *facts, size_t from, size_t n) {
    const json_t *first = json_array_get(facts, from);
    json_t *thresholds = json_array();
    char name[64], holds[64];
    size_t passed = 0;
    for (size_t i = from; i < from + n; i++) {
        const json_t *fact = json_array_get(facts, i);
        (void)json_array_append_new(thresholds, fact_number(fact, "threshold"));
        passed += json_is_true(json_object_get(fact, "passed"));
    }
    (void)snprintf(name, sizeof name, "fact:%.50s", text_at(first, "fact"));
    if (n == 1)
        (void)snprintf(holds, sizeof holds, "%s", passed ? "true" : "false");
    else
        (void)snprintf(holds, sizeof holds, hx_cli_tr(c, "%zu of %zu", "%zu / %zu"), passed, n);
    const char *unit = text_at(first, "unit");
    const char *known = hx_answer_label(name, c->ui);
    return json_pack("{s:s,s:o,s:s,s:o,s:s,s:s}", "fact", known ? known : text_at(first, "fact"),
                     "value", fact_number(first, "value"), "relation", text_at(first, "relation"),
                     "threshold", thresholds, "unit", strncmp(unit, "1/", 2) == 0 ? "" : unit,
                     "passed", holds);
}

static void put_facts(hx_cli *c, const json_t *facts, hx_outbuf *out) {
    static const hx_record_column columns[] = {{"fact", "fact", "事实", HX_CELL_LEFT},
                                               {"value", "value", "值", HX_CELL_RIGHT},
                                               {"unit", "unit", "单位", HX_CELL_CODE},
                                               {"relation", "must be", "须", HX_CELL_LEFT},
                                               {"threshold", "threshold", "界限", HX_CELL_LEFT},
                                               {"passed", "holds", "成立", HX_CELL_CODE}};
    size_t n = json_array_size(facts);
    if (n == 0) return;
    json_t *rows = json_array();
    for (size_t i = 0, same; i < n; i += same) {
        for (same = 1; i + same < n &&
                       is_same_score(json_array_get(facts, i), json_array_get(facts, i + same));)
            same++;
        (void)json_array_append_new(rows, fact_row(c, facts, i, same));
    }
    hx_shown_title(c, out, hx_cli_tr(c, "Facts", "事实"));
    (void)hx_output_table(c, rows, columns, sizeof columns / sizeof *columns, 0, out);
    json_decref(rows);
}

/* ------------------------------------------------------------------ contributions */
/* A part that is a fact of a rule has the fact's name. */
static json_t *named_parts(const hx_cli *c, const json_t *r, bool rule) {
    json_t *copy = json_deep_copy(json_object_get(r, "contributions"));
    size_t i;
    json_t *part;
    json_array_foreach(copy, i, part) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s%.50s", rule ? "fact:" : "", text_at(part, "part"));
        const char *known = hx_answer_label(name, c->ui);
        if (known) (void)json_object_set_new(part, "part", json_string(known));
        (void)json_object_set_new(part, "points", scaled(part, "points", text_at(r, "unit")));
    }
    return copy;
}

static void put_contributions(hx_cli *c, const json_t *r, hx_outbuf *out) {
    static const hx_record_column columns[] = {{"part", "part", "组成", HX_CELL_LEFT},
                                               {"event", "event", "事件", HX_CELL_LEFT},
                                               {"quote", "quote", "引文", HX_CELL_LEFT},
                                               {"value", "value", "值", HX_CELL_LEFT},
                                               {"points", "points", "分", HX_CELL_RIGHT}};
    if (json_array_size(json_object_get(r, "contributions")) == 0) return;
    bool rule = strcmp(text_at(r, "unit"), "conditions") == 0;
    json_t *parts = named_parts(c, r, rule);
    hx_shown_title(c, out, hx_cli_tr(c, "Where it comes from", "从何而来"));
    (void)hx_output_table(c, parts, columns, sizeof columns / sizeof *columns, 60, out);
    json_decref(parts);
    const char *unit = text_at(r, "unit"), *known = hx_answer_label(unit, c->ui);
    json_t *total = scaled(r, "total", unit), *name = json_string(known ? known : unit);
    hx_shown_field(out, hx_cli_tr(c, "total", "合计"), total, LABEL_COLUMN);
    if (strncmp(unit, "1/", 2) != 0)
        hx_shown_field(out, hx_cli_tr(c, "unit", "单位"), name, LABEL_COLUMN);
    json_decref(total);
    json_decref(name);
}

/* ------------------------------------------------------------------ events */
static const json_t *find_event(const json_t *events, const char *id) {
    for (size_t i = 0; i < json_array_size(events); i++)
        if (strcmp(text_at(json_array_get(events, i), "event"), id) == 0)
            return json_array_get(events, i);
    return NULL;
}

static void put_inputs(hx_cli *c, const json_t *inputs, const json_t *events, hx_outbuf *out) {
    static const hx_record_column columns[] = {
        {"time_local", "time", "时间", HX_CELL_TIME}, {"name", "event", "事件", HX_CELL_CODE},
        {"item_name", "item", "商品", HX_CELL_LEFT},  {"item", "item id", "商品编号", HX_CELL_LEFT},
        {"amount", "amount", "金额", HX_CELL_RIGHT},  {"text", "text", "文本", HX_CELL_LEFT},
        {"event", "id", "编号", HX_CELL_LEFT}};
    size_t n = json_array_size(inputs);
    json_t *rows = json_array();
    for (size_t i = 0; i < n && i < INPUTS_SHOWN; i++) {
        const json_t *e = find_event(events, text_at(json_array_get(inputs, i), "event"));
        if (e) (void)json_array_append(rows, (json_t *)e);
    }
    if (json_array_size(rows) > 0) {
        hx_shown_title(c, out, hx_cli_tr(c, "Events it rests on", "依据的事件"));
        (void)hx_output_table(c, rows, columns, sizeof columns / sizeof *columns, 40, out);
        if (n > INPUTS_SHOWN)
            hx_outbuf_printf(out, hx_cli_tr(c, "and %zu more\n", "另有 %zu 条\n"),
                             n - INPUTS_SHOWN);
    }
    json_decref(rows);
}

void hx_shown_receipt(hx_cli *c, const json_t *r, const json_t *events, hx_outbuf *out) {
    hx_outbuf_visible(out, hx_str_of(text_at(r, "text")), 0);
    hx_outbuf_byte(out, '\n');
    put_counterfactuals(r, out);
    put_facts(c, json_object_get(r, "facts"), out);
    put_contributions(c, r, out);
    put_inputs(c, json_object_get(r, "inputs"), events, out);
    hx_outbuf_text(out, "\n");
    hx_shown_field(out, hx_cli_tr(c, "as of (UTC)", "截至（UTC）"), json_object_get(r, "as_of"),
                   LABEL_COLUMN);
    const char *kernels = json_string_value(json_object_get(r, "kernels"));
    if (kernels && strcmp(kernels, "rules") != 0) {
        hx_shown_field(out, hx_cli_tr(c, "model (SHA-256)", "模型（SHA-256）"),
                       json_object_get(r, "model"), LABEL_COLUMN);
        hx_shown_field(out, hx_cli_tr(c, "kernels", "计算内核"), json_object_get(r, "kernels"),
                       LABEL_COLUMN);
    }
    hx_shown_field(out, hx_cli_tr(c, "receipt", "凭据"), json_object_get(r, "hash"), LABEL_COLUMN);
}
