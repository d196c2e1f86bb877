/* sampler.c - greedy and random choice of the next token.
 *
 * The distribution: scores = logits, NaN being minus infinity; the repetition penalty (arXiv 1909.05858) on tokens of the last 64; tokens that
 * the grammar refuses are out; then temperature, the top_k likeliest, of those the fewest that reach top_p, of those the ones with at least
 * min_p of the likeliest one's probability. Equal scores: the lower id counts as likelier.
 *
 * Under a grammar this is exactly masking, then sampling - without a mask in most cases:
 *   cut off      top_k, top_p and min_p keep the first so many of the allowed tokens in descending order. So tokens are asked about in that
 *                order until the cut is known. For top_p the allowed mass Z is needed: with A found allowed and R not asked about yet it
 *                lies in [A, A + R]; where both ends give the same cut, so does Z. Otherwise more tokens are asked about, at last all.
 *   whole        (temperature alone) a token is drawn from all; a refused one is taken out for good and another is drawn. Given that all
 *                tokens taken out are refused ones, the next draw falls on an allowed token a with p(a) / (mass that is left), whatever was
 *                taken out before; so P(the first allowed one is a) is p(a) / Z. After some refusals the mask does the rest at once.
 *   greedy       the first allowed token in descending order.
 *
 * One pass over the vocabulary keeps the best K in a heap; nothing is sorted as a whole. */
#include "llama/sampler.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "tensor/vector.h"

enum {
    WINDOW = 64, /* tokens of the repetition penalty */
    FIRST_CANDIDATES = 64,
    GUIDED_CANDIDATES = 1024, /* beyond it the mask is made */
    REFUSALS_MAX = 24, /* likewise, when drawing from all */
    BLOCK = 1024 /* tokens whose mass is summed together */
};

typedef struct {
    float score;
    int32_t id;
} candidate;

struct hx_sampler {
    const hx_kernels *kernels;
    size_t n;
    hx_generate_options o;
    hx_rng rng;
    int32_t window[WINDOW];
    size_t n_seen; /* tokens accepted; window[i % WINDOW] */
    float *scores; /* (n) */
    candidate *heap; /* (heap_cap) the best, in order once sorted */
    size_t heap_cap, n_heap;
    candidate *kept; /* (heap_cap) of them the allowed ones */
    double *masses; /* blocks */
};

static bool is_ratio(float x) {
    return x >= 0 && x <= 1;
}

static hx_status check_options(const hx_generate_options *o, hx_error *err) {
    if (!(o->temperature >= 0) || !isfinite(o->temperature))
        return hx_fail(err, HX_EINVAL, "temperature must be 0 or more");
    if (!is_ratio(o->top_p) || !is_ratio(o->min_p))
        return hx_fail(err, HX_EINVAL, "top_p and min_p must lie between 0 and 1");
    if (!(o->repetition_penalty >= 0) || !isfinite(o->repetition_penalty))
        return hx_fail(err, HX_EINVAL, "the repetition penalty must be 0 (none) or more");
    return HX_OK;
}

hx_status hx_sampler_new(hx_sampler **out, const hx_kernels *kernels, size_t n_vocab,
                         const hx_generate_options *options, hx_error *err) {
    *out = NULL;
    HX_TRY(check_options(options, err));
    hx_sampler *s = calloc(1, sizeof *s);
    if (!s) return hx_fail(err, HX_ENOMEM, "not enough memory to choose tokens");
    s->kernels = kernels;
    s->n = n_vocab;
    s->o = *options;
    hx_rng_seed(&s->rng, options->seed);
    s->scores = calloc(n_vocab + 1, sizeof *s->scores);
    s->masses = calloc(n_vocab / BLOCK + 1, sizeof *s->masses);
    if (!s->scores || !s->masses) {
        hx_sampler_free(s);
        return hx_fail(err, HX_ENOMEM, "not enough memory to choose tokens");
    }
    *out = s;
    return HX_OK;
}

void hx_sampler_free(hx_sampler *s) {
    if (!s) return;
    free(s->scores);
    free(s->heap);
    free(s->kept);
    free(s->masses);
    free(s);
}

void hx_sampler_accept(hx_sampler *s, int32_t token) {
    s->window[s->n_seen++ % WINDOW] = token;
}

/* ------------------------------------------------------------------ scores */
/* A finite number for every token that has a score; minus infinity stays what is out. */
static float clamp(float score, float before) {
    if (score > FLT_MAX) return FLT_MAX;
    return score < -FLT_MAX && before >= -FLT_MAX ? -FLT_MAX : score;
}

static void penalize(hx_sampler *s) {
    float penalty = s->o.repetition_penalty;
    size_t n = s->n_seen < WINDOW ? s->n_seen : WINDOW;
    if (penalty == 0 || penalty == 1) return;
    for (size_t i = 0; i < n; i++) {
        int32_t id = s->window[i];
        bool again = id < 0 || (size_t)id >= s->n;
        for (size_t k = 0; k < i && !again; k++)
            again = s->window[k] == id;
        if (again) continue;
        float x = s->scores[id];
        s->scores[id] = clamp(x > 0 ? x / penalty : x * penalty, x);
    }
}

static void take_scores(hx_sampler *s, const float *logits) {
    for (size_t i = 0; i < s->n; i++) {
        float x = logits[i];
        s->scores[i] = x != x ? -INFINITY : clamp(x, x);
    }
    penalize(s);
}

/* Leaves only what the mask allows. */
static bool apply_mask(hx_sampler *s, hx_guide *guide) {
    const uint64_t *bits = hx_guide_mask(guide);
    if (!bits) return false;
    for (size_t i = 0; i < s->n; i++)
        if ((bits[i >> 6] >> (i & 63) & 1) == 0) s->scores[i] = -INFINITY;
    return true;
}

/* ------------------------------------------------------------------ the best */
static bool is_better(candidate a, candidate b) {
    return a.score > b.score || (a.score == b.score && a.id < b.id);
}

/* The heap's top is the worst. */
static void sift_down(candidate *h, size_t n, size_t i) {
    candidate moved = h[i];
    for (size_t child = 2 * i + 1; child < n; child = 2 * i + 1) {
        if (child + 1 < n && is_better(h[child], h[child + 1])) child++;
        if (!is_better(moved, h[child])) break;
        h[i] = h[child];
        i = child;
    }
    h[i] = moved;
}

static bool reserve_heap(hx_sampler *s, size_t k) {
    if (k <= s->heap_cap) return true;
    free(s->heap);
    free(s->kept);
    s->heap = calloc(k, sizeof *s->heap);
    s->kept = calloc(k, sizeof *s->kept);
    s->heap_cap = s->heap && s->kept ? k : 0;
    return s->heap_cap > 0;
}

/* The best `k` tokens with a score above minus infinity, best first. */
static bool find_best(hx_sampler *s, size_t k) {
    if (!reserve_heap(s, k)) return false;
    candidate *h = s->heap;
    size_t n = 0, i = 0;
    for (; i < s->n && n < k; i++)
        if (s->scores[i] > -INFINITY) h[n++] = (candidate){s->scores[i], (int32_t)i};
    for (size_t at = n / 2; at-- > 0;)
        sift_down(h, n, at);
    for (; i < s->n; i++)
        if (s->scores[i] > h[0].score) {
            h[0] = (candidate){s->scores[i], (int32_t)i};
            sift_down(h, n, 0);
        }
    s->n_heap = n;
    while (n > 1) {
        candidate worst = h[0];
        h[0] = h[--n];
        sift_down(h, n, 0);
        h[n] = worst;
    }
    return true;
}

/* ------------------------------------------------------------------ choices */
static hx_status fail_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory to choose tokens");
}

static hx_status fail_mask(const hx_guide *guide, hx_error *err) {
    HX_TRY(hx_guide_status(guide, err));
    return hx_fail(err, HX_EINTERNAL, "the grammar's mask could not be made");
}

/* Why nothing can be chosen. */
static hx_status fail_nothing(const hx_guide *guide, hx_error *err) {
    if (!guide) return hx_fail(err, HX_EFORMAT, "the model gives no token a finite score");
    HX_TRY(hx_guide_status(guide, err));
    return hx_fail(err, HX_EFORMAT, "no token of the model can go on with the grammar here");
}

static hx_status choose_greedy(hx_sampler *s, hx_guide *guide, int32_t *token, hx_error *err) {
    size_t best = hx_vector_argmax(s->kernels, s->scores, s->n);
    *token = (int32_t)best;
    if (s->scores[best] > -INFINITY && (!guide || hx_guide_allows(guide, *token))) return HX_OK;
    if (!guide) return fail_nothing(guide, err);
    if (!find_best(s, s->n < FIRST_CANDIDATES ? s->n : FIRST_CANDIDATES)) return fail_memory(err);
    for (size_t i = 1; i < s->n_heap; i++)
        if (hx_guide_allows(guide, s->heap[i].id)) {
            *token = s->heap[i].id;
            return HX_OK;
        }
    if (!apply_mask(s, guide)) return fail_mask(guide, err);
    best = hx_vector_argmax(s->kernels, s->scores, s->n);
    *token = (int32_t)best;
    return s->scores[best] > -INFINITY ? HX_OK : fail_nothing(guide, err);
}

/* exp((score - best) / temperature) */
static double weight_of(const hx_sampler *s, float score, float best) {
    return exp(((double)score - (double)best) / (double)s->o.temperature);
}

/* The mass of all tokens in units of the weight of `best`; scores over 745 temperatures below it weigh nothing. */
static double total_mass(const hx_sampler *s, float best) {
    double total = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->scores[i] > -INFINITY) total += weight_of(s, s->scores[i], best);
    return total;
}

static size_t first_chunk(const hx_sampler *s) {
    size_t k = FIRST_CANDIDATES;
    if (s->o.top_k > k / 2) k = (size_t)s->o.top_k + FIRST_CANDIDATES;
    return k < s->n ? k : s->n;
}

typedef struct {
    size_t n; /* kept candidates */
    bool is_complete; /* no token behind them can belong to them */
    double kept_mass,
        asked_mass; /* of the allowed ones, of all that were asked about; in weights of the first kept */
} walk;

/* Keeps the allowed ones of the best, up to top_k. */
static walk keep_allowed(hx_sampler *s, hx_guide *guide, bool is_all) {
    walk w = {.is_complete = is_all};
    for (size_t i = 0; i < s->n_heap; i++) {
        candidate c = s->heap[i];
        w.asked_mass += weight_of(s, c.score, s->heap[0].score);
        if (guide && !hx_guide_allows(guide, c.id)) continue;
        s->kept[w.n++] = c;
        w.kept_mass += weight_of(s, c.score, s->kept[0].score);
        if (s->o.top_k > 0 && w.n == s->o.top_k) {
            w.is_complete = true;
            break;
        }
    }
    return w;
}

/* How many of the kept reach top_p of `z`; n + 1 where more than the kept would be needed. */
static size_t cut_by_mass(const hx_sampler *s, const walk *w, double z) {
    double sum = 0, wanted = (double)s->o.top_p * z;
    for (size_t i = 0; i < w->n; i++) {
        sum += weight_of(s, s->kept[i].score, s->kept[0].score);
        if (sum >= wanted) return i + 1;
    }
    return w->is_complete ? w->n : w->n + 1;
}

static size_t cut_by_ratio(const hx_sampler *s, const walk *w) {
    if (s->o.min_p == 0) return w->is_complete ? w->n : w->n + 1;
    for (size_t i = 0; i < w->n; i++)
        if (weight_of(s, s->kept[i].score, s->kept[0].score) < (double)s->o.min_p) return i;
    return w->is_complete ? w->n : w->n + 1;
}

/* How many of the kept to draw from; 0 = more must be asked about. `total` is used where top_p stands without top_k. */
static size_t cut(const hx_sampler *s, const walk *w, double total) {
    size_t by_ratio = cut_by_ratio(s, w), low = by_ratio, high = by_ratio;
    if (s->o.top_p > 0 && s->o.top_p < 1) {
        if (s->o.top_k > 0 && !w->is_complete) return 0;
        double rest = w->is_complete || total < w->asked_mass ? 0 : total - w->asked_mass;
        if (rest > 0) rest /= weight_of(s, s->kept[0].score, s->heap[0].score);
        size_t least = cut_by_mass(s, w, w->kept_mass),
               most = cut_by_mass(s, w, w->kept_mass + rest);
        low = least < by_ratio ? least : by_ratio;
        high = most < by_ratio ? most : by_ratio;
    }
    return low == high && low <= w->n ? low : 0;
}

static int32_t draw(hx_sampler *s, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += weight_of(s, s->kept[i].score, s->kept[0].score);
    double left = hx_rng_uniform(&s->rng) * sum;
    for (size_t i = 0; i + 1 < n; i++) {
        left -= weight_of(s, s->kept[i].score, s->kept[0].score);
        if (left < 0) return s->kept[i].id;
    }
    return s->kept[n - 1].id;
}

static hx_status choose_cut(hx_sampler *s, hx_guide *guide, int32_t *token, hx_error *err) {
    bool needs_total = s->o.top_p > 0 && s->o.top_p < 1 && s->o.top_k == 0;
    double total = -1;
    hx_guide *asked = guide;
    for (size_t k = first_chunk(s);; k = k * 8 < s->n ? k * 8 : s->n) {
        if (asked && (k > GUIDED_CANDIDATES + s->o.top_k || (k == s->n && k > GUIDED_CANDIDATES))) {
            if (!apply_mask(s, guide)) return fail_mask(guide, err);
            asked = NULL;
            total = -1;
        }
        if (!find_best(s, k)) return fail_memory(err);
        if (s->n_heap == 0) return fail_nothing(guide, err);
        if (needs_total && total < 0) total = total_mass(s, s->heap[0].score);
        walk w = keep_allowed(s, asked, s->n_heap < k || k == s->n);
        if (guide) HX_TRY(hx_guide_status(guide, err));
        if (w.n == 0 && w.is_complete) return fail_nothing(guide, err);
        size_t n = w.n == 0 ? 0 : cut(s, &w, total);
        if (n == 0) continue;
        *token = draw(s, n);
        return HX_OK;
    }
}

/* ------------------------------------------------------------------ from all */
static void weigh_block(hx_sampler *s, size_t b, float best) {
    const float *x = s->scores + b * BLOCK;
    size_t n = s->n - b * BLOCK < BLOCK ? s->n - b * BLOCK : BLOCK;
    float most = x[hx_vector_argmax(s->kernels, x, n)];
    s->masses[b] =
        most > -INFINITY ? exp((double)hx_vector_log_sum_exp(s->kernels, x, n) - (double)best) : 0;
}

/* A token of block `b` by its weight; the last with a weight where rounding left some over. */
static size_t draw_in_block(hx_sampler *s, size_t b, double part, float best) {
    size_t first = b * BLOCK, end = first + BLOCK < s->n ? first + BLOCK : s->n, last = first;
    double sum = 0;
    for (size_t i = first; i < end; i++)
        sum += exp((double)s->scores[i] - (double)best);
    double left = part * sum;
    for (size_t i = first; i < end; i++) {
        double w = exp((double)s->scores[i] - (double)best);
        if (w > 0) last = i;
        left -= w;
        if (w > 0 && left < 0) return i;
    }
    return last;
}

static size_t draw_of_all(hx_sampler *s, float best) {
    size_t n_blocks = (s->n + BLOCK - 1) / BLOCK, last = 0;
    double sum = 0;
    for (size_t b = 0; b < n_blocks; b++)
        sum += s->masses[b];
    double left = hx_rng_uniform(&s->rng) * sum;
    for (size_t b = 0; b < n_blocks; b++) {
        if (s->masses[b] == 0) continue;
        last = b;
        if (left < s->masses[b]) return draw_in_block(s, b, left / s->masses[b], best);
        left -= s->masses[b];
    }
    return draw_in_block(s, last, 1, best);
}

/* Weighs all blocks; false where no token is left. */
static bool weigh_all(hx_sampler *s, float *best) {
    *best = s->scores[hx_vector_argmax(s->kernels, s->scores, s->n)];
    if (!(*best > -INFINITY)) return false;
    for (size_t b = 0; b * BLOCK < s->n; b++)
        weigh_block(s, b, *best);
    return true;
}

static hx_status choose_whole(hx_sampler *s, hx_guide *guide, int32_t *token, hx_error *err) {
    float best = s->scores[hx_vector_argmax(s->kernels, s->scores, s->n)];
    for (size_t i = 0; i < s->n; i++)
        s->scores[i] =
            s->scores[i] > -INFINITY ? (s->scores[i] - best) / s->o.temperature : -INFINITY;
    if (!weigh_all(s, &best)) return fail_nothing(NULL, err);
    for (int refusals = 0;; refusals++) {
        size_t id = draw_of_all(s, best);
        *token = (int32_t)id;
        if (!guide || hx_guide_allows(guide, *token)) return HX_OK;
        HX_TRY(hx_guide_status(guide, err));
        s->scores[id] = -INFINITY;
        weigh_block(s, id / BLOCK, best);
        /* What is left may weigh nothing beside the refused ones: the mask makes a new scale. */
        if (refusals < REFUSALS_MAX && s->masses[id / BLOCK] > 0) continue;
        if (!apply_mask(s, guide)) return fail_mask(guide, err);
        if (!weigh_all(s, &best)) return fail_nothing(guide, err);
        *token = (int32_t)draw_of_all(s, best);
        return HX_OK;
    }
}

/* log p(token) of the model alone. Logits that are no finite numbers count as the scores do: the slow way, in doubles. */
static float log_prob_of(hx_sampler *s, const float *logits, int32_t token) {
    float quick = logits[token] - hx_vector_log_sum_exp(s->kernels, logits, s->n);
    if (isfinite(quick)) return quick;
    double best = -INFINITY, sum = 0;
    for (size_t i = 0; i < s->n; i++)
        if ((double)logits[i] > best) best = (double)clamp(logits[i], logits[i]);
    for (size_t i = 0; i < s->n; i++)
        if (logits[i] > -INFINITY) sum += exp((double)clamp(logits[i], logits[i]) - best);
    double exact = (double)clamp(logits[token], logits[token]) - best - log(sum);
    return exact < -(double)FLT_MAX ? -FLT_MAX : (float)exact;
}

hx_status hx_sampler_choose(hx_sampler *s, const float *logits, hx_guide *guide, int32_t *token,
                            float *log_prob, hx_error *err) {
    hx_status status;
    *log_prob = 0;
    take_scores(s, logits);
    if (s->o.temperature == 0)
        status = choose_greedy(s, guide, token, err);
    else if (s->o.top_k > 0 || s->o.min_p > 0 || (s->o.top_p > 0 && s->o.top_p < 1))
        status = choose_cut(s, guide, token, err);
    else
        status = choose_whole(s, guide, token, err);
    if (status != HX_OK) return status;
    if (guide) HX_TRY(hx_guide_status(guide, err));
    if (s->o.log_probs) *log_prob = log_prob_of(s, logits, *token);
    return HX_OK;
}
