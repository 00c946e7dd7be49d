/* An echo server on uWebSockets, as in its examples. Its loop gathers what is sent
 * during one read and sends it in one piece, without being asked to. */
#include <App.h>
#include <cstdlib>

struct nothing {}; /* of our own per connection */

int main(int argc, char **argv) {
    int port = argc > 1 ? atoi(argv[1]) : 0;
    uWS::App()
        .ws<nothing>(
            "/*",
            {
                .compression = uWS::DISABLED,
                .maxPayloadLength = 16 << 20,
                .idleTimeout = 0,
                .maxBackpressure = 64 << 20,
                .sendPingsAutomatically = false,
                .message = [](auto *ws, std::string_view message,
                              uWS::OpCode opcode) { ws->send(message, opcode); },
            })
        .listen("127.0.0.1", port,
                [](auto *socket) {
                    if (!socket)
                        exit(1);
                })
        .run();
}
