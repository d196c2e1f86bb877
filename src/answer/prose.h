/* prose.h - a profile in sentences, and the check that holds prose against facts (hx_prose_check() is public, huaxiang/answer.h). */
#ifndef HX_ANSWER_PROSE_H
#define HX_ANSWER_PROSE_H

#include "answer/value.h"

#endif
