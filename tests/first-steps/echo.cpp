// A WebSocket server in C++17 that sends every message back, one connection after another.
#include <wscodec.hpp>

#include <string>

#include "serve_clients.hpp"

namespace {

// Sends all of `out`, and empties it.
bool send_all(int fd, std::string &out) {
    std::size_t sent = 0;
    while (sent < out.size()) {
        ssize_t n = send(fd, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        sent += static_cast<std::size_t>(n);
    }
    out.clear();
    return true;
}

// Echoes the messages in `input`, and in what follows, until the connection ends.
void converse(int fd, ws::connection &conn, char (&in)[ws::max_head], ws::buffer input) {
    std::string out;
    std::error_code error;
    for (;;) {
        for (const ws::event &e : conn.read(input, out, error))
            if (e.is_message())
                if (conn.send(e.opcode(), e.data(), out))
                    return;
        if (!send_all(fd, out) || error || conn.ended())
            return;
        ssize_t n = recv(fd, in, sizeof in, 0);
        if (n <= 0)
            return;
        input = ws::buffer(in, static_cast<std::size_t>(n));
    }
}

void serve(int fd) {
    static char in[ws::max_head];
    std::size_t len = 0;
    std::string out;
    ws::result<ws::accepted> client = ws::errc::need_more;
    while (client.error() == ws::errc::need_more) {
        ssize_t n = recv(fd, in + len, sizeof in - len, 0);
        if (n <= 0)
            return;
        len += static_cast<std::size_t>(n);
        client = ws::accept({in, len}, ws::accept_spec(), out);
    }
    if (send_all(fd, out) && client)
        converse(fd, client->conn, in,
                 {in + client->head_length, len - client->head_length});
    shutdown(fd, SHUT_WR);
    while (recv(fd, in, sizeof in, 0) > 0)
        continue;
}

} // namespace

int main(int argc, char **argv) {
    serve_clients(argc, argv, serve);
}
