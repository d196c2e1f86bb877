/* segment_groups.h - segments made of what is said of customers already: a trained model's labels, the values of a trait, clusters of a table.
 *
 * Each value becomes one rule on the trait that has it, so members are kept up, explained and verified like those of any rule. */
#ifndef HX_CLI_SEGMENT_GROUPS_H
#define HX_CLI_SEGMENT_GROUPS_H

#include "cli/cli.h"

#define HX_SEGMENT_GROUPS_MAX 64

/* Takes the rows of `path` with a column cluster, as learn cluster writes them, into the store as the trait `trait`; what an earlier call said of that
 * trait is taken back. HX_EXIT_DONE, or the exit status after a sentence. */
int hx_segment_groups_read(hx_cli *c, hx_store *s, const char *path, const char *trait);
/* A definition PREFIX.VALUE for each value of the label set or trait; in c->arena. 0 after a sentence. */
size_t hx_segment_groups_find(hx_cli *c, hx_store *s, const char *prefix, const char *label,
                              hx_segment_rule_text out[HX_SEGMENT_GROUPS_MAX]);

#endif
