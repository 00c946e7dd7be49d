/* Version, features and sizes are those of the header. */
#include "check.h"
#include "wscodec.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    char text[64];
    int type;

    (void)argc;
    CHECK_U64(ws_version(), WS_VERSION_MAJOR * 10000 + WS_VERSION_MINOR * 100 +
                                WS_VERSION_PATCH);
    snprintf(text, sizeof text, "%d.%d.%d", WS_VERSION_MAJOR, WS_VERSION_MINOR,
             WS_VERSION_PATCH);
    CHECK_STR(ws_version_string(), text);
    CHECK(ws_version_string() == ws_version_string());
#ifdef WITHOUT_DEFLATE
    CHECK_U64(ws_features(), 0);
#else
    CHECK_U64(ws_features(), WS_FEATURE_DEFLATE);
#endif

    CHECK_U64(ws_sizeof(WS_TYPE_HANDSHAKE), sizeof(ws_handshake));
    CHECK_U64(ws_sizeof(WS_TYPE_RESPONSE), sizeof(ws_response));
    CHECK_U64(ws_sizeof(WS_TYPE_REQUEST_SPEC), sizeof(ws_request_spec));
    CHECK_U64(ws_sizeof(WS_TYPE_RESPONSE_SPEC), sizeof(ws_response_spec));
    CHECK_U64(ws_sizeof(WS_TYPE_FRAME), sizeof(ws_frame));
    CHECK_U64(ws_sizeof(WS_TYPE_DECODER), sizeof(ws_decoder));
    CHECK_U64(ws_sizeof(WS_TYPE_OUT_FRAME), sizeof(ws_out_frame));
    CHECK_U64(ws_sizeof(WS_TYPE_ALLOCATOR), sizeof(ws_allocator));
    CHECK_U64(ws_sizeof(WS_TYPE_ACCEPT_SPEC), sizeof(ws_accept_spec));
    CHECK_U64(ws_sizeof(WS_TYPE_EVENT), sizeof(ws_event));
    CHECK_U64(ws_sizeof(WS_TYPE_REQUEST_FIELDS), sizeof(ws_request_fields));
    CHECK_U64(ws_sizeof(WS_TYPE_RESPONSE_FIELDS), sizeof(ws_response_fields));
    CHECK_U64(ws_sizeof(WS_TYPE_ACCEPTED), sizeof(ws_accepted));
    CHECK_U64(ws_sizeof(WS_TYPE_CONTROL), sizeof(ws_control));
    CHECK(ws_sizeof(WS_TYPE_CONN) <= WS_MAX_CONN);
    CHECK_U64(ws_sizeof(WS_TYPE_PMD_PARAMS), sizeof(ws_pmd_params));
    for (type = -1000; type <= 1000; type++) {
        int known = type >= WS_TYPE_HANDSHAKE && type <= WS_TYPE_CONN;

        check_case("type", (uintmax_t)type, 0);
        CHECK_EQ(ws_sizeof(type) != 0, known);
    }
    CHECK_U64(ws_sizeof(INT_MIN), 0);
    CHECK_U64(ws_sizeof(INT_MAX), 0);
    return check_done(argv[0]);
}
