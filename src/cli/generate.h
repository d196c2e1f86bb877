/* generate.h - text from a language model, by the options of `generate`. */
#ifndef HX_CLI_GENERATE_H
#define HX_CLI_GENERATE_H

#include "cli/llama.h"
#include "cli/outbuf.h"

typedef struct hx_cli_generate {
    hx_cli *c;
    const hx_cli_llama *opened;
    hx_generate_options options;
    hx_grammar *grammar; /* owned */
    hx_str stops[HX_OPT_LIST_MAX]; /* in the run's arena */
    bool stream; /* text goes to the output as it comes */
} hx_cli_generate;

/* By the options alone, before a model is opened; then the model. HX_EXIT_DONE, or the exit status after a sentence. */
int hx_cli_generate_open(hx_cli *c, hx_cli_generate *g);
int hx_cli_generate_use(hx_cli_generate *g, const hx_cli_llama *l);
void hx_cli_generate_close(hx_cli_generate *g);
/* What the model answers to c->prompt and `text`, a line apart. `log_probs`: JSON, {NULL, 0} where not asked for. With out->end ==
 * HX_END_CANCELLED it was stopped by Ctrl-C. */
hx_status hx_cli_generate_text(const hx_cli_generate *g, hx_str text, hx_arena *arena,
                               hx_generation *out, hx_str *log_probs, hx_error *err) HX_MUST_USE;
/* It was held to a grammar or schema, and ended before that did. */
bool hx_cli_generate_is_cut(const hx_cli_generate *g, const hx_generation *out);
hx_context_options hx_cli_generate_context(const hx_cli *c); /* by --context */
const char *hx_cli_grammar_word(const hx_cli *c); /* "grammar" or "schema", for sentences */
const char *hx_cli_end_name(hx_end_reason end); /* "end", "stop", "length", "cancelled" */

#endif
