/* known.h - names of known models, for the other files of this module. */
#ifndef HX_MODEL_KNOWN_H
#define HX_MODEL_KNOWN_H

#include "huaxiang/model.h"

/* The model whose name is nearest to a mistyped one; NULL where none is near. */
const hx_known_model *hx_known_model_near(const char *name);

#endif
