/* An echo server on Boost.Beast over Asio, like the asynchronous one of its examples,
 * on one thread. */
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdlib>
#include <memory>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using beast::error_code;

class session : public std::enable_shared_from_this<session> {
    websocket::stream<beast::tcp_stream> ws;
    beast::flat_buffer buffer;

  public:
    explicit session(tcp::socket &&socket) : ws(std::move(socket)) {}

    void start() {
        ws.set_option(
            websocket::stream_base::timeout::suggested(beast::role_type::server));
        ws.async_accept(
            beast::bind_front_handler(&session::on_accepted, shared_from_this()));
    }

  private:
    void on_accepted(error_code error) {
        if (!error)
            read();
    }

    void read() {
        ws.async_read(buffer,
                      beast::bind_front_handler(&session::on_read, shared_from_this()));
    }

    void on_read(error_code error, std::size_t) {
        if (error)
            return;
        ws.text(ws.got_text());
        ws.async_write(buffer.data(), beast::bind_front_handler(&session::on_written,
                                                                shared_from_this()));
    }

    void on_written(error_code error, std::size_t len) {
        if (error)
            return;
        buffer.consume(len);
        read();
    }
};

static void accept_next(tcp::acceptor &acceptor) {
    acceptor.async_accept([&](error_code error, tcp::socket socket) {
        if (!error) {
            socket.set_option(tcp::no_delay(true), error);
            std::make_shared<session>(std::move(socket))->start();
        }
        accept_next(acceptor);
    });
}

int main(int argc, char **argv) {
    int port = argc > 1 ? std::atoi(argv[1]) : 0;
    asio::io_context loop{1};
    tcp::acceptor acceptor{
        loop, {asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(port)}};
    accept_next(acceptor);
    loop.run();
}
