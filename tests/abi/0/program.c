#include "program.h"

ws_bytes bytes_of(const char *text)
{
    ws_bytes bytes;

    bytes.data = text;
    bytes.len = strlen(text);
    return bytes;
}

/* As a binding does when it loads the library. */
static void check_sizes(void)
{
    CHECK_EQ(ws_sizeof(WS_TYPE_FRAME), sizeof(ws_frame));
    CHECK_EQ(ws_sizeof(WS_TYPE_DECODER), sizeof(ws_decoder));
    CHECK_EQ(ws_sizeof(WS_TYPE_OUT_FRAME), sizeof(ws_out_frame));
    CHECK_EQ(ws_sizeof(WS_TYPE_PMD_PARAMS), sizeof(ws_pmd_params));
    CHECK_EQ(ws_sizeof(WS_TYPE_ALLOCATOR), sizeof(ws_allocator));
    CHECK_EQ(ws_sizeof(WS_TYPE_EVENT), sizeof(ws_event));
    CHECK_EQ(ws_sizeof(WS_TYPE_CONTROL), sizeof(ws_control));
    CHECK(ws_sizeof(WS_TYPE_CONN) <= WS_MAX_CONN);
    CHECK(ws_sizeof(WS_TYPE_HANDSHAKE) >= sizeof(ws_handshake));
    CHECK(ws_sizeof(WS_TYPE_RESPONSE) >= sizeof(ws_response));
    CHECK(ws_sizeof(WS_TYPE_REQUEST_SPEC) >= sizeof(ws_request_spec));
    CHECK(ws_sizeof(WS_TYPE_RESPONSE_SPEC) >= sizeof(ws_response_spec));
    CHECK(ws_sizeof(WS_TYPE_ACCEPT_SPEC) >= sizeof(ws_accept_spec));
    CHECK(ws_sizeof(WS_TYPE_ACCEPTED) >= sizeof(ws_accepted));
    CHECK(ws_sizeof(WS_TYPE_REQUEST_FIELDS) >= sizeof(ws_request_fields));
    CHECK(ws_sizeof(WS_TYPE_RESPONSE_FIELDS) >= sizeof(ws_response_fields));
}

static void check_version(void)
{
    CHECK(ws_version() >= WS_VERSION_MAJOR * 10000 + WS_VERSION_MINOR * 100 + WS_VERSION_PATCH);
    CHECK_EQ(ws_version() / 10000, WS_VERSION_MAJOR);
    CHECK(strlen(ws_version_string()) >= strlen("0.1.0"));
}

int main(int argc, char **argv)
{
    (void)argc;
    check_version();
    check_sizes();
    check_text();
    check_heads();
    check_fields();
    check_frames();
    check_decoder();
    check_control();
    check_connections();
    /* A library may have been built without compression. */
    if ((ws_features() & WS_FEATURE_DEFLATE) != 0) {
        check_negotiation();
        check_pmd();
        check_compressing_connections();
    }
    return check_done(argv[0]);
}
