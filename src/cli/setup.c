/* setup.c - turns options that many commands share into what the library takes: the store, the moment, the reader, the text model.
 *
 *     --engine rules (default)   all of a text's annotation by rules
 *     --engine learn             what models/huaxiang-learn knows, the rest by rules: sentiment, intent, keywords, annotate, profile
 *     --engine llama             by the language model that --model names; without one by huaxiang-small, where it is installed: sentiment,
 *                                intent, annotate, profile (the default there)
 *
 * What does not go together is refused by a sentence before anything is read. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"

/* ------------------------------------------------------------------ store */
hx_store *hx_cli_store(hx_cli *c, hx_store_mode mode, int *exit_status) {
    const char *path = c->options.text[HX_OPT_STORE];
    hx_error err = {.ui = c->ui};
    hx_store *s = NULL;
    *exit_status = HX_EXIT_DONE;
    if (!path)
        *exit_status =
            hx_cli_usage(c, "%s needs --store FILE", "%s 需要 --store 文件", c->command->name);
    else if (hx_store_open(&s, path, mode, &err) != HX_OK) {
        (void)hx_cli_error(c, &err);
        *exit_status = HX_EXIT_FAILED;
    }
    return *exit_status == HX_EXIT_DONE ? s : NULL;
}

/* A moment in --timezone, or 'now'; NULL leaves *out as it is. */
static bool parse_moment(hx_cli *c, const char *moment, int64_t *out) {
    const char *name = c->options.text[HX_OPT_TIMEZONE];
    hx_error err = {.ui = c->ui};
    hx_time_zone *zone = NULL;
    if (!moment) return true;
    if (strcmp(moment, "now") == 0) {
        *out = hx_cli_now();
        return true;
    }
    hx_status status = hx_time_zone_open(&zone, name ? name : "UTC", &err);
    if (status == HX_OK) {
        status = hx_parse_time(hx_str_of(moment), HX_DATE_ORDER_AUTO, false, zone, out, &err);
        hx_time_zone_close(zone);
    }
    if (status != HX_OK) hx_cli_error(c, &err);
    return status == HX_OK;
}

bool hx_cli_answer_options(hx_cli *c, hx_answer_options *out) {
    const hx_cli_values *v = &c->options;
    *out = (hx_answer_options){.as_of = HX_AS_OF_LATEST,
                               .ui = c->ui,
                               .timezone = v->text[HX_OPT_TIMEZONE],
                               .half_life = v->real[HX_OPT_HALF_LIFE],
                               .drifts = hx_cli_has(v, HX_OPT_DRIFT),
                               .household = hx_cli_has(v, HX_OPT_HOUSEHOLD)};
    return parse_moment(c, v->text[HX_OPT_AS_OF], &out->as_of) &&
           parse_moment(c, v->text[HX_OPT_DRIFT], &out->since);
}

/* ------------------------------------------------------------------ reading */
/* --text COLUMN is "text=COLUMN" in front of --map; the name is quoted where it holds a comma. */
static bool join_map(hx_cli *c, const char *text, const char *map, const char **out) {
    size_t n = 16 + (text ? strlen(text) * 2 : 0) + (map ? strlen(map) : 0);
    char *p = hx_arena_alloc(c->arena, n);
    if (!p) {
        hx_cli_fail(c, "not enough memory to start", "内存不足，无法启动");
        return false;
    }
    bool quote = text && strpbrk(text, ",\"") != NULL;
    size_t at = 0;
    if (text) {
        at += (size_t)snprintf(p, n, "text=%s", quote ? "\"" : "");
        for (const char *s = text; *s; s++) {
            if (quote && *s == '"') p[at++] = '"';
            p[at++] = *s;
        }
        if (quote) p[at++] = '"';
    }
    (void)snprintf(p + at, n - at, "%s%s", text && map ? "," : "", map ? map : "");
    *out = p;
    return true;
}

const char hx_cli_small_name[] = "huaxiang-small";
static const char small_file[] = "/models/huaxiang-small/model.gguf";

bool hx_cli_reader_options(hx_cli *c, hx_reader_options *out) {
    static const hx_format formats[] = {HX_FORMAT_AUTO,  HX_FORMAT_CSV,  HX_FORMAT_TSV,
                                        HX_FORMAT_JSONL, HX_FORMAT_XLSX, HX_FORMAT_TEXT};
    const hx_cli_values *v = &c->options;
    *out = (hx_reader_options){.format = formats[v->number[HX_OPT_FORMAT_IN]],
                               .delimiter = (char)v->number[HX_OPT_DELIMITER],
                               .quote = (char)v->number[HX_OPT_QUOTE],
                               .no_header = hx_cli_has(v, HX_OPT_NO_HEADER),
                               .map = v->text[HX_OPT_MAP],
                               .date_order = (hx_date_order)v->number[HX_OPT_DATE_ORDER],
                               .sheet = v->number[HX_OPT_SHEET]};
    return !hx_cli_has(v, HX_OPT_TEXT) || join_map(c, v->text[HX_OPT_TEXT], out->map, &out->map);
}

/* ------------------------------------------------------------------ text */
bool hx_cli_text_column(const hx_cli *c, const char *path, const hx_column *columns, size_t n,
                        size_t *column) {
    static const hx_role roles[] = {HX_ROLE_TEXT,  HX_ROLE_CHAT,  HX_ROLE_TICKET, HX_ROLE_QUESTION,
                                    HX_ROLE_QUERY, HX_ROLE_TITLE, HX_ROLE_REPLY};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        for (size_t k = 0; k < n; k++)
            if (columns[k].role == roles[i]) {
                *column = k;
                return true;
            }
    *column = 0;
    if (n == 1) return true;
    hx_cli_fail(c, "%s: no column is known to hold text (it has %zu); name it with --text COLUMN",
                "%s：看不出哪一列是文本（共 %zu 列）；请用 --text 列名 指出", path, n);
    return false;
}

const char *hx_cli_small_path(hx_cli *c) {
    struct stat st;
    const char *share = hx_cli_share(c);
    char *path = share ? hx_arena_alloc(c->arena, strlen(share) + sizeof small_file) : NULL;
    if (!path) return NULL;
    (void)snprintf(path, strlen(share) + sizeof small_file, "%s%s", share, small_file);
    return stat(path, &st) == 0 ? path : NULL;
}

bool hx_cli_small_is_there(hx_cli *c) {
    return hx_cli_small_path(c) != NULL;
}

void hx_cli_small_by_default(hx_cli *c) {
    hx_cli_values *v = &c->options;
    const char *name = c->command->name;
    bool is_vector = hx_cli_choice("embed,table embed", name) >= 0;
    if (v->text[HX_OPT_MODEL] || hx_cli_has(v, HX_OPT_LABELS)) return;
    bool tags =
        strcmp(name, "tag") == 0 && (hx_cli_has(v, HX_OPT_TASK) || hx_cli_has(v, HX_OPT_PIECES));
    if (!is_vector && !tags && hx_cli_choice("tokenize,classify", name) < 0) return;
    if (!hx_cli_small_is_there(c)) return;
    v->text[HX_OPT_MODEL] = hx_cli_small_name;
    if (!is_vector) return;
    v->text[HX_OPT_BIDIRECTIONAL] = "";
    if (!hx_cli_has(v, HX_OPT_POOLING)) v->number[HX_OPT_POOLING] = HX_POOL_MEAN;
}

/* Where huaxiang-small says something of whole texts, and is there. */
static bool has_small(const hx_cli *c) {
    static const unsigned short others[] = {HX_OPT_ABOUT, HX_OPT_ADAPT, HX_OPT_INSTRUCTION,
                                            HX_OPT_METHOD};
    const bool asks_model = hx_cli_has(&c->options, HX_OPT_METHOD) &&
                            c->options.number[HX_OPT_METHOD] >= HX_CLI_METHOD_MODEL;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (hx_cli_has(&c->options, others[i]) && !(others[i] == HX_OPT_METHOD && asks_model))
            return false;
    if (hx_cli_has(&c->options, HX_OPT_STANDARD) ||
        (c->options.text[HX_OPT_ENGINE] && strcmp(c->command->name, "words") == 0))
        return hx_cli_small_is_there((hx_cli *)(uintptr_t)c);
    return hx_cli_choice("sentiment,intent,keywords,aspects,emotions,annotate,profile,why,teach,"
                         "parse,entities,tag",
                         c->command->name) >= 0 &&
           hx_cli_small_is_there((hx_cli *)(uintptr_t)c);
}

/* The language model as the engine of the text model. */
bool hx_cli_is_small(const hx_cli *c) {
    const char *model = c->options.text[HX_OPT_MODEL], *engine = c->options.text[HX_OPT_ENGINE];
    if (model) return false;
    return (!engine || strcmp(engine, hx_engine_name(HX_ENGINE_LLAMA)) == 0) && has_small(c);
}

bool hx_cli_wants_llama(const hx_cli *c) {
    const char *model = c->options.text[HX_OPT_MODEL], *engine = c->options.text[HX_OPT_ENGINE];
    if (c->command->model == HX_MODEL_MUST) return true;
    if (c->command->model != HX_MODEL_MAY) return false;
    if (engine) return strcmp(engine, hx_engine_name(HX_ENGINE_LLAMA)) == 0 && !hx_cli_is_small(c);
    return model && strcmp(model, "rules") != 0;
}

/* Where the engine learn says something; towards a named thing only the rules do. */
static bool may_learn(const hx_cli *c) {
    return hx_cli_choice("words,sentiment,intent,keywords,emotions,annotate,profile,teach",
                         c->command->name) >= 0 &&
           !hx_cli_has(&c->options, HX_OPT_ABOUT);
}

static bool check_learn(hx_cli *c, const char *model) {
    if (!may_learn(c))
        hx_cli_fail(
            c,
            "engine learn says words, sentiment, intent, keywords and emotions of whole texts "
            "(words, sentiment, intent, keywords, emotions, annotate, profile); here only the "
            "rules can",
            "引擎 learn 只判断整条文本的词、情感、意图、关键词和情绪（words、sentiment、intent、"
            "keywords、emotions、annotate、profile）；"
            "此处只能用 rules");
    else if (model)
        hx_cli_fail(c, "--model %s is no model of the engine %s", "--model %s 不是引擎 %s 的模型",
                    model, hx_engine_name(HX_ENGINE_LEARN));
    return may_learn(c) && !model;
}

/* What --engine and --model say must go together. */
static bool check_engine(hx_cli *c, const char *engine) {
    const char *model = c->options.text[HX_OPT_MODEL];
    bool rules = !model || strcmp(model, "rules") == 0;
    if (hx_cli_is_small(c)) return true;
    if (engine && strcmp(engine, hx_engine_name(HX_ENGINE_LLAMA)) == 0 &&
        c->command->model == HX_MODEL_MAY) {
        if (rules)
            hx_cli_fail(c,
                        "engine llama needs --model FILE|NAME; 'huaxiang models list' shows which "
                        "there are",
                        "引擎 llama 需要 --model 文件|名称；“huaxiang models list”列出可用模型");
        return !rules;
    }
    const char *installed = hx_engine_name(HX_ENGINE_RULES);
    if (engine && strcmp(engine, hx_engine_name(HX_ENGINE_LEARN)) == 0)
        return check_learn(c, model);
    if (engine && strcmp(engine, installed) != 0) {
        hx_cli_fail(c, "engine %s is not installed; installed: %s", "引擎 %s 未安装；已安装：%s",
                    engine, installed);
        return false;
    }
    if (engine && !rules)
        hx_cli_fail(c, "--model %s is no model of the engine %s", "--model %s 不是引擎 %s 的模型",
                    model, engine);
    return rules || !engine;
}

bool hx_cli_adapt(hx_cli *c) {
    hx_error err = {.ui = c->ui};
    hx_engine engine;
    const char *path = c->options.text[HX_OPT_ADAPT];
    if (!path || c->options.text[HX_OPT_ENGINE]) return true;
    if (hx_text_adapt_engine(path, &engine, &err) != HX_OK) {
        hx_cli_error(c, &err);
        return false;
    }
    c->options.text[HX_OPT_ENGINE] = hx_engine_name(engine);
    return true;
}

bool hx_cli_names_learn(const char *model) {
    return model && strcmp(model, hx_engine_name(HX_ENGINE_LEARN)) == 0;
}

bool hx_cli_engine(hx_cli *c) {
    if (!hx_cli_adapt(c)) return false;
    if (!check_engine(c, c->options.text[HX_OPT_ENGINE])) return false;
    if (!hx_cli_wants_llama(c))
        hx_cli_note(c, "engine: %s", "引擎：%s",
                    c->options.text[HX_OPT_ENGINE]
                        ? c->options.text[HX_OPT_ENGINE]
                        : hx_engine_name(hx_cli_is_small(c) ? HX_ENGINE_LLAMA : HX_ENGINE_RULES));
    return true;
}

bool hx_cli_learns(const hx_cli *c) {
    const char *engine = c->options.text[HX_OPT_ENGINE];
    return engine && strcmp(engine, hx_engine_name(HX_ENGINE_LEARN)) == 0;
}

hx_engine hx_cli_text_engine(const hx_cli *c) {
    return hx_cli_is_small(c) ? HX_ENGINE_LLAMA
           : hx_cli_learns(c) ? HX_ENGINE_LEARN
                              : HX_ENGINE_RULES;
}

hx_text_model *hx_cli_text_model(hx_cli *c) {
    return hx_cli_text_model_of(c, hx_cli_text_engine(c));
}

/* How the store's texts were corrected so far; a store that can't be opened is told of by whoever opens it. */
static void recall_correction(const hx_cli *c, hx_corrected *out) {
    const char *path = c->options.text[HX_OPT_STORE];
    hx_error err = {.ui = c->ui};
    hx_store *s = NULL;
    if (!path || access(path, F_OK) != 0) return;
    if (hx_store_open(&s, path, HX_STORE_READ, &err) != HX_OK) return;
    if (hx_import_correction(s, out, &err) != HX_OK) *out = (hx_corrected){.mode = HX_CORRECT_OFF};
    hx_store_close(s);
}

bool hx_cli_correction(hx_cli *c, bool remembers, hx_corrected *out) {
    const char *mode = c->options.text[HX_OPT_CORRECT];
    bool alarms = hx_cli_has(&c->options, HX_OPT_FALSE_ALARMS);
    bool some = alarms || hx_cli_has(&c->options, HX_OPT_PROTECT);
    *out = (hx_corrected){.mode = HX_CORRECT_OFF};
    if (remembers) recall_correction(c, out);
    if (mode) {
        hx_correct_mode was = out->mode;
        (void)hx_correct_mode_parse(hx_str_of(mode), &out->mode);
        if (was == HX_CORRECT_OFF) out->threshold[0] = out->threshold[1] = 0;
    }
    if (alarms) out->threshold[0] = out->threshold[1] = 0;
    if (out->engine == HX_ENGINE_AUTO) out->engine = HX_ENGINE_RULES;
    if (out->mode != HX_CORRECT_OFF || !some) return true;
    (void)hx_cli_usage(c,
                       "--false-alarms and --protect are of correction; add --correct suggest or "
                       "--correct apply",
                       "--false-alarms 和 --protect 用于纠错；请加上 --correct suggest 或 "
                       "--correct apply");
    return false;
}

const char *hx_cli_memory(hx_cli *c) {
    const char *given = c->options.text[HX_OPT_MEMORY], *store = c->options.text[HX_OPT_STORE];
    if (given || !store) return given;
    size_t n = strlen(store);
    char *path = hx_arena_alloc(c->arena, n + sizeof ".memory.jsonl");
    if (!path) return NULL;
    memcpy(path, store, n);
    memcpy(path + n, ".memory.jsonl", sizeof ".memory.jsonl");
    return path;
}

/* One that was named must be there; that of a store may. */
static bool memory_is_there(hx_cli *c) {
    const char *given = c->options.text[HX_OPT_MEMORY];
    if (!given || access(given, F_OK) == 0) return true;
    hx_cli_fail(c, "%s: no such file; 'huaxiang teach add' makes it",
                "%s：文件不存在；“huaxiang teach add”会建立它", given);
    return false;
}

/* Commands whose annotations are kept, or read again, for receipts. */
static bool keeps_receipts(const hx_cli *c) {
    return hx_cli_choice("profile,verify", c->command->name) >= 0;
}

hx_text_model *hx_cli_text_model_of(hx_cli *c, hx_engine engine) {
    const hx_corrected none = {.mode = HX_CORRECT_OFF};
    return hx_cli_text_model_by(c, engine, &none);
}

hx_text_model *hx_cli_text_model_by(hx_cli *c, hx_engine engine, const hx_corrected *how) {
    const hx_correct_options correction = {.engine = how->engine,
                                           .user_words = c->options.text[HX_OPT_USER_WORDS],
                                           .protect = c->options.text[HX_OPT_PROTECT],
                                           .false_alarms = c->options.real[HX_OPT_FALSE_ALARMS],
                                           .thresholds = {how->threshold[0], how->threshold[1]},
                                           .n_threads = (size_t)c->options.number[HX_OPT_THREADS]};
    const char *share = hx_cli_share(c), *kernels = getenv("HUAXIANG_KERNELS");
    const hx_text_model_options options = {.user_words = c->options.text[HX_OPT_USER_WORDS],
                                           .stop_words = c->options.text[HX_OPT_STOP_FILE],
                                           .aspects = c->options.text[HX_OPT_ASPECTS],
                                           .engine = engine,
                                           .kernels = kernels && *kernels ? kernels : NULL,
                                           .identified = keeps_receipts(c),
                                           .adapt = c->options.text[HX_OPT_ADAPT],
                                           .memory = hx_cli_memory(c),
                                           .correct = how->mode,
                                           .correction = &correction};
    hx_error err = {.ui = c->ui};
    hx_text_model *m = NULL;
    if (!memory_is_there(c)) return NULL;
    if (share && hx_text_model_open(&m, share, &options, &err) != HX_OK) {
        hx_cli_error(c, &err);
        m = NULL;
    }
    return m;
}

hx_cli_from hx_cli_from_trees(const hx_cli *c, const char *path) {
    size_t n = strlen(path), end = sizeof ".conllu" - 1;
    if (hx_cli_has(&c->options, HX_OPT_FROM_TREES))
        return (hx_cli_from)c->options.number[HX_OPT_FROM_TREES];
    bool named = n > end && strcmp(path + n - end, ".conllu") == 0;
    return named ? HX_CLI_FROM_CONLLU : HX_CLI_FROM_TEXT;
}
