// Responses to plain HTTP requests: of a person with a browser, of a load balancer.
#ifndef HTTP_HPP
#define HTTP_HPP

#include <string>
#include <wscodec.hpp>

inline constexpr std::string_view hello = "Hello, World!\n";

// Appends the response to a request for which ws::accept() found errc::not_upgrade.
inline void reply_to_plain_http(std::string_view head, std::string &out) {
    ws::request request;
    std::error_code error = ws::parse_request(head, request);
    if (request.method == "GET")
        error = ws::build_reply(200, "Content-Type: text/plain\r\n", hello, out);
    else if (request.method == "HEAD")
        error = ws::build_reply(200,
                                "Content-Type: text/plain\r\nContent-Length: " +
                                    std::to_string(hello.size()) + "\r\n",
                                "", out);
    else
        error = ws::build_reply(405, "Allow: GET, HEAD\r\n", "", out);
    if (error)
        out.clear();
}

#endif
