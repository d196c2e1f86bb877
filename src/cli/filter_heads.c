/* filter_heads.c - what the heads that training left say of texts, and how it is written.
 *
 *     one head    label    "label", "score", "scores"          columns label, score
 *                 labels   "labels" (those set), "scores"      columns labels (set ones between '|', as in training), scores
 *                 number   "value"                             column value
 *     several     "NAME": {the same}                           columns NAME, of one label also NAME_score
 *
 * Numbers of a row: those of all heads, one behind the other. */
#include <string.h>

#include "cli/commands.h"
#include "cli/filter_llama.h"

/* ------------------------------------------------------------------ choosing */
static const hx_llama_head_info *head_at(const hx_filter_llama *l, size_t k) {
    return hx_llama_head_of(l->opened.model, l->heads[k]);
}

static int take_named(hx_cli *c, const char *list, bool of_words, hx_filter_llama *l) {
    const hx_llama *m = l->opened.model;
    for (size_t n; *list; list += n + (list[n] == ',')) {
        n = strcspn(list, ",");
        hx_str name = hx_arena_str(c->arena, (hx_str){list, n});
        if (!name.ptr) return hx_cli_fail(c, "not enough memory to start", "内存不足，无法启动");
        size_t i = hx_llama_find_head(m, name.ptr);
        const hx_llama_head_info *h = hx_llama_head_of(m, i);
        if (!h)
            return hx_cli_fail(c, "%s has no head for a task '%s'; 'huaxiang inspect' lists them",
                               "%s 没有任务“%s”的任务头；用“huaxiang inspect”可列出",
                               c->options.text[HX_OPT_MODEL], name.ptr);
        if (h->of_words != of_words)
            return hx_cli_fail(c,
                               of_words
                                   ? "the head %s labels texts, not words; use huaxiang classify"
                                   : "the head %s labels words, not texts; use huaxiang tag",
                               of_words ? "任务头 %s 标注的是文本，不是词；请用 huaxiang classify"
                                        : "任务头 %s 标注的是词，不是文本；请用 huaxiang tag",
                               name.ptr);
        if (l->n_heads < HX_FILTER_TASKS_MAX) l->heads[l->n_heads++] = i;
    }
    return HX_EXIT_DONE;
}

static void take_all(bool of_words, hx_filter_llama *l) {
    for (size_t i = 0; i < l->opened.info->n_tasks && l->n_heads < HX_FILTER_TASKS_MAX; i++)
        if (hx_llama_head_of(l->opened.model, i)->of_words == of_words) l->heads[l->n_heads++] = i;
}

static int fail_none(hx_cli *c, bool of_words, const hx_filter_llama *l) {
    const char *model = c->options.text[HX_OPT_MODEL];
    if (of_words)
        return hx_cli_fail(c, "%s has no head that labels words", "%s 没有给词打标签的分类头",
                           model);
    if (l->opened.info->n_tasks > 0)
        return hx_cli_fail(c, "%s labels words, not texts; use huaxiang tag",
                           "%s 标注的是词，不是文本；请用 huaxiang tag", model);
    return hx_cli_fail(c,
                       "%s has no classification head; give the labels to choose from: --labels "
                       "A,B",
                       "%s 没有分类头；请给出供选择的标签：--labels A,B", model);
}

/* ------------------------------------------------------------------ columns */
static const char *joined(hx_cli *c, const char *name, const char *end) {
    hx_outbuf b = {0};
    hx_outbuf_printf(&b, "%s%s", name, end);
    hx_str kept = b.failed ? (hx_str){NULL, 0} : hx_arena_str(c->arena, hx_outbuf_str(&b));
    hx_outbuf_release(&b);
    return kept.ptr;
}

static size_t name_columns(hx_cli *c, const hx_filter_llama *l, const char **out) {
    static const char *const one[][3] = {
        {"label", "score", NULL}, {"labels", "scores", NULL}, {"value", NULL}};
    size_t n = 0;
    for (size_t k = 0; k < l->n_heads; k++) {
        const hx_llama_head_info *h = head_at(l, k);
        if (l->n_heads > 1) {
            out[n++] = h->name;
            if (h->kind == HX_LLAMA_LABEL) out[n++] = joined(c, h->name, "_score");
            continue;
        }
        for (const char *const *name = one[h->kind]; *name; name++)
            out[n++] = *name;
    }
    return n;
}

static int make_columns(hx_cli *c, hx_filter_llama *l) {
    const char **out = hx_arena_alloc(c->arena, (2 * l->n_heads + 1) * sizeof *out);
    size_t n = out ? name_columns(c, l, out) : 0;
    for (size_t i = 0; i < n; i++)
        if (!out[i]) out = NULL;
    if (!out) return hx_cli_fail(c, "not enough memory to start", "内存不足，无法启动");
    out[n] = NULL;
    l->columns = out;
    return HX_EXIT_DONE;
}

static int open_words(hx_cli *c, hx_filter_llama *l) {
    static const char *const tree[] = {"tree", NULL};
    if (l->n_heads > 1 && hx_cli_has(&c->options, HX_OPT_TASK))
        return hx_cli_usage(c, "--task: words are labelled by one head at a time",
                            "--task：词一次只用一个任务头标注");
    if (l->n_heads > 1)
        hx_cli_note(c, "of %zu heads for words %s is used; --task NAME chooses another",
                    "共 %zu 个词标注头，使用 %s；用 --task 名称 可另选", l->n_heads,
                    head_at(l, 0)->name);
    l->n_heads = 1;
    if (head_at(l, 0)->kind == HX_LLAMA_TREE) l->columns = tree;
    return HX_EXIT_DONE;
}

/* Pairs must be given where a head reads them, and nowhere else. */
static int check_pairs(hx_cli *c, const hx_filter_llama *l) {
    const char *second = c->options.text[HX_OPT_TEXT2], *model = c->options.text[HX_OPT_MODEL];
    bool pairs = false;
    for (size_t k = 0; k < l->n_heads; k++)
        pairs = pairs || head_at(l, k)->pairs;
    if (pairs && !second)
        return hx_cli_usage(
            c, "%s learnt from pairs of texts; say the second one's column by --text2 COLUMN",
            "%s 学的是文本对；请用 --text2 列名 指出第二段文本", model);
    if (!pairs && second)
        return hx_cli_usage(c, "--text2: %s learnt from single texts", "--text2：%s 学的是单段文本",
                            model);
    return HX_EXIT_DONE;
}

int hx_filter_heads_open(hx_cli *c, const hx_filter_plan *p, hx_filter_llama *l) {
    bool of_words = p->kind == HX_FILTER_TAG;
    const char *names = c->options.text[HX_OPT_TASK];
    int status = HX_EXIT_DONE;
    if (names)
        status = take_named(c, names, of_words, l);
    else
        take_all(of_words, l);
    if (status != HX_EXIT_DONE) return status;
    if (l->n_heads == 0) return fail_none(c, of_words, l);
    if (of_words) return open_words(c, l);
    status = check_pairs(c, l);
    if (status != HX_EXIT_DONE) return status;
    for (size_t k = 0; k < l->n_heads; k++) {
        l->first[k] = l->width;
        l->width += head_at(l, k)->n_labels;
        if (!hx_cli_set_grams(c, l->opened.model, l->heads[k], &l->grams[k])) return HX_EXIT_FAILED;
    }
    l->n_labels = head_at(l, 0)->n_labels;
    return make_columns(c, l);
}

/* ------------------------------------------------------------------ reading */
hx_status hx_filter_heads_run(const hx_filter_llama *l, const hx_str *texts, const hx_str *seconds,
                              size_t n, hx_arena *arena, float *out, hx_error *err) {
    float *parts[HX_FILTER_TASKS_MAX];
    for (size_t k = 0; k < l->n_heads; k++) {
        parts[k] = hx_arena_alloc(arena, (n * head_at(l, k)->n_labels + 1) * sizeof **parts);
        if (!parts[k]) {
            err->code = HX_ENOMEM;
            return HX_ENOMEM;
        }
    }
    hx_status st = hx_llama_read_pairs(l->opened.context, l->heads, l->n_heads, texts, seconds, n,
                                       l->max_length, parts, err);
    for (size_t k = 0; k < l->n_heads && st == HX_OK; k++) {
        size_t wide = head_at(l, k)->n_labels;
        if (l->grams[k]) st = hx_set_grams_join(l->grams[k], texts, n, parts[k], err);
        for (size_t i = 0; i < n; i++)
            memcpy(out + i * l->width + l->first[k], parts[k] + i * wide, wide * sizeof *out);
    }
    return st;
}

/* ------------------------------------------------------------------ writing */
/* One head's numbers of one text. */
typedef struct {
    const hx_filter_plan *p;
    const hx_llama_head_info *info;
    size_t head; /* of the model */
    const float *values; /* (info->n_labels) */
} said_head;

static said_head said_by(const hx_filter_plan *p, const hx_llama_said *said, size_t k) {
    const hx_filter_llama *l = p->llama;
    return (said_head){p, head_at(l, k), l->heads[k], said->values + l->first[k]};
}

static const char *label_of(const said_head *s, size_t i) {
    return hx_llama_head_label(s->p->llama->opened.model, s->head, i);
}

static const char *best_of(const said_head *s, double *score) {
    size_t best = 0;
    for (size_t i = 1; i < s->info->n_labels; i++)
        if (s->values[i] > s->values[best]) best = i;
    *score = (double)s->values[best];
    return *score < s->p->abstain ? "unsure" : label_of(s, best);
}

static bool is_set(const said_head *s, size_t i) {
    return (double)s->values[i] >= s->p->llama->threshold;
}

static void put_key(hx_outbuf *b, const char *key) {
    if (b->len > 0 && b->ptr[b->len - 1] != '{') hx_outbuf_byte(b, ',');
    hx_outbuf_json(b, hx_str_of(key));
    hx_outbuf_byte(b, ':');
}

static void put_scores(hx_outbuf *b, const said_head *s) {
    put_key(b, "scores");
    hx_outbuf_byte(b, '{');
    for (size_t i = 0; i < s->info->n_labels; i++) {
        put_key(b, label_of(s, i));
        hx_outbuf_score(b, (double)s->values[i]);
    }
    hx_outbuf_byte(b, '}');
}

static void put_labels(hx_outbuf *b, const said_head *s) {
    size_t n = 0;
    put_key(b, "labels");
    hx_outbuf_byte(b, '[');
    for (size_t i = 0; i < s->info->n_labels; i++) {
        if (!is_set(s, i)) continue;
        if (n++ > 0) hx_outbuf_byte(b, ',');
        hx_outbuf_json(b, hx_str_of(label_of(s, i)));
    }
    hx_outbuf_byte(b, ']');
}

static void put_head(hx_outbuf *b, const said_head *s) {
    double score = 0;
    if (s->info->kind == HX_LLAMA_NUMBER) {
        put_key(b, "value");
        hx_outbuf_printf(b, "%.7g", (double)s->values[0]);
        return;
    }
    if (s->info->kind == HX_LLAMA_LABELS) {
        put_labels(b, s);
    } else {
        const char *label = best_of(s, &score);
        put_key(b, "label");
        hx_outbuf_json(b, hx_str_of(label));
        put_key(b, "score");
        hx_outbuf_score(b, score);
    }
    put_scores(b, s);
}

void hx_filter_heads_json(hx_outbuf *b, const hx_filter_plan *p, const hx_llama_said *said) {
    for (size_t k = 0; k < p->llama->n_heads; k++) {
        said_head s = said_by(p, said, k);
        if (p->llama->n_heads == 1) {
            put_head(b, &s);
            return;
        }
        put_key(b, s.info->name);
        hx_outbuf_byte(b, '{');
        put_head(b, &s);
        hx_outbuf_byte(b, '}');
    }
}

/* What is set, or (`scores`) how likely it is. */
static void put_set(hx_outbuf *b, const said_head *s, bool scores) {
    size_t n = 0;
    for (size_t i = 0; i < s->info->n_labels; i++) {
        if (!is_set(s, i)) continue;
        if (n++ > 0) hx_outbuf_byte(b, '|');
        if (scores)
            hx_outbuf_score(b, (double)s->values[i]);
        else
            hx_outbuf_text(b, label_of(s, i));
    }
}

void hx_filter_heads_cell(hx_outbuf *b, const hx_filter_plan *p, const hx_llama_said *said,
                          const char *column) {
    const hx_filter_llama *l = p->llama;
    double score = 0;
    size_t k = 0;
    while (k + 1 < l->n_heads) {
        size_t n = strlen(head_at(l, k)->name);
        bool own = strncmp(column, head_at(l, k)->name, n) == 0 &&
                   (column[n] == '\0' || strcmp(column + n, "_score") == 0);
        if (own) break;
        k++;
    }
    said_head s = said_by(p, said, k);
    bool scores = l->n_heads == 1 ? column[0] == 's' : strcmp(column, s.info->name) != 0;
    if (s.info->kind == HX_LLAMA_NUMBER) {
        hx_outbuf_printf(b, "%.7g", (double)s.values[0]);
    } else if (s.info->kind == HX_LLAMA_LABELS) {
        put_set(b, &s, scores);
    } else {
        const char *label = best_of(&s, &score);
        if (scores)
            hx_outbuf_score(b, score);
        else
            hx_outbuf_text(b, label);
    }
}
