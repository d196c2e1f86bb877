/* train_correct.h - tasks on pairs of texts, as written and as they should stand: the type, and how two lists of tokens lie beside each other. */
#ifndef HX_MODEL_TRAIN_CORRECT_H
#define HX_MODEL_TRAIN_CORRECT_H

#include "model/train.h"

#define HX_ALIGN_MAX 64 /* tokens between what both sides begin and end with */

/* Labels of tokens that should go, and of right ones in front of which something is missing. */
typedef struct {
    uint32_t gone, missing;
} hx_pair_marks;

extern const hx_task_type hx_task_type_correct;

/* labels (n): for each token as written the one that should stand there, or a mark, by the fewest changes (of equally few, others in their place
 * first). Of several missing in one place one is marked, behind a last token none. False: more than HX_ALIGN_MAX tokens lie between. */
bool hx_train_align(const uint32_t *wrong, size_t n, const uint32_t *right, size_t m,
                    const hx_pair_marks *marks, uint32_t *labels);

#endif
