// A WebSocket echo server with Asio coroutines. server.hpp accepts the connections, and
// peer.hpp reads and writes.
#include "server.hpp"

// Echoes the messages of one client.
awaitable<void> echo(peer &client) {
    std::error_code error;
    while (!error && !client.conn.ended()) {
        const ws::buffer input = co_await client.input();
        if (input.empty())
            co_return;
        for (const ws::event &e : client.conn.read(input, client.out, error)) {
            if (e.is_message() && client.conn.send(e.opcode(), e.data(), client.out)) {
                if (client.conn.state() == ws::state::open) // out of memory
                    client.close(ws::close_code::internal_error, "", seconds(10));
                break; // we are closing the connection
            }
            if (client.unsent() > peer::max_unsent)
                co_await client.drain();
        }
        client.flush();
    }
}

int main(int argc, char **argv) {
    server_options options =
        parse_options(argc, argv, "Sends every WebSocket message, of up to 16 MiB, back.");
    options.limits.max_message = 16 << 20;
    return server().run(options, echo);
}
