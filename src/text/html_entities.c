/* html_entities.c - binary search in the generated table html_entities.inc (tools/html_entities.py), which is sorted bytewise by name. */
#include "text/html_entities.h"

typedef struct {
    const char *name;
    const char *text;
    bool bare;
} entity;

static const entity entities[] = {
#include "text/html_entities.inc"
};

hx_str hx__html_entity(hx_str name, bool bare) {
    size_t low = 0, high = sizeof entities / sizeof *entities;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = hx_str_compare(name, hx_str_of(entities[middle].name));
        if (order == 0)
            return bare && !entities[middle].bare ? (hx_str){0} : hx_str_of(entities[middle].text);
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return (hx_str){0};
}
