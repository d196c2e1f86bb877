/* cmd_convert.c - convert: Hugging Face folder to GGUF file and back; quantize: a GGUF file with smaller weights. */
#include <string.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/llama.h"
#include "cli/output.h"
#include "cli/progress.h"

static hx_convert_options options_of(hx_progress_clock *p, hx_cli *c, const char *what) {
    const hx_cli_values *v = &c->options;
    hx_progress_begin(p, c, what);
    return (hx_convert_options){
        .type = v->text[HX_OPT_TYPE],
        .n_threads = hx_cli_has(v, HX_OPT_THREADS) ? (size_t)v->number[HX_OPT_THREADS] : 0,
        .progress = hx_progress_tick,
        .context = p,
        .cancel = &c->cancel};
}

static int finish(hx_cli *c, hx_status st, const hx_error *err, const char *out) {
    struct stat size;
    hx_progress_clear(c);
    if (st != HX_OK) return hx_cli_error(c, err);
    if (stat(out, &size) == 0 && S_ISREG(size.st_mode))
        hx_cli_note(c, "wrote %s, %.1f MB", "已写入 %s，%.1f MB", out, (double)size.st_size / 1e6);
    else
        hx_cli_note(c, "wrote the folder %s", "已写入目录 %s", out);
    return HX_EXIT_DONE;
}

/* The file to read and the place to write; NULL after a sentence, *status set. */
static const char *start(hx_cli *c, const char **out, int *status) {
    *out = c->options.text[HX_OPT_TARGET];
    *status = HX_EXIT_FAILED;
    if (!*out) {
        *status = hx_cli_usage(c, "%s needs --out PATH", "%s 需要 --out 路径", c->command->name);
        return NULL;
    }
    hx_cli_catch_interrupts(c);
    const char *path = hx_cli_model_path(c, c->args[0]);
    if (path) c->args[0] = (char *)(uintptr_t)path; /* which is never replaced: output.c looks */
    return path;
}

int hx_cmd_convert(hx_cli *c) {
    int status;
    const char *out;
    if (!hx_cli_has(&c->options, HX_OPT_TO))
        return hx_cli_usage(c, "convert needs --to gguf or --to hf",
                            "convert 需要 --to gguf 或 --to hf");
    const char *from = start(c, &out, &status);
    if (!from) return status;
    hx_model_format to = (hx_model_format)c->options.number[HX_OPT_TO];
    if (to == HX_MODEL_GGUF && !hx_output_may_replace(c, out)) return HX_EXIT_FAILED;
    hx_progress_clock clock;
    const hx_convert_options options = options_of(&clock, c, hx_cli_tr(c, "converting", "转换"));
    const hx_cli_values *v = &c->options;
    const hx_reshape_options reshape = {.adapter = v->text[HX_OPT_ADAPTER],
                                        .layers = v->text[HX_OPT_KEEP_LAYERS],
                                        .vocab_from = v->text[HX_OPT_VOCAB_FROM],
                                        .text = v->text[HX_OPT_TEXT]};
    hx_error err = {.ui = c->ui};
    hx_status st = reshape.adapter || reshape.layers || reshape.vocab_from
                       ? hx_model_reshape(from, to, out, &reshape, &options, &err)
                       : hx_model_convert(from, to, out, &options, &err);
    status = finish(c, st, &err, out);
    if (st == HX_OK && to == HX_MODEL_HF) hx_cli_note_transformers(c, out);
    return status;
}

int hx_cmd_quantize(hx_cli *c) {
    int status;
    const char *out, *type = c->options.text[HX_OPT_TYPE];
    if (!type)
        return hx_cli_usage(c, "quantize needs --type: q4_k is a good one",
                            "quantize 需要 --type，如 q4_k");
    const char *from = start(c, &out, &status);
    if (!from) return status;
    if (!hx_output_may_replace(c, out)) return HX_EXIT_FAILED;
    hx_progress_clock clock;
    const hx_convert_options options = options_of(&clock, c, hx_cli_tr(c, "quantising", "量化"));
    hx_error err = {.ui = c->ui};
    return finish(c, hx_model_quantize(from, type, out, &options, &err), &err, out);
}
