/* triple.h - who does what to whom: triples of a sentence with a tree of Universal Dependencies.
 *
 *     nsubj, csubj            subject; conj without one has that of what it is joined to
 *     obj, iobj, obl:patient  object, a triple each; of an xcomp they belong to both verbs: want to buy | a phone
 *     nsubj:pass, obl:agent   object and subject
 *     cop                     subject | the copula | what it is
 *
 * Spans are verbatim: words side by side of the text. Negation, degree and auxiliaries beside a predicate are part of it: 不喜欢, 太慢, didn't like. */
#ifndef HX_TEXT_TRIPLE_H
#define HX_TEXT_TRIPLE_H

#include "text/tagger.h"

#endif
