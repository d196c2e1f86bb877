/* segment_order.c - which segment is found out before which, and the circle where there is none; see segment_live.h.
 *
 * A walk in depth over references with a stack of its own: grey = on the stack. A reference to a grey one closes a circle, which is
 * told whole: a -> b -> a. References are few (at most 64 a rule), so names are compared one by one. */
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "insight/segment_live.h"

#define NOBODY UINT16_MAX
#define PATH_BYTES 240

typedef enum { WHITE = 0, GREY, BLACK } colour;

typedef struct {
    uint16_t at, condition;
} visit_step;

static uint16_t index_of(const hx_segment_definition *d, size_t n, hx_str name) {
    for (size_t i = 0; i < n; i++)
        if (hx_str_equal(d[i].name, name)) return (uint16_t)i;
    return NOBODY;
}

static hx_status resolve(const hx_segment_definition *d, const hx_segment_program *rules, size_t n,
                         uint16_t (*refers)[HX_SEGMENT_CONDITIONS_MAX], hx_error *err) {
    for (size_t i = 0; i < n; i++) {
        if (d[i].name.len == 0 || d[i].name.len > HX_SEGMENT_NAME_MAX)
            return hx_fail(err, HX_EINVAL, "a segment's name has 1 to %d bytes",
                           HX_SEGMENT_NAME_MAX);
        if (index_of(d, i, d[i].name) != NOBODY)
            return hx_fail(err, HX_EINVAL, "there are two segments '%.*s'", HX_STR_ARG(d[i].name));
        for (size_t k = 0; k < rules[i].n_conditions; k++) {
            const hx_condition *c = &rules[i].conditions[k];
            refers[i][k] = NOBODY;
            if (c->kind != HX_COND_SEGMENT) continue;
            refers[i][k] = index_of(d, n, c->name);
            if (refers[i][k] == NOBODY)
                return hx_fail(err, HX_EINVAL, "segment '%.*s' names '%.*s', which nobody defined",
                               HX_STR_ARG(d[i].name), HX_STR_ARG(c->name));
        }
    }
    return HX_OK;
}

static hx_status tell_circle(const hx_segment_definition *d, const visit_step *stack, size_t n,
                             uint16_t again, hx_error *err) {
    hx_buf path;
    size_t from = 0;
    hx_buf_init(&path, PATH_BYTES);
    while (stack[from].at != again)
        from++;
    for (size_t i = from; i < n; i++) {
        hx_buf_append_str(&path, d[stack[i].at].name);
        hx_buf_append_lit(&path, " -> ");
    }
    hx_buf_append_str(&path, d[again].name);
    const hx_status status =
        hx_fail(err, HX_EINVAL, "a segment refers to itself: %.*s", HX_STR_ARG(hx_buf_str(&path)));
    hx_buf_release(&path);
    return status;
}

typedef struct {
    const hx_segment_definition *definitions;
    const hx_segment_program *rules;
    uint16_t (*refers)[HX_SEGMENT_CONDITIONS_MAX];
    uint8_t colours[HX_SEGMENTS_MAX];
    visit_step stack[HX_SEGMENTS_MAX];
    size_t depth, n_done;
    uint16_t *order;
} walk;

static void enter(walk *w, uint16_t at) {
    w->colours[at] = GREY;
    w->stack[w->depth++] = (visit_step){.at = at};
}

static hx_status visit_from(walk *w, uint16_t first, hx_error *err) {
    enter(w, first);
    while (w->depth > 0) {
        visit_step *top = &w->stack[w->depth - 1];
        if (top->condition == w->rules[top->at].n_conditions) {
            w->colours[top->at] = BLACK;
            w->order[w->n_done++] = top->at;
            w->depth--;
            continue;
        }
        const uint16_t to = w->refers[top->at][top->condition++];
        if (to == NOBODY || w->colours[to] == BLACK) continue;
        if (w->colours[to] == GREY) return tell_circle(w->definitions, w->stack, w->depth, to, err);
        enter(w, to);
    }
    return HX_OK;
}

hx_status hx_segment_order(const hx_segment_definition *definitions,
                           const hx_segment_program *rules, size_t n, uint16_t *order,
                           uint16_t (*refers)[HX_SEGMENT_CONDITIONS_MAX], hx_error *err) {
    walk w = {.definitions = definitions, .rules = rules, .refers = refers, .order = order};
    HX_TRY(resolve(definitions, rules, n, refers, err));
    for (size_t i = 0; i < n; i++)
        if (w.colours[i] == WHITE) HX_TRY(visit_from(&w, (uint16_t)i, err));
    return HX_OK;
}
