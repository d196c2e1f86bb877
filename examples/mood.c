/* mood - the sentiment of each argument, and the words that decided it.
 *
 *     example_mood SHARE_DIR TEXT...
 *
 * SHARE_DIR holds the compiled dictionaries (build/share/huaxiang, or PREFIX/share/huaxiang). */
#include <huaxiang/huaxiang.h>
#include <stdio.h>

static hx_status print_mood(hx_annotator *a, hx_str text, hx_arena *arena, hx_error *err) {
    hx_sentiment mood;
    hx_status status = hx_text_sentiment(a, text, arena, &mood, err);
    if (status != HX_OK) return status;
    printf("%s %.2f  %.*s", hx_sentiment_name(mood.label), mood.score, (int)text.len, text.ptr);
    for (size_t i = 0; i < mood.n_evidence; i++) {
        hx_span at = mood.evidence[i].span;
        printf("  [%.*s %+.2f]", (int)(at.end - at.start), text.ptr + at.start,
               mood.evidence[i].weight);
    }
    printf("\n");
    return HX_OK;
}

int main(int argc, char **argv) {
    hx_text_model *model = NULL;
    hx_annotator *annotator = NULL;
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    if (argc < 3 || !arena) {
        fprintf(stderr, "usage: example_mood SHARE_DIR TEXT...\n");
        return 2;
    }
    hx_status status = hx_text_model_open(&model, argv[1], NULL, &err);
    if (status == HX_OK) status = hx_annotator_new(&annotator, model, &err);
    for (int i = 2; i < argc && status == HX_OK; i++) {
        status = print_mood(annotator, hx_str_of(argv[i]), arena, &err);
        hx_arena_reset(arena);
    }
    if (status != HX_OK) fprintf(stderr, "%s\n", err.message);
    hx_annotator_free(annotator);
    hx_text_model_close(model);
    hx_arena_free(arena);
    return status == HX_OK ? 0 : 1;
}
