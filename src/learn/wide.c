/* wide.c - linear models over features and n-grams; see wide.h.
 *
 *     problem -> n-grams, sparse rows -> a job for each machine, and for each machine and fold (rows of the fold weigh 0) -> weights, margins -> Platt
 *
 * All jobs share the sparse rows. Which n-grams there are is found on all rows, without their classes. Weights are kept as 32-bit floats, and what is
 * predicted is reckoned with those. */
#include "learn/wide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "learn/fields.h"
#include "learn/linear.h"
#include "learn/margins.h"
#include "learn/minimise.h"
#include "learn/model_state.h"
#include "learn/ngrams.h"
#include "learn/split.h"

#define FOLDS 5
#define BLOCK ((size_t)512) /* rows a job of predicting */
#define TOLERANCE 0.1 /* of liblinear */
#define ROUNDS 500
#define BYTES_MAX ((size_t)4 << 30)
#define TERMS_MAX ((size_t)1 << 27)
#define OUTPUTS_MAX ((size_t)1 << 28)

struct hx_wide {
    hx_wide_kind kind;
    hx_ngrams grams;
    size_t n_classes, machines, columns;
    float *weights; /* (machines, columns + 1), the last the intercept; owned */
    double *platt; /* (machines, 2); owned */
    double *means; /* (d - n_tokens) of training rows; owned */
    double *text_means; /* (machines) what the text adds to a score on the mean; owned */
};

static size_t plain_of(const hx_wide *w) {
    return w->grams.d - w->grams.n_tokens;
}

void hx_wide_free(hx_wide *w) {
    if (!w) return;
    hx_ngrams_release(&w->grams);
    free(w->weights);
    free(w->platt);
    free(w->means);
    free(w->text_means);
    free(w);
}

/* The arrays, once grams.d, n_tokens and n are known. */
static hx_status make_room(hx_wide *w, hx_error *err) {
    w->machines = w->n_classes ? hx_machines_of(w->n_classes) : 1;
    w->columns = hx_ngrams_columns(&w->grams);
    if (w->columns >= OUTPUTS_MAX / w->machines)
        return hx_fail(err, HX_ELIMIT, "%zu features of %zu classes are too many", w->columns,
                       w->machines);
    w->weights = calloc(w->machines * (w->columns + 1), sizeof *w->weights);
    w->platt = calloc(w->machines, 2 * sizeof *w->platt);
    w->means = calloc(plain_of(w) + 1, sizeof *w->means);
    w->text_means = calloc(w->machines, sizeof *w->text_means);
    return w->weights && w->platt && w->means && w->text_means ? HX_OK : hx_state_no_memory(err);
}

/* ------------------------------------------------------------------ scores */
/* Of one machine: the part of the other features and the intercept, and that of the text. */
static double score_of(const hx_wide *w, const hx_csr *x, size_t row, size_t machine,
                       double *text) {
    const float *weights = w->weights + machine * (w->columns + 1);
    double plain = (double)weights[w->columns];
    *text = 0;
    for (size_t j = x->starts[row]; j < x->starts[row + 1]; j++)
        *(x->columns[j] < plain_of(w) ? &plain : text) +=
            (double)x->values[j] * (double)weights[x->columns[j]];
    return plain;
}

/* ------------------------------------------------------------------ jobs */
typedef struct {
    hx_wide *w;
    const hx_problem *p;
    const hx_wide_options *how;
    const hx_fit_options *o;
    const hx_csr *x;
    const uint32_t *folds; /* (n) */
    const double *class_weights; /* (n_classes) */
    double *margins; /* (n, machines) of rows by machines that did not see them */
} fitting;

typedef struct {
    int8_t *targets; /* (n) */
    float *weights; /* (n) */
    float *ratios; /* (columns); NULL but of nbsvm */
    double *w; /* (columns + 1) */
} workspace;

static void release_workspace(workspace *r) {
    free(r->targets);
    free(r->weights);
    free(r->ratios);
    free(r->w);
}

static bool open_workspace(workspace *r, const fitting *f) {
    *r = (workspace){.targets = calloc(f->p->n + 1, sizeof *r->targets),
                     .weights = calloc(f->p->n + 1, sizeof *r->weights),
                     .w = calloc(f->w->columns + 1, sizeof *r->w)};
    if (f->how->kind == HX_WIDE_NBSVM) r->ratios = calloc(f->w->columns + 1, sizeof *r->ratios);
    return r->targets && r->weights && r->w && (r->ratios || f->how->kind != HX_WIDE_NBSVM);
}

/* Rows of the fold weigh nothing; fold FOLDS is none. */
static void weigh_rows(const fitting *f, size_t machine, size_t fold, workspace *r) {
    const size_t positive = f->w->machines == 1 ? 1 : machine;
    for (size_t i = 0; i < f->p->n; i++) {
        const size_t y = (size_t)f->p->y[i];
        const double own = f->p->weights ? f->p->weights[i] : 1;
        r->targets[i] = y == positive ? 1 : -1;
        r->weights[i] = f->folds[i] == fold ? 0 : (float)(own * f->class_weights[y]);
    }
}

/* Log of the ratio of a column's shares, each row counting once, one added; 1 of columns that are no n-grams. */
static hx_status find_ratios(const fitting *f, workspace *r, hx_error *err) {
    const hx_csr *x = f->x;
    const size_t n = x->n_columns, plain = plain_of(f->w);
    double *in = calloc(2 * n + 1, sizeof *in), *out = in + n;
    double all_in = (double)n, all_out = (double)n;
    if (!in) return hx_state_no_memory(err);
    for (size_t i = 0; i < x->n_rows; i++)
        for (size_t j = x->starts[i]; j < x->starts[i + 1] && r->weights[i] > 0; j++) {
            (r->targets[i] > 0 ? in : out)[x->columns[j]]++;
            *(r->targets[i] > 0 ? &all_in : &all_out) += 1;
        }
    for (size_t j = 0; j < n; j++)
        r->ratios[j] =
            j < plain ? 1 : (float)(log((in[j] + 1) / all_in) - log((out[j] + 1) / all_out));
    free(in);
    return HX_OK;
}

static double margin_of(const hx_csr *x, size_t row, const float *scale, const double *w) {
    double sum = w[x->n_columns];
    for (size_t j = x->starts[row]; j < x->starts[row + 1]; j++) {
        const size_t c = x->columns[j];
        sum += (double)x->values[j] * w[c] * (scale ? (double)scale[c] : 1);
    }
    return sum;
}

/* The weights of fold FOLDS are the machine's; those of others say the margins of the fold's rows. */
static hx_status run_machine(const fitting *f, size_t machine, size_t fold, workspace *r,
                             hx_error *err) {
    const hx_linear_options o = {.loss = f->how->kind == HX_WIDE_LOGISTIC ? HX_LINEAR_LOGISTIC
                                                                          : HX_LINEAR_SVM,
                                 .cost = f->how->cost,
                                 .tolerance = TOLERANCE,
                                 .seed = hx_hash_mix(f->o->seed, machine),
                                 .cancel = f->o->cancel,
                                 .weights = r->weights};
    float *kept = f->w->weights + machine * (f->w->columns + 1);
    weigh_rows(f, machine, fold, r);
    if (r->ratios) HX_TRY(find_ratios(f, r, err));
    HX_TRY(hx_linear_fit(f->x, r->targets, r->ratios, &o, r->w, err));
    for (size_t i = 0; i < f->p->n && fold < FOLDS; i++)
        if (f->folds[i] == fold)
            f->margins[i * f->w->machines + machine] = margin_of(f->x, i, r->ratios, r->w);
    for (size_t j = 0; j <= f->w->columns && fold == FOLDS; j++)
        kept[j] = (float)(r->w[j] * (r->ratios && j < f->w->columns ? (double)r->ratios[j] : 1));
    return HX_OK;
}

static hx_status machine_job(void *context, size_t job, size_t worker, hx_error *err) {
    const fitting *f = context;
    workspace r;
    (void)worker;
    hx_status st = open_workspace(&r, f)
                       ? run_machine(f, job % f->w->machines, FOLDS - job / f->w->machines, &r, err)
                       : hx_state_no_memory(err);
    release_workspace(&r);
    return st;
}

/* ------------------------------------------------------------------ classes */
static hx_status fit_platt(const fitting *f, hx_error *err) {
    const size_t machines = f->w->machines;
    bool *positive = calloc(f->p->n + 1, sizeof *positive);
    if (!positive) return hx_state_no_memory(err);
    for (size_t k = 0; k < machines; k++) {
        for (size_t i = 0; i < f->p->n; i++)
            positive[i] = f->p->y[i] == (double)(machines == 1 ? 1 : k);
        hx_platt_fit(f->margins + k, machines, positive, f->p->weights, f->p->n,
                     &f->w->platt[2 * k], &f->w->platt[2 * k + 1]);
    }
    free(positive);
    return HX_OK;
}

/* Too few rows for folds are judged by machines that saw them. */
static hx_status judge_few(const fitting *f, hx_error *err) {
    const size_t machines = f->w->machines;
    double text;
    for (size_t i = 0; i < f->p->n; i++)
        for (size_t k = 0; k < machines; k++) {
            const double plain = score_of(f->w, f->x, i, k, &text);
            f->margins[i * machines + k] = plain + text;
        }
    return fit_platt(f, err);
}

static hx_status fit_classes(fitting *f, uint32_t *folds, uint32_t *strata, hx_error *err) {
    const hx_fold_options o = {.strata = strata, .seed = f->o->seed};
    const size_t n = f->p->n, machines = f->w->machines;
    const bool sure = f->how->kind == HX_WIDE_LOGISTIC, few = n < 2 * FOLDS;
    for (size_t i = 0; i < n; i++)
        strata[i] = (uint32_t)f->p->y[i];
    if (!sure && !few) HX_TRY(hx_split_folds(n, FOLDS, &o, folds, err));
    HX_TRY(hx_pool_run(f->o->n_threads, sure || few ? machines : machines * (FOLDS + 1),
                       machine_job, f, err));
    for (size_t k = 0; k < machines && sure; k++)
        f->w->platt[2 * k] = -1;
    if (sure) return HX_OK;
    return few ? judge_few(f, err) : fit_platt(f, err);
}

/* ------------------------------------------------------------------ numbers */
typedef struct {
    const hx_problem *p;
    const hx_csr *x;
    double cost, epsilon;
} numbers;

static double squares(void *context, const double *w, double *gradient) {
    const numbers *s = context;
    double loss = 0;
    for (size_t j = 0; j <= s->x->n_columns; j++) {
        loss += w[j] * w[j] / 2;
        gradient[j] = w[j];
    }
    for (size_t i = 0; i < s->p->n; i++) {
        const double by = s->cost * (s->p->weights ? s->p->weights[i] : 1);
        double error = s->p->y[i] - margin_of(s->x, i, NULL, w);
        error = error > s->epsilon ? error - s->epsilon : fmin(error + s->epsilon, 0);
        loss += by * error * error;
        for (size_t j = s->x->starts[i]; j < s->x->starts[i + 1] && error != 0; j++)
            gradient[s->x->columns[j]] -= 2 * by * error * (double)s->x->values[j];
        gradient[s->x->n_columns] -= 2 * by * error;
    }
    return loss;
}

static hx_status fit_number(const fitting *f, hx_error *err) {
    numbers s = {f->p, f->x, f->how->cost, f->how->epsilon};
    const hx_minimise_options o = {.n = f->w->columns + 1,
                                   .rounds = ROUNDS,
                                   .tolerance = 1e-6 * f->how->cost * (double)f->p->n,
                                   .cancel = f->o->cancel};
    double *w = calloc(f->w->columns + 1, sizeof *w);
    hx_status st = w ? hx_minimise(squares, &s, &o, w, NULL, NULL, err) : hx_state_no_memory(err);
    for (size_t j = 0; j <= f->w->columns && st == HX_OK; j++)
        f->w->weights[j] = (float)w[j];
    free(w);
    return st;
}

/* ------------------------------------------------------------------ fitting */
static void find_means(const fitting *f) {
    hx_wide *w = f->w;
    double text;
    for (size_t i = 0; i < f->p->n; i++) {
        for (size_t j = 0; j < plain_of(w); j++)
            w->means[j] += f->p->x[i * f->p->d + j] / (double)f->p->n;
        for (size_t k = 0; k < w->machines; k++) {
            (void)score_of(w, f->x, i, k, &text);
            w->text_means[k] += text / (double)f->p->n;
        }
    }
}

static hx_status fit_rows(fitting *f, hx_error *err) {
    const size_t n = f->p->n;
    uint32_t *folds = calloc(2 * n + 1, sizeof *folds);
    double *class_weights = calloc(f->p->n_classes + 1, sizeof *class_weights);
    f->margins = calloc(n * f->w->machines + 1, sizeof *f->margins);
    hx_status st = folds && class_weights && f->margins ? HX_OK : hx_state_no_memory(err);
    f->folds = folds;
    f->class_weights = class_weights;
    if (st == HX_OK && f->w->n_classes) {
        hx_class_weights(f->p, f->how->balanced, class_weights);
        st = fit_classes(f, folds, folds + n, err);
    } else if (st == HX_OK) {
        st = fit_number(f, err);
    }
    if (st == HX_OK) find_means(f);
    free(folds);
    free(class_weights);
    free(f->margins);
    return st;
}

hx_status hx_wide_fit(hx_wide **out, const hx_problem *p, const hx_wide_options *how,
                      const hx_fit_options *o, hx_error *err) {
    hx_wide *w = calloc(1, sizeof *w);
    hx_csr x = {.n_rows = 0};
    if (!w) return hx_state_no_memory(err);
    w->kind = how->kind;
    w->n_classes = p->task == HX_TASK_CLASSES ? p->n_classes : 0;
    hx_status st = hx_ngrams_fit(&w->grams, p, how->grams, how->least, err);
    if (st == HX_OK) st = make_room(w, err);
    if (st == HX_OK) st = hx_ngrams_rows(&w->grams, p->x, p->n, &x, err);
    fitting f = {.w = w, .p = p, .how = how, .o = o, .x = &x};
    if (st == HX_OK) st = fit_rows(&f, err);
    hx_csr_release(&x);
    if (st == HX_OK)
        *out = w;
    else
        hx_wide_free(w);
    return st;
}

/* ------------------------------------------------------------------ predicting */
typedef struct {
    const hx_wide *w;
    const double *x;
    size_t n;
    double *out;
} asking;

static hx_status say_block(void *context, size_t job, size_t worker, hx_error *err) {
    const asking *a = context;
    const hx_wide *w = a->w;
    const size_t from = job * BLOCK, n = a->n - from < BLOCK ? a->n - from : BLOCK;
    double *margins = calloc(w->machines + 1, sizeof *margins), text;
    hx_csr x;
    (void)worker;
    if (!margins) return hx_state_no_memory(err);
    hx_status st = hx_ngrams_rows(&w->grams, a->x + from * w->grams.d, n, &x, err);
    for (size_t i = 0; i < n && st == HX_OK; i++) {
        for (size_t k = 0; k < w->machines; k++) {
            margins[k] = score_of(w, &x, i, k, &text);
            margins[k] += text;
        }
        if (w->n_classes)
            hx_platt_apply(w->platt, margins, w->n_classes, a->out + (from + i) * w->n_classes);
        else
            a->out[from + i] = margins[0];
    }
    if (st == HX_OK) hx_csr_release(&x);
    free(margins);
    return st;
}

hx_status hx_wide_predict(const hx_wide *w, const double *x, size_t n, size_t n_threads,
                          double *out, hx_error *err) {
    asking a = {w, x, n, out};
    return hx_pool_run(n_threads, (n + BLOCK - 1) / BLOCK, say_block, &a, err);
}

hx_status hx_wide_contributions(const hx_wide *w, const double *x, size_t n, size_t class,
                                double *out, hx_error *err) {
    const size_t machine = w->machines == 1 ? 0 : class, d = w->grams.d, plain = plain_of(w);
    const float *weights = w->weights + machine * (w->columns + 1);
    const double sign = w->n_classes == 2 && class == 0 ? -1 : 1;
    const double by = sign * (w->n_classes ? -w->platt[2 * machine] : 1);
    const double more = sign * (w->n_classes ? -w->platt[2 * machine + 1] : 0);
    double base = (double)weights[w->columns] + w->text_means[machine], text;
    hx_csr rows;
    HX_TRY(hx_ngrams_rows(&w->grams, x, n, &rows, err));
    for (size_t j = 0; j < plain; j++)
        base += (double)weights[j] * w->means[j];
    for (size_t i = 0; i < n; i++) {
        double *row = out + i * (d + 1);
        memset(row, 0, (d + 1) * sizeof *row);
        for (size_t j = 0; j < plain; j++)
            row[j] = by * (double)weights[j] * ((double)(float)x[i * d + j] - w->means[j]);
        (void)score_of(w, &rows, i, machine, &text);
        row[plain] = by * (text - w->text_means[machine]);
        row[d] = by * base + more;
    }
    hx_csr_release(&rows);
    return HX_OK;
}

/* ------------------------------------------------------------------ words and files */
void hx_wide_summary(const hx_wide *w, hx_json_writer *out) {
    hx_json_key(out, "n_grams");
    hx_json_int(out, (int64_t)w->grams.n);
}

static void put_bytes(hx_json_writer *out, const char *key, const void *bytes, size_t n) {
    hx_buf text;
    hx_buf_init(&text, BYTES_MAX);
    hx_put_base64(&text, (hx_str){bytes, n});
    hx_json_key(out, key);
    hx_json_str(out, hx_buf_str(&text)); /* cut short where memory is: refused when it is read */
    hx_buf_release(&text);
}

static void put_count(hx_json_writer *out, const char *key, size_t n) {
    hx_json_key(out, key);
    hx_json_int(out, (int64_t)n);
}

void hx_wide_write(const hx_wide *w, hx_json_writer *out) {
    hx_json_object(out);
    put_count(out, "kind", (size_t)w->kind);
    put_count(out, "tokens", w->grams.n_tokens);
    put_count(out, "grams", w->grams.grams);
    put_count(out, "rows", w->grams.n_rows);
    put_count(out, "terms", w->grams.n);
    put_bytes(out, "keys", w->grams.keys, w->grams.n * sizeof *w->grams.keys);
    put_bytes(out, "counts", w->grams.counts, w->grams.n * sizeof *w->grams.counts);
    put_bytes(out, "weights", w->weights, w->machines * (w->columns + 1) * sizeof *w->weights);
    hx_put_numbers(out, "platt", w->platt, 2 * w->machines);
    hx_put_numbers(out, "means", w->means, plain_of(w));
    hx_put_numbers(out, "text_means", w->text_means, w->machines);
    hx_json_end_object(out);
}

/* Exactly n bytes. */
static bool get_bytes(const json_t *json, const char *key, void *to, size_t n) {
    const json_t *text = json_object_get(json, key);
    hx_buf bytes;
    hx_buf_init(&bytes, BYTES_MAX);
    bool ok = json_is_string(text) && json_string_length(text) / 4 * 3 <= n + 3 &&
              hx_get_base64((hx_str){json_string_value(text), json_string_length(text)}, &bytes) &&
              bytes.len == n;
    if (ok && n > 0) memcpy(to, bytes.ptr, n);
    hx_buf_release(&bytes);
    return ok;
}

static bool read_numbers(hx_wide *w, const json_t *json, hx_arena *arena) {
    bool ok = true;
    const double *platt = hx_field_numbers(json, "platt", 2 * w->machines, arena, &ok);
    const double *means = hx_field_numbers(json, "means", plain_of(w), arena, &ok);
    const double *text = hx_field_numbers(json, "text_means", w->machines, arena, &ok);
    if (!ok) return false;
    memcpy(w->platt, platt, 2 * w->machines * sizeof *platt);
    if (plain_of(w) > 0) memcpy(w->means, means, plain_of(w) * sizeof *means);
    memcpy(w->text_means, text, w->machines * sizeof *text);
    for (size_t j = 0; j < w->machines * (w->columns + 1) && ok; j++)
        ok = isfinite(w->weights[j]) != 0;
    return ok;
}

static hx_status read_in(hx_wide *w, const json_t *json, size_t d, hx_arena *arena, hx_error *err) {
    bool ok = true;
    hx_ngrams *g = &w->grams;
    w->kind = (hx_wide_kind)hx_field_count(json, "kind", HX_WIDE_NUMBER, &ok);
    g->d = d;
    g->n_tokens = hx_field_count(json, "tokens", d, &ok);
    g->grams = hx_field_count(json, "grams", HX_GRAMS_MAX, &ok);
    g->n_rows = hx_field_count(json, "rows", UINT32_MAX, &ok);
    g->n = hx_field_count(json, "terms", TERMS_MAX, &ok);
    if (!ok || g->n_tokens == 0 || g->grams == 0 ||
        json_string_length(json_object_get(json, "keys")) / 4 * 3 < g->n * sizeof *g->keys)
        return hx_state_damaged(err);
    g->keys = calloc(g->n + 1, sizeof *g->keys);
    g->counts = calloc(g->n + 1, sizeof *g->counts);
    if (!g->keys || !g->counts) return hx_state_no_memory(err);
    HX_TRY(make_room(w, err));
    ok = get_bytes(json, "keys", g->keys, g->n * sizeof *g->keys) &&
         get_bytes(json, "counts", g->counts, g->n * sizeof *g->counts) &&
         get_bytes(json, "weights", w->weights,
                   w->machines * (w->columns + 1) * sizeof *w->weights) &&
         read_numbers(w, json, arena);
    return ok ? hx_ngrams_index(g, err) : hx_state_damaged(err);
}

hx_status hx_wide_read(hx_wide **out, const json_t *json, size_t d, size_t n_classes,
                       hx_error *err) {
    hx_wide *w = calloc(1, sizeof *w);
    hx_arena *arena = hx_arena_new((size_t)1 << 30);
    hx_status st = w && arena ? HX_OK : hx_state_no_memory(err);
    if (w) w->n_classes = n_classes;
    if (st == HX_OK) st = read_in(w, json, d, arena, err);
    hx_arena_free(arena);
    if (st == HX_OK)
        *out = w;
    else
        hx_wide_free(w);
    return st;
}
