/* Reading a hierarchy: stub. */
#include "reuse/hierarchy.h"

pj_status pj_hierarchy_fill(pj_hierarchy *hierarchy, pj_json root, pj_error *err)
{
    (void)hierarchy;
    return pj_json_fail(root, PJ_EUNSUPPORTED, err, "hierarchies are not read yet");
}
