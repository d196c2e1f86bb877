/* steps.h - the kinds of steps that learn adds to recipes; hx_learn_steps() in step_text.c lists them.
 *
 *     "text"        step_text.c        texts as numbers
 *     "isolation"   step_isolation.c   rows unlike the others
 *
 * A kind is a const table (frame/step.h); its state belongs to the recipe that it stands in. */
#ifndef HX_LEARN_STEPS_H
#define HX_LEARN_STEPS_H

#include "frame/step.h"

extern const hx_step_kind hx_step_isolation;

#endif
