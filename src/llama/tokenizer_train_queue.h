/* tokenizer_train_queue.h - candidates of byte-pair learning: by spelling, by count, with their places. Only for tokenizer_train*.c. */
#ifndef HX_LLAMA_TOKENIZER_TRAIN_QUEUE_H
#define HX_LLAMA_TOKENIZER_TRAIN_QUEUE_H

#include "llama/tokenizer_train_parts.h"

typedef struct {
    uint32_t left, right; /* symbols */
} hx_train_pair;

typedef struct {
    uint64_t hash; /* of its spelling */
    uint64_t n; /* how often it stands */
    uint64_t queued; /* highest count under which it is in the heap; 0 = not there */
    hx_train_pair pair; /* the first that spelt it */
    uint32_t symbol; /* once merged; 0 = not yet */
    uint32_t chunk; /* of places: the newest, 0 = none */
    uint32_t n_places;
    uint16_t filled; /* places in that chunk */
    uint8_t n_characters;
    bool touched; /* grew since the last settle */
} hx_train_candidate;

/* Negative where the spelling of `a` is bytewise smaller. */
typedef int hx_pair_queue_compare(const void *context, hx_train_pair a, hx_train_pair b);

typedef struct {
    uint64_t key; /* count << 8 | 255 - characters */
    uint32_t candidate;
} hx_train_entry;

typedef struct {
    hx_train_candidate *candidates; /* [0] is none */
    size_t n_candidates, room;
    uint64_t *slots; /* high half of the hash << 32 | candidate; 0 = free */
    size_t n_slots;
    hx_train_entry *heap;
    size_t n_heap, heap_room;
    uint32_t *touched;
    size_t n_touched, touched_room;
    uint32_t *chunks; /* each: the one before it, then places */
    size_t n_chunks, chunks_room; /* in u32 */
} hx_train_queue;

void hx__train_queue_init(hx_train_queue *q);
void hx__train_queue_release(hx_train_queue *q);
/* The candidate of this spelling, made where there is none; NULL = out of memory. Valid until the next call. */
hx_train_candidate *hx__train_queue_at(hx_train_queue *q, uint64_t hash, hx_train_pair pair,
                                       uint8_t n_characters);
/* It stands at `at`, too, n times; false = out of memory. */
bool hx__train_queue_add(hx_train_queue *q, hx_train_candidate *c, uint32_t at, uint64_t n);
/* Queues those that grew; false = out of memory. */
bool hx__train_queue_settle(hx_train_queue *q, const void *context, hx_pair_queue_compare *compare);
/* Takes the candidate with the highest count >= least out of the queue; false where there is none. */
bool hx__train_queue_best(hx_train_queue *q, uint64_t least, const void *context,
                          hx_pair_queue_compare *compare, uint32_t *best);
/* Copies its places, oldest first, to out (n_places). */
size_t hx__train_queue_places(const hx_train_queue *q, const hx_train_candidate *c, uint32_t *out);

#endif
