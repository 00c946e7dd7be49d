/* A WebSocket client on libcurl.
 *
 * curl connects: it finds the host, passes a proxy, and does TLS
 * (CURLOPT_CONNECT_ONLY). wscodec does the WebSocket, over curl_easy_send() and
 * curl_easy_recv(). So this needs no WebSocket in curl, which packaged versions often
 * lack. */
#include <curl/curl.h>
#include <poll.h>

#include "../buffer.h"
#include "../program.h"

enum { MAX_URL = 2048, MAX_EVENTS = 64, MAX_MESSAGE = 64 << 20 };
enum { TIMEOUT = 10000 }; /* milliseconds */

typedef struct client {
    const char *url;
    CURL *curl;
    struct pollfd poll;
    ws_conn *ws;
    buffer sending; /* does not move: TLS may have begun to send it */
    buffer out;     /* output that follows */
    size_t received, wanted;
} client;

static const char *cacert;
static bool insecure;
static uint8_t input[128 << 10];

static void check_curl(const client *c, CURLcode code) {
    if (code != CURLE_OK)
        die(c->url, curl_easy_strerror(code));
}

/* ---- bytes ---- */

static uint8_t *room(client *c, size_t size) {
    uint8_t *to = reserve(&c->out, size);
    if (!to)
        die(c->url, ws_strerror(WS_ERR_NO_MEMORY));
    return to;
}

static void commit(client *c, ws_result n) {
    if (n < 0)
        die(c->url, ws_strerror(n));
    c->out.len += (uint32_t)n;
}

/* Sends what curl accepts now. */
static void send_output(client *c) {
    size_t n;
    CURLcode code = CURLE_OK;
    while (code == CURLE_OK) {
        if (c->sending.len == 0) {
            buffer empty = c->sending;
            c->sending = c->out;
            c->out = empty;
        }
        if (c->sending.len == 0)
            break;
        code = curl_easy_send(c->curl, c->sending.data, c->sending.len, &n);
        if (code == CURLE_OK)
            remove_front(&c->sending, n);
    }
    if (code != CURLE_AGAIN)
        check_curl(c, code);
}

/* Sends output, and waits until there is input. Returns the number of bytes, or 0 at
 * the end. curl may hold input that poll() does not see, so it is asked first. */
static size_t receive(client *c, uint8_t *to, size_t cap) {
    size_t n = 0;
    for (;;) {
        send_output(c);
        CURLcode code = curl_easy_recv(c->curl, to, cap, &n);
        if (code != CURLE_AGAIN) {
            check_curl(c, code);
            return n;
        }
        c->poll.events = c->sending.len > 0 ? POLLIN | POLLOUT : POLLIN;
        if (poll(&c->poll, 1, TIMEOUT) == 0)
            die(c->url, "the server does not respond");
    }
}

/* ---- connecting ---- */

/* Returns a part of the URL, which curl_free() frees, or NULL if it is absent. */
static char *url_part(CURLU *url, CURLUPart part) {
    char *text = NULL;
    curl_url_get(url, part, &text, 0);
    return text;
}

static CURLU *parse_url(const char *text) {
    CURLU *url = curl_url();
    char http[MAX_URL];
    bool tls = strncmp(text, "wss://", 6) == 0;
    if (!tls && strncmp(text, "ws://", 5) != 0)
        die(text, "not a URL that starts with ws:// or wss://");
    /* curl knows http and https, which use TCP and TLS in the same way. */
    if (snprintf(http, sizeof http, "http%s", text + 2) >= MAX_URL)
        die(text, "too long");
    CURLUcode code = curl_url_set(url, CURLUPART_URL, http, 0);
    if (code != CURLUE_OK)
        die(text, curl_url_strerror(code));
    return url;
}

static void connect_to(client *c, CURLU *url) {
    CURL *curl = c->curl = curl_easy_init();
    curl_socket_t fd;
    curl_easy_setopt(curl, CURLOPT_CURLU, url);
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPPROXYTUNNEL, 1L); /* by CONNECT, for ws, too */
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)TIMEOUT);
    if (cacert)
        curl_easy_setopt(curl, CURLOPT_CAINFO, cacert);
    if (insecure) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    check_curl(c, curl_easy_perform(curl));
    check_curl(c, curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd));
    c->poll.fd = fd;
}

/* ---- the opening handshake ---- */

static size_t build_request(const client *c, CURLU *url, uint8_t *to, size_t cap) {
    uint8_t key[WS_KEY_LEN];
    char host[300], target[MAX_URL];
    char *name = url_part(url, CURLUPART_HOST), *port = url_part(url, CURLUPART_PORT);
    char *path = url_part(url, CURLUPART_PATH), *query = url_part(url, CURLUPART_QUERY);
    int host_len =
        snprintf(host, sizeof host, "%s%s%s", name, port ? ":" : "", port ? port : "");
    int target_len = snprintf(target, sizeof target, "%s%s%s", path, query ? "?" : "",
                              query ? query : "");
    curl_free(name), curl_free(port), curl_free(path), curl_free(query);
    if (host_len >= (int)sizeof host || target_len >= (int)sizeof target)
        die(c->url, "too long");
    const ws_request_spec spec = {.host = {host, (size_t)host_len},
                                  .target = {target, (size_t)target_len},
                                  .key = {key, sizeof key}};
    ws_result n = ws_make_key(key, sizeof key);
    if (n > 0)
        n = ws_build_request(&spec, sizeof spec, to, cap);
    if (n < 0)
        die(c->url, ws_strerror(n));
    return (size_t)n;
}

/* Returns how many bytes follow the response; they are moved to the start of `input`.
 */
static size_t opening_handshake(client *c, CURLU *url) {
    uint8_t request[4096];
    size_t len = build_request(c, url, request, sizeof request), have = 0;
    ws_response response;
    ws_result n = 0;
    append(&c->out, request, len);
    while (n == 0) {
        size_t got = receive(c, input + have, sizeof input - have);
        have += got;
        if (got == 0)
            die(c->url, "no response to the opening handshake");
        n = ws_conn_confirm(input, have, request, len, NULL, NULL, &c->ws, &response,
                            sizeof response);
    }
    if (n == WS_ERR_HANDSHAKE_STATUS) {
        char why[60];
        snprintf(why, sizeof why, "refused with status %d", response.status);
        die(c->url, why);
    }
    if (n < 0 || ws_conn_set(c->ws, WS_OPT_MAX_MESSAGE, MAX_MESSAGE) != WS_OK)
        die(c->url, ws_strerror(n));
    memmove(input, input + n, have - (size_t)n);
    return have - (size_t)n;
}

/* ---- messages ---- */

static void send_text(client *c, const char *text) {
    size_t len = strlen(text), size = ws_conn_send_bound(c->ws, len);
    uint32_t state = 0;
    if (ws_utf8_validate(&state, text, len) < 0 || state != 0)
        die("message", "not UTF-8");
    commit(c, ws_conn_send(c->ws, WS_OPCODE_TEXT, 0, text, len, room(c, size), size));
    c->wanted++;
}

static void on_event(client *c, const ws_event *e, const void *data) {
    if (e->opcode == WS_OPCODE_TEXT || e->opcode == WS_OPCODE_BINARY) {
        c->received++;
        print_escaped(stdout, data, (size_t)e->len, "\n\t");
        putchar('\n');
    }
}

static void on_bytes(client *c, uint8_t *bytes, size_t len) {
    ws_event events[MAX_EVENTS];
    while (len > 0) {
        size_t used;
        ws_result n = ws_conn_recv(c->ws, bytes, len, events, MAX_EVENTS, &used);
        for (ws_result i = 0; i < n; i++)
            on_event(c, &events[i], ws_event_data(c->ws, bytes, &events[i]));
        commit(c, ws_conn_output(c->ws, room(c, WS_MAX_OUTPUT), WS_MAX_OUTPUT));
        if (n < 0) {
            send_output(c);
            die(c->url, ws_strerror(n));
        }
        bytes += used;
        len -= used;
    }
}

/* Receives as many messages as were sent, and closes. */
static void converse(client *c, size_t have) {
    do {
        on_bytes(c, input, have);
        if (c->received >= c->wanted) /* has an effect only once */
            commit(c, ws_conn_close(c->ws, WS_CLOSE_NORMAL, NULL, 0,
                                    room(c, WS_MAX_OUTPUT), WS_MAX_OUTPUT));
        if (ws_conn_state(c->ws) >= WS_STATE_CLOSED)
            break;
        have = receive(c, input, sizeof input);
    } while (have > 0);
    if (ws_conn_finish(c->ws) != WS_OK)
        die(c->url, "the server closed the connection without a close frame");
    send_output(c);
    if (c->received < c->wanted)
        die(c->url, "closed before all messages were received");
}

/* ---- the command line ---- */

static void print_help(void) {
    puts(
        "Usage: curl_client [OPTION...] URL [MESSAGE...]\n\n"
        "Sends each MESSAGE to ws://host[:port][/path] or wss://..., and prints as many\n"
        "messages as it sent. Uses curl for TCP, TLS and proxies; curl reads the name of\n"
        "a proxy from http_proxy or https_proxy.\n\n"
        "  --cacert FILE  trust the certificates in this file (PEM)\n"
        "  --insecure     do not check the server's certificate\n"
        "  --version      print the version of the library\n"
        "  --help         print this text");
    exit(0);
}

static void read_options(int argc, char **argv) {
    static const struct option known[] = {
        {"cacert", required_argument, NULL, 'c'},
        {"insecure", no_argument, NULL, 'k'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    set_program(argv[0]);
    opterr = 0;
    while ((option = getopt_long(argc, argv, "+:", known, NULL)) != -1) {
        switch (option) {
        case 'c': cacert = optarg; break;
        case 'k': insecure = true; break;
        case 'V': print_version(); break;
        case 'h': print_help(); break;
        default: reject_option(argc, argv, option);
        }
    }
    if (optind == argc)
        reject("URL", "missing");
}

int main(int argc, char **argv) {
    read_options(argc, argv);
    client c = {.url = argv[optind], .poll.fd = -1};
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLU *url = parse_url(c.url);
    connect_to(&c, url);
    size_t have = opening_handshake(&c, url);
    for (int i = optind + 1; i < argc; i++)
        send_text(&c, argv[i]);
    converse(&c, have);
    ws_conn_free(c.ws);
    release(&c.sending);
    release(&c.out);
    curl_easy_cleanup(c.curl); /* closes the connection */
    curl_url_cleanup(url);
    curl_global_cleanup();
    return 0;
}
