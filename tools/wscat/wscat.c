/* wscat: a WebSocket client for the command line.
 *
 * Read options.h first (the command line), then session.h (the loop and its timers),
 * client.h (frames), lines.h (stdin), handshake.h, transport.h and tls.h (the socket),
 * and output.h.
 *
 * It never waits for the server to read without reading itself: otherwise both sides
 * could block, each waiting for the other to read. */
#define _GNU_SOURCE
#include <limits.h>
#include <locale.h>

#include "session.h"
#include "standard_streams.h"

static void set_options(ws_conn *ws) {
    if (ws_conn_set(ws, WS_OPT_MAX_MESSAGE, options.max_message) != WS_OK ||
        ws_conn_set(ws, WS_OPT_COMPRESS_FROM, options.compression.from) != WS_OK)
        die("options", ws_strerror(WS_ERR_UNSUPPORTED));
}

int main(int argc, char **argv) {
    static request request;
    reserve_standard_streams();
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN); /* a failed write is reported instead */
    read_options(argc, argv);
    const url u = parse_url(options.url);
    const int64_t deadline = clock_microseconds() + options.timeout * SECOND;
    const bool reads = options.message_count == 0 && !options.echo;
    size_t have = 0;
    client c = {.reads = reads};
    ws_response response;
    interactive = reads && !options.json && is_terminal();
    options.commands |= reads && isatty(STDIN_FILENO);
    build_request(&u, &request);
    if (!transport_open(&c.io, &u, &options.tls, deadline))
        fail_because(&u, c.io.error);
    c.ws = opening_handshake(&c.io, &u, &request, deadline, &response, &have);
    set_options(c.ws);
    catch_signals();
    report_open(&u, input, &response, c.io.tls);
    if (interactive)
        show_prompt();
    on_bytes(&c, input + response.head_len, have - response.head_len);
    for (size_t i = 0; i < options.message_count; i++)
        send_line(&c, options.messages[i], strlen(options.messages[i]));
    run(&c);
    transport_close(&c.io, c.disconnected ? 0 : SECOND);
    const int result = report_result(&c);
    ws_conn_free(c.ws);
    release(&c.out);
    release(&options.headers);
    return result;
}
