/* generate.h - text from a language model, by the options of `generate`. */
#ifndef HX_CLI_GENERATE_H
#define HX_CLI_GENERATE_H

#include "cli/llama.h"
#include "cli/outbuf.h"

#define HX_STOPS_MAX 16

typedef struct hx_cli_generate {
    hx_cli *c;
    const hx_cli_llama *opened;
    hx_generate_options options;
    hx_grammar *grammar; /* owned */
    hx_str stops[HX_STOPS_MAX]; /* in the run's arena */
    bool stream; /* text goes to the output as it comes */
} hx_cli_generate;

/* HX_EXIT_DONE, or the exit status after a sentence. */
int hx_cli_generate_open(hx_cli *c, hx_cli_generate *g, const hx_cli_llama *l);
void hx_cli_generate_close(hx_cli_generate *g);
/* What the model answers to c->prompt and `text`, a line apart. `log_probs`: JSON, {NULL, 0} where not asked for. */
hx_status hx_cli_generate_text(const hx_cli_generate *g, hx_str text, hx_arena *arena,
                               hx_generation *out, hx_str *log_probs, hx_error *err) HX_MUST_USE;
hx_context_options hx_cli_generate_context(const hx_cli *c); /* by --context */
const char *hx_cli_end_name(hx_end_reason end); /* "end", "stop", "length", "cancelled" */

#endif
