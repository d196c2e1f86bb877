/* messages.c - the Chinese forms of our English error sentences.
 *
 * messages/MODULE.inc holds one line a sentence: {"english format", "chinese format"}, with the same printf
 * arguments (%1$s where the order changes, then in both). The English text in the code is the key, so code
 * reads without a catalogue; tests/unit/base/test_messages.c finds every hx_fail() of the sources and
 * fails where its sentence is missing here or takes other arguments.
 *
 * The search is linear: it runs once for an error that a human is about to read. */
#include <inttypes.h>

#include "base/error.h"

#include <string.h>

static const struct {
    const char *en, *zh;
} message_table[] = {
#include "base/messages/base.inc"

#include "base/messages/frame.inc"

#include "base/messages/privacy.inc"

#include "base/messages/text.inc"

#include "base/messages/tensor.inc"

#include "base/messages/nn.inc"

#include "base/messages/learn.inc"

#include "base/messages/llama.inc"

#include "base/messages/model.inc"

#include "base/messages/profile.inc"

#include "base/messages/insight.inc"

#include "base/messages/store.inc"

#include "base/messages/ingest.inc"

#include "base/messages/answer.inc"

#include "base/messages/pipeline.inc"
};

const char *hx_message_zh(const char *format) {
    for (size_t i = 0; i < sizeof message_table / sizeof message_table[0]; i++)
        if (strcmp(message_table[i].en, format) == 0) return message_table[i].zh;
    return NULL;
}
