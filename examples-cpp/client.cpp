// A WebSocket client with Asio coroutines: sends the lines of its input as text messages,
// and prints the messages that it receives.
#include <cstdio>
#include <iostream>
#include <unistd.h>

#include "peer.hpp"

struct url {
    std::string host, port = "80", target = "/", authority;
};

// Returns an empty host if the text is not ws://HOST[:PORT][/PATH].
url parse_url(std::string_view text) {
    url parsed;
    if (text.substr(0, 5) != "ws://")
        return parsed;
    text.remove_prefix(5);
    const std::size_t slash = std::min(text.find_first_of("/?"), text.size());
    parsed.authority = text.substr(0, slash);
    parsed.target = text.substr(slash);
    if (parsed.target.empty() || parsed.target[0] == '?')
        parsed.target.insert(0, "/");
    const std::size_t colon = parsed.authority.rfind(':');
    const bool has_port =
        colon != std::string::npos && parsed.authority.find(']', colon) == std::string::npos;
    parsed.host = parsed.authority.substr(0, has_port ? colon : std::string::npos);
    if (has_port)
        parsed.port = parsed.authority.substr(colon + 1);
    if (parsed.host.size() > 2 && parsed.host[0] == '[')
        parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
    return parsed;
}

// Prints control characters as \xNN: a server must not command our terminal.
void print(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < ' ' && c != '\t') || byte == 0x7f)
            std::printf("\\x%02x", static_cast<unsigned>(byte));
        else
            std::putchar(c);
    }
    std::putchar('\n');
    std::fflush(stdout);
}

constexpr std::size_t max_unsent = 4 << 20;

using input_stream = asio::posix::stream_descriptor;

// Until the end of the input, or until the connection ends and the input is cancelled.
awaitable<void> send_lines(std::shared_ptr<peer> server, input_stream &input) {
    std::string line;
    std::error_code error;
    while (server->conn.state() == ws::state::open) {
        const std::size_t n = co_await asio::async_read_until(
            input, asio::dynamic_buffer(line, 1 << 20), '\n',
            asio::redirect_error(asio::use_awaitable, error));
        if (error)
            break;
        const std::string_view text(line.data(), n - 1);
        if (ws::utf8_validate(text))
            std::cerr << "not sent: the line is not valid UTF-8\n";
        else if (server->conn.send(ws::opcode::text, text, server->out))
            break;
        line.erase(0, n);
        co_await server->drain();
        server->flush();
    }
    if (error != asio::error::operation_aborted)
        server->close(ws::close_code::normal, "", seconds(10));
}

awaitable<void> print_messages(peer &server) {
    std::error_code error;
    while (!error && !server.conn.ended()) {
        const ws::buffer input = co_await server.input();
        if (input.empty())
            error = server.conn.finish();
        else
            for (const ws::event &e : server.conn.read(input, server.out, error)) {
                if (e.is_text())
                    print(e.text());
                else if (e.is_binary())
                    print("(" + std::to_string(e.data().size()) + " bytes)");
                else if (e.is_close() && e.close_code() != ws::close_code::normal)
                    std::cerr << "closed by the server: "
                              << static_cast<unsigned>(e.close_code()) << "\n";
            }
        server.flush();
        // We read even while we wait to send: a server may do neither until we read.
        if (server.unsent() > max_unsent)
            throw std::runtime_error("the server does not read what it is sent");
    }
    if (error)
        throw std::system_error(error);
}

awaitable<void> run(url to, input_stream &input) {
    const auto executor = co_await asio::this_coro::executor;
    static const limits defaults;
    tcp::resolver resolver(executor);
    tcp::socket socket(executor);
    co_await asio::async_connect(
        socket, co_await resolver.async_resolve(to.host, to.port, asio::use_awaitable),
        asio::use_awaitable);
    const auto server = std::make_shared<peer>(std::move(socket), defaults);
    ws::request_spec spec;
    spec.host = to.authority;
    spec.target = to.target;
    if (const auto error = co_await server->connect(spec)) {
        server->drop();
        throw std::system_error(error);
    }
    asio::co_spawn(executor, send_lines(server, input), asio::detached);
    std::exception_ptr failure;
    try {
        co_await print_messages(*server);
    } catch (...) {
        failure = std::current_exception();
    }
    input.cancel();
    co_await server->finish();
    if (failure)
        std::rethrow_exception(failure);
}

int main(int argc, char **argv) {
    const std::string_view argument = argc == 2 ? argv[1] : "";
    const url to = parse_url(argument);
    if (to.host.empty()) {
        const bool help = argument == "--help";
        (help ? std::cout : std::cerr)
            << "Usage: " << argv[0] << " ws://HOST[:PORT][/PATH]\n\n"
            << "Sends the lines of its input as messages, and prints those it receives.\n"
            << "Ends with 0 after a closing handshake, else with 1.\n";
        return help ? 0 : 2;
    }
    asio::io_context io(1);
    int status = 0;
    try {
        input_stream input(io, ::dup(STDIN_FILENO));
        asio::co_spawn(io, run(to, input), [&](std::exception_ptr failure) {
            if (failure)
                std::rethrow_exception(failure);
        });
        io.run();
    } catch (const std::exception &error) {
        std::cerr << argv[0] << ": " << error.what() << "\n";
        status = 1;
    }
    return status;
}
