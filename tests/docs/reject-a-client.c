/* Accepts /chat with the token "secret". The message "kick" closes the connection. */
#include "check.h"

#include "reject-a-client.inc"

bool token_is_valid(const void *value, size_t len) {
    return len == 13 && memcmp(value, "Bearer secret", len) == 0;
}

void on_event(client *c, const ws_event *e, const void *data) {
    if (is_text(e, data, "kick"))
        reject_with_code(c);
}
