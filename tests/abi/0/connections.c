/* A client and a server that talk to each other. */
#include "program.h"

#include <stdlib.h>

/* ---- what the program lends ---- */

struct counts {
    int blocks, resized, filled;
};

static void *counted_alloc(void *user, size_t size, size_t align)
{
    (void)align;
    ((struct counts *)user)->blocks++;
    return malloc(size);
}

static void *counted_resize(void *user, void *ptr, size_t old_size, size_t new_size, size_t align)
{
    (void)old_size;
    (void)align;
    ((struct counts *)user)->resized++;
    return realloc(ptr, new_size);
}

static void counted_free(void *user, void *ptr, size_t size, size_t align)
{
    (void)size;
    (void)align;
    ((struct counts *)user)->blocks--;
    free(ptr);
}

static int fill_with_zeros(void *user, void *out, size_t len)
{
    ((struct counts *)user)->filled++;
    memset(out, 0, len);
    return 0;
}

static ws_allocator allocator_of(struct counts *counts)
{
    ws_allocator allocator;

    memset(counts, 0, sizeof *counts);
    allocator.alloc = counted_alloc;
    allocator.resize = counted_resize;
    allocator.free = counted_free;
    allocator.user = counts;
    return allocator;
}

/* ---- what they say ---- */

/* Passes the bytes on and checks the one event. */
static void check_arrives(ws_conn *conn, char *wire, ws_result len, int opcode, const char *want)
{
    ws_event event;
    size_t used = 0;

    CHECK(len > 0);
    CHECK_EQ(ws_conn_recv(conn, wire, (size_t)len, &event, 1, &used), 1);
    CHECK_EQ(used, len);
    CHECK_EQ(event.opcode, opcode);
    CHECK_EQ(event.flags & (WS_EVENT_FIRST | WS_EVENT_LAST), WS_EVENT_FIRST | WS_EVENT_LAST);
    CHECK_U64(event.len, strlen(want));
    CHECK_MEM(ws_event_data(conn, wire, &event), want, strlen(want));
    CHECK_EQ(event.close_code, opcode == WS_OPCODE_CLOSE ? WS_CLOSE_NORMAL : 0);
}

static void talk(ws_conn *client, ws_conn *server)
{
    char wire[512];
    ws_result n;

    CHECK(ws_conn_send_bound(client, 7) <= sizeof wire);
    n = ws_conn_send(client, WS_OPCODE_TEXT, 0, "I am me", 7, wire, sizeof wire);
    check_arrives(server, wire, n, WS_OPCODE_TEXT, "I am me");
    n = ws_conn_send(server, WS_OPCODE_PING, 0, "?", 1, wire, sizeof wire);
    check_arrives(client, wire, n, WS_OPCODE_PING, "?");
    n = ws_conn_output(client, wire, sizeof wire);
    check_arrives(server, wire, n, WS_OPCODE_PONG, "?");
}

/* A message in three parts, of which one is in two reads. */
static void check_collected(ws_conn *client, ws_conn *server)
{
    char wire[64];
    uint64_t buffered = 0;
    ws_event event;
    size_t used = 0, len = 0;

    len += (size_t)ws_conn_send(client, WS_OPCODE_BINARY, WS_SEND_MORE, "ab", 2, wire, sizeof wire);
    len += (size_t)ws_conn_send(client, WS_OPCODE_BINARY, 0, "cd", 2, wire + len, sizeof wire - len);
    CHECK_EQ(ws_conn_recv(server, wire, len - 1, &event, 1, &used), 0);
    CHECK_EQ(used, len - 1);
    CHECK_EQ(ws_conn_get(server, WS_INFO_BUFFERED, &buffered), WS_OK);
    CHECK_U64(buffered, 3);
    CHECK_EQ(ws_conn_recv(server, wire + used, 1, &event, 1, &used), 1);
    CHECK((event.flags & WS_EVENT_COLLECTED) != 0);
    CHECK_U64(event.len, 4);
    CHECK_MEM(ws_event_data(server, wire, &event), "abcd", 4);
}

static void say_goodbye(ws_conn *client, ws_conn *server)
{
    char wire[WS_MAX_OUTPUT];
    ws_result n = ws_conn_close(client, WS_CLOSE_NORMAL, STR("bye"), wire, sizeof wire);

    CHECK_EQ(ws_conn_state(client), WS_STATE_CLOSING);
    check_arrives(server, wire, n, WS_OPCODE_CLOSE, "bye");
    n = ws_conn_output(server, wire, sizeof wire);
    check_arrives(client, wire, n, WS_OPCODE_CLOSE, "");
    CHECK_EQ(ws_conn_state(client), WS_STATE_CLOSED);
    CHECK_EQ(ws_conn_finish(server), WS_OK);
    CHECK_EQ(ws_conn_state(server), WS_STATE_CLOSED);
}

/* ---- how they begin ---- */

void check_connections(void)
{
    union {
        unsigned char bytes[WS_MAX_CONN + 16];
        void *aligned;
    } room;
    unsigned char *mem = room.bytes;
    struct counts counts;
    ws_allocator allocator = allocator_of(&counts);
    ws_conn *client = ws_conn_new(WS_CLIENT, &allocator), *server;
    uint64_t value = 0;

    mem += (16 - (uintptr_t)mem % 16) % 16;
    server = ws_conn_init(mem, WS_MAX_CONN, WS_SERVER, &allocator);
    CHECK(client != NULL && (void *)server == (void *)mem);
    CHECK_EQ(counts.blocks, 1);
    CHECK_EQ(ws_conn_set(server, WS_OPT_MAX_MESSAGE, 1000), WS_OK);
    CHECK_EQ(ws_conn_get(server, WS_OPT_MAX_MESSAGE, &value), WS_OK);
    CHECK_U64(value, 1000);
    CHECK_EQ(ws_conn_set_random(client, fill_with_zeros, &counts), WS_OK);
    talk(client, server);
    CHECK(counts.filled > 0);
    check_collected(client, server);
    say_goodbye(client, server);
    ws_conn_free(client);
    ws_conn_free(server);
    CHECK_EQ(counts.blocks, 0);
}

/* From the request on. */
static ws_conn *accept(const char *request, size_t len, const ws_pmd_params *pmd, char *reply,
                       size_t cap, size_t *reply_len)
{
    static const char protocols[] = "superchat";
    ws_accept_spec spec;
    ws_accepted accepted;
    ws_result n;

    memset(&spec, 0, sizeof spec);
    spec.protocols = bytes_of(protocols);
    spec.headers = bytes_of("Server: x\r\n");
    spec.origins = bytes_of("https://example.com");
    spec.pmd = pmd;
    spec.flags = WS_ACCEPT_NEED_PROTOCOL;
    n = ws_conn_accept(request, len, &spec, sizeof spec, &accepted, sizeof accepted, reply, cap);
    CHECK(n > 0);
    CHECK_EQ(accepted.error, WS_OK);
    CHECK_EQ(accepted.head_len, len);
    CHECK_EQ(accepted.protocol.off, 0);
    CHECK_EQ(accepted.protocol.len, strlen(protocols));
    *reply_len = n > 0 ? (size_t)n : 0;
    return accepted.conn;
}

void check_compressing_connections(void)
{
    char request[512], reply[WS_MAX_REPLY + 32], offer[256];
    ws_pmd_params params, agreed;
    ws_conn *client = NULL, *server, *third;
    ws_response response;
    size_t len, reply_len = 0;
    ws_result n;

    memset(&params, 0, sizeof params);
    params.server_no_context_takeover = 1;
    n = ws_pmd_offer(&params, offer, sizeof offer - 1);
    CHECK(n > 0);
    offer[n > 0 ? n : 0] = '\0';
    len = write_request(request, sizeof request, offer);
    server = accept(request, len, &params, reply, sizeof reply, &reply_len);
    CHECK_EQ(ws_conn_confirm(reply, reply_len, request, len, &params, NULL, &client, &response,
                             sizeof response),
             reply_len);
    CHECK_EQ(response.status, 101);
    CHECK(response.extensions.len >= strlen(PMD));
    CHECK_EQ(ws_conn_get_pmd(client, &agreed), 1);
    CHECK_EQ(agreed.server_no_context_takeover, 1);
    talk(client, server);
    say_goodbye(client, server);
    ws_conn_free(client);
    ws_conn_free(server);

    third = ws_conn_new(WS_SERVER, NULL);
    CHECK_EQ(ws_conn_get_pmd(third, &agreed), 0);
    CHECK_EQ(ws_conn_set_pmd(third, &params), WS_OK);
    CHECK_EQ(ws_conn_get_pmd(third, &agreed), 1);
    ws_conn_free(third);
}
