/* segment_parse.c - the rule language of segments; see segment_rule.h for the grammar, docs/segments.md for its words.
 *
 * Words are split by blanks and signs; and, or, not and brackets are joined by two stacks (Dijkstra's shunting yard), conditions
 * are read from left to right. A mistake is told once, with the column (counted in characters); hx_segment_caret() shows the rule with a caret under it:
 * wide characters take two columns of a terminal, so the caret's line has a wide blank below each of them.
 *
 * All that is kept borrows from the arena's copy of the text. */
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/money.h"
#include "base/utf8.h"
#include "insight/segment_rule.h"

#define OPERATORS_MAX 256
#define STEPS_MAX (OPERATORS_MAX + HX_SEGMENT_CONDITIONS_MAX)
#define SPAN_DAYS_MAX 36500
#define SHOWN_BYTES 96 /* of the rule around a mistake */

typedef enum { PART_END = 0, PART_WORD, PART_NUMBER, PART_TEXT, PART_SIGN, PART_BAD } part_kind;

typedef struct {
    hx_str all;
    size_t at; /* behind the part in hand */
    part_kind kind;
    hx_str part;
    size_t start;
    hx_arena *arena;
    hx_segment_program *out;
    uint8_t open[HX_SEGMENT_DEPTH_MAX + 2]; /* operators that wait: hx_segment_step_kind or OPEN */
    size_t n_open, n_operators;
    hx_error *err;
} parser;

#define OPEN 9

/* ------------------------------------------------------------------ parts */
static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_sign(char c) {
    return c != '\0' && strchr("()[],.<>=!&|", c) != NULL;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static char char_at(const parser *p, size_t i) {
    return i < p->all.len ? p->all.ptr[i] : '\0';
}

static size_t number_end(const parser *p, size_t i) {
    if (char_at(p, i) == '-') i++;
    while (is_digit(char_at(p, i)))
        i++;
    if (char_at(p, i) == '.' && is_digit(char_at(p, i + 1)))
        for (i++; is_digit(char_at(p, i));)
            i++;
    return i;
}

static size_t word_end(const parser *p, size_t i) {
    while (i < p->all.len && !is_blank(p->all.ptr[i]) && !is_sign(p->all.ptr[i]) &&
           p->all.ptr[i] != '"')
        i++;
    return i;
}

static size_t sign_end(const parser *p, size_t i) {
    const char c = p->all.ptr[i], d = char_at(p, i + 1);
    if (((c == '<' || c == '>' || c == '!') && d == '=') || (c == '<' && d == '>')) return i + 2;
    if ((c == '&' || c == '|') && c == d) return i + 2;
    return i + 1;
}

/* Takes the next part into p->part. */
static void next(parser *p) {
    while (p->at < p->all.len && is_blank(p->all.ptr[p->at]))
        p->at++;
    size_t i = p->start = p->at;
    const char c = char_at(p, i);
    if (i == p->all.len) {
        p->kind = PART_END;
    } else if (c == '"') {
        const char *end = memchr(p->all.ptr + i + 1, '"', p->all.len - i - 1);
        p->kind = end ? PART_TEXT : PART_BAD;
        p->at = end ? (size_t)(end - p->all.ptr) + 1 : p->all.len;
        p->part = (hx_str){p->all.ptr + i + 1, p->at - i - (end ? 2 : 1)};
        return;
    } else if (is_digit(c) || (c == '-' && is_digit(char_at(p, i + 1)))) {
        p->kind = PART_NUMBER;
        p->at = number_end(p, i);
    } else if (is_sign(c)) {
        p->kind = PART_SIGN;
        p->at = sign_end(p, i);
    } else {
        p->kind = PART_WORD;
        p->at = word_end(p, i);
    }
    p->part = (hx_str){p->all.ptr + i, p->at - i};
}

/* ------------------------------------------------------------------ mistakes */
static bool is_wide(unsigned char lead) {
    return lead >= 0xe2; /* three bytes and more: near enough for a caret */
}

static size_t char_bytes(unsigned char lead) {
    if (lead < 0x80) return 1;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static size_t column_of(const parser *p) {
    size_t column = 1;
    for (size_t i = 0; i < p->start; i++)
        column += ((unsigned char)p->all.ptr[i] & 0xc0) != 0x80;
    return column;
}

static bool wrong(parser *p, const char *wanted) {
    const char *zh = p->err->ui == HX_UI_ZH ? hx_message_zh(wanted) : NULL;
    (void)hx_fail(p->err, HX_EINVAL, "rule, column %zu: expected %s", column_of(p),
                  zh ? zh : wanted);
    p->err->byte = (int64_t)p->start;
    return false;
}

size_t hx_segment_caret(hx_str rule, size_t byte, char out[HX_SEGMENT_CARET_MAX]) {
    const size_t at = byte < rule.len ? byte : rule.len;
    size_t from = at > SHOWN_BYTES / 2 ? at - SHOWN_BYTES / 2 : 0, n = 0;
    while (from < at && ((unsigned char)rule.ptr[from] & 0xc0) == 0x80)
        from++;
    size_t to = from;
    while (to < rule.len && to - from + 4 < SHOWN_BYTES)
        to += char_bytes((unsigned char)rule.ptr[to]);
    for (size_t i = from; i < to && i < rule.len; i++)
        out[n++] = (unsigned char)rule.ptr[i] < ' ' ? ' ' : rule.ptr[i];
    out[n++] = '\n';
    for (size_t i = from; i < at; i += char_bytes((unsigned char)rule.ptr[i])) {
        const char *blank = is_wide((unsigned char)rule.ptr[i]) ? "\xe3\x80\x80" : " ";
        memcpy(out + n, blank, strlen(blank));
        n += strlen(blank);
    }
    out[n++] = '^';
    out[n] = '\0';
    return n;
}

static bool no_memory(parser *p) {
    (void)hx_fail(p->err, HX_ENOMEM, "not enough memory for the rule");
    return false;
}

/* ------------------------------------------------------------------ words */
typedef struct {
    const char *words; /* "en,en,zh" */
    int id;
} meaning;

static bool is_word(hx_str s, const char *words) {
    while (*words) {
        const char *end = strchr(words, ',');
        const size_t n = end ? (size_t)(end - words) : strlen(words);
        if (n == s.len && memcmp(words, s.ptr, n) == 0) return true;
        words += n + (end != NULL);
    }
    return false;
}

static bool here(const parser *p, const char *words) {
    return (p->kind == PART_WORD || p->kind == PART_SIGN) && is_word(p->part, words);
}

static bool take(parser *p, const char *words) {
    if (!here(p, words)) return false;
    next(p);
    return true;
}

/* Lists of words are split at commas. */
static bool take_comma(parser *p) {
    if (p->kind != PART_SIGN || p->part.ptr[0] != ',') return false;
    next(p);
    return true;
}

static bool find(const parser *p, const meaning *table, size_t n, int *id) {
    if (p->kind != PART_WORD && p->kind != PART_SIGN) return false;
    for (size_t i = 0; i < n; i++)
        if (is_word(p->part, table[i].words)) return *id = table[i].id, true;
    return false;
}

#define FIND(p, table, id) find(p, table, sizeof(table) / sizeof *(table), id)

bool hx_segment_number(hx_str s, int64_t *out) {
    int64_t v = 0;
    size_t i = s.len > 0 && s.ptr[0] == '-', places = 0;
    const bool minus = i == 1;
    bool point_seen = false;
    if (i == s.len) return false;
    for (; i < s.len; i++) {
        if (s.ptr[i] == '.' && !point_seen && i + 1 < s.len) {
            point_seen = true;
            continue;
        }
        if (!is_digit(s.ptr[i]) || (point_seen && ++places > 4)) return false;
        if (v > (INT64_MAX / HX_MONEY_ONE - 9) / 10) return false;
        v = v * 10 + (s.ptr[i] - '0');
    }
    for (; places < 4; places++)
        if (__builtin_mul_overflow(v, 10, &v)) return false;
    *out = minus ? -v : v;
    return true;
}

static bool parse_number(parser *p, int64_t *out) {
    if (p->kind != PART_NUMBER || !hx_segment_number(p->part, out))
        return wrong(p, "a number of at most four decimal places");
    next(p);
    return true;
}

static bool parse_relation(parser *p, hx_relation *out) {
    static const meaning signs[] = {{">=,≥", HX_REL_AT_LEAST}, {">", HX_REL_ABOVE},
                                    {"<=,≤", HX_REL_AT_MOST},  {"<", HX_REL_BELOW},
                                    {"=,是", HX_REL_EQUAL},    {"!=,<>,≠,不是", HX_REL_UNEQUAL}};
    int id;
    if (!FIND(p, signs, &id)) return wrong(p, "a relation: >= > <= < = !=");
    *out = (hx_relation)id;
    next(p);
    return true;
}

static bool parse_span(parser *p, int64_t *ms) {
    static const meaning units[] = {
        {"days,day,天,日", 24}, {"hours,hour,小时", 1}, {"weeks,week,周", 168}};
    int64_t number;
    int hours;
    if (p->kind != PART_NUMBER) return wrong(p, "a time: 30 days, 12 hours, 2 weeks");
    if (!hx_segment_number(p->part, &number) || number <= 0 || number % HX_MONEY_ONE != 0)
        return wrong(p, "a whole number above 0");
    next(p);
    if (!FIND(p, units, &hours)) return wrong(p, "days, hours or weeks");
    number /= HX_MONEY_ONE;
    if (number > SPAN_DAYS_MAX * 24 / hours) return wrong(p, "a time of at most 36500 days");
    next(p);
    *ms = number * hours * (HX_DAY_MS / 24);
    return true;
}

static bool parse_window(parser *p, int64_t *ms) {
    *ms = 0;
    return !take(p, "in,近,最近") || parse_span(p, ms);
}

static bool parse_name(parser *p, hx_str *out) {
    if (!take(p, ".")) return wrong(p, "a dot and a name");
    if (p->kind != PART_WORD && p->kind != PART_TEXT && p->kind != PART_NUMBER)
        return wrong(p, "a name");
    const size_t from = p->start;
    *out = p->part;
    const bool text = p->kind == PART_TEXT;
    next(p);
    while (!text && here(p, ".")) { /* names of sets have dots: label.topics.price */
        next(p);
        if (p->kind != PART_WORD && p->kind != PART_NUMBER) return wrong(p, "a name");
        *out = (hx_str){p->all.ptr + from, p->at - from};
        next(p);
    }
    return true;
}

/* ------------------------------------------------------------------ events */
static bool canonical_mood(parser *p, hx_str *value) {
    static const meaning moods[] = {{"negative,负面,差评", HX_SENTIMENT_NEGATIVE},
                                    {"neutral,中性", HX_SENTIMENT_NEUTRAL},
                                    {"positive,正面,好评", HX_SENTIMENT_POSITIVE},
                                    {"mixed,混合", HX_SENTIMENT_MIXED}};
    int id;
    if (!FIND(p, moods, &id)) return wrong(p, "negative, neutral, positive or mixed");
    *value = hx_str_of(hx_sentiment_name((hx_sentiment_label)id));
    next(p);
    return true;
}

static bool known_intent(hx_str s) {
    for (int i = 0; i < HX_INTENT_N; i++)
        if (hx_str_equal(s, hx_str_of(hx_intent_name((hx_intent_label)i)))) return true;
    return false;
}

static bool parse_filter_value(parser *p, hx_segment_filter *f) {
    if (f->field == HX_FIELD_AMOUNT || f->field == HX_FIELD_RATING)
        return parse_number(p, &f->number);
    if (f->relation != HX_REL_EQUAL && f->relation != HX_REL_UNEQUAL)
        return wrong(p, "= or != before a text");
    if (f->field == HX_FIELD_SENTIMENT || f->field == HX_FIELD_ASPECT)
        return canonical_mood(p, &f->value);
    if (p->kind != PART_WORD && p->kind != PART_TEXT && p->kind != PART_NUMBER)
        return wrong(p, "a value; in \"quotation marks\" where it has blanks or signs");
    if (f->field == HX_FIELD_INTENT && !known_intent(p->part)) return wrong(p, "a known intent");
    f->value = p->part;
    next(p);
    return true;
}

static bool parse_filter(parser *p, hx_segment_filter *f) {
    static const meaning fields[] = {
        {"item,商品", HX_FIELD_ITEM},           {"category,品类", HX_FIELD_CATEGORY},
        {"channel,渠道", HX_FIELD_CHANNEL},     {"page,页面", HX_FIELD_PAGE},
        {"amount,金额", HX_FIELD_AMOUNT},       {"rating,评分", HX_FIELD_RATING},
        {"sentiment,情感", HX_FIELD_SENTIMENT}, {"intent,意图", HX_FIELD_INTENT},
        {"aspect,方面", HX_FIELD_ASPECT},       {"label,标签", HX_FIELD_LABEL},
        {"words,文字", HX_FIELD_WORDS}};
    int id;
    if (!FIND(p, fields, &id))
        return wrong(p, "a field: item category channel page amount rating sentiment intent "
                        "aspect.NAME label.SET words");
    next(p);
    *f = (hx_segment_filter){.field = (hx_segment_field)id};
    if ((id == HX_FIELD_ASPECT || id == HX_FIELD_LABEL) && !parse_name(p, &f->name)) return false;
    return parse_relation(p, &f->relation) && parse_filter_value(p, f);
}

static const meaning event_kinds[] = {{"order,orders,订单,下单", HX_KIND_ORDER},
                                      {"refund,refunds,退款", HX_KIND_REFUND},
                                      {"review,reviews,评价,评论", HX_KIND_REVIEW},
                                      {"view,views,浏览", HX_KIND_VIEW},
                                      {"search,searches,搜索", HX_KIND_SEARCH},
                                      {"question,questions,提问", HX_KIND_QUESTION},
                                      {"chat,chats,对话", HX_KIND_CHAT},
                                      {"ticket,tickets,工单", HX_KIND_TICKET},
                                      {"text,texts,文本", HX_EVENTS_TEXT},
                                      {"event,events,事件", HX_EVENTS_ANY}};

static bool starts_events(const parser *p) {
    int id;
    return p->kind == PART_TEXT || FIND(p, event_kinds, &id);
}

static bool parse_events(parser *p, hx_segment_events *s) {
    int id = HX_KIND_OTHER;
    if (!starts_events(p))
        return wrong(p, "events: order refund review view search question chat ticket text event "
                        "or \"a name\"");
    if (p->kind == PART_TEXT) s->name = p->part;
    (void)FIND(p, event_kinds, &id);
    s->kind = id;
    next(p);
    if (!take(p, "[")) return true;
    do {
        if (s->n == HX_SEGMENT_FILTERS_MAX) return wrong(p, "at most 8 filters");
        if (!parse_filter(p, &s->filters[s->n++])) return false;
    } while (take_comma(p));
    return take(p, "]") || wrong(p, "a comma or ]");
}

/* ------------------------------------------------------------------ conditions */
static bool parse_measure(parser *p, hx_condition *c) {
    return (take(p, "(") || wrong(p, "(")) && parse_events(p, &c->a) &&
           (take(p, ")") || wrong(p, ")")) && parse_window(p, &c->window) &&
           parse_relation(p, &c->relation) && parse_number(p, &c->number);
}

static bool parse_occurrence(parser *p, hx_condition *c) {
    c->kind = HX_COND_COUNT;
    c->relation = HX_REL_AT_LEAST;
    c->number = HX_MONEY_ONE;
    if (!parse_events(p, &c->a)) return false;
    if (take(p, "then,然后,之后")) {
        c->kind = HX_COND_SEQUENCE;
        if (!parse_events(p, &c->b)) return false;
        if (!take(p, "within,间隔")) return wrong(p, "within and a time");
        if (!parse_span(p, &c->within)) return false;
    }
    return parse_window(p, &c->window);
}

static bool parse_trait(parser *p, hx_condition *c, bool is_score) {
    c->kind = HX_COND_TRAIT;
    if (!parse_name(p, &c->name)) return false;
    if (is_score) {
        char *name = hx_arena_alloc(p->arena, c->name.len + 6);
        if (!name) return no_memory(p);
        memcpy(name, "score.", 6);
        memcpy(name + 6, c->name.ptr, c->name.len);
        c->name = (hx_str){name, c->name.len + 6};
    }
    if (!parse_relation(p, &c->relation)) return false;
    c->is_number = p->kind == PART_NUMBER;
    if (c->is_number) return parse_number(p, &c->number);
    if (is_score) return wrong(p, "a number");
    if (p->kind != PART_WORD && p->kind != PART_TEXT) return wrong(p, "a value");
    if (c->relation != HX_REL_EQUAL && c->relation != HX_REL_UNEQUAL)
        return wrong(p, "a number behind this relation");
    c->value = p->part;
    next(p);
    return true;
}

static bool parse_what(parser *p, hx_condition *c) {
    const bool sum = here(p, "sum,总额");
    if (take(p, "count,次数") || take(p, "sum,总额")) {
        c->kind = sum ? HX_COND_SUM : HX_COND_COUNT;
        return parse_measure(p, c);
    }
    if (take(p, "trait,特征")) return parse_trait(p, c, false);
    if (take(p, "score,分数")) return parse_trait(p, c, true);
    if (take(p, "segment,分群")) {
        c->kind = HX_COND_SEGMENT;
        return parse_name(p, &c->name);
    }
    if (starts_events(p)) return parse_occurrence(p, c);
    return wrong(p, "a condition: count(…), sum(…), events, trait.NAME, score.NAME, segment.NAME");
}

static bool parse_condition(parser *p) {
    hx_segment_program *r = p->out;
    if (r->n_conditions == HX_SEGMENT_CONDITIONS_MAX) return wrong(p, "at most 64 conditions");
    hx_condition *c = &r->conditions[r->n_conditions];
    const size_t from = p->start;
    *c = (hx_condition){.kind = HX_COND_COUNT};
    if (!parse_what(p, c)) return false;
    c->text = (hx_str){p->all.ptr + from, p->start - from};
    while (c->text.len > 0 && is_blank(c->text.ptr[c->text.len - 1]))
        c->text.len--;
    r->steps[r->n_steps++] =
        (hx_segment_step){.kind = HX_STEP_CONDITION, .condition = (uint8_t)r->n_conditions++};
    return true;
}

/* ------------------------------------------------------------------ and, or, not, brackets */
/* Moves operators that bind at least as tightly as `kind` to the steps: not before and before or. */
static void settle(parser *p, hx_segment_step_kind kind) {
    static const uint8_t tightness[] = {
        [HX_STEP_CONDITION] = 0, [HX_STEP_AND] = 2, [HX_STEP_OR] = 1, [HX_STEP_NOT] = 3};
    while (p->n_open > 0 && p->open[p->n_open - 1] != OPEN &&
           tightness[p->open[p->n_open - 1]] >= tightness[kind])
        p->out->steps[p->out->n_steps++] = (hx_segment_step){.kind = p->open[--p->n_open]};
}

static bool push(parser *p, uint8_t what) {
    if (p->n_open == HX_SEGMENT_DEPTH_MAX) return wrong(p, "fewer brackets and nots at once");
    if (p->n_operators++ == OPERATORS_MAX) return wrong(p, "a shorter rule");
    p->open[p->n_open++] = what;
    return true;
}

/* What may stand before a condition, and the condition. */
static bool parse_operand(parser *p) {
    for (;;) {
        const bool bracket = here(p, "(");
        if (!bracket && !here(p, "not,非,!,不")) return parse_condition(p);
        if (!push(p, bracket ? OPEN : HX_STEP_NOT)) return false;
        next(p);
    }
}

/* Closing brackets, then `and` or `or`, or the end. */
static bool parse_operator(parser *p, bool *end) {
    while (here(p, ")")) {
        settle(p, HX_STEP_CONDITION);
        if (p->n_open == 0) return wrong(p, "no ) without its (");
        p->n_open--;
        next(p);
    }
    *end = p->kind == PART_END;
    if (*end) {
        settle(p, HX_STEP_CONDITION);
        return p->n_open == 0 || wrong(p, ")");
    }
    const bool both = here(p, "and,且,并且,与,&&");
    if (!both && !here(p, "or,或,或者,||")) return wrong(p, "and, or, or the end");
    settle(p, both ? HX_STEP_AND : HX_STEP_OR);
    if (!push(p, both ? HX_STEP_AND : HX_STEP_OR)) return false;
    next(p);
    return true;
}

static bool parse_rule(parser *p) {
    bool end = false;
    next(p);
    while (!end)
        if (!parse_operand(p) || !parse_operator(p, &end)) return false;
    return true;
}

hx_status hx_segment_rule_parse(hx_str text, hx_arena *arena, hx_segment_program *out,
                                hx_error *err) {
    hx_error own;
    if (!err) err = &own;
    *out = (hx_segment_program){0};
    if (text.len > HX_SEGMENT_RULE_BYTES_MAX)
        return hx_fail(err, HX_ELIMIT, "a rule has at most %d bytes", HX_SEGMENT_RULE_BYTES_MAX);
    if (!hx_utf8_is_valid(text)) return hx_fail(err, HX_EINVAL, "a rule is not UTF-8");
    out->text = hx_arena_str(arena, text);
    out->conditions = hx_arena_alloc(arena, HX_SEGMENT_CONDITIONS_MAX * sizeof *out->conditions);
    out->steps = hx_arena_alloc(arena, STEPS_MAX * sizeof *out->steps);
    if (!out->text.ptr || !out->conditions || !out->steps)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the rule");
    parser p = {.all = out->text, .arena = arena, .out = out, .err = err};
    err->code = HX_OK;
    return parse_rule(&p) ? HX_OK : err->code;
}
