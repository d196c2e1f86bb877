/* segments.c - segments that somebody defines in a store: what may be defined, and the customers found out at once.
 *
 * New definitions are checked with those that are there before anything is written: names, rules, whom they name, circles. They are
 * written in one transaction, in which all customers are marked; finding these out goes on in batches and is taken up by the next
 * change where it was broken off. Until then readers find out those that are marked by themselves (answer/segment_rules.c). */
#include <string.h>

#include "answer/segment_rules.h"
#include "base/error.h"
#include "base/utf8.h"
#include "huaxiang/pipeline.h"
#include "insight/label_rule.h"
#include "pipeline/run.h"

/* ------------------------------------------------------------------ what may be defined */
static bool begins(hx_str s, const char *with) {
    const size_t n = strlen(with);
    return s.len >= n && memcmp(s.ptr, with, n) == 0;
}

static hx_status check_name(hx_str name, hx_error *err) {
    hx_label_rule rule;
    if (name.len == 0 || name.len > HX_SEGMENT_NAME_MAX)
        return hx_fail(err, HX_EINVAL, "a segment's name has 1 to %d bytes", HX_SEGMENT_NAME_MAX);
    bool plain = hx_utf8_is_valid(name) && name.ptr[0] != '-';
    for (size_t i = 0; i < name.len; i++)
        plain =
            plain && (unsigned char)name.ptr[i] > ' ' && name.ptr[i] != '"' && name.ptr[i] != 0x7f;
    if (!plain || begins(name, "label.") || begins(name, "aspect."))
        return hx_fail(
            err, HX_EINVAL,
            "'%.*s' can't be a segment's name; write letters, digits, _ and -, no blanks "
            "and no signs of rules",
            HX_STR_ARG(name));
    if (hx_segment_find(name) != HX_SEGMENT_N || hx_label_rule_parse(name, &rule))
        return hx_fail(err, HX_ECONFLICT, "'%.*s' is a segment of every store; choose another name",
                       HX_STR_ARG(name));
    return HX_OK;
}

static hx_status check_rule(const hx_segment_rule_text *d, hx_arena *arena, hx_error *err) {
    hx_segment_program rule;
    HX_TRY(hx_segment_rule_parse(d->rule, arena, &rule, err));
    const hx_rule_sense sense = hx_segment_rule_sense(&rule);
    if (sense == HX_RULE_NEVER)
        return hx_fail(
            err, HX_EINVAL,
            "the rule of '%.*s' can hold for nobody: its conditions contradict each other",
            HX_STR_ARG(d->name));
    if (sense == HX_RULE_ALWAYS)
        return hx_fail(err, HX_EINVAL,
                       "the rule of '%.*s' holds for everybody, whatever happens: its conditions "
                       "leave nobody out",
                       HX_STR_ARG(d->name));
    for (size_t i = 0; i < rule.n_conditions; i++) {
        const hx_condition *c = &rule.conditions[i];
        if (c->kind == HX_COND_SEGMENT && hx_segment_find(c->name) != HX_SEGMENT_N)
            return hx_fail(
                err, HX_EUNSUPPORTED,
                "'%.*s' is a fixed segment, whose limits move with all customers; a rule "
                "names segments that you define",
                HX_STR_ARG(c->name));
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ define */
typedef struct {
    hx_store *store;
    const hx_segment_rule_text *list;
    size_t n;
    const hx_segment_define_options *o;
    hx_arena *arena;
    hx_store_segment *known;
    size_t n_known;
} define_job;

static const hx_store_segment *find_known(const define_job *j, hx_str name) {
    for (size_t i = 0; i < j->n_known; i++)
        if (hx_str_equal(j->known[i].name, name)) return &j->known[i];
    return NULL;
}

static hx_status check_new(const define_job *j, const hx_segment_rule_text *d, hx_error *err) {
    const hx_store_segment *k = find_known(j, d->name);
    HX_TRY(check_name(d->name, err));
    HX_TRY(check_rule(d, j->arena, err));
    if (!k || j->o->replace || hx_str_equal(k->rule, d->rule)) return HX_OK;
    return hx_fail(
        err, HX_ECONFLICT,
        "there is a segment '%.*s' with another rule: %.*s; --force gives it the new one",
        HX_STR_ARG(k->name), HX_STR_ARG(k->rule));
}

/* All definitions as they would be, through the engine: whom they name, circles, how many there may be. */
static hx_status check_together(const define_job *j, hx_error *err) {
    hx_segment_definition *d = hx_arena_alloc(j->arena, (j->n_known + j->n + 1) * sizeof *d);
    size_t n = 0;
    hx_segment_live *live = NULL;
    if (!d) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < j->n_known; i++) {
        bool replaced = false;
        for (size_t k = 0; k < j->n; k++)
            replaced = replaced || hx_str_equal(j->list[k].name, j->known[i].name);
        if (!replaced) d[n++] = (hx_segment_definition){j->known[i].name, j->known[i].rule};
    }
    for (size_t k = 0; k < j->n; k++)
        d[n++] = (hx_segment_definition){j->list[k].name, j->list[k].rule};
    HX_TRY(hx_segment_live_new(&live, d, n, err));
    hx_segment_live_free(live);
    return HX_OK;
}

static hx_status write_one(const define_job *j, const hx_segment_rule_text *d, bool *changed,
                           hx_error *err) {
    const hx_store_segment *k = find_known(j, d->name);
    int64_t id;
    if (k && hx_str_equal(k->rule, d->rule)) return HX_OK;
    if (k) HX_TRY(hx_store_drop_segment(j->store, k->id, err));
    const hx_store_segment fresh = {.name = d->name, .rule = d->rule, .at = j->o->now};
    *changed = true;
    return hx_store_add_segment(j->store, &fresh, &id, err);
}

static hx_status write_all(const define_job *j, hx_error *err) {
    bool changed = false;
    for (size_t i = 0; i < j->n; i++)
        HX_TRY(write_one(j, &j->list[i], &changed, err));
    return changed ? hx_store_touch_all(j->store, err) : HX_OK;
}

static hx_status end_writing(hx_store *s, hx_status status, hx_error *err) {
    if (status == HX_OK) return hx_store_commit(s, err);
    hx_store_rollback(s);
    return status;
}

static hx_status define_all(define_job *j, hx_error *err) {
    HX_TRY(hx_store_segments(j->store, j->arena, &j->known, &j->n_known, err));
    for (size_t i = 0; i < j->n; i++)
        HX_TRY(check_new(j, &j->list[i], err));
    HX_TRY(check_together(j, err));
    HX_TRY(hx_store_begin(j->store, err));
    HX_TRY(end_writing(j->store, write_all(j, err), err));
    HX_TRY(hx__segments_keep(j->store, j->o->progress, j->o->context, err));
    return hx_store_flush(j->store, err);
}

hx_status hx_segment_define(hx_store *store, const hx_segment_rule_text *list, size_t n,
                            const hx_segment_define_options *o, hx_error *err) {
    define_job j = {.store = store, .list = list, .n = n, .o = o, .arena = hx_arena_new(0)};
    hx_status status = j.arena ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
    if (status == HX_OK) status = hx_store_lock(store, err);
    if (status == HX_OK) {
        status = define_all(&j, err);
        hx_store_unlock(store);
    }
    hx_arena_free(j.arena);
    return status;
}

/* ------------------------------------------------------------------ undefine */
static hx_status check_unnamed(const hx__segments *g, hx_str name, hx_error *err) {
    for (size_t i = 0; i < g->n; i++) {
        const hx_segment_program *r = hx_segment_live_rule(g->live, i);
        for (size_t k = 0; k < r->n_conditions; k++)
            if (r->conditions[k].kind == HX_COND_SEGMENT &&
                hx_str_equal(r->conditions[k].name, name))
                return hx_fail(err, HX_ECONFLICT,
                               "segment '%.*s' names '%.*s'; drop or change that one first",
                               HX_STR_ARG(g->list[i].name), HX_STR_ARG(name));
    }
    return HX_OK;
}

static hx_status undefine(hx_store *s, hx_str name, hx_error *err) {
    hx__segments g;
    size_t at = 0;
    hx_status status = hx__segments_load(&g, s, NULL, err);
    if (status == HX_OK && hx_segment_find(name) != HX_SEGMENT_N)
        status = hx_fail(err, HX_ECONFLICT, "'%.*s' is a segment of every store and stays",
                         HX_STR_ARG(name));
    else if (status == HX_OK && !hx__segments_index(&g, name, &at))
        status =
            hx_fail(err, HX_ENOTFOUND,
                    "there is no segment '%.*s'; 'huaxiang segment list' shows those there are",
                    HX_STR_ARG(name));
    if (status == HX_OK) status = check_unnamed(&g, name, err);
    if (status == HX_OK) status = hx_store_begin(s, err);
    if (status == HX_OK) status = end_writing(s, hx_store_drop_segment(s, g.list[at].id, err), err);
    hx__segments_release(&g);
    return status;
}

hx_status hx_segment_undefine(hx_store *store, hx_str name, hx_error *err) {
    HX_TRY(hx_store_lock(store, err));
    hx_status status = undefine(store, name, err);
    if (status == HX_OK) status = hx_store_flush(store, err);
    hx_store_unlock(store);
    return status;
}

hx_status hx_run_keep_segments(hx_store *store, hx_error *err) {
    return hx__segments_keep(store, NULL, NULL, err);
}
