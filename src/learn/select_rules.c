/* select_rules.c - what business says about columns: which must stay, which must not be used, and why.
 *
 *     {"must_keep": [{"column": "tenure", "reason": "asked for by the contract"}, "plan"],
 *      "must_not":  [{"column": "gender", "reason": "protected attribute: gender"}]}
 *
 * A list of a company may name columns that a table does not have; of must_keep that is an error, of must_not it is what is wanted. The names of protected
 * attributes are only ever proposed: words of a name, parted by signs or capitals (age, not page), and Chinese words anywhere in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/select.h"

#define RULES_BYTES_MAX ((size_t)4 << 20)
#define WORD_BYTES 32

/* ------------------------------------------------------------------ protected attributes */
enum {
    GENDER,
    AGE,
    ETHNICITY,
    RELIGION,
    NATIONALITY,
    DISABILITY,
    FAMILY,
    POLITICS,
    ORIENTATION,
    HEALTH,
    ORIGIN,
    GROUPS
};

static const char *const groups[GROUPS][2] = {
    [GENDER] = {"gender", "性别"},
    [AGE] = {"age", "年龄"},
    [ETHNICITY] = {"ethnicity", "民族、种族"},
    [RELIGION] = {"religion", "宗教信仰"},
    [NATIONALITY] = {"nationality", "国籍"},
    [DISABILITY] = {"disability", "残疾"},
    [FAMILY] = {"marriage and family", "婚育状况"},
    [POLITICS] = {"political opinion", "政治面貌"},
    [ORIENTATION] = {"sexual orientation", "性取向"},
    [HEALTH] = {"health", "健康"},
    [ORIGIN] = {"origin", "户籍、籍贯"},
};

static const struct {
    const char *word;
    int group;
} words[] = {
    {"gender", GENDER},
    {"sex", GENDER},
    {"age", AGE},
    {"birth", AGE},
    {"birthday", AGE},
    {"birthdate", AGE},
    {"dob", AGE},
    {"senior", AGE},
    {"ethnicity", ETHNICITY},
    {"ethnic", ETHNICITY},
    {"race", ETHNICITY},
    {"racial", ETHNICITY},
    {"religion", RELIGION},
    {"religious", RELIGION},
    {"faith", RELIGION},
    {"nationality", NATIONALITY},
    {"citizenship", NATIONALITY},
    {"foreign", NATIONALITY},
    {"immigrant", NATIONALITY},
    {"disability", DISABILITY},
    {"disabled", DISABILITY},
    {"marital", FAMILY},
    {"marriage", FAMILY},
    {"married", FAMILY},
    {"pregnant", FAMILY},
    {"pregnancy", FAMILY},
    {"pregnancies", FAMILY},
    {"political", POLITICS},
    {"sexual", ORIENTATION},
    {"health", HEALTH},
    {"medical", HEALTH},
    {"genetic", HEALTH},
    {"hukou", ORIGIN},
    {"birthplace", ORIGIN},
};

static const struct {
    const char *text;
    int group;
} parts[] = {
    {"性取向", ORIENTATION}, {"性别", GENDER},     {"年龄", AGE},          {"出生地", ORIGIN},
    {"出生", AGE},           {"生日", AGE},        {"民族", ETHNICITY},    {"种族", ETHNICITY},
    {"宗教", RELIGION},      {"信仰", RELIGION},   {"国籍", NATIONALITY},  {"外籍", NATIONALITY},
    {"残疾", DISABILITY},    {"残障", DISABILITY}, {"婚姻", FAMILY},       {"已婚", FAMILY},
    {"婚育", FAMILY},        {"怀孕", FAMILY},     {"政治面貌", POLITICS}, {"党派", POLITICS},
    {"健康", HEALTH},        {"病史", HEALTH},     {"户籍", ORIGIN},       {"户口", ORIGIN},
    {"籍贯", ORIGIN},
};

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

/* The next word of letters from *at on, in small letters; false at the end. SeniorCitizen has two, DOB one. */
static bool next_word(hx_str s, size_t *at, char out[WORD_BYTES]) {
    size_t n = 0;
    while (*at < s.len && !is_upper(s.ptr[*at]) && !is_lower(s.ptr[*at]))
        (*at)++;
    for (; *at < s.len; (*at)++) {
        const char c = s.ptr[*at];
        if (!is_upper(c) && !is_lower(c)) break;
        const bool begins =
            n > 0 && is_upper(c) &&
            (is_lower(s.ptr[*at - 1]) || (*at + 1 < s.len && is_lower(s.ptr[*at + 1])));
        if (begins) break;
        if (n + 1 < WORD_BYTES) out[n++] = is_upper(c) ? (char)(c - 'A' + 'a') : c;
    }
    out[n] = '\0';
    return n > 0;
}

static bool holds(hx_str s, const char *part) {
    const size_t n = strlen(part);
    for (size_t i = 0; i + n <= s.len; i++)
        if (memcmp(s.ptr + i, part, n) == 0) return true;
    return false;
}

const char *const *hx_select_protected(hx_str name) {
    char word[WORD_BYTES];
    for (size_t at = 0; next_word(name, &at, word);)
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            if (strcmp(word, words[k].word) == 0) return groups[words[k].group];
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
        if (holds(name, parts[k].text)) return groups[parts[k].group];
    return NULL;
}

/* ------------------------------------------------------------------ rules */
typedef struct {
    const hx_table *t;
    hx_arena *arena;
    hx_select_rule *rules;
} reading;

static hx_status set_rule(reading *r, size_t column, bool keep, hx_str reason, hx_error *err) {
    hx_select_rule *rule = &r->rules[column];
    if (keep ? rule->must_not : rule->must_keep)
        return hx_fail(err, HX_EINVAL, "the column '%.*s' must be kept and must not be used",
                       HX_STR_ARG(hx_table_column_at(r->t, column)->name));
    rule->must_keep = rule->must_keep || keep;
    rule->must_not = rule->must_not || !keep;
    if (rule->reason != NULL && rule->reason[0] != '\0' && reason.len == 0) return HX_OK;
    rule->reason = hx_arena_str(r->arena, reason).ptr;
    return rule->reason != NULL ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status wrong_rule(const char *list, size_t i, hx_error *err) {
    return hx_fail(err, HX_EFORMAT,
                   "rules: entry %zu of '%s' is neither a column's name nor {\"column\":..., "
                   "\"reason\":...}",
                   i + 1, list);
}

static hx_status read_entry(reading *r, const json_t *entry, const char *list, size_t i,
                            hx_error *err) {
    const bool keep = strcmp(list, "must_keep") == 0;
    const json_t *name = json_is_string(entry) ? entry : json_object_get(entry, "column"),
                 *reason = json_object_get(entry, "reason");
    const size_t known = (name != NULL) + (size_t)(reason != NULL);
    if (!json_is_string(name) || (reason != NULL && !json_is_string(reason)) ||
        (json_is_object(entry) && json_object_size(entry) != known))
        return wrong_rule(list, i, err);
    const hx_str text = {json_string_value(name), json_string_length(name)};
    const size_t column = hx_table_find(r->t, text);
    if (column != HX_COLUMN_NONE)
        return set_rule(r, column, keep,
                        (hx_str){json_string_value(reason), json_string_length(reason)}, err);
    if (!keep) return HX_OK;
    return hx_fail(err, HX_ENOTFOUND, "rules: there is no column '%.*s', which must be kept",
                   HX_STR_ARG(text));
}

static hx_status read_rules(reading *r, const json_t *root, hx_error *err) {
    const char *key;
    json_t *list;
    if (!json_is_object(root))
        return hx_fail(err, HX_EFORMAT,
                       "rules: {\"must_keep\":[...],\"must_not\":[...]} is wanted");
    json_object_foreach((json_t *)(uintptr_t)root, key, list) {
        if ((strcmp(key, "must_keep") != 0 && strcmp(key, "must_not") != 0) || !json_is_array(list))
            return hx_fail(err, HX_EFORMAT,
                           "rules: '%s' is no list that is known; there are must_keep and must_not",
                           key);
        for (size_t i = 0; i < json_array_size(list); i++)
            HX_TRY(read_entry(r, json_array_get(list, i), key, i, err));
    }
    return HX_OK;
}

static hx_status read_list(reading *r, const char *list, bool keep, hx_error *err) {
    size_t *columns, n;
    if (list == NULL || list[0] == '\0') return HX_OK;
    HX_TRY(hx_table_find_list(r->t, list, r->arena, &columns, &n, err));
    for (size_t i = 0; i < n; i++)
        HX_TRY(set_rule(r, columns[i], keep, (hx_str){0}, err));
    return HX_OK;
}

hx_status hx_select_rules_of(const hx_table *t, const hx_select_options *o, hx_arena *arena,
                             hx_select_rule **rules, hx_error *err) {
    reading r = {.t = t, .arena = arena};
    r.rules = hx_arena_alloc(arena, (hx_table_columns(t) + 1) * sizeof *r.rules);
    if (r.rules == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (o->rules.len > 0) {
        json_t *root = NULL;
        HX_TRY(hx_json_parse(o->rules, RULES_BYTES_MAX, "rules", &root, err));
        const hx_status status = read_rules(&r, root, err);
        json_decref(root);
        HX_TRY(status);
    }
    HX_TRY(read_list(&r, o->must_keep, true, err));
    HX_TRY(read_list(&r, o->must_not, false, err));
    *rules = r.rules;
    return HX_OK;
}

/* ------------------------------------------------------------------ a proposal */
hx_status hx_select_lines(hx_buf *b, const char *what, hx_arena *arena, hx_str *json,
                          hx_error *err) {
    json_t *root = NULL;
    HX_TRY(hx_buf_status(b, what, err));
    HX_TRY(hx_json_parse(hx_buf_str(b), b->cap, what, &root, err));
    char *text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    if (text == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_reset(b);
    (void)hx_buf_append_lit(b, text);
    (void)hx_buf_append_byte(b, '\n');
    free(text);
    HX_TRY(hx_buf_status(b, what, err));
    *json = hx_arena_str(arena, hx_buf_str(b));
    return json->ptr != NULL ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static void put_proposal(hx_json_writer *w, hx_str name, const char *const *group, hx_ui_lang ui) {
    char reason[128];
    (void)snprintf(reason, sizeof reason,
                   ui == HX_UI_ZH ? "受保护属性：%s" : "protected attribute: %s", group[ui]);
    hx_json_object(w);
    hx_json_key(w, "column");
    hx_json_str(w, name);
    hx_json_key(w, "reason");
    hx_json_cstr(w, reason);
    hx_json_end_object(w);
}

hx_status hx_select_rules_propose(const hx_table *t, hx_ui_lang ui, hx_arena *arena, hx_str *json,
                                  hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, RULES_BYTES_MAX);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx_json_key(&w, "must_not");
    hx_json_array(&w);
    for (size_t i = 0; i < hx_table_columns(t); i++) {
        const hx_str name = hx_table_column_at(t, i)->name;
        const char *const *group = hx_select_protected(name);
        if (group != NULL) put_proposal(&w, name, group, ui);
    }
    hx_json_end_array(&w);
    hx_json_key(&w, "must_keep");
    hx_json_array(&w);
    hx_json_end_array(&w);
    hx_json_end_object(&w);
    const hx_status status = hx_select_lines(&b, "rules", arena, json, err);
    hx_buf_release(&b);
    return status;
}
