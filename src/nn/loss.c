/* loss.c - cross-entropy, focal, binary, squares, distillation (loss.h).
 *
 * Cross-entropy of a row with logits z, p = softmax(z), label y, weights w, W = sum w: L = (1 - e) w_y (lse - z_y) + e / V sum_c w_c (lse - z_c),
 * dz_c = p_c ((1 - e) w_y + e W / V) - (1 - e) w_y [c = y] - e w_c / V.
 * Focal: L = -w (1 - p)^g log p with p = p_y; dz_c = w (g p (1 - p)^(g - 1) log p - (1 - p)^g) ([c = y] - p_c).
 * The softmax is made in place where the gradient goes; log is libm's, once a row. Rows that do not count have loss and gradient 0. */
#include "nn/loss.h"

#include <math.h>
#include <string.h>

#include "nn/parts.h"

typedef struct {
    const hx_nn_loops *loops;
    const hx_nn_classes *classes;
    const float *x, *targets, *positive;
    size_t v;
    float *rows, *dx;
    float weight_all, scale, temperature;
} loss_job;

static float weight_of(const hx_nn_classes *c, uint32_t label) {
    return c->weights ? c->weights[label] : 1.0f;
}

double hx_nn_class_weight(const hx_nn_classes *classes, size_t t) {
    double sum = 0;
    for (size_t i = 0; i < t; i++)
        if (classes->labels[i] != HX_NN_IGNORE)
            sum += (double)weight_of(classes, classes->labels[i]);
    return sum;
}

static double sum_rows(const float *rows, size_t t) {
    double sum = 0;
    for (size_t i = 0; i < t; i++)
        sum += (double)rows[i];
    return sum;
}

/* log(sum(exp(x))); p = exp(x - max), *inverse = 1 / their sum. p may be x. */
static float log_sum_exp(const hx_nn_loops *loops, const float *x, size_t n, float scale, float *p,
                         float *inverse) {
    float max = loops->max(x, n) * scale;
    float sum = loops->exp_sum(x, n, scale, max, p);
    *inverse = 1.0f / sum;
    return max + logf(sum);
}

static float focal_row(const hx_nn_classes *c, float log_p, uint32_t label, float inverse, size_t v,
                       float *dz) {
    float w = weight_of(c, label), p = expf(log_p), rest = p < 1 ? 1 - p : 0;
    float power = powf(rest, c->gamma);
    float inner = rest > 0 ? c->gamma * p * power / rest * log_p - power : 0;
    float factor = c->scale * w * inner;
    for (size_t i = 0; i < v; i++)
        dz[i] *= -factor * inverse;
    dz[label] += factor;
    return -w * power * log_p;
}

static float smooth_sum(const loss_job *job, const float *z) {
    const float *w = job->classes->weights;
    double sum = 0;
    for (size_t i = 0; i < job->v; i++)
        sum += (double)(w ? w[i] * z[i] : z[i]);
    return (float)sum;
}

static float class_row(const loss_job *job, const float *z, uint32_t label, float *dz) {
    const hx_nn_classes *c = job->classes;
    float z_label = z[label], w = weight_of(c, label) * (1 - c->smoothing), inverse;
    float share = c->smoothing / (float)job->v;
    float smooth = c->smoothing > 0 ? smooth_sum(job, z) : 0;
    float lse = log_sum_exp(job->loops, z, job->v, 1.0f, dz, &inverse);
    if (c->gamma > 0) return focal_row(c, z_label - lse, label, inverse, job->v, dz);
    float all = w + share * job->weight_all;
    job->loops->scale(dz, job->v, c->scale * all * inverse, dz);
    dz[label] -= c->scale * w;
    for (size_t i = 0; share > 0 && i < job->v; i++)
        dz[i] -= c->scale * share * (c->weights ? c->weights[i] : 1.0f);
    return w * (lse - z_label) + share * (job->weight_all * lse - smooth);
}

/* Of the loss alone. */
static float class_loss(const loss_job *job, const float *z, uint32_t label) {
    const hx_nn_classes *c = job->classes;
    float max = job->loops->max(z, job->v);
    double sum = 0;
    for (size_t i = 0; i < job->v; i++)
        sum += (double)expf(z[i] - max);
    float lse = max + (float)log(sum), log_p = z[label] - lse;
    if (c->gamma > 0) return -weight_of(c, label) * powf(1 - expf(log_p), c->gamma) * log_p;
    float share = c->smoothing / (float)job->v;
    float smooth = c->smoothing > 0 ? smooth_sum(job, z) : 0;
    return (c->smoothing - 1) * weight_of(c, label) * log_p +
           share * (job->weight_all * lse - smooth);
}

static void class_rows(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const loss_job *job = context;
    for (size_t i = first; i < end; i++) {
        uint32_t label = job->classes->labels[i];
        const float *z = job->x + i * job->v;
        if (label == HX_NN_IGNORE) {
            job->rows[i] = 0;
            if (job->dx) memset(job->dx + i * job->v, 0, job->v * sizeof *job->dx);
        } else {
            job->rows[i] = job->dx ? class_row(job, z, label, job->dx + i * job->v)
                                   : class_loss(job, z, label);
        }
    }
}

double hx_nn_cross_entropy(const hx_nn *nn, const hx_nn_classes *classes, const float *logits,
                           size_t t, size_t v, float *rows, float *dlogits) {
    loss_job job = {.loops = hx_nn_loops_of(nn->kernels),
                    .classes = classes,
                    .x = logits,
                    .v = v,
                    .rows = rows,
                    .dx = dlogits};
    job.weight_all = classes->weights ? (float)sum_rows(classes->weights, v) : (float)v;
    hx_nn_ranges(nn, t, HX_NN_ROWS, class_rows, &job);
    return sum_rows(rows, t);
}

/* log(1 + exp(-|z|)) + max(z, 0) - z y, with the first part times 1 + (positive - 1) y. */
static void binary_rows(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const loss_job *job = context;
    for (size_t i = first; i < end; i++) {
        double sum = 0;
        for (size_t j = 0; j < job->v; j++) {
            float z = job->x[i * job->v + j], y = job->targets[i * job->v + j];
            float positive = job->positive ? job->positive[j] : 1.0f;
            float both = 1 - y + positive * y, small = expf(-fabsf(z));
            float s = z >= 0 ? 1 / (1 + small) : small / (1 + small);
            sum += (double)((1 - y) * z + both * (log1pf(small) + (z < 0 ? -z : 0)));
            if (job->dx) job->dx[i * job->v + j] = job->scale * (both * s - positive * y);
        }
        job->rows[i] = (float)sum;
    }
}

double hx_nn_binary(const hx_nn *nn, const float *logits, const float *targets,
                    const float *positive, size_t t, size_t l, float scale, float *rows,
                    float *dlogits) {
    loss_job job = {.x = logits,
                    .targets = targets,
                    .positive = positive,
                    .v = l,
                    .rows = rows,
                    .dx = dlogits,
                    .scale = scale};
    hx_nn_ranges(nn, t, HX_NN_ROWS, binary_rows, &job);
    return sum_rows(rows, t);
}

static void square_rows(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const loss_job *job = context;
    for (size_t i = first; i < end; i++) {
        double sum = 0;
        for (size_t j = i * job->v; j < (i + 1) * job->v; j++) {
            float d = job->x[j] - job->targets[j];
            sum += (double)d * (double)d;
            if (job->dx) job->dx[j] = 2 * job->scale * d;
        }
        job->rows[i] = (float)sum;
    }
}

double hx_nn_squares(const hx_nn *nn, const float *x, const float *target, size_t t, size_t d,
                     float scale, float *rows, float *dx) {
    loss_job job = {.x = x, .targets = target, .v = d, .rows = rows, .dx = dx, .scale = scale};
    hx_nn_ranges(nn, t, HX_NN_ROWS, square_rows, &job);
    return sum_rows(rows, t);
}

/* With s, q the logarithms of the softmax of student and teacher: tau^2 sum exp(q) (q - s), gradient tau (exp(s) - exp(q)). */
static void distil_rows(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const loss_job *job = context;
    float tau = job->temperature, inverse = 1 / tau, part;
    for (size_t i = first; i < end; i++) {
        const float *student = job->x + i * job->v, *teacher = job->targets + i * job->v;
        float *d = job->dx + i * job->v;
        float lse_q = log_sum_exp(job->loops, teacher, job->v, inverse, d, &part);
        float lse_s = log_sum_exp(job->loops, student, job->v, inverse, d, &part);
        double sum = 0;
        for (size_t j = 0; j < job->v; j++) {
            float q = teacher[j] * inverse - lse_q, p = expf(q);
            sum += (double)(p * (q - (student[j] * inverse - lse_s)));
            d[j] = job->scale * tau * (d[j] * part - p);
        }
        job->rows[i] = (float)sum * tau * tau;
    }
}

double hx_nn_distil(const hx_nn *nn, const float *student, const float *teacher, size_t t, size_t v,
                    float temperature, float scale, float *rows, float *dstudent) {
    loss_job job = {.loops = hx_nn_loops_of(nn->kernels),
                    .x = student,
                    .targets = teacher,
                    .v = v,
                    .rows = rows,
                    .dx = dstudent,
                    .scale = scale,
                    .temperature = temperature};
    hx_nn_ranges(nn, t, HX_NN_ROWS, distil_rows, &job);
    return sum_rows(rows, t);
}
