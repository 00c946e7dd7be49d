/* Accepts the pages of two origins. */
#include "check.h"

#include "origin.inc"

void configure(int argc, char **argv) {
    ws_accept_spec invalid = {0};
    (void)argc;
    (void)argv;
    CHECK(!set_origins(&invalid, "https://example.com/"));
    CHECK(!set_origins(&invalid, "https://*.example.com"));
    CHECK(!set_origins(&invalid, "https://a.example, https://b.example"));
    CHECK(
        set_origins(&accept_spec, "https://example.com https://app.example.com:8443"));
}
