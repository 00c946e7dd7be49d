/* For the harnesses of the snippets in docs/guide.md. Each of them includes the code of
 * a section, which tests/python/guide.py extracts, and is linked with a-server.c. */
#ifndef CHECK_H
#define CHECK_H

#include "what-the-snippets-share.inc"

#define CHECK(condition)                                                               \
    ((condition)                                                                       \
         ? (void)0                                                                     \
         : (fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition), exit(1)))

extern ws_accept_spec accept_spec;

/* What a harness may define. a-server.c has defaults. */
void configure(int argc, char **argv);
bool may_connect(client *c, size_t head_len);
void on_open(client *c, const ws_accepted *a);
void on_event(client *c, const ws_event *e, const void *data);
void on_received(client *c);
void on_sent(client *c);
void on_tick(client *c, long now);
void on_end(client *c);

/* What the server consists of. */
void on_bytes(client *c, uint8_t *bytes, size_t len);
void serve(int listener);

/* Returns a socket that listens on a free port of the loopback interface, and announces
 * it. */
int start_listening(void);

static inline bool is_text(const ws_event *e, const void *data, const char *text) {
    return e->opcode == WS_OPCODE_TEXT && e->len == strlen(text) &&
           memcmp(data, text, strlen(text)) == 0;
}

static inline void send_text(client *c, const char *text) {
    send_message(c, WS_OPCODE_TEXT, 0, text, strlen(text));
}

#endif
