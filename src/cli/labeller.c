/* labeller.c - texts labelled by a trained model, for profile and verify; see labeller.h.
 *
 * The threads of an import come here with a few hundred texts each. One pass at a time runs, packed, with all threads of the model:
 * what a text gets depends on the text alone, so neither the number of threads nor who came first can change a byte.
 *
 * A head of several labels gives a set a label (yes or no), one of numbers a set without labels: profile/labeller.c.
 *
 * A set of labels is called after the run's folder or the model's file: `--model runs/mood` gives label.mood; of RUN/best it is RUN; with
 * --task stars label.mood.stars. */
#include "cli/labeller.h"

#include <string.h>

#include "cli/commands.h"

#define PASS_TEXTS 256
#define SET_MAX 128

static hx_status run_pass(hx_cli_labeller *l, const hx_str *texts, size_t n, hx_error *err) {
    if (l->learner) return hx_text_learner_predict(l->learner, texts, n, 0, l->values, err);
    if (l->pool) return hx_text_pool_predict(l->pool, texts, n, 0, l->values, err);
    return hx_llama_read(l->opened.context, &l->head, 1, texts, n, 0, &l->values, err);
}

static void take_best(const hx_cli_labeller *l, size_t n, uint32_t *labels, double *scores) {
    for (size_t i = 0; i < n; i++) {
        const float *p = l->values + i * l->n;
        size_t best = 0;
        for (size_t k = 1; k < l->n; k++)
            if (p[k] > p[best]) best = k;
        double score = (double)p[best];
        labels[i] = (uint32_t)best;
        scores[i] = score > 1.0 ? 1.0 : score;
    }
}

/* Probabilities of all labels, or the number. */
static void take_all(const hx_cli_labeller *l, size_t n, double *scores) {
    for (size_t i = 0; i < n * l->n; i++)
        scores[i] = (double)l->values[i];
}

static hx_status read_texts(void *context, const hx_str *texts, size_t n, uint32_t *labels,
                            double *scores, hx_error *err) {
    hx_cli_labeller *l = context;
    hx_status status = HX_OK;
    bool one = l->labeller.kind == HX_LABELLER_ONE;
    pthread_mutex_lock(&l->lock);
    for (size_t at = 0, some; at < n && status == HX_OK; at += some) {
        some = n - at < PASS_TEXTS ? n - at : PASS_TEXTS;
        status = run_pass(l, texts + at, some, err);
        if (status == HX_OK && one) take_best(l, some, labels + at, scores + at);
        if (status == HX_OK && !one) take_all(l, some, scores + at * l->n);
    }
    pthread_mutex_unlock(&l->lock);
    return status;
}

/* ------------------------------------------------------------------ its name */
static size_t without(const char *path, size_t n, const char *ending) {
    size_t len = strlen(ending);
    return n > len && memcmp(path + n - len, ending, len) == 0 ? n - len : n;
}

static bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || (c & 0x80) != 0;
}

/* In the run's arena; NULL when out of memory. */
static const char *set_name(hx_cli *c, const char *path) {
    static const char *const endings[] = {"/", "/best", "/last", ".gguf", ".learner", ".pool"};
    size_t n = strlen(path), start;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        n = without(path, n, endings[i]);
    for (start = n; start > 0 && path[start - 1] != '/'; start--)
        continue;
    if (n - start > SET_MAX) n = start + SET_MAX;
    char *name = hx_arena_alloc(c->arena, n - start + 6);
    if (!name) return NULL;
    for (size_t i = start; i < n; i++)
        name[i - start] = '_';
    for (size_t i = start; i < n; i++)
        if (is_plain(path[i])) name[i - start] = path[i];
    name[n - start] = '\0';
    return n > start ? name : "model";
}

/* ------------------------------------------------------------------ opening */
static bool open_learner(hx_cli *c, hx_cli_labeller *l, const char *path) {
    hx_error err = {.ui = c->ui};
    if (hx_text_learner_load(&l->learner, path, &err) != HX_OK) {
        hx_cli_error(c, &err);
        return false;
    }
    l->n = hx_text_learner_labels(l->learner);
    l->labeller.engine = HX_ENGINE_LEARN;
    l->labeller.kernels = hx_text_learner_name(hx_text_learner_kind_of(l->learner));
    return true;
}

static bool open_pool(hx_cli *c, hx_cli_labeller *l, const char *path) {
    l->pool = hx_cli_pool_open(c, path);
    if (!l->pool) return false;
    l->n = hx_text_pool_labels(l->pool);
    l->labeller.engine = HX_ENGINE_LEARN;
    l->labeller.kernels = hx_text_pool_kernels(l->pool);
    return true;
}

/* The head that --task names, or the first one for texts; n_tasks = none, after a sentence. */
static size_t find_head(hx_cli *c, const hx_cli_labeller *l) {
    const char *task = c->options.text[HX_OPT_TASK], *model = c->options.text[HX_OPT_MODEL];
    size_t n = l->opened.info->n_tasks, at = task ? hx_llama_find_head(l->opened.model, task) : 0;
    while (!task && at < n && hx_llama_head_of(l->opened.model, at)->of_words)
        at++;
    const hx_llama_head_info *h = hx_llama_head_of(l->opened.model, at);
    if (h && !h->of_words && !h->pairs) return at;
    if (h && h->pairs)
        hx_cli_fail(c, "%s learnt from pairs of texts; a profile reads one text at a time",
                    "%s 学的是文本对；画像每次只读一段文本", model);
    else if (task)
        hx_cli_fail(c, "%s has no head for texts of a task '%s'", "%s 没有任务“%s”的文本任务头",
                    model, task);
    else
        hx_cli_fail(c, "%s has no head that labels texts; train one with 'huaxiang train classify'",
                    "%s 没有给文本打标签的分类头；请用“huaxiang train classify”训练", model);
    return n;
}

static bool open_llama(hx_cli *c, hx_cli_labeller *l) {
    const hx_context_options context = {.n_sequences = 1};
    if (!hx_cli_llama_open(c, &l->opened, &context)) return false;
    l->head = find_head(c, l);
    const hx_llama_head_info *h = hx_llama_head_of(l->opened.model, l->head);
    if (!h) return false;
    l->n = h->n_labels;
    l->labeller.engine = HX_ENGINE_LLAMA;
    l->labeller.kernels = l->opened.info->kernels;
    l->labeller.kind = h->kind == HX_LLAMA_LABELS   ? HX_LABELLER_SEVERAL
                       : h->kind == HX_LLAMA_NUMBER ? HX_LABELLER_NUMBER
                                                    : HX_LABELLER_ONE;
    return true;
}

/* Of several labels each is a set, "topics.price"; what a rule's text could not hold becomes _. */
static const char *joined(hx_cli *c, const char *set, const char *label) {
    size_t n = strlen(set), m = strlen(label);
    if (m > SET_MAX) m = SET_MAX;
    char *name = hx_arena_alloc(c->arena, n + m + 2);
    if (!name) return NULL;
    memcpy(name, set, n);
    name[n] = '.';
    for (size_t i = 0; i < m; i++)
        name[n + 1 + i] = is_plain(label[i]) ? label[i] : '_';
    name[n + 1 + m] = '\0';
    return name;
}

static bool name_sets(hx_cli *c, hx_cli_labeller *l) {
    const char **sets = hx_arena_alloc(c->arena, l->n * sizeof *sets);
    bool done = sets != NULL;
    for (size_t i = 0; done && i < l->n; i++) {
        sets[i] = joined(c, l->labeller.set, l->labeller.labels[i]);
        done = sets[i] != NULL;
        for (size_t k = 0; done && k < i; k++)
            if (strcmp(sets[k], sets[i]) == 0) {
                hx_cli_fail(c, "the labels %s and %s would both be label.%s",
                            "标签 %s 和 %s 都会成为 label.%s", l->labeller.labels[k],
                            l->labeller.labels[i], sets[i]);
                return false;
            }
    }
    if (!done) hx_cli_fail(c, "not enough memory to start", "内存不足，无法启动");
    l->labeller.sets = sets;
    return done;
}

static bool take_labels(hx_cli *c, hx_cli_labeller *l) {
    const char **names = hx_arena_alloc(c->arena, l->n * sizeof *names);
    l->values = hx_arena_alloc(c->arena, PASS_TEXTS * l->n * sizeof *l->values);
    if (!names || !l->values) {
        hx_cli_fail(c, "not enough memory to start", "内存不足，无法启动");
        return false;
    }
    for (size_t i = 0; i < l->n; i++)
        names[i] = l->learner ? hx_text_learner_label(l->learner, i)
                   : l->pool  ? hx_text_pool_label(l->pool, i)
                              : hx_llama_head_label(l->opened.model, l->head, i);
    l->labeller.labels = names;
    l->labeller.n_labels = l->n;
    return true;
}

static bool open_model(hx_cli *c, hx_cli_labeller *l) {
    hx_error err = {.ui = c->ui};
    const char *wanted = c->options.text[HX_OPT_MODEL];
    const char *path = hx_cli_model_path(c, wanted);
    if (!path) return false;
    if (hx_model_sum(path, &c->cancel, l->sum, &err) != HX_OK) {
        hx_cli_error(c, &err);
        return false;
    }
    if (!(hx_text_pool_is_file(path)      ? open_pool(c, l, path)
          : hx_text_learner_is_file(path) ? open_learner(c, l, path)
                                          : open_llama(c, l)))
        return false;
    bool several = l->labeller.kind == HX_LABELLER_SEVERAL;
    int most = several ? HX_LABELS_MAX / 2 : HX_LABELS_MAX;
    if (l->n > (size_t)most) {
        hx_cli_fail(c, "%s has %zu labels; a profile counts at most %d",
                    "%s 有 %zu 个标签；画像最多统计 %d 个", wanted, l->n, most);
        return false;
    }
    l->labeller.set = set_name(c, wanted);
    if (l->labeller.set && !l->learner && !l->pool && c->options.text[HX_OPT_TASK])
        l->labeller.set = joined(c, l->labeller.set, c->options.text[HX_OPT_TASK]);
    l->labeller.model = l->sum;
    return l->labeller.set && take_labels(c, l) && (!several || name_sets(c, l));
}

bool hx_cli_labeller_open(hx_cli *c, hx_cli_labeller *l) {
    *l = (hx_cli_labeller){.n = 0};
    pthread_mutex_init(&l->lock, NULL);
    l->labeller.read = read_texts;
    l->labeller.context = l;
    if (open_model(c, l)) {
        bool several = l->labeller.kind == HX_LABELLER_SEVERAL;
        hx_cli_note(c, "labels: label.%s%s by %s", "标签：label.%s%s，由 %s 给出", l->labeller.set,
                    several ? ".*" : "", c->options.text[HX_OPT_MODEL]);
        return true;
    }
    hx_cli_labeller_close(l);
    return false;
}

void hx_cli_labeller_close(hx_cli_labeller *l) {
    if (!l->labeller.read) return;
    hx_text_learner_free(l->learner);
    hx_text_pool_close(l->pool);
    hx_cli_llama_close(&l->opened);
    pthread_mutex_destroy(&l->lock);
    *l = (hx_cli_labeller){.n = 0};
}
