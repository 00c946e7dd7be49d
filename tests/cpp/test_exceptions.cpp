// A program that links the static library can still throw and catch.
#include "wscodec.h"

#include "check.hpp"

#include <stdexcept>
#include <string>

namespace {

int alive = 0;

struct Counted {
    Counted() { alive++; }
    ~Counted() { alive--; }
    Counted(const Counted &) = delete;
    Counted &operator=(const Counted &) = delete;
};

class Error : public std::runtime_error {
public:
    explicit Error(ws_result code)
        : std::runtime_error(ws_errname(code)), code_(code)
    {
    }
    ws_result code() const { return code_; }

private:
    ws_result code_;
};

std::size_t checked(ws_result result)
{
    if (result < 0) {
        throw Error(result);
    }
    return static_cast<std::size_t>(result);
}

std::string accept_key(const std::string &key)
{
    Counted counted;
    std::string out(WS_ACCEPT_LEN, '\0');
    out.resize(checked(
        ws_accept_key(key.data(), key.size(), &out[0], out.size())));
    return out;
}

// Through several stack frames, each with an object to destroy.
std::string nested(int depth, const std::string &key)
{
    Counted counted;
    return depth == 0 ? accept_key(key) : nested(depth - 1, key);
}

} // namespace

int main(int, char **argv)
{
    CHECK_STR(nested(5, "x3JJHMbDL1EzLkh9GBhXDw==").c_str(),
              "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
    CHECK_EQ(alive, 0);
    for (int round = 0; round < 100; round++) {
        ws_result caught = 0;
        try {
            nested(round, "no key");
            CHECK_EQ(round, -1); // never reached
        } catch (const Error &error) {
            caught = error.code();
            CHECK_STR(error.what(), "WS_ERR_HANDSHAKE_KEY");
        }
        CHECK_EQ(caught, WS_ERR_HANDSHAKE_KEY);
        CHECK_EQ(alive, 0);
    }
    // Rethrown, and caught by its base class.
    bool rethrown = false;
    try {
        try {
            checked(ws_close_build(999, nullptr, 0, nullptr, 0));
        } catch (...) {
            throw;
        }
    } catch (const std::exception &) {
        rethrown = true;
    }
    CHECK(rethrown);
    return check_done(argv[0]);
}
