/* members.c - the list of segments, and who is in one, best first.
 *
 *   segments  [{"id","name","rule","size","share","as_of"}]
 *   segment   {"id","name","rule","size","share","as_of","members":[customer]}
 *
 * Shares are of all customers. A segment is found by its key or by its name in either language. */
#include "answer/value.h"
#include "base/error.h"

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
    hx_json_end_array(&w);
    hx__population_close(pop);
    return hx__value_finish(&out, HX_OK, arena, json, err);
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

hx_status hx_answer_segment(hx_store *s, hx_str segment, size_t limit, const hx_answer_options *o,
                            hx_arena *arena, hx_str *json, hx_error *err) {
    hx_segment_id id = hx_segment_find(segment);
    if (id == HX_SEGMENT_N)
        return hx_fail(err, HX_ENOTFOUND,
                       "there is no segment '%.*s'; 'huaxiang segment list' shows those there are",
                       HX_STR_ARG(segment));
    hx_population *pop = NULL;
    HX_TRY(hx__population_open(&pop, s, hx__answer_as_of(o), err));
    hx_buf out;
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_status status = write_members(pop, id, limit, hx__answer_ui(o), &out, err);
    hx__population_close(pop);
    return hx__value_finish(&out, status, arena, json, err);
}
