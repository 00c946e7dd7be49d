/* Sends each client the value of its cookie "session", and the query of its target. */
#include "check.h"

#include "cookies-and-headers.inc"

static char found[256];

void configure(int argc, char **argv) {
    (void)argc;
    (void)argv;
    set_response_headers(&accept_spec,
                         "Set-Cookie: seen=1; HttpOnly\r\nServer: guide\r\n");
}

bool may_connect(client *c, size_t head_len) {
    const char *head = (const char *)c->head.data;
    size_t cookie_len = 0, query_len = 0;
    const char *cookie = find_cookie(head, head_len, "session", &cookie_len),
               *query = find_query(head, head_len, &query_len);
    snprintf(found, sizeof found, "%.*s|%.*s", cookie ? (int)cookie_len : 1,
             cookie ? cookie : "-", query ? (int)query_len : 1, query ? query : "-");
    return true;
}

void on_open(client *c, const ws_accepted *a) {
    (void)a;
    send_text(c, found);
}
