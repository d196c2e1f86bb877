/* llama.c - opens the model that --model names.
 *
 *     HUAXIANG_MODELS     the folder of models; else $XDG_CACHE_HOME/huaxiang/models, else $HOME/.cache/huaxiang/models
 *     HUAXIANG_KERNELS    scalar, avx2, avx512, vnni or neon in place of the best this machine has
 *
 * The program reads these, the library never does. */
#include "cli/llama.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"

static const char *set_in_environment(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* `a` and `b` joined, in the run's arena; NULL when out of memory. */
static const char *join(hx_cli *c, const char *a, const char *b) {
    size_t n = strlen(a) + strlen(b) + 1;
    char *p = hx_arena_alloc(c->arena, n);
    if (p) (void)snprintf(p, n, "%s%s", a, b);
    return p;
}

/* NULL where none is known. */
static const char *models_folder(hx_cli *c) {
    const char *own = set_in_environment("HUAXIANG_MODELS"),
               *cache = set_in_environment("XDG_CACHE_HOME"), *home = set_in_environment("HOME");
    return own     ? own
           : cache ? join(c, cache, "/huaxiang/models")
           : home  ? join(c, home, "/.cache/huaxiang/models")
                   : NULL;
}

const char *hx_cli_models_folder(hx_cli *c) {
    const char *folder = models_folder(c);
    if (!folder)
        hx_cli_fail(c, "no folder for models is known; set HUAXIANG_MODELS to one",
                    "不知道模型放在哪个目录；请用 HUAXIANG_MODELS 指出");
    return folder;
}

void hx_cli_model_names(char *out, size_t size) {
    const hx_known_model *all;
    size_t n = hx_known_models(&all), at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        int len = snprintf(out + at, size - at, "%s%s", i ? "," : "", all[i].name);
        if (len < 0 || (size_t)len >= size - at) return;
        at += (size_t)len;
    }
}

const char *hx_cli_model_path(hx_cli *c, const char *name) {
    hx_error err = {.ui = c->ui};
    hx_str path = {NULL, 0};
    const char *small = strcmp(name, hx_cli_small_name) == 0 ? hx_cli_small_path(c) : NULL;
    if (small) return small;
    const char *folder = hx_cli_models_folder(c);
    if (!folder) return NULL;
    if (hx_model_resolve(name, folder, c->arena, &path, &err) == HX_OK) return path.ptr;
    hx_cli_error(c, &err);
    return NULL;
}

static hx_llama_options options_of(const hx_cli *c, bool tokenizer_only) {
    const hx_cli_values *v = &c->options;
    return (hx_llama_options){
        .precision = (hx_precision)v->number[HX_OPT_PRECISION],
        .n_threads = hx_cli_has(v, HX_OPT_THREADS) ? (size_t)v->number[HX_OPT_THREADS] : 0,
        .tokenizer_only = tokenizer_only,
        .kernels = set_in_environment("HUAXIANG_KERNELS")};
}

bool hx_cli_llama_open(hx_cli *c, hx_cli_llama *l, const hx_context_options *context) {
    static const char *const precisions[][2] = {{"fast", "快速"}, {"exact", "精确"}};
    hx_error err = {.ui = c->ui};
    const hx_llama_options options = options_of(c, context == NULL);
    *l = (hx_cli_llama){.path = hx_cli_model_path(c, c->options.text[HX_OPT_MODEL])};
    if (!l->path) return false;
    hx_status st = hx_llama_open(&l->model, l->path, &options, &err);
    if (st == HX_OK && context) st = hx_llama_context_open(&l->context, l->model, context, &err);
    if (st != HX_OK) {
        hx_cli_error(c, &err);
        hx_cli_llama_close(l);
        return false;
    }
    l->info = hx_llama_describe(l->model);
    if (context)
        hx_cli_note(c, "engine: llama (%s, %s, %s)", "引擎：llama（%s，%s，%s）",
                    c->options.text[HX_OPT_MODEL], precisions[options.precision][c->ui == HX_UI_ZH],
                    l->info->kernels);
    return true;
}

bool hx_cli_set_grams(hx_cli *c, const hx_llama *m, size_t head, hx_set_grams **out) {
    const hx_llama_head_info *info = hx_llama_head_of(m, head);
    const char *name = c->options.text[HX_OPT_MODEL], *share = hx_cli_share(c);
    hx_error err = {.ui = c->ui};
    *out = NULL;
    if (!share || !name || strcmp(name, hx_cli_small_name) != 0 || info->kind != HX_LLAMA_LABEL)
        return true;
    const char **labels = hx_arena_alloc(c->arena, (info->n_labels + 1) * sizeof *labels);
    if (!labels) return hx_cli_fail(c, "not enough memory to start", "内存不足，无法启动"), false;
    for (size_t i = 0; i < info->n_labels; i++)
        labels[i] = hx_llama_head_label(m, head, i);
    if (hx_set_grams_open(out, share, info->name, labels, info->n_labels, &err) == HX_OK)
        return true;
    hx_cli_error(c, &err);
    return false;
}

hx_text_pool *hx_cli_pool_open(hx_cli *c, const char *path) {
    hx_error err = {.ui = c->ui};
    const hx_llama_options options = options_of(c, false);
    hx_text_pool *pool = NULL;
    if (hx_text_pool_open(&pool, path, &options, &err) != HX_OK) {
        hx_cli_error(c, &err);
        return NULL;
    }
    hx_cli_note(c, "engine: several models as one (%s)", "引擎：多个模型合一（%s）", path);
    return pool;
}

const hx_text_embedder *hx_cli_embedder(hx_cli *c) {
    hx_error err = {.ui = c->ui};
    const char *folder = models_folder(c);
    const hx_llama_options options = options_of(c, false);
    if (!c->embedder &&
        hx_embedder_open(&c->embedder, folder ? folder : "", &options, &err) != HX_OK) {
        hx_cli_error(c, &err);
        return NULL;
    }
    return hx_embedder_of(c->embedder);
}

void hx_cli_llama_close(hx_cli_llama *l) {
    hx_llama_context_close(l->context);
    hx_llama_close(l->model);
    *l = (hx_cli_llama){0};
}

void hx_cli_note_transformers(hx_cli *c, const char *path) {
    hx_llama *m = NULL;
    hx_error quiet = {.ui = c->ui};
    const hx_llama_options options = {.tokenizer_only = true};
    if (hx_llama_open(&m, path, &options, &quiet) != HX_OK) return;
    const hx_llama_head_info *h = hx_llama_head_of(m, 0);
    bool one = h && hx_llama_describe(m)->n_tasks == 1 && !h->of_words;
    if (one && h->mean)
        hx_cli_note(c,
                    "its head reads the mean of all tokens; LlamaForSequenceClassification of "
                    "transformers reads the last one and will say something else: train with "
                    "--pooling last for it",
                    "它的任务头读取全部词元的均值；transformers 的 LlamaForSequenceClassification "
                    "只读最后一个词元，结果会不同：为其训练请加 --pooling last");
    else if (one && h->bidirectional)
        hx_cli_note(c,
                    "its head reads texts in both directions; transformers reads them forwards and "
                    "will say something else",
                    "它的任务头双向读取文本；transformers 只从前向后读，结果会不同");
    hx_llama_close(m);
}

void hx_cli_llama_put_token(hx_outbuf *b, const hx_llama *m, int32_t id, hx_arena *arena) {
    hx_error err = {.code = HX_OK};
    hx_str text = {NULL, 0};
    bool known = hx_llama_detokenize(m, &id, 1, false, arena, &text, &err) == HX_OK && text.len > 0;
    json_t *whole = known ? json_stringn(text.ptr, text.len) : NULL; /* NULL for parts of UTF-8 */
    hx_outbuf_json(b, whole ? text : hx_llama_token(m, id));
    json_decref(whole);
}
