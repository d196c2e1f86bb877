/* huaxiang/text.h - raw text in, annotation out.
 *
 *     bytes -> clean -> words -> keywords, sentiment, intent
 *
 * Offsets everywhere are byte offsets into the text as it was given, also after NFKC and traditional -> simplified.
 * A hx_text_model (dictionaries, lexicons, patterns; memory-mapped) is immutable and shared by threads; a hx_annotator holds one
 * thread's scratch memory. An annotation and all it points to live in the caller's arena. */
#ifndef HUAXIANG_TEXT_H
#define HUAXIANG_TEXT_H

#include "huaxiang/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HX_TEXT_MAX (16u << 20) /* bytes of one text, else HX_ELIMIT */

typedef enum { HX_ENGINE_AUTO = 0, HX_ENGINE_RULES, HX_ENGINE_LEARN, HX_ENGINE_LLAMA } hx_engine;
HX_API const char *hx_engine_name(hx_engine e); /* "rules", "learn", "llama" */

typedef enum {
    HX_LANG_UNKNOWN = 0,
    HX_LANG_ZH,
    HX_LANG_EN,
    HX_LANG_MIXED,
    HX_LANG_OTHER,
    HX_LANG_N
} hx_lang;
HX_API const char *
hx_lang_name(hx_lang l); /* "unknown" (no letters), "zh", "en", "mixed", "other" */

typedef enum {
    HX_SENTIMENT_NONE = 0, /* not annotated */
    HX_SENTIMENT_NEGATIVE,
    HX_SENTIMENT_NEUTRAL,
    HX_SENTIMENT_POSITIVE,
    HX_SENTIMENT_MIXED, /* strong words for and against it */
    HX_SENTIMENT_N
} hx_sentiment_label;
HX_API const char *
hx_sentiment_name(hx_sentiment_label l); /* "negative", "neutral", "positive", "mixed" */

typedef enum {
    HX_INTENT_OTHER = 0,
    HX_INTENT_BUY,
    HX_INTENT_REFUND,
    HX_INTENT_EXCHANGE,
    HX_INTENT_COMPLAINT,
    HX_INTENT_CONSULT,
    HX_INTENT_PRAISE,
    HX_INTENT_CHURN,
    HX_INTENT_LOGISTICS,
    HX_INTENT_INVOICE,
    HX_INTENT_REPAIR,
    HX_INTENT_PRICE,
    HX_INTENT_CANCEL,
    HX_INTENT_ACCOUNT,
    HX_INTENT_SUGGEST,
    HX_INTENT_N
} hx_intent_label;
HX_API const char *
hx_intent_name(hx_intent_label l); /* "other", "buy", "refund", "exchange", "complaint", ... */

typedef struct {
    uint32_t start, end; /* bytes in the original text */
} hx_span;

typedef struct {
    hx_span span;
    hx_str text; /* the word in the cleaned text (simplified, NFKC, lower case for English) */
    bool stop; /* a stop word */
} hx_word;

typedef struct {
    hx_span span; /* its first occurrence */
    hx_str text;
    double score; /* (0, 1], the best of a text is 1 */
} hx_keyword;

/* One piece of evidence behind a label: the span and what it adds to the score's logit. */
typedef struct {
    hx_span span;
    double weight; /* + speaks for positive / for the intent */
} hx_evidence;

typedef struct {
    hx_sentiment_label label;
    double score; /* calibrated probability of the label, (0, 1] */
    double logit; /* sum of the evidence weights plus `bias`, exactly */
    double bias;
    const hx_evidence *evidence;
    size_t n_evidence;
} hx_sentiment;

/* Several intents may hold of one text: `label` is the surest of them. */
typedef struct {
    hx_intent_label label;
    double score;
    const hx_evidence *evidence;
    size_t n_evidence;
    uint32_t holds; /* 1u << intent of each that holds, never none: at least that of `label` */
    double
        scores[HX_INTENT_N]; /* of each, [0, 1]; where none of them is sure, `other` has the rest */
} hx_intent;

typedef enum {
    HX_EMOTION_NEUTRAL = 0,
    HX_EMOTION_HAPPY,
    HX_EMOTION_ANGRY,
    HX_EMOTION_SAD,
    HX_EMOTION_FEAR,
    HX_EMOTION_SURPRISE,
    HX_EMOTION_N
} hx_emotion_label;
HX_API const char *hx_emotion_name(hx_emotion_label l); /* "neutral", "happy", "angry", ... */

typedef struct {
    hx_emotion_label label;
    double score; /* probability of the label */
    double scores[HX_EMOTION_N]; /* of each; they sum to 1 */
    const hx_evidence *evidence; /* what speaks for the label */
    size_t n_evidence;
} hx_emotion;

/* One side of a purchase that a text speaks of: delivery, price, taste, ... (lexicons/aspects.tsv). */
typedef struct {
    hx_str id; /* "price" */
    hx_str name; /* in the language of the text: "价格", "price" */
    hx_span span; /* of its first term: what names it */
    hx_span
        opinion; /* what decides most; empty (start == end) where nothing is said for or against */
    hx_sentiment_label label;
    double score; /* probability of the label, (0, 1] */
    double logit; /* sum of the evidence weights, exactly */
    const hx_evidence *evidence;
    size_t n_evidence;
} hx_aspect;

typedef struct {
    hx_str to;
    double score;
} hx_edit_choice;

/* One change: bytes of the text as given are replaced. */
typedef struct {
    hx_span span; /* empty where something is missing */
    hx_str from, to; /* `to` empty: it should go */
    double score; /* calibrated probability that the change is right */
    const hx_edit_choice *alternatives; /* other ways, likeliest first */
    size_t n_alternatives;
} hx_edit;

/* What correction does to texts before they are read. */
typedef enum {
    HX_CORRECT_OFF = 0,
    HX_CORRECT_SUGGEST, /* edits are recorded; the text is read as it was given */
    HX_CORRECT_APPLY, /* the corrected text is read; all spans lie in the text as given */
    HX_CORRECT_N
} hx_correct_mode;
HX_API const char *hx_correct_mode_name(hx_correct_mode m); /* "off", "suggest", "apply" */
HX_API bool hx_correct_mode_parse(hx_str name, hx_correct_mode *out);

typedef struct {
    hx_engine
        engine; /* AUTO: LLAMA where models/huaxiang-small/model.gguf lies under share_dir, else RULES */
    const char *model; /* LLAMA: another file or folder; NULL = that one */
    const char *
        user_words; /* files of words and names that stay, one a line (behind TAB: ignored); NULL = none */
    const char *protect;
    double threshold; /* a change is made from this probability on; 0 = the usual one */
    double false_alarms; /* or: the share of right sentences that may be changed; 0 = not said */
    double thresholds[2]; /* or: of Chinese and of English, as a receipt has them; 0 = not said */
    size_t n_threads; /* of the language model; 0 = one a processor */
} hx_correct_options;

/* What correction did to an annotated text, and by what: with the same numbers it does the same again. */
typedef struct {
    hx_correct_mode mode;
    hx_engine engine; /* RULES or LLAMA; AUTO where the mode is OFF */
    double threshold[2]; /* of Chinese, of English; multiples of 1/1,000,000 */
    uint64_t hash; /* hx_correct_model_hash() */
    const hx_edit *edits; /* of the text as given, in order; without alternatives */
    size_t n_edits;
} hx_corrected;

/* Why a text is kept but not counted in the customer's voice. */
typedef enum {
    HX_NOISE_NONE = 0,
    HX_NOISE_EMPTY,
    HX_NOISE_DEFAULT_PRAISE,
    HX_NOISE_ADVERT,
    HX_NOISE_REPEATED,
    HX_NOISE_SPAM, /* gambling, loans, fraud, chain letters */
    HX_NOISE_BOT, /* a template: a copied review, an unfilled form, a machine's error */
    HX_NOISE_OFF_TOPIC, /* written to fill the field: for points, a poem, code */
    HX_NOISE_N
} hx_noise;
HX_API const char *hx_noise_name(
    hx_noise
        n); /* "none", "empty", "default praise", "advert", "repeated", "spam", "bot", "off topic" */

typedef struct {
    hx_engine engine;
    hx_lang lang;
    hx_noise noise;
    hx_sentiment sentiment;
    hx_intent intent;
    const hx_keyword *keywords;
    size_t n_keywords;
    const hx_aspect *aspects; /* each at most once, in the order of their first terms */
    size_t n_aspects;
    uint64_t
        similarity; /* SimHash of the cleaned text's character 3-grams: near duplicates differ in <= 3 bits */
    uint64_t model; /* hash of the dictionaries and lexicons it was made with */
    hx_emotion
        emotion; /* of LLAMA, else where hx_annotator_feel() asks; score 0: nobody was asked */
    hx_str
        weights; /* LLAMA of a model that was opened `identified`: SHA-256, 64 digits; else empty */
    hx_str kernels; /* that ran then: "vnni", ...; both belong to the model */
    hx_corrected corrected;
} hx_annotation;

/* What a trained model of the caller's says of a text: one label of a set of its own, beside what the rules say; or a number. */
typedef struct {
    hx_str set; /* what its labels are about: "mood" */
    hx_str label; /* empty: a number */
    double
        score; /* the model's probability of the label, [0, 1]; or the number, at most HX_LABEL_NUMBER_MAX either way */
    hx_engine engine; /* HX_ENGINE_LEARN or HX_ENGINE_LLAMA */
    hx_str kernels; /* that ran: "vnni", ... */
    hx_str model; /* SHA-256 of its weights' file, 64 digits */
} hx_model_label;

#define HX_LABELS_MAX 256 /* labels of one customer that are counted, over all sets */

#define HX_LABEL_NUMBER_MAX 1e9

typedef enum {
    HX_LABELLER_ONE = 0, /* one label a text */
    HX_LABELLER_SEVERAL, /* any number of labels: each is a set of its own, "yes" or "no" */
    HX_LABELLER_NUMBER /* a number a text */
} hx_labeller_kind;

/* A model that labels texts, borrowed by whoever is given it. read() is called from any thread; what it says must depend on each text alone,
 * not on its neighbours. ONE: labels (n), each below n_labels; scores (n). SEVERAL: scores (n, n_labels), the probability of each. NUMBER:
 * scores (n), the numbers; labels is NULL for these two. */
typedef struct {
    hx_labeller_kind kind;
    const char *const *sets; /* (n_labels) of SEVERAL: "topics.price"; NULL of the others */
    double threshold; /* of SEVERAL: "yes" from here on; 0 = 0.5 */
    const char *set; /* letters, digits, '_', '-' */
    hx_engine engine;
    const char *kernels, *model; /* as above */
    const char *const *labels; /* (n_labels), at most HX_LABELS_MAX, of SEVERAL half of it */
    size_t n_labels; /* of NUMBER 1 */
    hx_status (*read)(void *context, const hx_str *texts, size_t n, uint32_t *labels,
                      double *scores, hx_error *err);
    void *context;
} hx_labeller;

/* ------------------------------------------------------------------ the model */
typedef struct hx_text_model hx_text_model;

/* Opens the data under `share_dir` (words.hxd, t2s.hxd, lexicons). User words: a text file, one word a line, optionally TAB weight; any
 * characters, also blanks and hyphens; NULL = none. Stop words replace the built-in list where a file is given. */
typedef struct {
    const char *user_words; /* path or NULL */
    const char *stop_words; /* path or NULL */
    const char
        *aspects; /* path of a table like lexicons/aspects.tsv that comes before it, or NULL */
    /* Who says what it knows, the rules say the rest: LEARN (models/huaxiang-learn under share_dir), LLAMA (models/huaxiang-small, or `model`), RULES.
     * AUTO: LLAMA where `model` is said or huaxiang-small is installed, else RULES. */
    hx_engine engine;
    const char *model; /* LLAMA: another file or folder; NULL = huaxiang-small */
    const char *kernels; /* LLAMA: "vnni", ...; NULL = the best that this machine has */
    bool
        identified; /* LLAMA: annotations name the SHA-256 of the weights, as receipts need it; opening takes as long as summing up the file */
    const char *adapt; /* an adaptation of its sentiment (hx_text_adapt), or NULL */
    const char
        *memory; /* corrections of single texts (hx_memory_teach), or NULL; need not be there */
    hx_correct_mode correct; /* of the texts that are annotated; OFF: no corrector is opened */
    const hx_correct_options *correction; /* NULL = by the rules, at the usual thresholds */
} hx_text_model_options;
HX_API hx_status hx_text_model_open(hx_text_model **out, const char *share_dir,
                                    const hx_text_model_options *options,
                                    hx_error *err) HX_MUST_USE;
HX_API void hx_text_model_close(hx_text_model *m);
HX_API uint64_t hx_text_model_hash(const hx_text_model *m);
HX_API hx_engine hx_text_model_engine(const hx_text_model *m); /* RULES, LEARN or LLAMA */
/* Mode, engine, thresholds and hash of its correction, without edits. */
HX_API hx_corrected hx_text_model_correction(const hx_text_model *m);

/* ------------------------------------------------------------------ one thread's annotator */
typedef struct hx_annotator hx_annotator;
HX_API hx_status hx_annotator_new(hx_annotator **out, const hx_text_model *m,
                                  hx_error *err) HX_MUST_USE; /* keeps m until free */
HX_API void hx_annotator_free(hx_annotator *a);
/* From now on in this mode, as long as the model has a corrector; of a model without one all stays OFF. */
HX_API void hx_annotator_correct(hx_annotator *a, hx_correct_mode mode);
/* Annotations of RULES and LEARN have the emotion too, as hx_text_emotion() says it; usually only LLAMA's have, whose one pass gives it. */
HX_API void hx_annotator_feel(hx_annotator *a, bool feels);

/* Clean text with a map back: text.ptr[i] comes from original bytes [offsets[i], offsets[i+1]) (n = text.len + 1 offsets, ascending; the bytes of a
 * changed character all have the same; what was dropped behind a character counts to it). */
typedef struct {
    hx_str text;
    const uint32_t *offsets;
} hx_clean_text;

typedef struct {
    bool keep_traditional; /* no traditional -> simplified */
    bool
        keep_case; /* no lower-casing of Latin (clean filter); words/sentiment match case-insensitively anyway */
    bool keep_urls; /* URLs and @mentions stay */
} hx_clean_options;

/* HTML tags (script and style with their content) and entities, URLs, @mentions (no e-mail addresses), control and zero-width characters, repeated
 * punctuation (！！！！ -> !, ...... -> ...), emoji kept whole, NFKC, lower case, t->s as OpenCC, blanks folded and trimmed. Invalid UTF-8 bytes are
 * dropped. Idempotent: clean(clean(x)) = clean(x). */
HX_API hx_status hx_text_clean(hx_annotator *a, hx_str text, const hx_clean_options *options,
                               hx_arena *arena, hx_clean_text *out, hx_error *err) HX_MUST_USE;

HX_API hx_lang hx_text_lang(hx_str clean);

/* Words of a text, on Chinese the same as jieba's. Concatenating the original spans' bytes gives the text as sent, white space aside: every non-blank
 * byte belongs to one word, `text` is the cleaned form. What cleaning drops (a tag, a URL, invalid bytes) is a word with an empty text and `stop` set;
 * each punctuation mark is a word. */
HX_API hx_status hx_text_words(hx_annotator *a, hx_str text, hx_arena *arena, const hx_word **out,
                               size_t *n, hx_error *err) HX_MUST_USE;

HX_API hx_status hx_text_sentiment(hx_annotator *a, hx_str text, hx_arena *arena, hx_sentiment *out,
                                   hx_error *err) HX_MUST_USE;
/* What a text says of one named thing (target: "手机"), any case, traditional or simplified: the clauses that name it and those behind
 * them that name nothing else; of a comparison the side the thing stands on (A不如B, 没B好看, better than B). NONE where it isn't named. */
HX_API hx_status hx_text_sentiment_of(hx_annotator *a, hx_str text, hx_str target, hx_arena *arena,
                                      hx_sentiment *out, hx_error *err) HX_MUST_USE;
HX_API hx_status hx_text_aspects(hx_annotator *a, hx_str text, hx_arena *arena,
                                 const hx_aspect **out, size_t *n, hx_error *err) HX_MUST_USE;
HX_API hx_status hx_text_intent(hx_annotator *a, hx_str text, hx_arena *arena, hx_intent *out,
                                hx_error *err) HX_MUST_USE;

/* An intent and the part of the text that says it: the clause in which it is likeliest, or the whole text where no clause says it alone. */
typedef struct {
    hx_intent_label label;
    double score; /* of the whole text or of that clause, whichever is surer; [0, 1] */
    hx_span span; /* bytes of the text as given */
} hx_intent_part;
/* All intents of a text, in the order in which it says them: those that hold of the whole (*whole), and those that a clause says for itself
 * with a probability of HX_INTENT_PART_SURE or more. At most HX_INTENT_N; none where nothing but `other` holds. `parts` reads the clauses: another
 * annotator of the same model keeps what was read ahead in `a`; it may be `a`. */
#define HX_INTENT_PART_SURE 0.9
HX_API hx_status hx_text_intents(hx_annotator *a, hx_annotator *parts, hx_str text, hx_arena *arena,
                                 hx_intent *whole, const hx_intent_part **out, size_t *n,
                                 hx_error *err) HX_MUST_USE;

typedef enum {
    HX_KEYWORDS_TFIDF = 0, /* words */
    HX_KEYWORDS_TEXTRANK, /* words */
    HX_KEYWORDS_YAKE, /* phrases of up to five words, by statistics of the text alone */
    HX_KEYWORDS_LEARN, /* phrases, ranked by models/huaxiang-learn; needs a model of HX_ENGINE_LEARN */
    HX_KEYWORDS_LLAMA, /* phrases that the language model marks, of texts where it marks none TF-IDF; needs one of HX_ENGINE_LLAMA */
    HX_KEYWORDS_EMBEDDING, /* phrases, by their likeness to the text, none like another; needs one of HX_ENGINE_LLAMA */
    HX_KEYWORDS_ATTENTION, /* phrases, by what the text's vector takes from them; needs one of HX_ENGINE_LLAMA */
    HX_KEYWORDS_N
} hx_keyword_method;
/* Keywords of a text, the best first, each verbatim in it. */
HX_API hx_status hx_text_keywords(hx_annotator *a, hx_str text, hx_keyword_method method,
                                  size_t top, hx_arena *arena, const hx_keyword **out, size_t *n,
                                  hx_error *err) HX_MUST_USE;
/* A sentence that says much of a text, verbatim. */
typedef struct {
    hx_span span;
    double score; /* likeness to the whole text, [0, 1] */
} hx_key_sentence;
/* The best `top` sentences, the most telling first, none like another. */
HX_API hx_status hx_text_sentences(hx_annotator *a, hx_str text, size_t top, hx_arena *arena,
                                   const hx_key_sentence **out, size_t *n,
                                   hx_error *err) HX_MUST_USE;

/* The form by which two keywords are compared: lower case, English words stemmed (Porter), one blank between words, in `arena`. */
HX_API hx_status hx_keyword_stems(hx_str keyword, hx_arena *arena, hx_str *out,
                                  hx_error *err) HX_MUST_USE;

/* By the rules; of Chinese texts by the engine LLAMA where that is the engine. */
HX_API hx_status hx_text_emotion(hx_annotator *a, hx_str text, hx_arena *arena, hx_emotion *out,
                                 hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ words, parts of speech, trees, names */
/* Which convention Chinese words follow. */
typedef enum {
    HX_WORDS_UD = 0, /* each: where the model has such a head, else the rules' */
    HX_WORDS_PKU,
    HX_WORDS_SXU,
    HX_WORDS_RULES
} hx_words_standard;

#define HX_TAGGED_WORDS_MAX 120 /* of a sentence; longer ones are cut behind a comma or there */
#define HX_TAGGED_NO_HEAD UINT32_MAX

typedef struct {
    hx_span span;
    const char *upos; /* of the model; NULL = not said */
    const char *deprel; /* of the model; NULL = no tree */
    uint32_t head; /* 0 = the root, i = the sentence's i-th word; HX_TAGGED_NO_HEAD = no tree */
    bool joins; /* one word as written with the word before it: do|n't */
} hx_tagged_word;

typedef struct {
    hx_tagged_word *words;
    size_t n;
    bool chinese;
} hx_tagged_sentence;

typedef struct {
    hx_tagged_sentence *sentences;
    size_t n;
} hx_tagged_text;

/* One thread's, over a shared model, which is kept until the close. Chinese words: by the model's head for the standard, else by the rules; a user's
 * words stay whole. English words and sentences: by rules that follow UD English EWT. A text's words, put together, are the text without its white
 * space, whatever it holds. Parts of speech and trees are said by the model alone. What is said of a text depends on nothing beside it. */
typedef struct hx_tagger hx_tagger;
HX_API hx_status hx_tagger_open(hx_tagger **out, const hx_text_model *m, hx_words_standard standard,
                                hx_error *err) HX_MUST_USE;
HX_API void hx_tagger_close(hx_tagger *t); /* NULL is fine */
/* Whether a model cuts Chinese words; says parts of speech and trees of a language. */
HX_API bool hx_tagger_cuts(const hx_tagger *t);
HX_API bool hx_tagger_tags(const hx_tagger *t, bool chinese);
HX_API bool hx_tagger_parses(const hx_tagger *t, bool chinese);

/* From now on trees beside parts of speech, or those alone; as opened: trees. */
HX_API void hx_tagger_trees(hx_tagger *t, bool wanted);

/* Words alone, or with parts of speech and trees; out (n), the caller's; what it points to is in the arena or the model's. HX_ELIMIT for texts above
 * HX_TEXT_MAX. */
HX_API hx_status hx_tagger_cut(hx_tagger *t, const hx_str *texts, size_t n, hx_arena *arena,
                               hx_tagged_text *out, hx_error *err) HX_MUST_USE;
HX_API hx_status hx_tagger_read(hx_tagger *t, const hx_str *texts, size_t n, hx_arena *arena,
                                hx_tagged_text *out, hx_error *err) HX_MUST_USE;
/* Parts of speech and trees of given words; texts[i] is that of out[i], whose sentences have words. Heads are made anew. */
HX_API hx_status hx_tagger_parse(hx_tagger *t, const hx_str *texts, hx_tagged_text *out, size_t n,
                                 hx_error *err) HX_MUST_USE;
/* As CoNLL-U, each sentence with an empty line behind it, SpaceAfter=No, ranges for words that join. *out is arena memory. */
HX_API hx_status hx_tagged_conllu(hx_str text, const hx_tagged_text *said, hx_arena *arena,
                                  hx_str *out, hx_error *err) HX_MUST_USE;

typedef struct {
    bool trees; /* heads and relations, too; else UPOS alone */
    bool
        raw; /* what "# text" says (else the forms) is cut and read anew; comments stay. Sentences may be comments alone */
    size_t limit; /* at most so many sentences; 0 = all */
    const volatile int *cancel; /* raised: HX_ECANCELLED; NULL = none */
} hx_conllu_options;
/* The file at `path` ("-": standard input), in CoNLL-U, with parts of speech and trees of its own words; sentences, words, comments, lemmas, features and MISC stay as
 * given. *out is arena memory, *n its sentences. HX_EFORMAT, with the line, where it is no CoNLL-U; HX_EINVAL where it has no sentence; HX_ELIMIT where
 * a sentence has more than HX_TAGGED_WORDS_MAX words. */
HX_API hx_status hx_tagger_conllu_file(hx_tagger *t, const char *path, const hx_conllu_options *o,
                                       hx_arena *arena, hx_str *out, size_t *n,
                                       hx_error *err) HX_MUST_USE;

/* The sentences of a file in CoNLL-U, each as its words as written with a blank between them. *out is arena memory. */
HX_API hx_status hx_conllu_lines(const char *path, hx_arena *arena, hx_str **out, size_t *n,
                                 hx_error *err) HX_MUST_USE;

/* Who does what to whom. Bytes of the text; start == end where there is none: never the predicate, and one of the others at most. */
typedef struct {
    hx_span subject, predicate, object;
} hx_triple;
/* In the order of the predicates; none without a tree. *out is arena memory. */
HX_API hx_status hx_triples_find(const hx_tagged_sentence *s, hx_arena *arena, hx_triple **out,
                                 size_t *n, hx_error *err) HX_MUST_USE;

typedef enum {
    HX_ENTITY_PERSON = 0,
    HX_ENTITY_PLACE,
    HX_ENTITY_ORGANISATION,
    HX_ENTITY_PRODUCT,
    HX_ENTITY_TIME,
    HX_ENTITY_MONEY,
    HX_ENTITY_N
} hx_entity_kind;
HX_API const char *hx_entity_name(hx_entity_kind k); /* "person", "place", "organisation", ... */

typedef struct {
    hx_span span;
    hx_entity_kind kind;
    double score; /* the model's probability; of the rules 1 */
    bool by_rule;
} hx_entity;
/* Names, products, times and amounts of a text, in their order, none over another. Times and amounts that the rules find go before what the model
 * marks; without a model, the rules know names by their forms (张先生, 上海市, 某某公司, Mr. Smith, Acme Ltd.): few, but seldom wrong. */
HX_API hx_status hx_tagger_entities(hx_tagger *t, hx_str text, hx_arena *arena, hx_entity **out,
                                    size_t *n, hx_error *err) HX_MUST_USE;

/* How right words, parts of speech and trees of raw text are, by a treebank in CoNLL-U, as the CoNLL 2018 shared task has it. */
typedef struct {
    size_t sentences, words; /* of the treebank */
    double sentences_f1, words_f1; /* [0, 1], as all below; of both texts' words */
    double upos_f1, uas_f1, las_f1; /* 0 where the model has no such head */
    double seconds; /* to read it, the file and the figures not counted */
} hx_tree_figures;
/* Reads the file at `path`. HX_EFORMAT, with the line, where it is no CoNLL-U; HX_EINVAL where it has no sentence. */
HX_API hx_status hx_trees_evaluate(const hx_text_model *m, const char *path,
                                   hx_words_standard standard, hx_tree_figures *out,
                                   hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ sentiment fitted to one's own texts */
typedef struct {
    const hx_str *texts;
    const hx_sentiment_label *labels;
    size_t n;
} hx_labelled_texts;

typedef struct {
    size_t used, left_out; /* left out: neither positive nor negative, or without words */
    size_t grams; /* kept */
    double before,
        after; /* share of right labels, [0, 1]: the engine's, and by cross-validation the adapted one's */
    double loss_before, loss_after; /* the same: mean of -log p(label) */
    double strength; /* of the prior, chosen by cross-validation */
} hx_adapt_report;

/* Fits sentiment to labelled texts: what the annotator's engine says is the prior, so that few of them do (50 to some thousands). Writes a small
 * file for hx_text_model_options.adapt. Same texts, same bytes. Needs texts of both labels, and a model without an adaptation. */
HX_API hx_status hx_text_adapt(hx_annotator *a, const hx_labelled_texts *data, const char *path,
                               hx_adapt_report *report, hx_error *err) HX_MUST_USE;
HX_API hx_status hx_text_adapt_engine(const char *path, hx_engine *out,
                                      hx_error *err) HX_MUST_USE; /* that a file was made for */
/* ------------------------------------------------------------------ corrections of single texts */
/* Words that follow one another. */
typedef struct {
    hx_str *words;
    size_t n;
} hx_word_run;

typedef struct {
    int64_t id; /* 1, 2, ... in the order they were given */
    hx_str text, engine, at; /* at: "2026-11-22T21:40:05Z" */
    hx_sentiment_label label; /* NONE: of words */
    hx_word_run words; /* of the text; n = 0: of sentiment */
    hx_word_run *learned; /* (n_learned) what was cut otherwise before: holds in other texts, too */
    size_t n_learned;
    bool undone;
} hx_taught;

/* All corrections of a journal, in `arena`; a file that is not there has none. */
HX_API hx_status hx_memory_read(const char *path, hx_arena *arena, const hx_taught **out, size_t *n,
                                hx_error *err) HX_MUST_USE;
/* Appends a correction to a journal, which is made where it is not there; texts like it are answered by it from the next open on. `now`: ms since 1970. */
HX_API hx_status hx_memory_teach(const char *path, hx_str text, hx_sentiment_label label,
                                 hx_engine engine, int64_t now, int64_t *id,
                                 hx_error *err) HX_MUST_USE;
/* The same for words: `words`, white space aside, are the text. From the next open on the text is cut so by every engine and standard, and what the
 * rules or a standard of `m` cut otherwise is learned for other texts: one word as a user's word, several where words begin and end at both sides of
 * them. *out is arena memory. HX_EINVAL where the words are not the text's. */
HX_API hx_status hx_memory_teach_words(const char *path, const hx_text_model *m, hx_str text,
                                       const hx_str *words, size_t n, int64_t now, hx_arena *arena,
                                       hx_taught *out, hx_error *err) HX_MUST_USE;
/* Takes one back: answers are what they were before it. HX_ENOTFOUND where there is none of that number, or it was taken back already. */
HX_API hx_status hx_memory_undo(const char *path, int64_t id, int64_t now,
                                hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ topics of a collection */
#define HX_TOPICS_MAX 100
#define HX_TOPIC_WORDS 8
#define HX_TOPIC_NO_TIME INT64_MIN

typedef enum {
    HX_TOPIC_PERIOD_AUTO = 0,
    HX_TOPIC_PERIOD_DAY,
    HX_TOPIC_PERIOD_WEEK,
    HX_TOPIC_PERIOD_MONTH,
    HX_TOPIC_PERIOD_N
} hx_topic_period;

typedef struct {
    const hx_str *texts; /* (n) */
    size_t n;
    const int64_t *times; /* (n) ms since 1970 UTC or HX_TOPIC_NO_TIME; NULL = no times */
    size_t n_topics; /* at most HX_TOPICS_MAX; 0 = as many as fit */
    size_t n_quotes; /* of each; 0 = 3 */
    hx_topic_period period;
    uint64_t seed;
    const volatile int *cancel; /* NULL is fine */
} hx_topics_options;

typedef struct {
    size_t row;
    hx_span span; /* of that text: all of it, or a sentence */
} hx_topic_quote;

typedef struct {
    hx_str name; /* its three best words */
    const hx_str *words; /* that set it apart, the best first */
    size_t n_words;
    size_t size; /* texts */
    const hx_topic_quote *quotes;
    size_t n_quotes;
    const uint32_t *counts; /* (n_periods) texts; NULL without times */
    double slope; /* of its share, a period */
    double p; /* of no trend */
} hx_topic;

/* What the last period speaks of and those before did not. */
typedef struct {
    const hx_str *words; /* the surest first */
    size_t n_words;
    uint32_t now, before; /* texts with the first word */
    double p; /* of chance, all terms that were looked at taken together */
    const hx_topic_quote *quotes;
    size_t n_quotes;
} hx_new_topic;

typedef struct {
    const hx_topic *list; /* the largest first */
    size_t n;
    const uint32_t *topic_of; /* (n texts); UINT32_MAX = none */
    size_t n_without; /* texts without a topic: no word that several texts have */
    hx_topic_period period;
    const int64_t *period_starts; /* (n_periods) ms */
    const char *const *period_names; /* (n_periods) their first days: "2026-03-05" */
    const uint32_t *totals; /* (n_periods) texts */
    size_t n_periods; /* 0 = no times */
    const hx_new_topic *fresh;
    size_t n_fresh;
} hx_topics;

/* What a collection of texts speaks of, Chinese, English or both. Same texts and options, same answer. All in `arena`. */
HX_API hx_status hx_topics_find(const hx_text_model *m, const hx_topics_options *o, hx_arena *arena,
                                hx_topics *out, hx_error *err) HX_MUST_USE;

/* All of it in one pass over the text. */
HX_API hx_status hx_text_annotate(hx_annotator *a, hx_str text, hx_arena *arena, hx_annotation *out,
                                  hx_error *err) HX_MUST_USE;

#define HX_TEXT_AHEAD 256 /* texts that are worth one pass */

/* The same of n texts, out (n), caller's: the same answers, sooner where a language model reads them. */
HX_API hx_status hx_text_annotate_many(hx_annotator *a, const hx_str *texts, size_t n,
                                       hx_arena *arena, hx_annotation *out,
                                       hx_error *err) HX_MUST_USE;
/* What will be asked of texts. */
typedef enum {
    HX_ASKS_SENTIMENT = 1,
    HX_ASKS_INTENT = 2,
    HX_ASKS_ASPECTS = 4,
    HX_ASKS_KEYWORDS = 8,
    HX_ASKS_EMOTION = 16,
    HX_ASKS_ALL = 31 /* hx_text_annotate() */
} hx_text_asks;
/* Reads n texts in one pass of the language model, for calls that ask about them one by one, in this order; only the heads that `asks` (of hx_text_asks)
 * needs run. It changes no answer; nothing happens with other engines. */
HX_API hx_status hx_text_ahead(hx_annotator *a, const hx_str *texts, size_t n, unsigned asks,
                               hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ explanation */
/* Why a text has its label: what each of its words adds to the score.
 *
 *     score's logit  =  bias  +  sum of the parts' weights            exactly, also in floating point
 *
 * Rules and learn are sums by nature: their parts are their evidence. Any other scorer (a language model's head, a learner) is asked what it says of
 * the text with words left out: parts are Owen values (Owen 1977: Shapley values of words that act in clauses), by permutations of clauses and of the
 * words in each, every one followed by its reverse (antithetic sampling, Mitchell et al. 2022), from the empty text to the whole one. */
/* The logit of a label for each of n texts; what it says of a text must depend on it alone. */
typedef struct {
    hx_status (*score)(void *context, const hx_str *texts, size_t n, double *logits, hx_error *err);
    void *context;
    size_t rounds; /* permutations, a power of two of 2 to 64; 0 = 8, of long texts 2 */
    uint64_t seed;
} hx_text_scorer;

#define HX_EXPLAIN_PARTS 64 /* words that are left out one by one; of more words whole clauses */

typedef struct {
    double bias; /* the logit of nothing */
    double logit; /* bias + sum of the weights */
    double score; /* 1 / (1 + exp(-logit)) */
    const hx_evidence *parts; /* in the order of the engine; spans may overlap */
    size_t n_parts;
    size_t
        asked; /* texts that the scorer was asked about; 0 = parts are the engine's own evidence */
} hx_explanation;

/* scorer NULL: the sentiment of the annotator's engine, logit of `positive`. */
HX_API hx_status hx_text_explain(hx_annotator *a, hx_str text, const hx_text_scorer *scorer,
                                 hx_arena *arena, hx_explanation *out, hx_error *err) HX_MUST_USE;

/* A label of an annotation and what each word adds to it. */
typedef enum {
    HX_EXPLAINED_SENTIMENT = 0, /* of positive, whatever the label is */
    HX_EXPLAINED_INTENT,
    HX_EXPLAINED_ASPECT, /* that it is named, and with this mood */
    HX_EXPLAINED_EMOTION
} hx_explained_kind;
typedef struct {
    hx_explained_kind kind;
    int label; /* hx_intent_label, hx_emotion_label; of aspects and sentiment hx_sentiment_label */
    hx_str aspect; /* its id; empty of others */
    hx_explanation why;
} hx_explained_label;

#define HX_EXPLAINED_MOST 16
/* Every label that the annotator's engine gives a text, at most HX_EXPLAINED_MOST: the sentiment first, intents that hold, aspects, the emotion where it isn't
 * neutral. One set of texts with words left out is read for all of them. Sums by nature (sentiment and aspects of rules and learn) are their evidence.
 * rounds, seed: as in hx_text_scorer. Sums are those of hx_text_explain(). */
HX_API hx_status hx_text_explain_labels(hx_annotator *a, hx_str text, size_t rounds, uint64_t seed,
                                        hx_arena *arena, const hx_explained_label **out, size_t *n,
                                        hx_error *err) HX_MUST_USE;

typedef struct {
    hx_str text;
    hx_annotation all;
    hx_explanation mood; /* logit of positive */
    const hx_explained_label *labels; /* the others too; NULL = none are explained */
    size_t n_labels;
    const struct hx_attention
        *attention; /* huaxiang/llama.h: of a language model that read it; NULL = none */
} hx_explained;

#define HX_EXPLAIN_PAGE_TEXTS 500

/* HTML that needs nothing from elsewhere: each text with its words by what they add, the sum, aspects, intents, attention. At most
 * HX_EXPLAIN_PAGE_TEXTS texts. *html is arena memory. */
HX_API hx_status hx_explain_page(const hx_explained *texts, size_t n, hx_ui_lang ui,
                                 hx_arena *arena, hx_str *html, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ correction */
typedef struct {
    hx_str text; /* as it should stand */
    const hx_edit *edits; /* in order, apart from each other */
    size_t n_edits;
} hx_correction;

/* Spelling and grammar of Chinese and English. Immutable, shared by threads; words (NULL = none) is kept until close. */
typedef struct hx_correct_model hx_correct_model;
HX_API hx_status hx_correct_model_open(hx_correct_model **out, const char *share_dir,
                                       const hx_text_model *words,
                                       const hx_correct_options *options,
                                       hx_error *err) HX_MUST_USE;
HX_API void hx_correct_model_close(hx_correct_model *m); /* NULL is fine */
HX_API hx_engine hx_correct_model_engine(const hx_correct_model *m); /* RULES or LLAMA */
HX_API double hx_correct_model_threshold(const hx_correct_model *m, hx_lang lang); /* ZH or EN */
HX_API uint64_t hx_correct_model_hash(const hx_correct_model *m); /* of data, weights, threshold */

typedef struct hx_corrector hx_corrector; /* one thread's; keeps the model */
HX_API hx_status hx_corrector_new(hx_corrector **out, const hx_correct_model *m,
                                  hx_error *err) HX_MUST_USE;
HX_API void hx_corrector_free(hx_corrector *c);

/* Corrects n texts; out (n), all in `arena`. What is said of a text does not depend on the others. Correcting a corrected text changes nothing.
 * Names of the options' lists, links, addresses, numbers, codes, tags and emoji stay; of a text that is no UTF-8, all. */
HX_API hx_status hx_correct_texts(hx_corrector *c, const hx_str *texts, size_t n, hx_arena *arena,
                                  hx_correction *out, hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ labels of sets */
/* What runs of words say beside a head of huaxiang-small for a set of labels (banking77, topic, ...): both err in different places. Linear models
 * over tf-idf (LIBLINEAR, 2008) that ship with it, joined with the head's probabilities by numbers fitted on dev parts. */
typedef struct hx_set_grams hx_set_grams; /* immutable, shared by threads */

/* labels (n): the head's, in its order. *out NULL: nothing is known of the task or of its labels. HX_EFORMAT: a damaged file. */
HX_API hx_status hx_set_grams_open(hx_set_grams **out, const char *share_dir, const char *task,
                                   const char *const *labels, size_t n, hx_error *err) HX_MUST_USE;
HX_API void hx_set_grams_close(hx_set_grams *g); /* NULL is fine */
/* p (n_texts, n): the head's probabilities; become those of both, [0, 1], of sum 1. */
HX_API hx_status hx_set_grams_join(const hx_set_grams *g, const hx_str *texts, size_t n_texts,
                                   float *p, hx_error *err) HX_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
