/* html_entities.h - the named character references of HTML5 (2,125 names). */
#ifndef HX_TEXT_HTML_ENTITIES_H
#define HX_TEXT_HTML_ENTITIES_H

#include "huaxiang/base.h"

#define HX_ENTITY_NAME_MAX 31u /* the longest: CounterClockwiseContourIntegral */

/* The characters (1 or 2) of `name`, without & and ;, case matters; empty where there is none. `bare` asks for those that HTML also
 * accepts without a semicolon (&nbsp &lt &amp ...). */
hx_str hx__html_entity(hx_str name, bool bare);

#endif
