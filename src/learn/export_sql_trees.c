/* export_sql_trees.c - decision trees as CASE expressions.
 *
 * The upper NESTED levels are CASEs in CASEs; what is below is one CASE with a WHEN a leaf, since SQLite's parser takes about twenty levels. Leaves of
 * the flat form come in order from the left, and each names only the splits where its path goes left: a row that went right at a split was taken by
 * none of the leaves before, so the first leaf whose left turns all hold is the row's own.
 *
 * A comparison with NULL is no match, so each CASE asks for the side that a missing value does not take. */
#include "learn/export_sql.h"

#define NESTED 8

typedef struct {
    uint32_t node;
    uint32_t lefts; /* left turns above it */
    uint32_t turn; /* the last of them */
} visit;

struct hx_sql_scratch {
    visit *stack;
    uint32_t *lefts; /* nodes where the path goes left */
};

hx_sql_scratch *hx_sql_tree_scratch(const hx_export_plan *p) {
    const hx_trees *t = p->formula.trees;
    size_t most = 1;
    for (size_t k = 0; k < t->n_trees; k++)
        if (t->roots[k + 1] - t->roots[k] > most) most = t->roots[k + 1] - t->roots[k];
    hx_sql_scratch *s = hx_arena_alloc(p->arena, sizeof *s);
    if (s == NULL) return NULL;
    s->stack = hx_arena_alloc(p->arena, (most + 2) * sizeof *s->stack);
    s->lefts = hx_arena_alloc(p->arena, (most + 2) * sizeof *s->lefts);
    return s->stack != NULL && s->lefts != NULL ? s : NULL;
}

/* ------------------------------------------------------------------ splits */
typedef enum { SPLIT_NUMBER = 0, SPLIT_LEVEL, SPLIT_OTHER, SPLIT_MISSING } split_kind;
typedef struct {
    split_kind kind;
    size_t column;
    const char *level;
    bool always_left, always_right; /* a border that no 0 or 1 can be beyond */
} split;

static split split_of(const hx_sql_writer *s, uint32_t node) {
    const hx_design *d = s->plan->design;
    const hx_trees *t = s->plan->formula.trees;
    const size_t j = t->feature[node];
    split r = {.column = d->feature_columns[j]};
    const hx_design_column *c = &d->columns[r.column];
    if (c->kind != HX_KIND_TEXT) return r;
    const size_t k = j - c->first;
    r.kind = k < c->n_levels                 ? SPLIT_LEVEL
             : c->others && k == c->n_levels ? SPLIT_OTHER
                                             : SPLIT_MISSING;
    if (r.kind == SPLIT_LEVEL) r.level = c->levels[k];
    r.always_left = t->threshold[node] > 1;
    r.always_right = t->threshold[node] <= 0;
    return r;
}

/* The test that WHEN asks in a nested CASE; returns whether it is that of the left side. */
static bool nested_test(const hx_sql_writer *s, uint32_t node, const split *p) {
    const hx_trees *t = s->plan->formula.trees;
    if (p->kind == SPLIT_LEVEL) {
        hx_buf_printf(s->out, "h.t%zu = ", p->column);
        hx_sql_text(s->out, p->level);
        return false;
    }
    if (p->kind == SPLIT_OTHER) hx_buf_printf(s->out, "h.o%zu = 1", p->column);
    if (p->kind == SPLIT_MISSING) hx_buf_printf(s->out, "h.t%zu IS NULL", p->column);
    if (p->kind != SPLIT_NUMBER) return false;
    hx_buf_printf(s->out, "h.f%zu %s ", p->column, t->missing_left[node] ? ">=" : "<");
    hx_export_number(s->out, t->threshold[node]);
    return !t->missing_left[node];
}

/* That the row goes left, never NULL. */
static void left_test(const hx_sql_writer *s, uint32_t node) {
    const hx_trees *t = s->plan->formula.trees;
    const split p = split_of(s, node);
    if (p.always_left || p.always_right) {
        hx_buf_append_lit(s->out, p.always_left ? "1 = 1" : "1 = 0");
    } else if (p.kind == SPLIT_LEVEL) {
        hx_buf_printf(s->out, "(h.t%zu IS NULL OR h.t%zu <> ", p.column, p.column);
        hx_sql_text(s->out, p.level);
        hx_buf_append_byte(s->out, ')');
    } else if (p.kind == SPLIT_OTHER) {
        hx_buf_printf(s->out, "h.o%zu = 0", p.column);
    } else if (p.kind == SPLIT_MISSING) {
        hx_buf_printf(s->out, "h.t%zu IS NOT NULL", p.column);
    } else {
        if (t->missing_left[node]) hx_buf_printf(s->out, "(h.f%zu IS NULL OR ", p.column);
        hx_buf_printf(s->out, "h.f%zu < ", p.column);
        hx_export_number(s->out, t->threshold[node]);
        if (t->missing_left[node]) hx_buf_append_byte(s->out, ')');
    }
}

/* ------------------------------------------------------------------ trees */
static void value(const hx_sql_writer *s, uint32_t node, size_t output) {
    const hx_trees *t = s->plan->formula.trees;
    hx_export_number(s->out, t->values[node * t->width + (t->turns ? 0 : output)]);
}

static void flat(const hx_sql_writer *s, hx_sql_scratch *scratch, uint32_t root, size_t output) {
    const hx_trees *t = s->plan->formula.trees;
    size_t n = 0;
    scratch->stack[n++] = (visit){.node = root};
    hx_buf_append_lit(s->out, "CASE");
    while (n > 0) {
        const visit v = scratch->stack[--n];
        if (v.lefts > 0) scratch->lefts[v.lefts - 1] = v.turn;
        if (t->feature[v.node] != HX_LEAF) {
            const uint32_t left = t->left[v.node];
            const uint32_t turn = v.lefts > 0 ? scratch->lefts[v.lefts - 1] : 0;
            scratch->stack[n++] = (visit){left + 1, v.lefts, turn};
            scratch->stack[n++] = (visit){left, v.lefts + 1, v.node};
            continue;
        }
        for (uint32_t k = 0; k < v.lefts; k++) {
            hx_buf_append_lit(s->out, k > 0 ? " AND " : " WHEN ");
            left_test(s, scratch->lefts[k]);
        }
        hx_buf_append_lit(s->out, v.lefts > 0 ? " THEN " : " ELSE ");
        value(s, v.node, output);
    }
    hx_buf_append_lit(s->out, " END");
}

/* At most NESTED levels deep, whatever the tree. */
static void nested(const hx_sql_writer *s, hx_sql_scratch *scratch, uint32_t node, size_t output,
                   int levels) {
    const hx_trees *t = s->plan->formula.trees;
    if (t->feature[node] == HX_LEAF) {
        value(s, node, output);
        return;
    }
    const split p = split_of(s, node);
    const uint32_t left = t->left[node];
    if (levels == 0) {
        flat(s, scratch, node, output);
    } else if (p.always_left || p.always_right) {
        nested(s, scratch, left + p.always_right, output, levels - 1);
    } else {
        hx_buf_append_lit(s->out, "CASE WHEN ");
        const bool is_left = nested_test(s, node, &p);
        hx_buf_append_lit(s->out, " THEN ");
        nested(s, scratch, left + !is_left, output, levels - 1);
        hx_buf_append_lit(s->out, " ELSE ");
        nested(s, scratch, left + is_left, output, levels - 1);
        hx_buf_append_lit(s->out, " END");
    }
}

void hx_sql_tree(const hx_sql_writer *s, hx_sql_scratch *scratch, size_t tree, size_t output) {
    nested(s, scratch, s->plan->formula.trees->roots[tree], output, NESTED);
}
