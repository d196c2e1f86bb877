/* members.c - the list of segments, and who is in one, best first.
 *
 *   segments  [{"id","name","rule","size","share","as_of"}]
 *   segment   {"id","name","rule","size","share","as_of","members":[customer]}
 *
 * Shares are of all customers. A segment is found by its key or by its name in either language, or is a rule on a model's labels
 * (insight/label_rule.h), or one that somebody defined (segment_rules.h); the list has a rule for each label that is somebody's last. */
#include "answer/segment_rules.h"
#include "base/error.h"
#include "insight/label_rule.h"

static double share_of(uint64_t part, uint64_t whole) {
    return whole ? (double)part / (double)whole : 0;
}

static void put_segment(hx_json_writer *w, const hx_population *pop, hx_segment_id id,
                        hx_ui_lang ui) {
    hx__value_cstr(w, "id", hx_segment_key(id));
    hx__value_cstr(w, "name", hx_segment_name(id, ui));
    hx__value_cstr(w, "rule", hx_segment_rule(id, ui));
    hx__value_count(w, "size", pop->segment_sizes[id]);
    hx__value_double(w, "share", share_of(pop->segment_sizes[id], pop->n));
    hx__value_time(w, "as_of", pop->as_of);
}

/* ------------------------------------------------------------------ rules on labels */
static void put_rule(hx_json_writer *w, const hx_population *pop, const hx_label_rule *r,
                     const char *text, uint64_t size, hx_ui_lang ui) {
    char sentence[HX_LABEL_RULE_MAX + 128];
    hx_label_rule_sentence(r, ui, sentence, sizeof sentence);
    hx__value_cstr(w, "id", text);
    hx__value_cstr(w, "name", text);
    hx__value_cstr(w, "rule", sentence);
    hx__value_count(w, "size", size);
    hx__value_double(w, "share", share_of(size, pop->n));
    hx__value_time(w, "as_of", pop->as_of);
}

static void list_labels(hx_json_writer *w, const hx_population *pop, hx_ui_lang ui) {
    char text[HX_LABEL_RULE_MAX];
    for (size_t i = 0; i < pop->labels.n; i++) {
        const hx_label_sum *s = &pop->labels.at[i];
        hx_label_rule r = {.set = s->set, .label = s->label, .threshold = 1};
        if (s->customers == 0 || s->label.len == 0 || !hx_label_rule_text(&r, text)) continue;
        hx_json_object(w);
        put_rule(w, pop, &r, text, s->customers, ui);
        hx_json_end_object(w);
    }
}

static bool may_stand_in_a_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || (c & 0x80) != 0;
}

static bool is_written_so(hx_str set, hx_str label) {
    if (set.len != label.len) return false;
    for (size_t i = 0; i < set.len; i++)
        if (set.ptr[i] != label.ptr[i] && (set.ptr[i] != '_' || may_stand_in_a_name(label.ptr[i])))
            return false;
    return true;
}

/* Names of sets have _ for blanks and signs: who writes the label as it is means that set. */
static void find_set(const hx_label_sums *sums, hx_label_rule *r) {
    hx_str found = r->set;
    if (r->measure == HX_LABEL_ASPECT) return;
    for (size_t i = 0; i < sums->n; i++) {
        if (hx_str_equal(sums->at[i].set, r->set)) return;
        if (is_written_so(sums->at[i].set, r->set)) found = sums->at[i].set;
    }
    r->set = found;
}

typedef struct {
    const hx_label_rule *rule;
    uint8_t *in; /* [customers] */
    int64_t *values; /* [customers]: by which members are ordered */
    const hx_population *pop;
    uint64_t size;
} rule_walk;

static hx_status measure(void *context, const hx_customer *c, const hx_profile *p, hx_error *err) {
    rule_walk *walk = context;
    size_t at = (size_t)(c - walk->pop->customers);
    hx_fact fact = hx_label_rule_fact(walk->rule, p, "");
    bool counts = walk->rule->measure < HX_LABEL_SHARE;
    const hx_label_count *count =
        counts ? hx_profile_label(p, walk->rule->set, walk->rule->label) : NULL;
    (void)err;
    walk->in[at] = fact.passed;
    walk->size += fact.passed;
    walk->values[at] = count ? (int64_t)count->count : fact.value;
    return HX_OK;
}

static bool is_in(const void *context, const hx_customer *c) {
    const rule_walk *walk = context;
    return walk->in[c - walk->pop->customers];
}

static int compare_values(const void *context, const hx_customer *a, const hx_customer *b) {
    const rule_walk *walk = context;
    int64_t x = walk->values[a - walk->pop->customers], y = walk->values[b - walk->pop->customers];
    if (x != y) return x > y ? -1 : 1;
    int64_t p = (int64_t)a->person, q = (int64_t)b->person;
    return (p > q) - (p < q);
}

static hx_status write_rule(const hx_population *pop, const hx_label_rule *r, size_t limit,
                            hx_ui_lang ui, hx_arena *arena, hx_buf *out, hx_error *err) {
    char text[HX_LABEL_RULE_MAX];
    uint32_t *best = NULL;
    size_t n = 0;
    rule_walk walk = {.rule = r,
                      .in = hx_arena_alloc(arena, pop->n + 1),
                      .values = hx_arena_alloc(arena, (pop->n + 1) * sizeof *walk.values),
                      .pop = pop};
    if (!walk.in || !walk.values)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    if (!hx_label_rule_text(r, text))
        return hx_fail(err, HX_EINVAL, "a rule on labels has at most %d bytes", HX_LABEL_RULE_MAX);
    HX_TRY(hx__population_each(pop, measure, &walk, err));
    HX_TRY(hx__population_top(pop, is_in, compare_values, &walk, limit, arena, &best, &n, err));
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    put_rule(&w, pop, r, text, walk.size, ui);
    hx_json_key(&w, "members");
    HX_TRY(hx__value_customers(&w, pop, best, n, ui, err));
    hx_json_end_object(&w);
    return HX_OK;
}

/* ------------------------------------------------------------------ defined ones */
hx_status hx__segments_list(hx_json_writer *w, const hx_population *pop, hx_error *err) {
    hx__segments g;
    hx_segment_set *sets = NULL;
    hx_status status = hx__segments_load(&g, pop->store, NULL, err);
    if (status == HX_OK) status = hx__segments_sets(&g, pop, &sets, err);
    for (size_t i = 0; i < g.n && status == HX_OK; i++) {
        hx_json_object(w);
        hx__segment_put(w, pop, &g.list[i], sets[i].size);
        hx_json_end_object(w);
    }
    hx__segments_sets_free(sets, g.n);
    hx__segments_release(&g);
    return status;
}

static hx_status no_segment(hx_str segment, hx_error *err) {
    return hx_fail(err, HX_ENOTFOUND,
                   "there is no segment '%.*s'; 'huaxiang segment list' shows those there are",
                   HX_STR_ARG(segment));
}

static hx_status write_defined(const hx_population *pop, hx_str segment, size_t limit,
                               hx_ui_lang ui, hx_buf *out, hx_error *err) {
    hx__segments g;
    hx_segment_set *sets = NULL;
    size_t at = 0;
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_status status = hx__segments_load(&g, pop->store, NULL, err);
    if (status == HX_OK && !hx__segments_index(&g, segment, &at)) status = no_segment(segment, err);
    if (status == HX_OK) status = hx__segments_sets(&g, pop, &sets, err);
    if (status == HX_OK)
        status = hx__segment_put_members(&w, pop, &g.list[at], &sets[at], limit, ui, err);
    hx__segments_sets_free(sets, g.n);
    hx__segments_release(&g);
    return status;
}

/* ------------------------------------------------------------------ the list, and one of them */
hx_status hx_answer_segments(hx_store *s, const hx_answer_options *o, hx_arena *arena, hx_str *json,
                             hx_error *err) {
    hx_population *pop = NULL;
    HX_TRY(hx__population_open(&pop, s, hx__answer_as_of(o), err));
    hx_buf out;
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_json_writer w;
    hx_json_begin(&w, &out);
    hx_json_array(&w);
    for (int id = 0; id < HX_SEGMENT_N; id++) {
        hx_json_object(&w);
        put_segment(&w, pop, (hx_segment_id)id, hx__answer_ui(o));
        hx_json_end_object(&w);
    }
    list_labels(&w, pop, hx__answer_ui(o));
    hx_status status = hx__segments_list(&w, pop, err);
    hx_json_end_array(&w);
    hx__population_close(pop);
    return hx__value_finish(&out, status, arena, json, err);
}

static int compare_members(const void *context, const hx_customer *a, const hx_customer *b) {
    return hx_segment_compare(*(const hx_segment_id *)context, a, b);
}

static bool is_member(const void *context, const hx_customer *c) {
    return c->segments >> *(const hx_segment_id *)context & 1;
}

static hx_status write_members(const hx_population *pop, hx_segment_id id, size_t limit,
                               hx_ui_lang ui, hx_buf *out, hx_error *err) {
    hx_arena *arena = hx_arena_new(0);
    if (!arena) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    uint32_t *best = NULL;
    size_t n = 0;
    hx_status status =
        hx__population_top(pop, is_member, compare_members, &id, limit, arena, &best, &n, err);
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    put_segment(&w, pop, id, ui);
    hx_json_key(&w, "members");
    if (status == HX_OK) status = hx__value_customers(&w, pop, best, n, ui, err);
    hx_json_end_object(&w);
    hx_arena_free(arena);
    return status;
}

static hx_status write_segment(const hx_population *pop, hx_str segment, size_t limit,
                               hx_ui_lang ui, hx_arena *scratch, hx_buf *out, hx_error *err) {
    const hx_segment_id id = hx_segment_find(segment);
    hx_label_rule rule;
    if (id != HX_SEGMENT_N) return write_members(pop, id, limit, ui, out, err);
    if (!hx_label_rule_parse(segment, &rule))
        return write_defined(pop, segment, limit, ui, out, err);
    find_set(&pop->labels, &rule);
    return write_rule(pop, &rule, limit, ui, scratch, out, err);
}

hx_status hx_answer_segment(hx_store *s, hx_str segment, size_t limit, const hx_answer_options *o,
                            hx_arena *arena, hx_str *json, hx_error *err) {
    hx_population *pop = NULL;
    HX_TRY(hx__population_open(&pop, s, hx__answer_as_of(o), err));
    hx_buf out;
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_arena *scratch = hx_arena_new(0);
    hx_status status =
        scratch ? write_segment(pop, segment, limit, hx__answer_ui(o), scratch, &out, err)
                : hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_arena_free(scratch);
    hx__population_close(pop);
    return hx__value_finish(&out, status, arena, json, err);
}
