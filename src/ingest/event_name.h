/* event_name.h - event names of the Segment specification (and Chinese ones) read as kinds. */
#ifndef HX_INGEST_EVENT_NAME_H
#define HX_INGEST_EVENT_NAME_H

#include "profile/event.h"

/* Sets type, kind and (for names we have no kind for) name. */
void hx_event_name_read(hx_str name, hx_event *e);

#endif
