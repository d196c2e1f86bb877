/* cmd_train_tokenizer.c - train tokenizer: a SentencePiece vocabulary from texts. */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/train.h"

#define VOCAB 16000
#define FILES_MAX 1024

/* "<mask>,<sep>" to its parts, which lie in the run's arena. False after a sentence. */
static bool split_symbols(hx_cli *c, const char *text, const char **symbols, size_t *n) {
    for (*n = 0; text && *text;) {
        size_t len = strcspn(text, ",");
        hx_str one = hx_arena_str(c->arena, (hx_str){text, len});
        if (*n == HX_TRAIN_TOKENIZER_SYMBOLS_MAX || !one.ptr) {
            hx_cli_fail(c, "--symbols has more than %u", "--symbols 超过 %u 个",
                        HX_TRAIN_TOKENIZER_SYMBOLS_MAX);
            return false;
        }
        symbols[(*n)++] = one.ptr;
        text += len + (text[len] == ',');
    }
    return true;
}

/* The files of --data and of the arguments; their number, 0 where there are too many. */
static size_t gather_files(const hx_cli *c, const char **files) {
    size_t n = 0;
    if (c->options.n_list + (size_t)c->n_args > FILES_MAX) return 0;
    for (size_t i = 0; i < c->options.n_list; i++)
        files[n++] = c->options.list[i];
    for (int i = 0; i < c->n_args; i++)
        files[n++] = c->args[i];
    return n;
}

static hx_train_tokenizer_options options_of(hx_cli *c, hx_progress_clock *clock,
                                             const char *const *symbols, size_t n) {
    const hx_cli_values *v = &c->options;
    hx_progress_begin(clock, c, hx_cli_tr(c, "learning", "学习"));
    return (hx_train_tokenizer_options){
        .vocab = hx_cli_has(v, HX_OPT_VOCAB) ? (size_t)v->number[HX_OPT_VOCAB] : VOCAB,
        .coverage = v->real[HX_OPT_COVERAGE],
        .han_alone = hx_cli_has(v, HX_OPT_HAN_ALONE),
        .split_digits = hx_cli_has(v, HX_OPT_DIGITS),
        .symbols = symbols,
        .n_symbols = n,
        .text = v->text[HX_OPT_TEXT],
        .n_threads = hx_cli_has(v, HX_OPT_THREADS) ? (size_t)v->number[HX_OPT_THREADS] : 0,
        .max_bytes = (uint64_t)4 << 30,
        .progress = hx_progress_tick,
        .context = clock,
        .cancel = &c->cancel};
}

int hx_cmd_train_tokenizer(hx_cli *c) {
    const char *files[FILES_MAX], *symbols[HX_TRAIN_TOKENIZER_SYMBOLS_MAX];
    const char *out = c->options.text[HX_OPT_TARGET];
    size_t n_symbols = 0, n_files = gather_files(c, files);
    if (!out || n_files == 0)
        return hx_cli_usage(c, "train tokenizer needs FILE... and --out tokenizer.model",
                            "train tokenizer 需要 文件... 和 --out tokenizer.model");
    if (!split_symbols(c, c->options.text[HX_OPT_SYMBOLS], symbols, &n_symbols) ||
        !hx_output_may_replace(c, out))
        return HX_EXIT_FAILED;
    hx_progress_clock clock;
    hx_train_tokenizer_counts n;
    hx_error err = {.ui = c->ui};
    const hx_train_tokenizer_options options = options_of(c, &clock, symbols, n_symbols);
    hx_status status = hx_train_tokenizer(files, n_files, out, &options, &n, &err);
    hx_progress_clear(c);
    if (status != HX_OK) return hx_cli_error(c, &err);
    if (n.n_bad)
        hx_cli_note(c, "%llu rows could not be read", "%llu 行无法读取",
                    (unsigned long long)n.n_bad);
    if (n.n_pieces < options.vocab)
        hx_cli_note(c, "the texts hold no more than %zu pieces", "文本中只有 %zu 个词片",
                    n.n_pieces);
    hx_cli_note(c, "wrote %s: %zu pieces (%zu characters, %zu merges) from %llu documents, %.1f MB",
                "已写入 %s：%zu 个词片（%zu 个字符，%zu 次合并），来自 %llu 篇文本，%.1f MB", out,
                n.n_pieces, n.n_characters, n.n_merges, (unsigned long long)n.n_documents,
                (double)n.n_bytes / 1e6);
    return HX_EXIT_DONE;
}
