/* cmd_generate.c - text from a language model.
 *
 *     huaxiang generate PROMPT...              the prompt from the command line, or from standard input
 *     huaxiang generate PROMPT --data FILE     once a row: the prompt, a line end, the row's text; columns are kept, "generated" is added
 *
 * On a terminal the text comes as it is made; else one record {"prompt","generated","tokens","end"}. A grammar or schema that the answer
 * can't be held to is an error, never free text. An answer that --max-tokens cuts off before its grammar ends is written with
 * "end":"length", said on standard error, and the exit status is 1.
 *
 * Options, grammar and schema are read before the model is opened: a mistake in them costs no time. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/generate.h"
#include "cli/output.h"

#define PROMPT_MAX ((size_t)16 << 20)
#define GRAMMAR_MAX ((size_t)16 << 20)
#define CONTEXT_USUAL 4096

const char *hx_cli_end_name(hx_end_reason end) {
    static const char *const names[] = {"end", "stop", "length", "cancelled"};
    return names[end];
}

/* ------------------------------------------------------------------ options */
/* `\n` and `\t` become what they stand for; in place. */
static size_t unescape(char *s, size_t n) {
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (c == '\\' && i + 1 < n && strchr("nt\\", s[i + 1])) {
            i++;
            c = s[i] == 'n' ? '\n' : s[i] == 't' ? '\t' : '\\';
        }
        s[at++] = c;
    }
    return at;
}

static int take_stops(hx_cli *c, hx_cli_generate *g) {
    g->options.stop = g->stops;
    for (size_t i = 0; i < c->options.n_list; i++) {
        hx_str copy = hx_arena_str(c->arena, hx_str_of(c->options.list[i]));
        if (!copy.ptr) return hx_cli_fail(c, "not enough memory to start", "内存不足，无法启动");
        copy.len = unescape((char *)(uintptr_t)copy.ptr, copy.len);
        if (copy.len == 0) return hx_cli_usage(c, "--stop: the text is empty", "--stop：文字为空");
        g->stops[g->options.n_stop++] = copy;
    }
    return HX_EXIT_DONE;
}

static int take_grammar(hx_cli *c, hx_cli_generate *g) {
    const char *gbnf = c->options.text[HX_OPT_GRAMMAR],
               *schema = c->options.text[HX_OPT_JSON_SCHEMA];
    hx_error err = {.ui = c->ui};
    hx_str text;
    if (gbnf && schema)
        return hx_cli_usage(c, "--grammar and --json-schema: one of them, not both",
                            "--grammar 和 --json-schema 只能给一个");
    if (!gbnf && !schema) return HX_EXIT_DONE;
    const char *path = gbnf ? gbnf : schema;
    if (!hx_cli_read_file(c, path, GRAMMAR_MAX, &text)) return HX_EXIT_FAILED;
    hx_status st = gbnf ? hx_grammar_new(&g->grammar, text, &err)
                        : hx_grammar_of_schema(&g->grammar, text, &err);
    if (st != HX_OK) return hx_cli_fail(c, "%s: %s", "%s：%s", path, err.message);
    g->options.grammar = g->grammar;
    return HX_EXIT_DONE;
}

int hx_cli_generate_open(hx_cli *c, hx_cli_generate *g) {
    const hx_cli_values *v = &c->options;
    *g = (hx_cli_generate){
        .c = c,
        .options = {.temperature = (float)v->real[HX_OPT_TEMPERATURE],
                    .top_k = (uint32_t)v->number[HX_OPT_TOP_K],
                    .top_p = (float)v->real[HX_OPT_TOP_P],
                    .min_p = (float)v->real[HX_OPT_MIN_P],
                    .repetition_penalty = (float)v->real[HX_OPT_REPETITION_PENALTY],
                    .seed = (uint64_t)v->number[HX_OPT_SEED],
                    .max_tokens = (size_t)v->number[HX_OPT_MAX_TOKENS],
                    .log_probs = hx_cli_has(v, HX_OPT_LOG_PROBS)}};
    if (hx_cli_has(v, HX_OPT_RAW) && hx_cli_has(v, HX_OPT_SYSTEM))
        return hx_cli_usage(c, "--raw has no place for --system: give one of them",
                            "--raw 时没有 --system 的位置：只能给一个");
    int status = take_stops(c, g);
    return status == HX_EXIT_DONE ? take_grammar(c, g) : status;
}

int hx_cli_generate_use(hx_cli_generate *g, const hx_cli_llama *l) {
    g->opened = l;
    if (l->info->has_output) return HX_EXIT_DONE;
    return hx_cli_fail(g->c, "%s gives no text: it has no output matrix",
                       "%s 不能生成文本：没有输出矩阵", g->c->options.text[HX_OPT_MODEL]);
}

bool hx_cli_generate_is_cut(const hx_cli_generate *g, const hx_generation *out) {
    return g->grammar && out->end == HX_END_LENGTH;
}

void hx_cli_generate_close(hx_cli_generate *g) {
    hx_grammar_free(g->grammar);
    g->grammar = NULL;
}

const char *hx_cli_grammar_word(const hx_cli *c) {
    return hx_cli_has(&c->options, HX_OPT_GRAMMAR) ? hx_cli_tr(c, "grammar", "语法")
                                                   : hx_cli_tr(c, "schema", " Schema");
}

/* ------------------------------------------------------------------ one answer */
typedef struct {
    const hx_cli_generate *g;
    hx_arena *arena;
    hx_outbuf log_probs;
} listener;

static bool take_token(void *context, const hx_generated *token) {
    listener *l = context;
    hx_cli *c = l->g->c;
    if (l->g->stream) {
        (void)fwrite(token->text.ptr, 1, token->text.len, c->out);
        (void)fflush(c->out);
    }
    if (l->g->options.log_probs) {
        hx_outbuf_text(&l->log_probs, l->log_probs.len ? ",{\"token\":" : "{\"token\":");
        hx_cli_llama_put_token(&l->log_probs, l->g->opened->model, token->token, l->arena);
        hx_outbuf_printf(&l->log_probs, ",\"id\":%d,\"log_prob\":%.7g}", (int)token->token,
                         (double)token->log_prob);
    }
    return !hx_flag_is_raised(&c->cancel);
}

static hx_status make_tokens(const hx_cli_generate *g, hx_str text, hx_arena *arena, hx_tokens *out,
                             hx_error *err) {
    const hx_cli_values *v = &g->c->options;
    const hx_token_options raw = {.special = true};
    hx_str content = text, prompt = g->c->prompt;
    if (prompt.len > 0 && text.len > 0) {
        char *p = hx_arena_alloc(arena, prompt.len + text.len + 2);
        if (!p) return HX_ENOMEM;
        (void)snprintf(p, prompt.len + 2, "%.*s\n", (int)prompt.len, prompt.ptr);
        memcpy(p + prompt.len + 1, text.ptr, text.len);
        content = (hx_str){p, prompt.len + 1 + text.len};
    } else if (prompt.len > 0) {
        content = prompt;
    }
    if (hx_cli_has(v, HX_OPT_RAW))
        return hx_llama_tokenize(g->opened->model, content, &raw, arena, out, NULL, err);
    const char *system = v->text[HX_OPT_SYSTEM];
    const hx_chat_message messages[2] = {{"system", hx_str_of(system)}, {"user", content}};
    return hx_llama_chat(g->opened->model, system ? messages : messages + 1, system ? 2 : 1, true,
                         arena, out, err);
}

hx_status hx_cli_generate_text(const hx_cli_generate *g, hx_str text, hx_arena *arena,
                               hx_generation *out, hx_str *log_probs, hx_error *err) {
    listener l = {.g = g, .arena = arena};
    hx_tokens tokens = {NULL, 0};
    hx_status st = make_tokens(g, text, arena, &tokens, err);
    if (st != HX_OK) return st;
    st = hx_llama_generate(g->opened->context, 0, tokens.ids, tokens.n, &g->options, take_token, &l,
                           arena, out, err);
    if (st == HX_OK && g->options.log_probs) {
        hx_outbuf list = {0};
        hx_outbuf_printf(&list, "[%.*s]", (int)l.log_probs.len,
                         l.log_probs.ptr ? l.log_probs.ptr : "");
        *log_probs = hx_arena_str(arena, hx_outbuf_str(&list));
        hx_outbuf_release(&list);
    }
    hx_outbuf_release(&l.log_probs);
    return st;
}

/* ------------------------------------------------------------------ the command */
static bool take_prompt(hx_cli *c) {
    hx_outbuf b = {0};
    for (int i = 0; i < c->n_args; i++)
        hx_outbuf_printf(&b, "%s%s", i ? " " : "", c->args[i]);
    hx_str kept = hx_arena_str(c->arena, hx_outbuf_str(&b));
    bool ok = !b.failed && (kept.ptr || b.len == 0);
    hx_outbuf_release(&b);
    c->prompt = kept;
    return ok;
}

static bool read_prompt(hx_cli *c) {
    hx_str text;
    if (isatty(STDIN_FILENO))
        hx_cli_note(c, "reading the prompt from the terminal; end with Ctrl-D",
                    "从终端读取提示；按 Ctrl-D 结束");
    if (!hx_cli_read_file(c, "-", PROMPT_MAX, &text)) return false;
    while (text.len > 0 && text.ptr[text.len - 1] == '\n')
        text.len--;
    c->prompt = text;
    if (text.len == 0) hx_cli_fail(c, "the prompt is empty", "提示为空");
    return text.len > 0;
}

static bool write_answer(hx_cli *c, const hx_cli_generate *g, const hx_generation *out,
                         hx_str log_probs) {
    hx_outbuf b = {0};
    if (c->shape != HX_SHAPE_JSON) {
        if (!g->stream) hx_outbuf_bytes(&b, out->text.ptr, out->text.len);
        hx_outbuf_byte(&b, '\n');
    } else {
        hx_outbuf_text(&b, "{\"prompt\":");
        hx_outbuf_json(&b, c->prompt);
        hx_outbuf_text(&b, ",\"generated\":");
        hx_outbuf_json(&b, out->text);
        hx_outbuf_printf(&b, ",\"prompt_tokens\":%zu,\"tokens\":%zu,\"end\":\"%s\"", out->n_prompt,
                         out->n_tokens, hx_cli_end_name(out->end));
        if (log_probs.ptr)
            hx_outbuf_printf(&b, ",\"log_prob\":%.7g,\"log_probs\":%.*s", out->log_prob,
                             (int)log_probs.len, log_probs.ptr);
        hx_outbuf_text(&b, "}\n");
    }
    bool ok = hx_output_write(c, &b);
    hx_outbuf_release(&b);
    return ok;
}

static int answer(hx_cli *c, hx_cli_generate *g) {
    hx_error err = {.ui = c->ui};
    hx_generation out = {0};
    hx_str log_probs = {NULL, 0};
    g->stream = c->shape == HX_SHAPE_TABLE;
    hx_status st = hx_cli_generate_text(g, HX_STR_LIT(""), c->arena, &out, &log_probs, &err);
    if (st == HX_ENOMEM && !err.message[0])
        return hx_cli_fail(c, "not enough memory for the answer", "内存不足，无法作答");
    if (st != HX_OK) return hx_cli_error(c, &err);
    if (!write_answer(c, g, &out, log_probs)) return HX_EXIT_FAILED;
    if (out.end == HX_END_CANCELLED)
        return hx_cli_fail(c, "stopped on request; the answer is not whole",
                           "已按要求停止；回答不完整");
    if (hx_cli_generate_is_cut(g, &out))
        return hx_cli_fail(c,
                           "the answer is cut off after %zu tokens and does not fit the %s; give "
                           "more --max-tokens (or --context)",
                           "回答在 %zu 个词元处截断，不符合%s；请加大 --max-tokens（或 --context）",
                           out.n_tokens, hx_cli_grammar_word(c));
    return HX_EXIT_DONE;
}

hx_context_options hx_cli_generate_context(const hx_cli *c) {
    return (hx_context_options){.n_sequences = 1,
                                .n_positions = hx_cli_has(&c->options, HX_OPT_CONTEXT)
                                                   ? (size_t)c->options.number[HX_OPT_CONTEXT]
                                                   : CONTEXT_USUAL};
}

int hx_cmd_generate(hx_cli *c) {
    hx_cli_llama l = {.model = NULL};
    hx_cli_generate g;
    char *data = (char *)(uintptr_t)c->options.text[HX_OPT_DATA];
    if (!take_prompt(c)) return hx_cli_fail(c, "not enough memory to start", "内存不足，无法启动");
    if (data) {
        c->args = &data;
        c->n_args = 1;
        return hx_cmd_filter(c);
    }
    if (c->prompt.len == 0 && !read_prompt(c)) return HX_EXIT_FAILED;
    hx_cli_catch_interrupts(c);
    const hx_context_options context = hx_cli_generate_context(c);
    int status = hx_cli_generate_open(c, &g);
    if (status == HX_EXIT_DONE && !hx_cli_llama_open(c, &l, &context)) status = HX_EXIT_FAILED;
    if (status == HX_EXIT_DONE) status = hx_cli_generate_use(&g, &l);
    if (status == HX_EXIT_DONE) status = answer(c, &g);
    hx_cli_generate_close(&g);
    hx_cli_llama_close(&l);
    return status;
}
