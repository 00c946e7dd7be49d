// A WebSocket server in C++17 that sends every message back, one connection after another, with
// the C functions.
#include <wscodec.h>

#include <memory>
#include <vector>

#include "serve_clients.hpp"

namespace {

struct Free {
    void operator()(ws_conn *conn) const { ws_conn_free(conn); }
};
using Connection = std::unique_ptr<ws_conn, Free>;
using Bytes = std::vector<std::uint8_t>;

// Appends what the peer sent to `input`. Returns false at the end.
bool receive(int fd, Bytes &input) {
    std::uint8_t buffer[16384];
    ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n > 0)
        input.insert(input.end(), buffer, buffer + n);
    return n > 0;
}

bool send_all(int fd, const std::uint8_t *bytes, ws_result len) {
    while (len > 0) {
        ssize_t n = send(fd, bytes, static_cast<size_t>(len), MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        len -= n;
    }
    return len == 0;
}

// Returns null if the request is refused or incomplete. The head is removed from `input`.
Connection accept_request(int fd, Bytes &input) {
    std::uint8_t out[WS_MAX_REPLY];
    ws_accepted accepted{};
    ws_result n = 0;
    while (n == 0 && receive(fd, input))
        n = ws_conn_accept(input.data(), input.size(), nullptr, 0, &accepted, sizeof accepted,
                           out, sizeof out);
    Connection connection(accepted.conn);
    if (!send_all(fd, out, n) || !connection)
        return nullptr;
    input.erase(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(accepted.head_len));
    return connection;
}

bool echo(int fd, ws_conn *conn, const ws_event &event, const void *data) {
    auto len = static_cast<std::size_t>(event.len);
    Bytes out(ws_conn_send_bound(conn, len));
    ws_result n = ws_conn_send(conn, event.opcode, 0, data, len, out.data(), out.size());
    return send_all(fd, out.data(), n);
}

// Handles all of `input`. Returns false if no more should be read.
bool on_input(int fd, ws_conn *conn, Bytes &input) {
    ws_event events[64];
    std::uint8_t out[WS_MAX_OUTPUT];
    std::size_t used = 0, consumed = 0;
    for (; used < input.size(); used += consumed) {
        std::uint8_t *at = input.data() + used;
        ws_result n = ws_conn_recv(conn, at, input.size() - used, events, 64, &consumed);
        for (ws_result i = 0; i < n; i++)
            if (events[i].opcode == WS_OPCODE_TEXT || events[i].opcode == WS_OPCODE_BINARY)
                if (!echo(fd, conn, events[i], ws_event_data(conn, at, &events[i])))
                    return false;
        if (!send_all(fd, out, ws_conn_output(conn, out, sizeof out)) || n < 0)
            return false;
    }
    input.clear();
    return ws_conn_state(conn) < WS_STATE_CLOSED;
}

void serve(int fd) {
    Bytes input;
    if (Connection connection = accept_request(fd, input))
        while (on_input(fd, connection.get(), input) && receive(fd, input)) {
        }
    shutdown(fd, SHUT_WR);
    while (receive(fd, input))
        input.clear();
}

} // namespace

int main(int argc, char **argv) {
    serve_clients(argc, argv, serve);
}
