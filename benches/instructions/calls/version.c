#include "calls.h"

static void version(void) { CHECK(COUNTED(ws_version()) > 0); }
static void version_string(void) { CHECK(COUNTED(ws_version_string()) != NULL); }
static void features(void) { CHECK(COUNTED(ws_features()) == WS_FEATURE_DEFLATE); }
static void size_of(void) { CHECK(COUNTED(ws_sizeof(WS_TYPE_CONN)) > 0); }
static void strerror_of(void) { CHECK(COUNTED(ws_strerror(WS_ERR_UTF8)) != NULL); }
static void errname(void) { CHECK(COUNTED(ws_errname(WS_ERR_UTF8)) != NULL); }
static void close_code(void) { CHECK(COUNTED(ws_close_code_for(WS_ERR_UTF8)) == 1007); }
static void http_status(void) { CHECK(COUNTED(ws_http_status(WS_ERR_NOT_UPGRADE)) == 426); }

const struct call version_calls[] = {
    {"ws_version", "", version},
    {"ws_version_string", "", version_string},
    {"ws_features", "", features},
    {"ws_sizeof", "WS_TYPE_CONN", size_of},
    {"ws_strerror", "WS_ERR_UTF8", strerror_of},
    {"ws_errname", "WS_ERR_UTF8", errname},
    {"ws_close_code_for", "WS_ERR_UTF8", close_code},
    {"ws_http_status", "WS_ERR_NOT_UPGRADE", http_status},
    {0},
};
