/* ask_parse.c - a question's bytes to a query: what the store calls its own first, then times, then the words of the table, longest first.
 *
 * Every byte is used once. What is left when all is read are numbers (how many to list) and words that nothing knows. The words seen are
 * counted by kind and settled at the end, so that their order, which differs between Chinese and English, does not matter.
 * A query is plain data, so that it can be said in words and be tried without a store. */
#include <stdio.h>
#include <string.h>

#include "answer/ask.h"
#include "base/error.h"
#include "base/utf8.h"

#define QUESTION_MAX 2000
#define TOP_DEFAULT 5

typedef struct {
    hx_str s;
    bool *used;
    const hx_ask_catalogue *c;
    hx_ask_query *q;
    int seen[HX_ASK_WORDS]; /* how often */
    bool op[8], measure[HX_ASK_MEASURES], of[HX_ASK_CLASSES];
    int number;
} parser;

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* --- the question ----------------------------------------------------------- */
static bool is_foreign(uint32_t cp) {
    return (cp >= 0x370 && cp < 0x2000) || (cp >= 0x3040 && cp <= 0x30FF) ||
           (cp >= 0xAC00 && cp <= 0xD7AF);
}

static hx_status read_text(hx_str question, hx_arena *arena, hx_ask_query *q, hx_str *out,
                           hx_error *err) {
    size_t han = 0, latin = 0, foreign = 0;
    if (question.len > QUESTION_MAX)
        return hx_fail(err, HX_ELIMIT, "a question has at most %d bytes", QUESTION_MAX);
    *out = hx_arena_str(arena, question);
    char *p = hx_arena_alloc(arena, question.len + 1);
    if (!p || (question.len > 0 && !out->ptr))
        return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    for (size_t i = 0; i < question.len; i++)
        p[i] = lower(question.ptr[i]);
    *out = (hx_str){p, question.len};
    for (size_t at = 0; at < out->len;) {
        const uint32_t cp = hx_utf8_next(*out, &at);
        han += hx_utf8_is_han(cp);
        latin += cp < 128 && is_word_byte((char)cp) && cp > '9';
        foreign += is_foreign(cp);
    }
    if (han + latin + foreign == 0)
        return hx_fail(err, HX_EINVAL,
                       "the question is empty; ask, for example, \"how many orders last month?\"");
    if (foreign > 0) return hx_fail(err, HX_EINVAL, "questions are read in Chinese and in English");
    q->zh = han > 0;
    return HX_OK;
}

static bool is_edge(const parser *p, size_t from, size_t to) {
    const hx_str s = p->s;
    const bool left = from == 0 || !is_word_byte(s.ptr[from]) || !is_word_byte(s.ptr[from - 1]);
    return left && (to >= s.len || !is_word_byte(s.ptr[to - 1]) || !is_word_byte(s.ptr[to]));
}

static bool is_free(const parser *p, size_t at, size_t n) {
    return at + n <= p->s.len && memchr(p->used + at, 1, n) == NULL;
}

/* --- the store's own names -------------------------------------------------- */
static bool stands(const parser *p, size_t at, hx_str name) {
    const bool code = name.len == 2 && name.ptr[1] >= '0' && name.ptr[1] <= '9';
    if ((name.len < 3 && !code) || !is_free(p, at, name.len)) return false;
    for (size_t i = 0; i < name.len; i++)
        if (lower(name.ptr[i]) != p->s.ptr[at + i]) return false;
    return is_edge(p, at, at + name.len);
}

static void copy_name(char *to, size_t size, hx_str name) {
    (void)snprintf(to, size, "%.*s", (int)(name.len < size - 1 ? name.len : size - 1), name.ptr);
}

static void add_item(hx_ask_query *q, const hx_ask_entity *e) {
    for (size_t i = 0; i < q->n_items; i++)
        if (q->items[i] == e->id) return;
    if (q->n_items < HX_ASK_ITEMS_MAX) q->items[q->n_items++] = e->id;
}

static void take_entity(hx_ask_query *q, const hx_ask_entity *e) {
    q->known++;
    if (e->kind == HX_ASK_ITEM) {
        add_item(q, e);
        copy_name(q->item_name, sizeof q->item_name, e->name);
    } else if (e->kind == HX_ASK_CATEGORY) {
        q->category = e->id;
        copy_name(q->category_name, sizeof q->category_name, e->name);
    } else if (e->kind == HX_ASK_CHANNEL) {
        q->channel = e->id;
        copy_name(q->channel_name, sizeof q->channel_name, e->name);
    } else {
        q->person = e->id;
        copy_name(q->person_name, sizeof q->person_name, e->name);
    }
}

/* Another id of the person: what to ask by where several have one name. */
static hx_str id_of(const parser *p, const hx_ask_entity *named) {
    for (size_t i = 0; i < p->c->n; i++) {
        const hx_ask_entity *e = &p->c->at[i];
        if (e->kind == HX_ASK_PERSON && e->id == named->id && !hx_str_equal(e->name, named->name))
            return e->name;
    }
    return named->name;
}

typedef struct {
    const hx_ask_entity *at[HX_ASK_NAMESAKES_MAX];
    size_t n;
} mention;

static bool may_mean(const mention *m, uint64_t person) {
    for (size_t i = 0; i < m->n; i++)
        if (m->at[i]->id == person) return true;
    return false;
}

/* Who is meant by this name or id and by those before it. */
static void note_people(parser *p, const mention *m) {
    hx_ask_query *q = p->q;
    const bool first = q->n_namesakes == 0 && !q->several_people;
    size_t n = 0;
    if (m->n == 0) return;
    for (size_t i = 0; first && i < m->n; i++, n++) {
        q->people[n] = m->at[i]->id;
        q->namesakes[n] = id_of(p, m->at[i]);
    }
    for (size_t i = 0; !first && i < q->n_namesakes; i++)
        if (may_mean(m, q->people[i])) {
            q->people[n] = q->people[i];
            q->namesakes[n++] = q->namesakes[i];
        }
    q->n_namesakes = n;
    q->several_people |= n == 0;
    if (n == 1) q->person = q->people[0];
}

static void read_entities(parser *p) {
    for (size_t at = 0; at < p->s.len; at++) {
        const hx_ask_entity *best = NULL;
        if (p->used[at] || ((unsigned char)p->s.ptr[at] & 0xC0) == 0x80) continue;
        for (size_t i = 0; i < p->c->n; i++)
            if ((!best || p->c->at[i].name.len > best->name.len) && stands(p, at, p->c->at[i].name))
                best = &p->c->at[i];
        if (!best) continue;
        mention people = {.n = 0};
        for (size_t i = 0; i < p->c->n; i++) /* one name may be that of several items or people */
            if (p->c->at[i].kind == best->kind && hx_str_equal(p->c->at[i].name, best->name)) {
                take_entity(p->q, &p->c->at[i]);
                if (best->kind == HX_ASK_PERSON && people.n < HX_ASK_NAMESAKES_MAX)
                    people.at[people.n++] = &p->c->at[i];
            }
        note_people(p, &people);
        memset(p->used + at, 1, best->name.len);
    }
}

/* --- the words of the table ------------------------------------------------- */
static size_t match(const parser *p, size_t at, const char *word, size_t n) {
    if (!is_free(p, at, n) || memcmp(p->s.ptr + at, word, n) != 0) return 0;
    if (!is_word_byte(word[n - 1])) return n;
    if (is_edge(p, at, at + n)) return n;
    const bool plural = at + n < p->s.len && p->s.ptr[at + n] == 's' && is_edge(p, at, at + n + 1);
    return plural ? n + 1 : 0;
}

static size_t longest(const parser *p, size_t at, const hx_ask_row **out) {
    size_t best = 0;
    for (size_t i = 0; i < hx__ask_rows_n; i++)
        for (const char *w = hx__ask_rows[i].words; *w;) {
            const size_t n = strcspn(w, "|"), m = match(p, at, w, n);
            if (m > best) {
                best = m;
                *out = &hx__ask_rows[i];
            }
            w += n + (w[n] == '|');
        }
    return best;
}

static void take_row(parser *p, const hx_ask_row *r) {
    hx_ask_query *q = p->q;
    p->seen[r->what]++;
    q->known += r->what != HX_ASK_W_STOP;
    if (r->what == HX_ASK_W_OP) p->op[r->value] = true;
    if (r->what == HX_ASK_W_MEASURE) p->measure[r->value] = true;
    if (r->what == HX_ASK_W_CLASS) p->of[r->value] = true;
    if (r->what == HX_ASK_W_SENTIMENT) q->sentiment = (hx_sentiment_label)r->value;
    if (r->what == HX_ASK_W_INTENT) q->intent = r->value;
    if (r->what == HX_ASK_W_ASPECT) q->aspect = r->id;
    if (r->what == HX_ASK_W_DIM) q->dim = (hx_ask_dim)r->value;
    if (r->what == HX_ASK_W_SEGMENT) q->segment = r->value;
    if (r->what == HX_ASK_W_UNSUPPORTED) q->unsupported = true;
    if (r->what != HX_ASK_W_REVIEW_OF) return;
    q->sentiment = (hx_sentiment_label)(r->value & 15);
    p->of[HX_ASK_REVIEWS] = true;
    if (r->value & 16) p->op[HX_ASK_SHARE] = true;
}

static void read_words(parser *p) {
    for (size_t at = 0; at < p->s.len; at++) {
        const hx_ask_row *row = NULL;
        if (p->used[at] || ((unsigned char)p->s.ptr[at] & 0xC0) == 0x80) continue;
        const size_t n = longest(p, at, &row);
        if (n == 0) continue;
        memset(p->used + at, 1, n);
        take_row(p, row);
    }
}

/* --- what is left ----------------------------------------------------------- */
static bool is_left(const parser *p, size_t at, size_t *next) {
    *next = at;
    const uint32_t cp = hx_utf8_next(p->s, next);
    return !p->used[at] && (hx_utf8_is_han(cp) || (cp < 128 && is_word_byte((char)cp)) ||
                            (cp >= 0xC0 && cp < 0x250));
}

static int whole_number(hx_str s) {
    static const char *const zh[] = {"一", "二", "三", "四", "五", "六", "七", "八", "九", "十"};
    static const char *const en[] = {"one", "two",   "three", "four", "five",
                                     "six", "seven", "eight", "nine", "ten"};
    int v = 0;
    for (int i = 0; i < 10; i++)
        if (hx_str_equal(s, hx_str_of(zh[i])) || hx_str_equal(s, hx_str_of(en[i]))) return i + 1;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9' || v > 99999) return 0;
        v = v * 10 + (s.ptr[i] - '0');
    }
    return v;
}

static void read_rest(parser *p) {
    size_t next;
    for (size_t at = 0; at < p->s.len; at = next) {
        if (!is_left(p, at, &next)) continue;
        size_t end = next;
        while (end < p->s.len && is_left(p, end, &next))
            end = next;
        next = end;
        const hx_str word = {p->s.ptr + at, end - at};
        const int number = whole_number(word);
        if (number > 0)
            p->number = number;
        else if (p->q->n_left < HX_ASK_LEFT_MAX)
            p->q->left[p->q->n_left++] = word;
    }
}

/* A word of no table may be a part of products' names. */
static bool has_part(hx_str name, hx_str word) {
    for (size_t i = 0; word.len > 2 && i + word.len <= name.len; i++) {
        size_t k = 0;
        while (k < word.len && lower(name.ptr[i + k]) == word.ptr[k])
            k++;
        if (k == word.len) return true;
    }
    return false;
}

static bool take_part(parser *p, hx_str word) {
    const size_t before = p->q->n_items;
    for (size_t i = 0; i < p->c->n; i++)
        if (p->c->at[i].kind == HX_ASK_ITEM && has_part(p->c->at[i].name, word))
            add_item(p->q, &p->c->at[i]);
    if (p->q->n_items == before) return false;
    copy_name(p->q->item_name, sizeof p->q->item_name, word);
    p->q->known++;
    return true;
}

static void settle_left(parser *p) {
    hx_ask_query *q = p->q;
    size_t n = 0;
    for (size_t i = 0; i < q->n_left; i++) {
        const bool item = (q->n_items == 0 || n > 0) && take_part(p, q->left[i]);
        if (!item) q->left[n++] = q->left[i];
    }
    q->n_left = n;
    const bool texts = p->op[HX_ASK_QUOTE] || p->of[HX_ASK_TEXTS] || p->of[HX_ASK_REVIEWS] ||
                       p->of[HX_ASK_TICKETS];
    if (n == 1 && texts) {
        q->term = q->left[0];
        q->n_left = 0;
    }
}

/* --- the query -------------------------------------------------------------- */
static void settle_class(parser *p) {
    hx_ask_query *q = p->q;
    static const hx_ask_class order[] = {HX_ASK_REVIEWS, HX_ASK_TICKETS, HX_ASK_TEXTS,
                                         HX_ASK_ORDERS,  HX_ASK_REFUNDS, HX_ASK_SEARCHES,
                                         HX_ASK_VIEWS};
    for (size_t i = sizeof order / sizeof *order; i-- > 0;)
        if (p->of[order[i]]) q->of = order[i];
    const bool text = q->of == HX_ASK_REVIEWS || q->of == HX_ASK_TICKETS || q->of == HX_ASK_TEXTS;
    if (p->of[HX_ASK_REFUNDS] && text) q->intent = HX_INTENT_REFUND;
    if (p->of[HX_ASK_REFUNDS] && p->of[HX_ASK_ORDERS]) q->of = HX_ASK_REFUNDS;
    const bool of_texts = q->sentiment != HX_SENTIMENT_NONE || q->intent >= 0 || q->aspect ||
                          q->dim == HX_ASK_BY_ASPECT || q->dim == HX_ASK_BY_INTENT ||
                          q->dim == HX_ASK_BY_SENTIMENT || q->term.len > 0 || p->op[HX_ASK_QUOTE];
    if (of_texts && !text) q->of = HX_ASK_TEXTS;
    if (q->of == HX_ASK_ANY && p->seen[HX_ASK_W_BUY] > 0) q->of = HX_ASK_ORDERS;
}

static void settle_measure(parser *p) {
    hx_ask_query *q = p->q;
    static const hx_ask_measure order[] = {HX_ASK_ORDER_VALUE, HX_ASK_RATING, HX_ASK_REVENUE,
                                           HX_ASK_UNITS};
    q->measure = p->measure[HX_ASK_CUSTOMERS] ? HX_ASK_CUSTOMERS : HX_ASK_COUNT;
    for (size_t i = sizeof order / sizeof *order; i-- > 0;)
        if (p->measure[order[i]]) q->measure = order[i];
    const bool mean = p->seen[HX_ASK_W_MEAN] > 0;
    if (mean && q->measure == HX_ASK_COUNT && q->of == HX_ASK_ORDERS)
        q->measure = HX_ASK_ORDER_VALUE;
    if (mean && q->measure == HX_ASK_REVENUE && p->of[HX_ASK_ORDERS])
        q->measure = HX_ASK_ORDER_VALUE;
    if ((p->seen[HX_ASK_W_WORST] > 0 || p->seen[HX_ASK_W_BEST] > 0) && q->measure == HX_ASK_COUNT &&
        q->of == HX_ASK_ANY)
        q->measure = HX_ASK_RATING;
    const bool asks_text =
        q->of == HX_ASK_TEXTS || q->of == HX_ASK_REVIEWS || q->of == HX_ASK_TICKETS;
    const bool money = q->measure == HX_ASK_REVENUE || q->measure == HX_ASK_UNITS;
    if (asks_text && money) q->measure = HX_ASK_COUNT;
    if (money && q->of == HX_ASK_ANY) q->of = HX_ASK_ORDERS;
    if (q->measure == HX_ASK_ORDER_VALUE) q->of = HX_ASK_ORDERS;
    if (q->measure == HX_ASK_RATING) q->of = HX_ASK_REVIEWS;
    if (q->segment >= 0 && q->measure == HX_ASK_COUNT && q->of == HX_ASK_ANY)
        q->measure = HX_ASK_CUSTOMERS;
    if (q->person && q->measure == HX_ASK_CUSTOMERS) q->measure = HX_ASK_COUNT; /* "customer C7" */
}

static bool asks_top(const parser *p) {
    return p->seen[HX_ASK_W_WHICH] + p->seen[HX_ASK_W_MOST] + p->seen[HX_ASK_W_LEAST] +
               p->seen[HX_ASK_W_WORST] + p->seen[HX_ASK_W_BEST] + p->seen[HX_ASK_W_WHO] >
           0;
}

/* "orders from the web channel" asks for one channel, not by channel. */
static void drop_dim(hx_ask_query *q) {
    const bool one = (q->dim == HX_ASK_BY_CHANNEL && q->channel) ||
                     (q->dim == HX_ASK_BY_CATEGORY && q->category) ||
                     (q->dim == HX_ASK_BY_PRODUCT && q->n_items == 1) ||
                     (q->dim == HX_ASK_BY_SEGMENT && q->segment >= 0);
    if (one) q->dim = HX_ASK_BY_NOTHING;
}

static void settle_dim(parser *p) {
    hx_ask_query *q = p->q;
    drop_dim(q);
    const bool top = asks_top(p);
    const bool of_people = q->measure == HX_ASK_CUSTOMERS || p->measure[HX_ASK_CUSTOMERS];
    if (q->dim == HX_ASK_BY_NOTHING && p->seen[HX_ASK_W_WHO] > 0) q->dim = HX_ASK_BY_CUSTOMER;
    if (q->dim == HX_ASK_BY_NOTHING && top && of_people && p->seen[HX_ASK_W_MANY] == 0) {
        q->dim = HX_ASK_BY_CUSTOMER;
        if (q->measure == HX_ASK_CUSTOMERS) q->measure = HX_ASK_COUNT;
    }
    if (q->dim == HX_ASK_BY_CUSTOMER && q->segment >= 0 && q->measure == HX_ASK_COUNT &&
        q->of == HX_ASK_ANY)
        q->measure = HX_ASK_REVENUE;
    if (q->person && q->dim == HX_ASK_BY_CUSTOMER) q->dim = HX_ASK_BY_NOTHING;
    q->distinct = q->dim != HX_ASK_BY_NOTHING && q->dim != HX_ASK_BY_MONTH &&
                  p->seen[HX_ASK_W_MANY] > 0 &&
                  p->seen[HX_ASK_W_WHICH] + p->seen[HX_ASK_W_MOST] == 0;
    if (q->dim == HX_ASK_BY_PRODUCT && q->of == HX_ASK_ANY && q->measure == HX_ASK_COUNT)
        q->of = HX_ASK_ORDERS;
    if (q->dim == HX_ASK_BY_PRODUCT && q->of == HX_ASK_ORDERS && q->measure == HX_ASK_COUNT &&
        !q->distinct && !p->of[HX_ASK_ORDERS])
        q->measure = HX_ASK_UNITS;
}

static void settle_op(parser *p) {
    hx_ask_query *q = p->q;
    const bool change = p->seen[HX_ASK_W_MORE] + p->seen[HX_ASK_W_LESS] > 0;
    q->falls = p->seen[HX_ASK_W_LESS] > 0;
    q->rises = p->seen[HX_ASK_W_MORE] > 0;
    q->least = p->seen[HX_ASK_W_LEAST] > 0 || p->seen[HX_ASK_W_WORST] > 0;
    q->limit = p->number > 0 && p->number <= HX_ASK_LIMIT_MAX ? (size_t)p->number : TOP_DEFAULT;
    if (p->op[HX_ASK_WHY])
        q->op = HX_ASK_WHY;
    else if (p->op[HX_ASK_QUOTE])
        q->op = HX_ASK_QUOTE;
    else if (q->n_ranges == 2 || p->op[HX_ASK_COMPARE] || (change && q->n_ranges > 0))
        q->op = HX_ASK_COMPARE;
    else if (p->op[HX_ASK_TREND] || (change && q->n_ranges == 0))
        q->op = HX_ASK_TREND;
    else if (p->op[HX_ASK_SHARE])
        q->op = HX_ASK_SHARE;
    else if (q->dim != HX_ASK_BY_NOTHING && !q->distinct)
        q->op = HX_ASK_TOP;
    if (q->op == HX_ASK_TREND) q->dim = HX_ASK_BY_MONTH;
    if (q->op == HX_ASK_QUOTE || q->op == HX_ASK_WHY || q->op == HX_ASK_COMPARE)
        q->dim = HX_ASK_BY_NOTHING;
    if (q->op == HX_ASK_QUOTE && q->measure == HX_ASK_CUSTOMERS) q->measure = HX_ASK_COUNT;
    const bool compares = q->op == HX_ASK_COMPARE || q->op == HX_ASK_WHY;
    if (compares && q->n_ranges == 1) q->range[q->n_ranges++] = hx__ask_before(&q->range[0]);
    if (q->op == HX_ASK_COMPARE && q->n_ranges == 0) q->op = HX_ASK_VALUE;
    if (q->op == HX_ASK_WHY && q->n_ranges == 0 && p->c->now != HX_TIME_NONE) {
        const char *recent = q->zh ? "最近30天" : "last 30 days";
        bool used[16] = {false};
        hx__ask_times(hx_str_of(recent), used, p->c->now, q);
        q->range[q->n_ranges++] = hx__ask_before(&q->range[0]);
    }
    if (compares && q->n_ranges == 2 && q->range[1].from > q->range[0].from) {
        const hx_ask_range r = q->range[0];
        q->range[0] = q->range[1];
        q->range[1] = r;
    }
}

hx_status hx__ask_parse(hx_str question, const hx_ask_catalogue *c, hx_arena *arena,
                        hx_ask_query *q, hx_error *err) {
    parser p = {.c = c, .q = q};
    memset(q, 0, sizeof *q);
    q->intent = q->segment = -1;
    HX_TRY(read_text(question, arena, q, &p.s, err));
    p.used = hx_arena_alloc(arena, p.s.len + 1);
    if (!p.used) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    read_entities(&p);
    hx__ask_times(p.s, p.used, c->now, q);
    read_words(&p);
    read_rest(&p);
    settle_left(&p);
    if (q->known == 0 && !q->zh && p.seen[HX_ASK_W_STOP] == 0)
        return hx_fail(err, HX_EINVAL, "questions are read in Chinese and in English");
    settle_class(&p);
    settle_measure(&p);
    settle_dim(&p);
    settle_op(&p);
    return HX_OK;
}
