/* evaluate_scope.c - evaluate --out-of-scope LABEL: texts that none of a model's labels fit, told by a threshold.
 *
 *     s(x)  = greatest probability of a label other than LABEL
 *     out   where LABEL is the likeliest, or s(x) < t
 *
 * t is fitted on the rows of --calibrate: the greatest with which accuracy on their rows in scope falls by at most --in-scope-loss (0.02) against no
 * threshold; else it is --threshold, else 0. Of the rows of --data: accuracy in scope (a text called out of scope is wrong there), recall and precision
 * of out of scope, and AUROC: the chance that a row in scope has a greater s than one that isn't, ties counting half. */
#include <stdlib.h>

#include "cli/evaluate.h"

#define LOSS_USUAL 0.02

typedef struct {
    float score;
    bool out; /* by its label */
} scope_row;

static int by_score(const void *a, const void *b) {
    float x = ((const scope_row *)a)->score, y = ((const scope_row *)b)->score;
    return (x > y) - (x < y);
}

/* The likeliest label in scope. */
static size_t best_inside(const float *p, size_t n, size_t out) {
    size_t best = out == 0;
    for (size_t k = best + 1; k < n; k++)
        if (k != out && p[k] > p[best]) best = k;
    return best;
}

static bool is_out(const float *p, size_t best, size_t out, double t) {
    return p[out] > p[best] || (double)p[best] < t;
}

static double fitted(const hx_scope_rows *dev, size_t n_classes, size_t out, double loss,
                     scope_row *room) {
    size_t inside = 0, right = 0;
    for (size_t i = 0; i < dev->n; i++) {
        const float *p = dev->p + i * n_classes;
        size_t best = best_inside(p, n_classes, out);
        if (dev->labels[i] == out) continue;
        inside++;
        if (best == dev->labels[i] && !is_out(p, best, out, 0))
            room[right++] = (scope_row){p[best], false};
    }
    size_t lost = (size_t)(loss * (double)inside + 1e-9);
    if (right == 0) return 0;
    qsort(room, right, sizeof *room, by_score);
    return (double)room[lost < right ? lost : right - 1].score;
}

static double auroc(scope_row *rows, size_t n) {
    double below = 0, sum = 0, in = 0, out = 0;
    qsort(rows, n, sizeof *rows, by_score);
    for (size_t i = 0, end; i < n; i = end) {
        double here_in = 0, here_out = 0;
        for (end = i; end < n && rows[end].score <= rows[i].score; end++) {
            here_out += rows[end].out;
            here_in += !rows[end].out;
        }
        sum += here_in * (below + here_out / 2);
        below += here_out;
        in += here_in;
        out += here_out;
    }
    return in > 0 && out > 0 ? sum / (in * out) : -1;
}

static json_t *share(double part, double all) {
    return all > 0 ? json_real(part / all) : json_null();
}

json_t *hx_evaluate_scope(hx_cli *c, const hx_rate_classes *classes, size_t out,
                          const hx_scope_rows *rows, const hx_scope_rows *dev, uint32_t *said) {
    const hx_cli_values *v = &c->options;
    double loss = hx_cli_has(v, HX_OPT_SCOPE_LOSS) ? v->real[HX_OPT_SCOPE_LOSS] : LOSS_USUAL;
    double t = v->real[HX_OPT_THRESHOLD], n_in = 0, n_out = 0, before = 0, right = 0, hit = 0,
           called = 0;
    size_t most = rows->n > dev->n ? rows->n : dev->n;
    scope_row *room = hx_arena_alloc(c->arena, (most + 1) * sizeof *room);
    if (!room) return NULL;
    if (dev->n > 0) t = fitted(dev, classes->n, out, loss, room);
    for (size_t i = 0; i < rows->n; i++) {
        const float *p = rows->p + i * classes->n;
        size_t best = best_inside(p, classes->n, out);
        bool outside = rows->labels[i] == out, beyond = is_out(p, best, out, t);
        room[i] = (scope_row){p[best], outside};
        said[i] = (uint32_t)(beyond ? out : best);
        n_in += !outside;
        n_out += outside;
        called += beyond;
        hit += outside && beyond;
        right += !outside && !beyond && best == rows->labels[i];
        before += !outside && best == rows->labels[i] && !is_out(p, best, out, 0);
    }
    double area = auroc(room, rows->n);
    return json_pack("{s:s,s:f,s:o,s:I,s:I,s:o,s:o,s:o,s:o,s:o}", "label", classes->names[out],
                     "threshold", t, "in_scope_loss", dev->n > 0 ? json_real(loss) : json_null(),
                     "in_scope", (json_int_t)n_in, "out_of_scope", (json_int_t)n_out,
                     "in_scope_accuracy", share(right, n_in), "in_scope_accuracy_before",
                     share(before, n_in), "recall", share(hit, n_out), "precision",
                     share(hit, called), "auroc", area < 0 ? json_null() : json_real(area));
}

bool hx_evaluate_put_scope(hx_cli *c, json_t *scope) {
    static const hx_record_column columns[] = {
        {"label", "out of scope", "范围外标签", HX_CELL_LEFT},
        {"threshold", "threshold", "阈值", HX_CELL_RIGHT},
        {"in_scope_accuracy_before", "in scope, no threshold", "范围内准确率（无阈值）",
         HX_CELL_RIGHT},
        {"in_scope_accuracy", "in-scope accuracy", "范围内准确率", HX_CELL_RIGHT},
        {"recall", "recall", "范围外召回率", HX_CELL_RIGHT},
        {"precision", "precision", "范围外精确率", HX_CELL_RIGHT},
        {"auroc", "AUROC", "AUROC", HX_CELL_RIGHT}};
    hx_outbuf gap = {0};
    hx_outbuf_byte(&gap, '\n');
    bool done = hx_output_write(c, &gap);
    hx_outbuf_release(&gap);
    json_t *records = json_array();
    (void)json_array_append(records, scope);
    done = done && hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return done;
}
