/* huaxiang/huaxiang.h - the whole public API, in the order of a customer's comment on its way. */
#ifndef HUAXIANG_HUAXIANG_H
#define HUAXIANG_HUAXIANG_H

#include "huaxiang/base.h"

#include "huaxiang/frame.h"

#include "huaxiang/privacy.h"

#include "huaxiang/text.h"

#include "huaxiang/llama.h"

#include "huaxiang/learn.h"

#include "huaxiang/model.h"

#include "huaxiang/store.h"

#include "huaxiang/pipeline.h"

#include "huaxiang/insight.h"

#include "huaxiang/answer.h"

#endif
